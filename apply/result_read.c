/* A result from its file; see result.h.  Strict: what a later rollback or resume relies on is
 * either all there or refused. */
#include "apply/result.h"

#include <string.h>

#include "base/file.h"
#include "base/json_parse.h"

struct reader {
	struct apply_result *r;
	const char *file;
	struct err *err;
};

static int wrong(struct reader *rd, const struct json *v, const char *what, const char *key)
{
	return err_at(rd->err, ERR_INPUT, json_pos(v, rd->file),
		      "not a result that this version of rhumb can read: %s `%.64s`", what, key);
}

static int only(struct reader *rd, const struct json *v, const char *const *keys)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const char *const *k = keys;
		while (*k && strcmp(*k, v->members[i].key) != 0)
			k++;
		if (!*k)
			return wrong(rd, &v->members[i].value, "unknown key", v->members[i].key);
	}
	return 0;
}

static int text(struct reader *rd, const struct json *v, const char *key, const char **out)
{
	const char *s = json_get_str(v, key);
	if (!s)
		return wrong(rd, json_get(v, key) ? json_get(v, key) : v, "expected a text in",
			     key);
	*out = s;
	return 0;
}

static int optional_text(struct reader *rd, const struct json *v, const char *key, const char **out)
{
	return json_get(v, key) ? text(rd, v, key, out) : 0;
}

static int seconds(struct reader *rd, const struct json *v, double *out)
{
	const struct json *s = json_get(v, "seconds");
	if (!json_is(s, JSON_FLOAT) || *s->text == '-')
		return wrong(rd, s ? s : v, "expected a time in", "seconds");
	*out = strtod(s->text, NULL);
	return 0;
}

/* The index of a name in a table of names. */
static int choice(struct reader *rd, const struct json *v, const char *key,
		  const char *(*name)(int i), int n, int *out)
{
	const char *s;
	if (text(rd, v, key, &s) < 0)
		return -1;
	for (*out = 0; *out < n; ++*out)
		if (strcmp(s, name(*out)) == 0)
			return 0;
	return wrong(rd, json_get(v, key), "unknown value in", key);
}

static const char *name_of_action(int i)
{
	return action_name((enum action)i);
}

static const char *name_of_outcome(int i)
{
	return outcome_name((enum outcome)i);
}

static const char *name_of_apply_outcome(int i)
{
	return apply_outcome_name((enum apply_outcome)i);
}

