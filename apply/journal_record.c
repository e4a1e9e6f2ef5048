/* The records that a run adds to its journal; see journal.h. */
#include "apply/journal.h"

#include <string.h>

#include "apply/applyset.h"
#include "apply/journal_internal.h"
#include "base/json_write.h"
#include "base/seal.h"
#include "plan/secret.h"

#define NOT_KEPT "its values were not kept: RHUMB_KEY was not set for the apply"
#define HIDDEN   "(hidden)"

/* ---- objects before a write */

static char *state_text(const struct journal *j, const char *id, const struct json *live,
			bool secret, bool after, char **sealed)
{
	AUTO(arena_wipe) struct arena a = { 0 };
	AUTO(buf_wipe) struct buf whole = { 0 };
	struct json v = json_copy(&a, live);
	json_remove(&v, "status");
	json_write_canonical(&whole, &v);
	*sealed = NULL;
	if (!secret)
		return buf_take(&whole);
	AUTO(buf_done) struct buf text = { 0 }, shown = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	AUTO(auto_free) char *place = journal_place(j->plan, id, after);
	/* What cannot be sealed is not kept, and the record says so. */
	if (j->key && seal(j->key, place, whole.data, whole.len, &text, &ignored) == 0)
		*sealed = buf_take(&text);
	secret_hide(&a, &v, HIDDEN);
	json_write_canonical(&shown, &v);
	return buf_take(&shown);
}

char *journal_before_text(const struct journal *j, const char *id, const struct json *live,
			  bool secret, char **sealed)
{
	return state_text(j, id, live, secret, false, sealed);
}

/* ---- what is sent */

static void forget(struct arena *a, struct json *body, const char *key)
{
	if (!json_is(json_get(body, key), JSON_OBJECT))
		return;
	struct json *values = json_edit(a, body, key);
	for (uint32_t i = 0; i < values->n; i++)
		values->members[i].value = json_of_null();
}

char *journal_sent(const char *key, const struct json *body, bool secret)
{
	AUTO(arena_wipe) struct arena a = { 0 };
	AUTO(buf_wipe) struct buf text = { 0 };
	struct json copy = body ? json_copy(&a, body) : json_of_null();
	if (secret && !key) {
		forget(&a, &copy, "data");
		forget(&a, &copy, "stringData");
	}
	json_write_canonical(&text, &copy);
	if (secret && key)
		return digest_keyed(key, strlen(key), text.data, text.len);
	char digest[DIGEST_TEXT];
	digest_bytes(text.data, text.len, digest);
	return xstrdup(digest);
}

/* ---- records */

static struct json record(struct arena *a, const char *name, const char *id)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "record", name);
	if (id)
		json_set_str(a, &v, "id", id);
	return v;
}

static void set_text(struct arena *a, struct json *v, const char *key, const char *text)
{
	if (text && *text)
		json_set_str(a, v, key, text);
}

static int append(struct journal *j, const struct json *v, struct err *err)
{
	AUTO(buf_done) struct buf line = { 0 };
	json_write_canonical(&line, v);
	return journal_append(j, &line, err);
}

static char *parent_text(const struct json *parent)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct applyset set;
	applyset_of(&a, parent, &set);
	struct json v = applyset_json(&a, &set);
	json_write_canonical(&text, &v);
	return buf_take(&text);
}

/* `key` is "before" or "after": its value is JSON text already, put in front of the closing brace.
 */
static void append_state(struct buf *line, const char *key, const char *text)
{
	if (!text)
		return;
	line->len--;
	buf_printf(line, ",\"%s\":", key);
	buf_puts(line, text);
	buf_putc(line, '}');
}

int journal_intent(struct journal *j, const struct journal_intent *i, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf line = { 0 };
	AUTO(auto_free) char *sent = journal_sent(j->key, i->body, i->secret);
	struct json v = record(&a, "intent", i->id);
	json_set_str(&a, &v, "step", journal_step_name(i->step));
	set_text(&a, &v, "application", i->application);
	if (i->wave)
		json_set_int(&a, &v, "wave", i->wave);
	set_text(&a, &v, "uid", i->uid);
	set_text(&a, &v, "resourceVersion", i->resource_version);
	json_set_str(&a, &v, "sent", sent);
	set_text(&a, &v, "makes", i->makes);
	if (i->before && i->secret)
		json_set_str(&a, &v, i->sealed ? "sealed" : "note",
			     i->sealed ? i->sealed : NOT_KEPT);
	json_write_canonical(&line, &v);
	append_state(&line, "before", i->before);
	return journal_append(j, &line, err);
}

int journal_answer(struct journal *j, const char *id, enum journal_step step,
		   const struct api_call *call, bool secret, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf line = { 0 };
	AUTO(auto_free) char *after = NULL, *sealed = NULL;
	struct json v = record(&a, "answer", id);
	const struct json *meta = json_get(call->object, "metadata");
	bool done = call->status >= 200 && call->status < 300;
	json_set_str(&a, &v, "step", journal_step_name(step));
	/* An answer that makes no sense is none. */
	json_set_int(&a, &v, "status", done && !call->object ? 0 : call->status);
	set_text(&a, &v, "uid", json_get_str(meta, "uid"));
	set_text(&a, &v, "resourceVersion", json_get_str(meta, "resourceVersion"));
	if (done && call->object && step == JOURNAL_PARENT)
		after = parent_text(call->object);
	else if (done && call->object && step != JOURNAL_DELETE)
		after = state_text(j, id, call->object, secret, true, &sealed);
	if (after && secret)
		json_set_str(&a, &v, sealed ? "sealed" : "note", sealed ? sealed : NOT_KEPT);
	json_write_canonical(&line, &v);
	append_state(&line, "after", after);
	return journal_append(j, &line, err);
}

int journal_end(struct journal *j, const struct object_result *r, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = record(&a, "end", r->id);
	struct json seconds = json_of_fmt(&a, "%.3f", r->seconds);
	seconds.type = JSON_FLOAT;
	json_set_str(&a, &v, "outcome", outcome_name(r->outcome));
	json_set(&a, &v, "seconds", seconds);
	if (r->message)
		json_set_str(&a, &v, "message", r->message);
	if (r->as_expected != EXPECTED_NOT_KNOWN)
		json_set(&a, &v, "verified", json_of_bool(r->as_expected == EXPECTED_YES));
	if (r->became != BECAME_NOT_KNOWN)
		json_set(&a, &v, "ready", json_of_bool(r->became == BECAME_READY));
	return append(j, &v, err);
}

int journal_finish(struct journal *j, const struct apply_result *r, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = record(&a, "finish", NULL);
	char now[TIME_TEXT];
	time_format(time(NULL), now);
	json_set_str(&a, &v, "outcome", apply_outcome_name(r->outcome));
	json_set_str(&a, &v, "time", now);
	if (append(j, &v, err) < 0)
		return -1;
	return journal_sync(j, err);
}

int journal_rollback(struct journal *j, const char *digest, const char *file, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = record(&a, "rollback", NULL);
	json_set_str(&a, &v, "plan", digest);
	set_text(&a, &v, "file", file);
	if (append(j, &v, err) < 0)
		return -1;
	return journal_sync(j, err);
}
