/* The embedded cluster as a folder: identity, what is broken in it, who writes, what is put.
 * What it answers is in tests/apply/test_cluster_cases.c. */
#include "tests/lib/fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/file_store.h"
#include "base/file.h"
#include "plan/cluster/file/file.h"
#include "plan/merge/managed.h"

struct world {
	char *dir;
	struct cluster *cluster;
	struct arena arena;
};

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	AUTO(err_done) struct err err = { 0 };
	w->dir = fixture_dir();
	assert_int_equal(cluster_open_file(&w->cluster, w->dir, &err), 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	cluster_close(w->cluster);
	fixture_remove(&w->dir);
	arena_done(&w->arena);
	free(w);
	return 0;
}

/* ---- talking */

static const struct kind config_maps = { .group = "",
					 .version = "v1",
					 .kind = "ConfigMap",
					 .plural = "configmaps",
					 .namespaced = true };
static const struct kind namespaces = {
	.group = "", .version = "v1", .kind = "Namespace", .plural = "namespaces"
};

static struct json config_map(struct world *w, const char *name, const char *value)
{
	struct json object = json_of_object();
	json_set_str(&w->arena, &object, "apiVersion", "v1");
	json_set_str(&w->arena, &object, "kind", "ConfigMap");
	struct json *metadata = json_edit(&w->arena, &object, "metadata");
	json_set_str(&w->arena, metadata, "name", name);
	json_set_str(&w->arena, metadata, "namespace", "default");
	json_set_str(&w->arena, json_edit(&w->arena, &object, "data"), "key", value);
	return object;
}

struct answer {
	struct world *world;
	int status;
	enum err_code code;
	const char *message;
	struct json object;
};

static int keep(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct answer *a = ctx;
	a->status = call->status;
	a->code = call->err.code;
	a->message = call->err.msg ? arena_strdup(&a->world->arena, call->err.msg) : "";
	a->object = call->object ? json_copy(&a->world->arena, call->object) : json_of_null();
	return 0;
}

static struct answer ask(struct world *w, enum api_verb verb, const struct kind *kind,
			 const char *namespace, const char *name, const struct json *body)
{
	struct answer a = { .world = w };
	struct api_call call = {
		.verb = verb, .kind = kind, .namespace = namespace, .name = name, .body = body
	};
	AUTO(err_done) struct err err = { 0 };
	if (writer_call(w->cluster, &call, 1, keep, &a, &err) < 0)
		fail_msg("%s", err.msg);
	err_done(&call.err);
	return a;
}

static struct answer apply(struct world *w, const char *name, const char *value)
{
	struct json object = config_map(w, name, value);
	return ask(w, API_APPLY, &config_maps, "default", name, &object);
}

static int count(void *ctx, struct list_request *request, const struct json *object,
		 struct err *err)
{
	(void)request, (void)object, (void)err;
	++*(size_t *)ctx;
	return 0;
}

static size_t list(struct world *w, const struct kind *kind, struct err *err)
{
	struct list_request request = { .kind = kind };
	size_t n = 0;
	AUTO(err_done) struct err whole = { 0 };
	assert_int_equal(w->cluster->ops->list(w->cluster, &request, 1, count, &n, &whole), 0);
	if (request.err.code)
		err_move(err, &request.err);
	return n;
}

static char *path_of(struct world *w, const char *name)
{
	return xfmt("%s/objects/core/ConfigMap/default/%s.json", w->dir, name);
}

/* ---- identity */

static void same_identity(struct world *w, struct cluster_identity *out)
{
	AUTO(err_done) struct err err = { 0 };
	if (w->cluster->ops->identify(w->cluster, out, &err) < 0)
		fail_msg("%s", err.msg);
}

static void identity(void **state)
{
	struct world *w = *state;
	AUTO(cluster_identity_done)
	struct cluster_identity before = { 0 }, again = { 0 }, after = { 0 };
	same_identity(w, &before);
	same_identity(w, &again);
	assert_string_equal(before.uid, again.uid);
	assert_int_equal(strlen(before.uid), 36);
	assert_string_equal(before.version, FILE_CLUSTER_VERSION);
	assert_non_null(strstr(before.server, w->dir));
	assert_string_equal(before.name, strrchr(w->dir, '/') + 1);
	assert_int_equal(apply(w, "a", "1").status, 201);
	same_identity(w, &after);
	assert_string_equal(before.uid, after.uid);
}

