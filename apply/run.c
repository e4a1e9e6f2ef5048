/* See run.h. */
#include "apply/run.h"

#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "plan/merge/field_path.h"
#include "plan/secret.h"

bool run_interrupted(const struct run *r)
{
	return r->options->interrupted && *r->options->interrupted;
}

int64_t run_deadline(const struct run *r)
{
	unsigned seconds = r->options->timeout_seconds;
	return time_monotonic_ms() + (int64_t)1000 * (seconds ? seconds : APPLY_TIMEOUT);
}

void run_sleep(unsigned ms)
{
	time_pause_ms(ms);
}

const struct kind *run_kind(const struct run *r, const struct change *c)
{
	if (c->action == ACTION_DELETE)
		return kinds_find_any(&r->kinds, c->ref.group, c->ref.kind);
	const struct kind *kind = kinds_find(&r->kinds, c->ref.group, c->ref.version, c->ref.kind);
	/* Until its CRD is written, an object that moves to a new version is read in an old one. */
	return kind || !run_crd_of(r, c) ? kind
					 : kinds_find_any(&r->kinds, c->ref.group, c->ref.kind);
}

bool run_is_crd(const struct change *c)
{
	return strcmp(c->ref.kind, "CustomResourceDefinition") == 0 &&
	       strcmp(c->ref.group, "apiextensions.k8s.io") == 0;
}

struct step *run_crd_of(const struct run *r, const struct change *c)
{
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct change *crd = &r->plan->changes[i];
		const struct json *spec = json_get(crd->desired, "spec");
		const char *group = json_get_str(spec, "group");
		const char *kind = json_get_str(json_get(spec, "names"), "kind");
		if (run_is_crd(crd) && group && kind && strcmp(group, c->ref.group) == 0 &&
		    strcmp(kind, c->ref.kind) == 0)
			return &r->steps[i];
	}
	return NULL;
}

struct step *run_namespace(const struct run *r, const char *name)
{
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct object_ref *ref = &r->plan->changes[i].ref;
		if (!*ref->group && strcmp(ref->kind, "Namespace") == 0 &&
		    strcmp(ref->name, name) == 0)
			return &r->steps[i];
	}
	return NULL;
}

bool step_creates(const struct step *s)
{
	return (s->change->action == ACTION_CREATE && !s->removing) || s->replaced;
}

const char *step_applyset(const struct run *r, const struct step *s)
{
	return r->plan->rollback_of ? NULL : s->parent->application->applyset;
}

const char *step_label(struct run *r, const struct step *s)
{
	return change_label(&r->arena, s->change);
}

bool step_failed(const struct step *s)
{
	return s->result->outcome == OUTCOME_FAILED || s->result->outcome == OUTCOME_STALE;
}

bool step_state_is(const struct run *r, const struct step *s, const struct json *object,
		   enum state_side side, const char *want)
{
	char digest[DIGEST_TEXT];
	state_digest(s->change, object, side, r->options->key, digest);
	if (strcmp(digest, want) != 0 && r->options->key && object_is_secret(&s->change->ref))
		state_digest(s->change, object, side, NULL, digest);
	return strcmp(digest, want) == 0;
}

const char *field_said(struct arena *a, const char *path)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct field_path parsed;
	if (field_path_parse(a, path, &parsed, &ignored) < 0)
		return path;
	const char *text = field_path_to_api(a, &parsed);
	return *text == '.' ? text + 1 : text;
}

/* Messages come from servers and go to terminals and files: valid UTF-8, no control characters
 * (escape sequences) but line breaks. */
static char *clean(const char *text)
{
	AUTO(buf_done) struct buf out = { 0 };
	size_t n = strlen(text);
	for (size_t i = 0; i < n;) {
		uint32_t code;
		size_t len = utf8_decode(text + i, n - i, &code);
		bool control = len && (code < 0x20 || (code >= 0x7f && code < 0xa0));
		if (len && (!control || code == '\n' || code == '\t'))
			buf_put(&out, text + i, len);
		else
			buf_putc(&out, '?');
		i += len ? len : 1;
	}
	return buf_take(&out);
}

static const char *presentable(struct run *r, const struct step *s, const char *message)
{
	if (!message || !*message)
		return NULL;
	AUTO(auto_free) char *cleaned = clean(message);
	if (!object_is_secret(&s->change->ref))
		return arena_strdup(&r->result->arena, cleaned);
	AUTO(auto_free) char *once = secret_scrub(s->declared, cleaned);
	AUTO(auto_free) char *twice = secret_scrub(s->live_secret, once);
	return arena_strdup(&r->result->arena, twice);
}

static void note_failure(struct step *s)
{
	struct parent *p = s->parent;
	bool done =
		s->result->outcome == OUTCOME_APPLIED || s->result->outcome == OUTCOME_UNCHANGED;
	if (p && s->change->hook.phase == HOOK_PRE_SYNC && !done && !p->pre_sync_failed)
		p->pre_sync_failed = s;
	if (!step_failed(s) || !p)
		return;
	if (!p->any_failed || s->change->wave < p->failed_wave)
		p->failed_wave = s->change->wave;
	p->any_failed = true;
}

void step_end(struct run *r, struct step *s, enum outcome outcome, const char *message)
{
	struct object_result *o = s->result;
	o->outcome = outcome;
	o->message = presentable(r, s, message);
	if (s->started)
		o->seconds = (double)(time_monotonic_ms() - s->started) / 1000;
	s->state = STEP_ENDED;
	s->next = REQUEST_NONE;
	note_failure(s);
	free(TAKE(s->trouble.message));
	free(TAKE(s->why_stale));
	free(TAKE(s->note));
	announce_end(r, s);
	const struct apply_progress *p = &r->options->progress;
	if (p->finished)
		p->finished(p->ctx, s->change, o);
}
