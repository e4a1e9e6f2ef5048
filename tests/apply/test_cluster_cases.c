/* One table of requests for both back ends: every file of testdata/cluster is a conversation with
 * a cluster, and the embedded cluster and a real API server have to answer alike.
 *
 *   {"steps": [{"apply": OBJECT, "force": true, "want": {...}},
 *              {"dry-run": OBJECT}, {"get": OBJECT}, {"list": OBJECT, "selector": "a=b"},
 *              {"patch": [...], "of": OBJECT}, {"dry-patch": [...], "of": OBJECT},
 *              {"delete": OBJECT, "preconditions": {...}}]}
 *
 * In texts $ns is the case's own namespace, $uid and $rv what the last answer with an object had,
 * $uid1 and $rv1 those of the first one.  "about": true where only status and reason have to be
 * the same (the message shows Go structs).  "file": true: a case that no API server could take.
 *
 * The server: RHUMB_TEST_KUBECONFIG; without it these rows are skipped.  RHUMB_UPDATE=1 writes
 * what the embedded cluster answers into the cases, to be looked at with git diff. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <unistd.h>

#include "apply/file_store.h"
#include "base/file.h"
#include "base/json_write.h"
#include "plan/merge/managed.h"
#include "plan/merge/schema.h"

#define FOLDER "testdata/cluster"

enum { CASES_MAX = 200 };

struct talk {
	struct arena arena;
	const char *name;
	struct json file;
	struct cluster *cluster;
	struct kind_table kinds;
	char *dir; /* of the embedded cluster */
	const char *namespace;
	const char *uid, *rv, *uid1, *rv1;
	struct json answer; /* of the last call, as in "want" */
};

static void talk_done(struct talk *t)
{
	cluster_close(t->cluster);
	kind_table_done(&t->kinds);
	if (t->dir)
		fixture_remove(&t->dir);
	arena_done(&t->arena);
}

/* ---- placeholders */

struct replacement {
	const char *from, *to;
};

static const char *replaced(struct arena *a, const char *text, const struct replacement *list,
			    size_t n)
{
	AUTO(buf_done) struct buf b = { 0 };
	while (*text) {
		const struct replacement *r = NULL;
		for (size_t i = 0; i < n && !r; i++)
			if (list[i].from && *list[i].from && list[i].to &&
			    strncmp(text, list[i].from, strlen(list[i].from)) == 0)
				r = &list[i];
		if (r)
			buf_puts(&b, r->to);
		else
			buf_putc(&b, *text);
		text += r ? strlen(r->from) : 1;
	}
	return arena_strdup(a, buf_text(&b));
}

static struct json replaced_in(struct arena *a, const struct json *v,
			       const struct replacement *list, size_t n)
{
	if (v->type == JSON_STRING)
		return json_of_string(a, replaced(a, v->text, list, n));
	struct json out = *v;
	if (v->type == JSON_ARRAY) {
		out = json_of_array();
		for (uint32_t i = 0; i < v->n; i++)
			json_append(a, &out, replaced_in(a, &v->items[i], list, n));
	}
	if (v->type == JSON_OBJECT) {
		out = json_of_object();
		for (uint32_t i = 0; i < v->n; i++)
			json_set(a, &out, replaced(a, v->members[i].key, list, n),
				 replaced_in(a, &v->members[i].value, list, n));
	}
	return out;
}

static struct json filled(struct talk *t, const struct json *v)
{
	const struct replacement list[] = {
		{ "$ns", t->namespace }, { "$uid1", t->uid1 }, { "$rv1", t->rv1 },
		{ "$uid", t->uid },      { "$rv", t->rv },
	};
	return replaced_in(&t->arena, v, list, ARRAY_LEN(list));
}

static struct json blanked(struct talk *t, const struct json *v)
{
	struct arena *a = &t->arena;
	const struct replacement list[] = {
		{ t->namespace, "$ns" },
		{ t->uid1, "$uid1" },
		{ t->uid, "$uid" },
		{ t->rv1 ? arena_fmt(a, "(%s)", t->rv1) : NULL, "($rv1)" },
		{ t->rv ? arena_fmt(a, "(%s)", t->rv) : NULL, "($rv)" },
	};
	return replaced_in(a, v, list, ARRAY_LEN(list));
}