static int read_object(struct reader *rd, const struct json *v, struct object_result *o)
{
	static const char *const keys[] = { "id",   "action", "outcome",  "seconds", "message",
					    "file", "line",   "verified", "ready",   NULL };
	int action, outcome;
	if (!json_is(v, JSON_OBJECT))
		return wrong(rd, v, "expected an object in", "objects");
	if (only(rd, v, keys) < 0 || text(rd, v, "id", &o->id) < 0 ||
	    choice(rd, v, "action", name_of_action, ACTION_COUNT, &action) < 0 ||
	    choice(rd, v, "outcome", name_of_outcome, OUTCOME_COUNT, &outcome) < 0 ||
	    seconds(rd, v, &o->seconds) < 0 || optional_text(rd, v, "message", &o->message) < 0 ||
	    optional_text(rd, v, "file", &o->file) < 0)
		return -1;
	o->action = (enum action)action;
	o->outcome = (enum outcome)outcome;
	const struct json *line = json_get(v, "line"), *verified = json_get(v, "verified");
	int64_t n = 0;
	if (line && (!json_int64(line, &n) || n < 1 || n > INT32_MAX))
		return wrong(rd, line, "expected a line in", "line");
	o->line = (unsigned)n;
	if (verified && verified->type != JSON_BOOL)
		return wrong(rd, verified, "expected true or false in", "verified");
	if (verified)
		o->as_expected = verified->truth ? EXPECTED_YES : EXPECTED_NO;
	const struct json *ready = json_get(v, "ready");
	if (ready && ready->type != JSON_BOOL)
		return wrong(rd, ready, "expected true or false in", "ready");
	if (ready)
		o->became = ready->truth ? BECAME_READY : BECAME_NOT;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_unique(struct reader *rd, const struct json *items)
{
	const struct apply_result *r = rd->r;
	AUTO(auto_free) const char **ids = xcalloc(r->n_objects + 1, sizeof(*ids));
	for (size_t i = 0; i < r->n_objects; i++)
		ids[i] = r->objects[i].id;
	qsort(ids, r->n_objects, sizeof(*ids), compare_ids);
	for (size_t i = 1; i < r->n_objects; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			return wrong(rd, items, "stands twice:", ids[i]);
	return 0;
}

static int read_objects(struct reader *rd, const struct json *root)
{
	const struct json *items = json_get(root, "objects");
	struct apply_result *r = rd->r;
	if (!json_is(items, JSON_ARRAY))
		return wrong(rd, items ? items : root, "expected a list in", "objects");
	if (items->n > RESULT_MAX_OBJECTS)
		return err_set(rd->err, ERR_LIMIT, "more than %d objects (RESULT_MAX_OBJECTS)",
			       RESULT_MAX_OBJECTS);
	r->objects = arena_calloc(&r->arena, items->n, sizeof(*r->objects));
	for (; r->n_objects < items->n; r->n_objects++)
		if (read_object(rd, &items->items[r->n_objects], &r->objects[r->n_objects]) < 0)
			return -1;
	return check_unique(rd, items);
}

static int read_problems(struct reader *rd, const struct json *root)
{
	const struct json *items = json_get(root, "problems");
	if (!json_is(items, JSON_ARRAY))
		return wrong(rd, items ? items : root, "expected a list in", "problems");
	for (uint32_t i = 0; i < items->n; i++) {
		if (!json_str(&items->items[i]))
			return wrong(rd, &items->items[i], "expected texts in", "problems");
		result_problem(rd->r, "%s", items->items[i].text);
	}
	return 0;
}

static int read_head(struct reader *rd, const struct json *root)
{
	static const char *const keys[] = { "apiVersion", "kind",    "plan",       "cluster",
					    "started",    "seconds", "outcome",    "objects",
					    "problems",   "next",    "rollbackOf", NULL };
	static const char *const cluster_keys[] = { "name", "uid", NULL };
	const char *version, *kind, *digest, *started;
	if (!json_is(root, JSON_OBJECT) || text(rd, root, "kind", &kind) < 0 ||
	    strcmp(kind, "Result") != 0)
		return rd->err->code ? -1
				     : wrong(rd, root, "expected an object with kind", "Result");
	if (text(rd, root, "apiVersion", &version) < 0)
		return -1;
	if (strcmp(version, PLAN_API_VERSION) != 0)
		return wrong(rd, json_get(root, "apiVersion"), "another version,", version);
	if (only(rd, root, keys) < 0 || text(rd, root, "plan", &digest) < 0 ||
	    text(rd, root, "started", &started) < 0)
		return -1;
	if (strlen(digest) != DIGEST_TEXT - 1 || strncmp(digest, "sha256:", 7) != 0)
		return wrong(rd, json_get(root, "plan"), "expected a digest in", "plan");
	if (strlen(started) >= TIME_TEXT)
		return wrong(rd, json_get(root, "started"), "expected a time in", "started");
	if (json_get(root, "rollbackOf") && text(rd, root, "rollbackOf", &rd->r->rollback_of) < 0)
		return -1;
	memcpy(rd->r->plan, digest, DIGEST_TEXT);
	memcpy(rd->r->started, started, strlen(started) + 1);
	const struct json *cluster = json_get(root, "cluster");
	if (!json_is(cluster, JSON_OBJECT))
		return wrong(rd, cluster ? cluster : root, "expected an object in", "cluster");
	if (only(rd, cluster, cluster_keys) < 0 ||
	    text(rd, cluster, "name", &rd->r->cluster_name) < 0)
		return -1;
	return text(rd, cluster, "uid", &rd->r->cluster_uid);
}

int result_parse(struct apply_result *out, const char *bytes, size_t n, const char *name,
		 struct err *err)
{
	AUTO(result_done) struct apply_result r = { 0 };
	struct json_limits limits = { .max_bytes = RESULT_MAX_BYTES, .positions = true };
	struct json root;
	if (json_parse(&r.arena, bytes, n, name, &limits, &root, err) < 0)
		return err_wrap(err, "not a whole result file");
	struct reader rd = { &r, name, err };
	int outcome;
	if (read_head(&rd, &root) < 0 || seconds(&rd, &root, &r.seconds) < 0 ||
	    choice(&rd, &root, "outcome", name_of_apply_outcome, APPLY_OUTCOME_COUNT, &outcome) <
		    0 ||
	    text(&rd, &root, "next", &r.next) < 0 || read_objects(&rd, &root) < 0 ||
	    read_problems(&rd, &root) < 0)
		return -1;
	r.outcome = (enum apply_outcome)outcome;
	*out = r;
	r = (struct apply_result){ 0 };
	return 0;
}

int result_read(struct apply_result *out, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf bytes = { 0 };
	if (file_read(path, RESULT_MAX_BYTES, &bytes, err) < 0)
		return -1;
	return result_parse(out, buf_text(&bytes), bytes.len, path, err);
}