static void reading_writes_nothing(void **state)
{
	struct world *w = *state;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(list(w, &namespaces, &err), 4);
	struct json object = config_map(w, "a", "1");
	struct answer a = ask(w, API_GET, &namespaces, "", "default", NULL);
	assert_int_equal(a.status, 200);
	struct api_call call = { .verb = API_DRY_RUN_APPLY,
				 .kind = &config_maps,
				 .namespace = "default",
				 .name = "a",
				 .body = &object };
	assert_int_equal(w->cluster->ops->call(w->cluster, &call, 1, keep, &a, &err), 0);
	assert_int_equal(a.status, 201);
	AUTO(auto_free) char *objects = path_join(w->dir, "objects");
	call = (struct api_call){ .verb = API_APPLY,
				  .kind = &config_maps,
				  .namespace = "default",
				  .name = "a",
				  .body = &object };
	assert_int_equal(w->cluster->ops->call(w->cluster, &call, 1, keep, &a, &err), -1);
	assert_int_equal(err.code, ERR_REFUSED);
	assert_false(file_exists(objects));
}

static void dry_runs_are_alike(void **state)
{
	struct world *w = *state;
	struct json object = config_map(w, "a", "1");
	struct answer x = ask(w, API_DRY_RUN_APPLY, &config_maps, "default", "a", &object);
	assert_int_equal(apply(w, "other", "1").status, 201);
	struct answer y = ask(w, API_DRY_RUN_APPLY, &config_maps, "default", "a", &object);
	/* Only the times may differ. */
	struct json *objects[] = { &x.object, &y.object };
	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		struct json *metadata = json_edit(&w->arena, objects[i], "metadata");
		assert_true(json_remove(metadata, "creationTimestamp"));
		assert_true(json_remove(metadata, "managedFields"));
		assert_null(json_get(metadata, "resourceVersion"));
	}
	assert_true(json_equal(&x.object, &y.object));
}

/* ---- what is broken */