/* ---- answers */

static struct json owners(struct arena *a, const struct json *object)
{
	struct managed m;
	AUTO(err_done) struct err err = { 0 };
	if (managed_of(a, object, &m, &err) < 0)
		fail_msg("%s", err.msg);
	struct json out = json_of_object();
	for (size_t i = 0; i < m.n; i++)
		if (!*m.entries[i].subresource)
			json_set(
				a, &out,
				arena_fmt(a, "%s %s", m.entries[i].manager, m.entries[i].operation),
				field_set_json(a, &m.entries[i].fields));
	return out;
}

static struct json described(struct arena *a, const struct json *object)
{
	struct json copy = json_copy(a, object);
	struct json *metadata = json_edit(a, &copy, "metadata");
	static const char *const volatile_[] = { "uid", "resourceVersion", "creationTimestamp",
						 "managedFields", "deletionTimestamp" };
	for (size_t i = 0; i < ARRAY_LEN(volatile_); i++)
		json_remove(metadata, volatile_[i]);
	json_remove(&copy, "status");
	return copy;
}

static void copy_member(struct arena *a, struct json *to, const struct json *from, const char *key)
{
	if (json_get(from, key))
		json_set(a, to, key, json_copy(a, json_get(from, key)));
}

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct talk *t = ctx;
	struct arena *a = &t->arena;
	struct json out = json_of_object();
	if (!call->status)
		fail_msg("no answer: %s", call->err.msg);
	json_set_int(a, &out, "status", call->status);
	const char *kind = json_get_str(call->object, "kind");
	if (call->failure) {
		copy_member(a, &out, call->failure, "reason");
		copy_member(a, &out, call->failure, "message");
		copy_member(a, &out, call->failure, "details");
	} else if (kind && strcmp(kind, "Status") == 0) {
		copy_member(a, &out, call->object, "details");
	} else {
		struct json object = described(a, call->object);
		json_set(a, &out, "object", object);
		json_set(a, &out, "owners", owners(a, call->object));
		const struct json *metadata = json_get(call->object, "metadata");
		const char *uid = json_get_str(metadata, "uid");
		const char *rv = json_get_str(metadata, "resourceVersion");
		if (rv) {
			t->uid = arena_strdup(a, uid);
			t->rv = arena_strdup(a, rv);
			t->uid1 = t->uid1 ? t->uid1 : t->uid;
			t->rv1 = t->rv1 ? t->rv1 : t->rv;
		}
	}
	t->answer = blanked(t, &out);
	return 0;
}

/* ---- steps */

static const struct kind *kind_of(struct talk *t, const struct object_ref *ref)
{
	const struct kind *kind = kinds_find(&t->kinds, ref->group, ref->version, ref->kind);
	/* A CRD of the case: served a little after it is written. */
	for (int i = 0; i < 100 && !kind; i++) {
		AUTO(err_done) struct err err = { 0 };
		kind_table_done(&t->kinds);
		t->kinds = (struct kind_table){ 0 };
		if (t->cluster->ops->kinds(t->cluster, &t->kinds, &err) < 0)
			fail_msg("%s", err.msg);
		kind = kinds_find(&t->kinds, ref->group, ref->version, ref->kind);
		if (!kind)
			usleep(100 * 1000);
	}
	if (!kind)
		fail_msg("%s is not served", ref->kind);
	return kind;
}

static void call(struct talk *t, enum api_verb verb, const struct json *object,
		 const struct json *body, bool force)
{
	struct object_ref ref = object_ref_of(&t->arena, object);
	struct api_call one = {
		.verb = verb,
		.kind = kind_of(t, &ref),
		.namespace = ref.namespace,
		.name = ref.name,
		.body = body,
		.force = force,
	};
	AUTO(err_done) struct err err = { 0 };
	if (writer_call(t->cluster, &one, 1, answered, t, &err) < 0)
		fail_msg("%s", err.msg);
	err_done(&one.err);
}

