/* See hook.h. */
#include "plan/hook.h"

#include <string.h>

#include "base/digest.h"
#include "base/suggest.h"
#include "plan/diff/unchanged.h"
#include "plan/secret.h"
#include "plan/state.h"
#include "plan/wave.h"

#define HELM_HOOK "helm.sh/hook"

/* The name of a Job is a label of its pods, so it has 63 bytes at most. */
enum { MARK = 10, MAX_START = 63 - MARK };

static const char *const phase_names[] = {
	[HOOK_NONE] = NULL,
	[HOOK_PRE_SYNC] = "PreSync",
	[HOOK_POST_SYNC] = "PostSync",
	[HOOK_SYNC_FAIL] = "SyncFail",
};
_Static_assert(ARRAY_LEN(phase_names) == HOOK_PHASE_COUNT, "every phase needs a name");

static const char *const delete_names[] = { "BeforeHookCreation", "HookSucceeded", "HookFailed" };
_Static_assert(ARRAY_LEN(delete_names) == HOOK_DELETE_COUNT, "every policy needs a name");

const char *hook_phase_name(enum hook_phase p)
{
	return phase_names[p];
}

const char *hook_delete_name(int i)
{
	return delete_names[i];
}

const char *hook_id(struct arena *a, const struct object_ref *ref, enum hook_phase p)
{
	const char *id = object_ref_id(a, ref);
	return p == HOOK_NONE ? id : arena_fmt(a, "%s (%s)", id, phase_names[p]);
}

/* ---- words of annotations */

enum meaning {
	MEANS_PHASE,    /* at an install, at an upgrade: as the row says */
	MEANS_ORDINARY, /* no hook */
	MEANS_NOTHING,  /* left out where it says nothing else */
	MEANS_SKIP,     /* left out, whatever else it says */
};

struct word {
	const char *text;
	enum meaning meaning;
	enum hook_phase phase;
	bool install, upgrade;
};

static const struct word argo_words[] = {
	{ "PreSync", MEANS_PHASE, HOOK_PRE_SYNC, true, true },
	{ "PostSync", MEANS_PHASE, HOOK_POST_SYNC, true, true },
	{ "SyncFail", MEANS_PHASE, HOOK_SYNC_FAIL, true, true },
	{ "Sync", MEANS_ORDINARY, HOOK_NONE, false, false },
	{ "Skip", MEANS_SKIP, HOOK_NONE, false, false },
	{ "PreDelete", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "PostDelete", MEANS_NOTHING, HOOK_NONE, false, false },
};

static const struct word helm_words[] = {
	{ "pre-install", MEANS_PHASE, HOOK_PRE_SYNC, true, false },
	{ "pre-upgrade", MEANS_PHASE, HOOK_PRE_SYNC, false, true },
	{ "post-install", MEANS_PHASE, HOOK_POST_SYNC, true, false },
	{ "post-upgrade", MEANS_PHASE, HOOK_POST_SYNC, false, true },
	{ "crd-install", MEANS_ORDINARY, HOOK_NONE, false, false },
	{ "pre-delete", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "post-delete", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "pre-rollback", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "post-rollback", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "test", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "test-success", MEANS_NOTHING, HOOK_NONE, false, false },
	{ "test-failure", MEANS_NOTHING, HOOK_NONE, false, false },
};

static const struct {
	const char *annotation;
	const struct word *words;
	size_t n;
} families[] = {
	{ "rhumb.dev/hook", argo_words, ARRAY_LEN(argo_words) },
	{ "argocd.argoproj.io/hook", argo_words, ARRAY_LEN(argo_words) },
	{ HELM_HOOK, helm_words, ARRAY_LEN(helm_words) },
};
enum { MAX_WORDS = 16 }; /* of a family */

static const char *const helm_deletes[] = { "before-hook-creation", "hook-succeeded",
					    "hook-failed" };

static const struct {
	const char *annotation;
	const char *const *words; /* HOOK_DELETE_COUNT of them */
} policies[] = {
	{ "rhumb.dev/hook-delete-policy", delete_names },
	{ "argocd.argoproj.io/hook-delete-policy", delete_names },
	{ "helm.sh/hook-delete-policy", helm_deletes },
};

struct reader {
	const char *file, *annotation;
	const struct json *value;
	struct hook_declared *out;
	bool ordinary, nothing, skip; /* meanings that were said */
	struct err *err;
};

static int wrong(struct reader *r, const char *what)
{
	return err_at(r->err, ERR_INPUT, json_pos(r->value, r->file), "%s %s", r->annotation, what);
}

static int unknown_word(struct reader *r, const char *word, const char *const *names, size_t n)
{
	AUTO(auto_free) char *hint = suggest_text(word, names, n);
	AUTO(auto_free) char *text = xfmt("does not know \"%s\"%s", word, hint);
	return wrong(r, text);
}