static void not_a_folder(void **state)
{
	struct world *w = *state;
	fixture_write(w->dir, "file", "x");
	AUTO(auto_free) char *path = path_join(w->dir, "file");
	AUTO(err_done) struct err err = { 0 };
	struct cluster *c = NULL;
	assert_int_equal(cluster_open_file(&c, path, &err), -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
	assert_null(c);
}

struct broken_case {
	const char *name, *file, *text, *want;
};

static const struct broken_case broken[] = {
	{ "half an object", "objects/core/ConfigMap/default/a.json", "{\"kind\":\"Conf", "a.json" },
	{ "an empty file", "objects/core/ConfigMap/default/a.json", "", "a.json" },
	{ "another kind", "objects/core/ConfigMap/default/a.json",
	  "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}",
	  "holds a Secret" },
	{ "another name", "objects/core/ConfigMap/default/a.json",
	  "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"b\","
	  "\"namespace\":\"default\"}}",
	  "holds ConfigMap/default/b" },
	{ "no object", "objects/core/ConfigMap/default/a.json", "[]", "not a Kubernetes object" },
};

static void broken_object(void **state)
{
	const struct broken_case *c = *state;
	struct world w = { .dir = fixture_dir() };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(cluster_open_file(&w.cluster, w.dir, &err), 0);
	assert_int_equal(apply(&w, "z", "1").status, 201);
	fixture_write(w.dir, c->file, c->text);
	struct answer a = ask(&w, API_GET, &config_maps, "default", "a", NULL);
	assert_int_equal(a.status, 0);
	assert_int_equal(a.code, ERR_INPUT);
	if (!strstr(a.message, c->want))
		assert_string_equal(a.message, c->want);
	struct json object = config_map(&w, "a", "1");
	a = ask(&w, API_APPLY, &config_maps, "default", "a", &object);
	assert_int_equal(a.status, 0);
	/* A list is of what the files hold; only a name that is another's goes unseen there. */
	if (strcmp(c->name, "another name") != 0) {
		list(&w, &config_maps, &err);
		assert_int_equal(err.code, ERR_INPUT);
	}
	cluster_close(w.cluster);
	fixture_remove(&w.dir);
	arena_done(&w.arena);
}

static void broken_folder(void **state)
{
	struct world *w = *state;
	static const struct broken_case cases[] = {
		{ NULL, "cluster.json", "{", "cluster.json" },
		{ NULL, "cluster.json", "{\"kind\":\"FileCluster\"}", "not a FileCluster" },
		{ NULL, "refusals.json", "{\"rules\":{}}", "`rules` is a list" },
		{ NULL, "refusals.json", "{\"rules\":[{\"verb\":[]}]}", "unknown key `verb`" },
		{ NULL, "refusals.json", "{\"rules\":[{\"code\":500}]}", "403 or 422" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(err_done) struct err err = { 0 };
		AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
		fixture_write(w->dir, cases[i].file, cases[i].text);
		assert_int_equal(w->cluster->ops->identify(w->cluster, &id, &err), -1);
		AUTO(auto_free) char *text = err_text(&err);
		assert_non_null(strstr(text, cases[i].want));
		AUTO(auto_free) char *path = path_join(w->dir, cases[i].file);
		unlink(path);
	}
}

static void objects_of_no_cluster(void **state)
{
	struct world *w = *state;
	fixture_write(w->dir, "objects/apps/Deployment/default/a.json", "{}");
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(w->cluster->ops->identify(w->cluster, &id, &err), -1);
	assert_non_null(strstr(err.msg, "cluster.json is missing"));
}

static void leftovers(void **state)
{
	struct world *w = *state;
	apply(w, "a", "1");
	fixture_write(w->dir, "objects/core/ConfigMap/default/b.json.0123.tmp", "{\"half");
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(list(w, &config_maps, &err), 1);
	assert_int_equal(err.code, ERR_NONE);
	fixture_write(w->dir, "objects/core/ConfigMap/default/notes.txt", "?");
	list(w, &config_maps, &err);
	assert_int_equal(err.code, ERR_INPUT);
}

/* A first write that was cut short before cluster.json. */
static void first_write_cut_short(void **state)
{
	struct world *w = *state;
	AUTO(cluster_identity_done) struct cluster_identity before = { 0 }, after = { 0 };
	same_identity(w, &before);
	apply(w, "a", "1");
	AUTO(auto_free) char *file = path_join(w->dir, "cluster.json");
	AUTO(auto_free) char *object = path_of(w, "a");
	unlink(file);
	unlink(object);
	assert_int_equal(apply(w, "b", "1").status, 201);
	same_identity(w, &after);
	assert_string_equal(before.uid, after.uid);
}

/* ---- writing */

static void versions_grow(void **state)
{
	struct world *w = *state;
	int64_t last = 0;
	for (int i = 0; i < 5; i++) {
		struct answer a = apply(w, i % 2 ? "a" : "b", i < 2 ? "1" : "2");
		const char *rv = json_str(json_at(&a.object, "metadata", "resourceVersion", NULL));
		int64_t version = strtoll(rv, NULL, 10);
		if (i < 4)
			assert_true(version > last);
		else
			assert_int_equal(version, last - 1); /* nothing changed: b's second */
		last = version;
	}
}

enum { NOBODY = 65534 };

static void cannot_write(void **state)
{
	struct world *w = *state;
	bool root = geteuid() == 0;
	/* Rights do not stop root, so somebody else writes. */
	if (root)
		assert_int_equal(chown(w->dir, NOBODY, NOBODY) | seteuid(NOBODY), 0);
	chmod(w->dir, 0500);
	struct json object = config_map(w, "a", "1");
	struct api_call call = { .verb = API_APPLY,
				 .kind = &config_maps,
				 .namespace = "default",
				 .name = "a",
				 .body = &object };
	AUTO(err_done) struct err err = { 0 };
	int rc = writer_call(w->cluster, &call, 1, keep, NULL, &err);
	if (root)
		assert_int_equal(seteuid(0), 0);
	chmod(w->dir, 0700);
	assert_int_equal(rc, -1);
	assert_int_equal(err.code, ERR_SYSTEM);
}

enum { WRITERS = 4, WRITES = 25 };

static void write_many(const char *dir, int writer)
{
	struct world w = { .dir = (char *)(uintptr_t)dir };
	AUTO(err_done) struct err err = { 0 };
	if (cluster_open_file(&w.cluster, dir, &err) < 0)
		_exit(1);
	for (int i = 0; i < WRITES; i++) {
		AUTO(auto_free) char *own = xfmt("w%d-%d", writer, i);
		AUTO(auto_free) char *value = xfmt("%d", writer * WRITES + i);
		if (apply(&w, own, "x").status != 201)
			_exit(2);
		if (apply(&w, "shared", value).status >= 300)
			_exit(3);
	}
	cluster_close(w.cluster);
	arena_done(&w.arena);
	_exit(0);
}

static void writers_exclude_each_other(void **state)
{
	struct world *w = *state;
	pid_t pids[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			write_many(w->dir, i);
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(list(w, &config_maps, &err), WRITERS * WRITES + 1);
	struct answer a = apply(w, "last", "1");
	const char *rv = json_str(json_at(&a.object, "metadata", "resourceVersion", NULL));
	/* No number was given twice: at least one for each write that changed something. */
	assert_true(strtoll(rv, NULL, 10) >= 2 * WRITERS * WRITES + 1);
}

static void odd_names(void **state)
{
	struct world *w = *state;
	char longest[254];
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = i % 50 == 49 ? '.' : 'a';
	longest[sizeof(longest) - 2] = 'b';
	longest[sizeof(longest) - 1] = '\0';
	char other[sizeof(longest)];
	memcpy(other, longest, sizeof(other));
	other[sizeof(other) - 2] = 'c';
	const char *const names[] = { longest, other, "a.b", "x" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(apply(w, names[i], names[i]).status, 201);
		struct answer a = ask(w, API_GET, &config_maps, "default", names[i], NULL);
		assert_string_equal(json_str(json_at(&a.object, "data", "key", NULL)), names[i]);
	}
	static const char *const refused[] = { "..", ".", "a/../b", "a/b" };
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		assert_int_equal(apply(w, refused[i], "x").status, 422);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(list(w, &config_maps, &err), ARRAY_LEN(names));
}

static void namespace_goes_with_its_objects(void **state)
{
	struct world *w = *state;
	struct json namespace = fixture_json(
		&w->arena,
		"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"n\"}}");
	assert_int_equal(ask(w, API_APPLY, &namespaces, "", "n", &namespace).status, 201);
	struct json object = config_map(w, "a", "1");
	json_set_str(&w->arena, json_edit(&w->arena, &object, "metadata"), "namespace", "n");
	assert_int_equal(ask(w, API_APPLY, &config_maps, "n", "a", &object).status, 201);
	assert_int_equal(apply(w, "a", "1").status, 201);
	assert_int_equal(ask(w, API_DELETE, &namespaces, "", "n", NULL).status, 200);
	assert_int_equal(ask(w, API_GET, &config_maps, "n", "a", NULL).status, 404);
	assert_int_equal(ask(w, API_GET, &config_maps, "default", "a", NULL).status, 200);
}

/* ---- putting */

static void put(struct world *w, const struct json *object, const struct file_owner *owner)
{
	AUTO(err_done) struct err err = { 0 };
	if (file_store_put(w->dir, object, 1, owner, &err) < 0)
		fail_msg("%s", err.msg);
}

static void put_as_it_is(void **state)
{
	struct world *w = *state;
	struct json object = fixture_json(
		&w->arena, "{\"apiVersion\":\"x.y/v1\",\"kind\":\"Strange\",\"metadata\":{\"name\":"
			   "\"a\",\"namespace\":\"nowhere\",\"uid\":\"u\",\"resourceVersion\":"
			   "\"900\",\"managedFields\":[{\"manager\":\"helm\",\"operation\":"
			   "\"Update\",\"apiVersion\":\"x.y/v1\",\"fieldsType\":\"FieldsV1\","
			   "\"fieldsV1\":{\"f:spec\":{}}}]},\"spec\":{}}");
	put(w, &object, NULL);
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *path = xfmt("%s/objects/x.y/Strange/nowhere/a.json", w->dir);
	assert_int_equal(file_read(path, 1 << 20, &text, &err), 0);
	struct json got = fixture_json(&w->arena, buf_text(&text));
	json_set_str(&w->arena, json_edit(&w->arena, &got, "metadata"), "creationTimestamp", "x");
	json_set_str(&w->arena, json_edit(&w->arena, &object, "metadata"), "creationTimestamp",
		     "x");
	assert_true(json_equal(&got, &object));
	/* Later writes come after it. */
	struct answer a = apply(w, "a", "1");
	const char *rv = json_str(json_at(&a.object, "metadata", "resourceVersion", NULL));
	assert_true(strtoll(rv, NULL, 10) > 900);
}

static void put_as_somebody(void **state)
{
	struct world *w = *state;
	struct json object = config_map(w, "a", "1");
	const struct file_owner edit = { "kubectl-edit", OPERATION_UPDATE, NULL,
					 "2026-01-02T03:04:05Z" };
	assert_int_equal(apply(w, "a", "1").status, 201);
	json_set_str(&w->arena, json_edit(&w->arena, &object, "data"), "key", "2");
	json_set_str(&w->arena, json_edit(&w->arena, &object, "data"), "more", "3");
	put(w, &object, &edit);
	struct answer a = apply(w, "a", "1");
	assert_int_equal(a.status, 409);
	assert_string_equal(a.message, "Apply failed with 1 conflict: conflict with "
				       "\"kubectl-edit\" using v1: .data.key");
	a = ask(w, API_GET, &config_maps, "default", "a", NULL);
	assert_string_equal(json_str(json_at(&a.object, "data", "more", NULL)), "3");
	struct managed m;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(managed_of(&w->arena, &a.object, &m, &err), 0);
	assert_int_equal(m.n, 1); /* we have lost the only field that was ours */
	assert_string_equal(m.entries[0].time, edit.time);
	const struct file_owner apply_ = { "helm", OPERATION_APPLY, NULL, NULL };
	put(w, &object, &apply_);
	a = ask(w, API_GET, &config_maps, "default", "a", NULL);
	assert_int_equal(managed_of(&w->arena, &a.object, &m, &err), 0);
	assert_non_null(managed_applied(&m, "helm"));
}

static void created_once(void **state)
{
	struct world *w = *state;
	AUTO(err_done) struct err err = { 0 }, again = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(file_store_create(w->dir, "v1.30.0", &err), 0);
	same_identity(w, &id);
	assert_string_equal(id.version, "v1.30.0");
	assert_int_equal(file_store_create(w->dir, NULL, &again), -1);
	assert_int_equal(again.code, ERR_CONFLICT);
}

/* The identity of a snapshot is the cluster's that it was made of. */
static void identity_of_a_snapshot(void **state)
{
	struct world *w = *state;
	struct json object = fixture_json(
		&w->arena, "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":"
			   "\"kube-system\",\"uid\":\"the-real-one\"}}");
	put(w, &object, NULL);
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	same_identity(w, &id);
	assert_string_equal(id.uid, "the-real-one");
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest fixed[] = {
		IN_FOLDER(identity),
		IN_FOLDER(reading_writes_nothing),
		IN_FOLDER(dry_runs_are_alike),
		IN_FOLDER(not_a_folder),
		IN_FOLDER(broken_folder),
		IN_FOLDER(objects_of_no_cluster),
		IN_FOLDER(leftovers),
		IN_FOLDER(first_write_cut_short),
		IN_FOLDER(versions_grow),
		IN_FOLDER(cannot_write),
		IN_FOLDER(writers_exclude_each_other),
		IN_FOLDER(odd_names),
		IN_FOLDER(namespace_goes_with_its_objects),
		IN_FOLDER(put_as_it_is),
		IN_FOLDER(put_as_somebody),
		IN_FOLDER(created_once),
		IN_FOLDER(identity_of_a_snapshot),
	};
	struct CMUnitTest tests[ARRAY_LEN(fixed) + ARRAY_LEN(broken)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		tests[n++] = fixed[i];
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		tests[n++] = fixture_row(broken[i].name, broken_object, &broken[i]);
	return _cmocka_run_group_tests("file cluster", tests, n, NULL, NULL);
}