static int listed(void *ctx, struct list_request *request, const struct json *object,
		  struct err *err)
{
	(void)request, (void)err;
	struct talk *t = ctx;
	struct json *names =
		json_set(&t->arena, &t->answer, "names", *json_get(&t->answer, "names"));
	json_append(&t->arena, names,
		    json_copy(&t->arena, json_at(object, "metadata", "name", NULL)));
	return 0;
}

static void list(struct talk *t, const struct json *object, const char *selector)
{
	struct object_ref ref = object_ref_of(&t->arena, object);
	struct list_request request = { .kind = kind_of(t, &ref),
					.namespace = *ref.namespace ? ref.namespace : NULL,
					.label_selector = selector };
	AUTO(err_done) struct err err = { 0 };
	t->answer = json_of_object();
	json_set(&t->arena, &t->answer, "names", json_of_array());
	if (t->cluster->ops->list(t->cluster, &request, 1, listed, t, &err) < 0)
		fail_msg("%s", err.msg);
	if (request.err.code) {
		t->answer = json_of_object();
		json_set_str(&t->arena, &t->answer, "error", request.err.msg);
	}
	err_done(&request.err);
	t->answer = blanked(t, &t->answer);
}

static void take(struct talk *t, const struct json *stated)
{
	struct json step = filled(t, stated);
	bool force = json_true(json_get(&step, "force"));
	const struct json *object = json_get(&step, "of");
	const struct json *body;
	if ((body = json_get(&step, "apply"))) {
		call(t, API_APPLY, object ? object : body, body, force);
	} else if ((body = json_get(&step, "dry-run"))) {
		call(t, API_DRY_RUN_APPLY, object ? object : body, body, force);
	} else if ((body = json_get(&step, "patch"))) {
		call(t, API_JSON_PATCH, object, body, false);
	} else if ((body = json_get(&step, "dry-patch"))) {
		call(t, API_DRY_RUN_JSON_PATCH, object, body, false);
	} else if ((body = json_get(&step, "get"))) {
		call(t, API_GET, body, NULL, false);
	} else if ((body = json_get(&step, "list"))) {
		list(t, body, json_get_str(&step, "selector"));
	} else if ((body = json_get(&step, "delete"))) {
		struct json options = json_of_object();
		json_set_str(&t->arena, &options, "apiVersion", "v1");
		json_set_str(&t->arena, &options, "kind", "DeleteOptions");
		copy_member(&t->arena, &options, &step, "preconditions");
		call(t, API_DELETE, body, &options, false);
	} else {
		fail_msg("a step without a verb");
	}
}

/* ---- comparing */

static void assert_json(const struct json *got, const struct json *want, uint32_t step)
{
	if (want && json_equal(got, want))
		return;
	AUTO(buf_done) struct buf g = { 0 }, w = { 0 };
	json_write_indented(&g, got);
	if (want)
		json_write_indented(&w, want);
	fail_msg("step %u:\n%s\nwanted:\n%s", (unsigned)step, buf_text(&g), buf_text(&w));
}

/* All that is wanted is there; a server adds defaults. */
static bool within(const struct json *want, const struct json *got)
{
	if (!got || want->type != got->type)
		return false;
	if (want->type == JSON_OBJECT) {
		for (uint32_t i = 0; i < want->n; i++)
			if (!within(&want->members[i].value, json_get(got, want->members[i].key)))
				return false;
		return true;
	}
	if (want->type == JSON_ARRAY) {
		bool same = want->n == got->n;
		for (uint32_t i = 0; same && i < want->n; i++)
			same = within(&want->items[i], &got->items[i]);
		return same;
	}
	return json_equal(want, got);
}

static void compare_with_server(struct talk *t, const struct json *step, uint32_t number)
{
	const struct json *want = json_get(step, "want"), *got = &t->answer;
	bool about = json_true(json_get(step, "about"));
	static const char *const keys[] = { "status",  "reason", "owners", "message",
					    "details", "names",  "error" };
	bool same = within(want, got);
	for (size_t i = 0; i < (about ? 2 : ARRAY_LEN(keys)); i++) {
		const struct json *w = json_get(want, keys[i]), *g = json_get(got, keys[i]);
		same = (about || same) && !w == !g && (!w || json_equal(w, g));
		if (!same)
			break;
	}
	if (!same)
		assert_json(got, want, number);
}