/* Calls `each` with the words between the commas. */
static int each_word(struct reader *r, size_t family,
		     int (*each)(struct reader *r, size_t family, const char *word))
{
	if (!json_str(r->value))
		return wrong(r, "has to be a text: put it in quotes");
	for (const char *p = r->value->text; *p;) {
		size_t n = strcspn(p, ", \t\n");
		AUTO(auto_free) char *word = xstrndup(p, n);
		if (n && each(r, family, word) < 0)
			return -1;
		p += n;
		p += strspn(p, ", \t\n");
	}
	return 0;
}

/* ---- phases */

static int take_phase(struct reader *r, size_t family, const char *text)
{
	const char *names[MAX_WORDS];
	for (size_t i = 0; i < families[family].n; i++) {
		const struct word *w = &families[family].words[i];
		names[i] = w->text;
		if (strcmp(w->text, text) != 0)
			continue;
		if (w->install)
			r->out->at_install |= HOOK_BIT(w->phase);
		if (w->upgrade)
			r->out->at_upgrade |= HOOK_BIT(w->phase);
		r->ordinary |= w->meaning == MEANS_ORDINARY;
		r->nothing |= w->meaning == MEANS_NOTHING;
		r->skip |= w->meaning == MEANS_SKIP;
		return 0;
	}
	return unknown_word(r, text, names, families[family].n);
}

static int read_phases(struct reader *r, size_t family)
{
	struct hook_declared *h = r->out;
	h->annotation = r->annotation;
	if (each_word(r, family, take_phase) < 0)
		return -1;
	h->value = r->value->text;
	bool runs = h->at_install || h->at_upgrade;
	if (r->ordinary && runs && !r->skip)
		return wrong(r, "cannot be both: an object is kept, or it runs as a hook");
	h->sort = r->skip       ? HOOK_LEFT_OUT
		  : runs        ? HOOK_RUNS
		  : r->ordinary ? HOOK_ORDINARY
		  : r->nothing  ? HOOK_LEFT_OUT
				: HOOK_ORDINARY;
	return 0;
}

/* ---- delete policies */

static int take_policy(struct reader *r, size_t family, const char *text)
{
	for (int i = 0; i < HOOK_DELETE_COUNT; i++)
		if (strcmp(policies[family].words[i], text) == 0) {
			r->out->delete_policy |= 1u << i;
			return 0;
		}
	return unknown_word(r, text, policies[family].words, HOOK_DELETE_COUNT);
}

static int read_policy(struct reader *r, const struct json *annotations)
{
	for (size_t i = 0; i < ARRAY_LEN(policies) && !r->out->delete_policy; i++) {
		r->annotation = policies[i].annotation;
		r->value = json_get(annotations, r->annotation);
		if (r->value && each_word(r, i, take_policy) < 0)
			return -1;
	}
	if (!r->out->delete_policy)
		r->out->delete_policy = HOOK_BEFORE_CREATION;
	return 0;
}

/* ---- all of it */

static int read_hook(struct reader *r, const struct json *object)
{
	const struct json *annotations = json_at(object, "metadata", "annotations", NULL);
	size_t i = 0;
	while (i < ARRAY_LEN(families) && !json_get(annotations, families[i].annotation))
		i++;
	if (i == ARRAY_LEN(families))
		return 0;
	r->annotation = families[i].annotation;
	r->value = json_get(annotations, r->annotation);
	if (read_phases(r, i) < 0)
		return -1;
	if (r->out->sort != HOOK_RUNS)
		return 0;
	bool helm = strcmp(r->annotation, HELM_HOOK) == 0;
	return read_policy(r, annotations) < 0 ||
			       wave_of_hook(object, helm, r->file, &r->out->wave, r->err) < 0
		       ? -1
		       : 0;
}

int hook_of(const struct json *object, const char *file, struct hook_declared *out, struct err *err)
{
	struct hook_declared h = { 0 };
	struct reader r = { .file = file, .out = &h, .err = err };
	int rc = read_hook(&r, object);
	*out = rc < 0 ? (struct hook_declared){ 0 } : h;
	return rc;
}

static bool has_label(const struct json *live, const char *label, const char *applyset)
{
	const char *value = json_str(json_at(live, "metadata", "labels", label, NULL));
	return value && strcmp(value, applyset) == 0;
}

bool hook_is_ours(const struct json *live, const char *applyset)
{
	return own_entry(live) &&
	       (has_label(live, HOOK_LABEL, applyset) || has_label(live, APPLYSET_LABEL, applyset));
}

const char *hook_made_name(struct arena *a, const struct json *object)
{
	const char *start = json_str(json_at(object, "metadata", "generateName", NULL));
	struct object_ref ref = object_ref_of(a, object);
	struct json marked = json_copy(a, object);
	char digest[DIGEST_TEXT];
	if (object_is_secret(&ref))
		secret_hide(a, &marked, "");
	digest_json(&marked, digest);
	start = start ? start : "";
	return arena_fmt(a, "%.*s%.*s", MAX_START, start, MARK, strchr(digest, ':') + 1);
}
