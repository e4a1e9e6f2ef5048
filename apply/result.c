/* See result.h. */
#include "apply/result.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"

static const char *const outcome_names[] = {
	[OUTCOME_NOT_TRIED] = "not-tried", [OUTCOME_APPLIED] = "applied",
	[OUTCOME_UNCHANGED] = "unchanged", [OUTCOME_FAILED] = "failed",
	[OUTCOME_STALE] = "stale",         [OUTCOME_ROLLED_BACK] = "rolled-back",
};
_Static_assert(ARRAY_LEN(outcome_names) == OUTCOME_COUNT, "every outcome needs a name");

static const char *const apply_outcome_names[] = {
	[APPLY_APPLIED] = "applied", [APPLY_FAILED] = "failed",           [APPLY_STALE] = "stale",
	[APPLY_REFUSED] = "refused", [APPLY_INTERRUPTED] = "interrupted",
};
_Static_assert(ARRAY_LEN(apply_outcome_names) == APPLY_OUTCOME_COUNT, "every outcome needs a name");

const char *outcome_name(enum outcome o)
{
	return outcome_names[o];
}

const char *apply_outcome_name(enum apply_outcome o)
{
	return apply_outcome_names[o];
}

void result_init(struct apply_result *r, const struct plan *p)
{
	*r = (struct apply_result){ .outcome = APPLY_REFUSED, .n_objects = p->n_changes };
	memcpy(r->plan, p->digest, sizeof(r->plan));
	r->rollback_of = p->rollback_of ? arena_strdup(&r->arena, p->rollback_of) : NULL;
	r->cluster_name = arena_strdup(&r->arena, p->cluster_name ? p->cluster_name : "");
	r->cluster_uid = arena_strdup(&r->arena, p->cluster_uid ? p->cluster_uid : "");
	r->next = "";
	time_format(time(NULL), r->started);
	r->objects = arena_calloc(&r->arena, p->n_changes, sizeof(*r->objects));
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		r->objects[i] = (struct object_result){
			.id = arena_strdup(&r->arena, c->id),
			.action = c->action,
			.file = c->file ? arena_strdup(&r->arena, c->file) : NULL,
			.line = c->line,
		};
	}
}

void result_problem(struct apply_result *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	GROW(r->problems, r->n_problems, r->cap_problems);
	r->problems[r->n_problems++] = arena_strdup(&r->arena, text);
}

size_t result_count(const struct apply_result *r, enum outcome outcome)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_objects; i++)
		n += r->objects[i].outcome == outcome;
	return n;
}

size_t result_unexpected(const struct apply_result *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_objects; i++)
		n += r->objects[i].as_expected == EXPECTED_NO;
	return n;
}

static struct json seconds_json(struct arena *a, double seconds)
{
	/* Milliseconds are enough, and read back as they were written. */
	struct json v = json_of_fmt(a, "%.3f", seconds);
	v.type = JSON_FLOAT;
	return v;
}

static struct json object_json(struct arena *a, const struct object_result *o)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "id", o->id);
	json_set_str(a, &v, "action", action_name(o->action));
	json_set_str(a, &v, "outcome", outcome_name(o->outcome));
	json_set(a, &v, "seconds", seconds_json(a, o->seconds));
	if (o->message)
		json_set_str(a, &v, "message", o->message);
	if (o->file)
		json_set_str(a, &v, "file", o->file);
	if (o->line)
		json_set_int(a, &v, "line", o->line);
	if (o->as_expected != EXPECTED_NOT_KNOWN)
		json_set(a, &v, "verified", json_of_bool(o->as_expected == EXPECTED_YES));
	if (o->became != BECAME_NOT_KNOWN)
		json_set(a, &v, "ready", json_of_bool(o->became == BECAME_READY));
	return v;
}

struct json result_to_json(const struct apply_result *r, struct arena *a)
{
	struct json root = json_of_object(), cluster = json_of_object();
	struct json objects = json_of_array(), problems = json_of_array();
	json_set_str(a, &cluster, "name", r->cluster_name);
	json_set_str(a, &cluster, "uid", r->cluster_uid);
	for (size_t i = 0; i < r->n_objects; i++)
		json_append(a, &objects, object_json(a, &r->objects[i]));
	for (size_t i = 0; i < r->n_problems; i++)
		json_append(a, &problems, json_of_string(a, r->problems[i]));
	json_set_str(a, &root, "apiVersion", PLAN_API_VERSION);
	json_set_str(a, &root, "kind", "Result");
	json_set_str(a, &root, "plan", r->plan);
	if (r->rollback_of)
		json_set_str(a, &root, "rollbackOf", r->rollback_of);
	json_set(a, &root, "cluster", cluster);
	json_set_str(a, &root, "started", r->started);
	json_set(a, &root, "seconds", seconds_json(a, r->seconds));
	json_set_str(a, &root, "outcome", apply_outcome_name(r->outcome));
	json_set(a, &root, "objects", objects);
	json_set(a, &root, "problems", problems);
	json_set_str(a, &root, "next", r->next);
	return root;
}

int result_write(const struct apply_result *r, const char *path, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json root = result_to_json(r, &a);
	json_write_indented(&text, &root);
	buf_putc(&text, '\n');
	if (file_write(path, text.data, text.len, 0600, err) < 0)
		return err_wrap(err, "write the result");
	return 0;
}

void result_done(struct apply_result *r)
{
	free(r->problems);
	arena_done(&r->arena);
	*r = (struct apply_result){ 0 };
}