/* ---- cases */

static void open_case(struct talk *t, const char *name)
{
	*t = (struct talk){ .namespace = "own-namespace" };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	t->name = arena_strdup(&t->arena, name);
	AUTO(auto_free) char *path = xfmt(FOLDER "/%s.json", name);
	if (file_read(path, 1 << 20, &text, &err) < 0)
		fail_msg("%s", err.msg);
	t->file = fixture_json(&t->arena, buf_text(&text));
}

static void make_namespace(struct talk *t)
{
	struct json object = json_of_object();
	json_set_str(&t->arena, &object, "apiVersion", "v1");
	json_set_str(&t->arena, &object, "kind", "Namespace");
	json_set_str(&t->arena, json_edit(&t->arena, &object, "metadata"), "name", t->namespace);
	call(t, API_APPLY, &object, &object, true);
	t->uid = t->uid1 = t->rv = t->rv1 = NULL;
}

static void on_folder(void **state)
{
	AUTO(talk_done) struct talk t;
	open_case(&t, *state);
	AUTO(err_done) struct err err = { 0 };
	t.dir = fixture_dir();
	if (cluster_open_file(&t.cluster, t.dir, &err) < 0)
		fail_msg("%s", err.msg);
	make_namespace(&t);
	const struct json *refusals = json_get(&t.file, "refusals");
	if (refusals) {
		AUTO(buf_done) struct buf text = { 0 };
		struct json filled_in = filled(&t, refusals);
		json_write_canonical(&text, &filled_in);
		fixture_write(t.dir, "refusals.json", buf_text(&text));
	}
	struct json *steps = json_set(&t.arena, &t.file, "steps", *json_get(&t.file, "steps"));
	bool rewrite = getenv("RHUMB_UPDATE") != NULL;
	for (uint32_t i = 0; i < steps->n; i++) {
		take(&t, &steps->items[i]);
		if (rewrite)
			json_set(&t.arena, &steps->items[i], "want", t.answer);
		else
			assert_json(&t.answer, json_get(&steps->items[i], "want"), i + 1);
	}
	if (!rewrite)
		return;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(auto_free) char *path = xfmt(FOLDER "/%s.json", t.name);
	json_write_indented(&text, &t.file);
	buf_putc(&text, '\n');
	assert_int_equal(file_write(path, buf_text(&text), text.len, 0644, &err), 0);
}

static void on_server(void **state)
{
	const char *kubeconfig = getenv("RHUMB_TEST_KUBECONFIG");
	if (!kubeconfig)
		skip(); /* which jumps: nothing may be held yet */
	AUTO(talk_done) struct talk t;
	open_case(&t, *state);
	if (json_true(json_get(&t.file, "file")))
		return;
	AUTO(err_done) struct err err = { 0 };
	struct kube_options options = { .kubeconfig = kubeconfig };
	if (cluster_open_kube(&t.cluster, &options, &err) < 0)
		fail_msg("%s", err.msg);
	t.namespace = arena_fmt(&t.arena, "case-%ld-%s", (long)getpid(), t.name);
	make_namespace(&t);
	const struct json *steps = json_get(&t.file, "steps");
	for (uint32_t i = 0; i < steps->n; i++) {
		take(&t, &steps->items[i]);
		compare_with_server(&t, &steps->items[i], i + 1);
	}
}

int main(void)
{
	char **names;
	size_t n = 0, n_names;
	AUTO(err_done) struct err err = { 0 };
	static struct CMUnitTest tests[2 * CASES_MAX];
	if (dir_names(FOLDER, &names, &n_names, &err) < 0 || n_names > CASES_MAX)
		return 1;
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < n_names; i++) {
		char *dot = strrchr(names[i], '.');
		if (dot)
			*dot = '\0';
		tests[n++] = fixture_row(arena_fmt(&a, "file: %s", names[i]), on_folder, names[i]);
		tests[n++] = fixture_row(arena_fmt(&a, "kube: %s", names[i]), on_server, names[i]);
	}
	int failed = _cmocka_run_group_tests("clusters", tests, n, NULL, NULL);
	dir_names_free(names, n_names);
	return failed;
}
