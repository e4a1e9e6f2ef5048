/* The client against a real API server, named by RHUMB_TEST_KUBECONFIG (tests/kube/up prints one;
 * its folder also holds kubeconfig-reader and kubeconfig-token).  Skipped without. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "plan/cluster/kube/kube.h"
#include "tests/lib/fault_server.h"

enum { MANY = 1203 }; /* three pages, the last one not full */

struct world {
	struct cluster *cluster;
	struct kind_table kinds;
	struct arena arena;
	char *namespace;
};

/* ---- opening */

static char *sibling(const char *name)
{
	const char *path = getenv("RHUMB_TEST_KUBECONFIG");
	const char *slash = strrchr(path, '/');
	return xfmt("%.*s/%s", (int)(slash - path), path, name);
}

static int open_file(struct cluster **out, const char *path, struct err *err)
{
	struct kube_options o = { .kubeconfig = path };
	return cluster_open_kube(out, &o, err);
}

static struct cluster *open_sibling(const char *name)
{
	AUTO(auto_free) char *path = sibling(name);
	AUTO(err_done) struct err err = { 0 };
	struct cluster *c = NULL;
	if (open_file(&c, path, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static const struct kind *kind_of(struct world *w, const char *group, const char *kind)
{
	const struct kind *k = kinds_find_any(&w->kinds, group, kind);
	if (!k)
		fail_msg("no kind %s", kind);
	return k;
}

/* ---- calls */

struct answer {
	int status;
	enum err_code code;
	char *message;
	char *reason; /* of the first cause */
	char *uid, *version;
	size_t n;
};

static char *copy(const char *text)
{
	return xstrdup(text ? text : "");
}

static void answer_done(struct answer *a)
{
	free(a->message);
	free(a->reason);
	free(a->uid);
	free(a->version);
	*a = (struct answer){ 0 };
}

static int keep(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct answer *a = ctx;
	answer_done(a);
	const struct json *causes = json_at(call->failure, "details", "causes", NULL);
	const struct json *metadata = json_get(call->object, "metadata");
	a->status = call->status;
	a->code = call->err.code;
	a->message = copy(call->err.msg);
	a->reason = copy(json_is(causes, JSON_ARRAY) && causes->n
				 ? json_get_str(&causes->items[0], "reason")
				 : NULL);
	a->uid = copy(json_get_str(metadata, "uid"));
	a->version = copy(json_get_str(metadata, "resourceVersion"));
	a->n++;
	err_done(&call->err);
	return 0;
}

static void send_call(struct cluster *c, bool may_write, struct api_call *call, struct answer *out)
{
	AUTO(err_done) struct err err = { 0 };
	if (kube_exchange(c, may_write, call, 1, keep, out, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(out->n, 1);
	out->n = 0;
}

static struct json config_map(struct world *w, const char *name, const char *metadata)
{
	AUTO(auto_free)
	char *text = xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
			  "\"metadata\":{\"name\":\"%s\",\"namespace\":\"%s\","
			  "\"labels\":{\"test\":\"list\"}%s},"
			  "\"data\":{\"a\":\"b\"}}",
			  name, w->namespace, metadata);
	return fixture_json(&w->arena, text);
}

static struct api_call on(struct world *w, enum api_verb verb, const char *name,
			  const struct json *body)
{
	return (struct api_call){ .verb = verb,
				  .kind = kind_of(w, "", "ConfigMap"),
				  .namespace = w->namespace,
				  .name = name,
				  .body = body };
}

/* ---- the world: a namespace of its own */

static int set_up(void **state)
{
	if (!getenv("RHUMB_TEST_KUBECONFIG"))
		return 0;
	struct world *w = xcalloc(1, sizeof(*w));
	w->cluster = open_sibling("kubeconfig");
	AUTO(err_done) struct err err = { 0 };
	if (w->cluster->ops->kinds(w->cluster, &w->kinds, &err) < 0)
		fail_msg("%s", err.msg);
	w->namespace = xfmt("kube-server-%d", (int)getpid());
	AUTO(auto_free)
	char *text = xfmt("{\"apiVersion\":\"v1\",\"kind\":\"Namespace\","
			  "\"metadata\":{\"name\":\"%s\"}}",
			  w->namespace);
	struct json body = fixture_json(&w->arena, text);
	struct api_call call = { .verb = API_APPLY,
				 .kind = kind_of(w, "", "Namespace"),
				 .namespace = "",
				 .name = w->namespace,
				 .body = &body };
	AUTO(answer_done) struct answer a = { 0 };
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.status, 201);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	if (!w)
		return 0;
	struct api_call call = { .verb = API_DELETE,
				 .kind = kind_of(w, "", "Namespace"),
				 .namespace = "",
				 .name = w->namespace };
	AUTO(answer_done) struct answer a = { 0 };
	send_call(w->cluster, true, &call, &a);
	cluster_close(w->cluster);
	kind_table_done(&w->kinds);
	arena_done(&w->arena);
	free(w->namespace);
	free(w);
	return 0;
}

static struct world *world(void **state)
{
	if (!*state)
		skip();
	return *state;
}

/* ---- identity, discovery */

static void identity(void **state)
{
	struct world *w = world(state);
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(w->cluster->ops->identify(w->cluster, &id, &err), 0);
	assert_int_equal(strlen(id.uid), 36);
	assert_null(id.uid_unknown);
	assert_string_equal(id.name, "kube");
	assert_int_equal(strncmp(id.version, "v1.", 3), 0);
	assert_int_equal(strncmp(id.server, "https://127.0.0.1:", 18), 0);
	assert_string_equal(kube_default_namespace(w->cluster), "default");
}

struct kind_case {
	const char *group, *version, *kind, *plural;
	bool namespaced, listable, appliable;
};

static const struct kind_case kind_cases[] = {
	{ "", "v1", "ConfigMap", "configmaps", true, true, true },
	{ "", "v1", "Namespace", "namespaces", false, true, true },
	{ "apps", "v1", "Deployment", "deployments", true, true, true },
	{ "authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", false, false,
	  false },
	{ "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
	  false, true, true },
};

static void discovery(void **state)
{
	struct world *w = world(state);
	for (size_t i = 0; i < ARRAY_LEN(kind_cases); i++) {
		const struct kind_case *c = &kind_cases[i];
		const struct kind *k = kinds_find(&w->kinds, c->group, c->version, c->kind);
		assert_non_null(k);
		assert_string_equal(k->plural, c->plural);
		assert_int_equal(k->namespaced, c->namespaced);
		assert_int_equal(k->listable, c->listable);
		assert_int_equal(k->appliable, c->appliable);
	}
	assert_null(kinds_find_any(&w->kinds, "", "Scale"));
	assert_int_equal(w->kinds.n_stale, 0);
	assert_int_equal(w->cluster->requests > 0, 1);
}

/* ---- lists */

static int count(void *ctx, struct list_request *r, const struct json *object, struct err *err)
{
	(void)r;
	(void)err;
	struct arena a = { 0 };
	struct object_ref ref = object_ref_of(&a, object);
	assert_string_equal(ref.version, "v1");
	assert_int_not_equal(*ref.kind, 0);
	assert_int_not_equal(*ref.name, 0);
	arena_done(&a);
	++*(size_t *)ctx;
	return 0;
}

static int stop_at_once(void *ctx, struct list_request *r, const struct json *object,
			struct err *err)
{
	(void)r;
	(void)object;
	++*(size_t *)ctx;
	return err_set(err, ERR_INTERRUPTED, "enough");
}

static int count_done(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	if (call->status == 201)
		++*(size_t *)ctx;
	err_done(&call->err);
	return 0;
}

static void make_many(struct world *w)
{
	struct api_call *calls = xcalloc(MANY, sizeof(*calls));
	struct json *bodies = xcalloc(MANY, sizeof(*bodies));
	for (size_t i = 0; i < MANY; i++) {
		const char *name = arena_fmt(&w->arena, "many-%zu", i);
		bodies[i] = config_map(w, name, "");
		calls[i] = on(w, API_APPLY, name, &bodies[i]);
	}
	AUTO(err_done) struct err err = { 0 };
	size_t made = 0;
	assert_int_equal(kube_exchange(w->cluster, true, calls, MANY, count_done, &made, &err), 0);
	assert_int_equal(made, MANY);
	free(calls);
	free(bodies);
}

static void lists(void **state)
{
	struct world *w = world(state);
	make_many(w);
	static const struct kind no_such = { .group = "",
					     .version = "v1",
					     .kind = "Nothing",
					     .plural = "nothings",
					     .namespaced = true };
	struct list_request r[] = {
		{ .kind = kind_of(w, "", "ConfigMap"),
		  .namespace = w->namespace,
		  .label_selector = "test=list,test!=(a/b)" },
		{ .kind = kind_of(w, "", "ConfigMap"),
		  .namespace = w->namespace,
		  .label_selector = "test in (list)" },
		{ .kind = kind_of(w, "", "Namespace") },
		{ .kind = &no_such, .namespace = w->namespace },
		{ .kind = kind_of(w, "apps", "Deployment"), .namespace = "../kube-system" },
		{ .kind = kind_of(w, "", "Secret"), .namespace = w->namespace },
	};
	size_t n = 0;
	AUTO(err_done) struct err err = { 0 };
	unsigned before = w->cluster->requests;
	assert_int_equal(w->cluster->ops->list(w->cluster, r, ARRAY_LEN(r), count, &n, &err), 0);
	assert_int_equal(r[0].err.code, ERR_INVALID);
	assert_int_equal(r[1].err.code, ERR_NONE);
	assert_int_equal(r[1].objects, MANY);
	assert_int_equal(r[2].objects >= 4, 1);
	assert_int_equal(r[3].err.code, ERR_NOT_FOUND);
	assert_int_equal(r[4].err.code, ERR_INVALID);
	assert_int_equal(r[5].objects, 0);
	assert_int_equal(n, MANY + r[2].objects);
	assert_int_equal(w->cluster->requests - before, 1 + 3 + 1 + 1 + 0 + 1);
	for (size_t i = 0; i < ARRAY_LEN(r); i++)
		err_done(&r[i].err);
}

static void list_stops(void **state)
{
	struct world *w = world(state);
	struct list_request r = { .kind = kind_of(w, "", "Namespace") };
	size_t n = 0;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(w->cluster->ops->list(w->cluster, &r, 1, stop_at_once, &n, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_string_equal(err.msg, "enough");
	assert_int_equal(n, 1);
}

/* ---- the table of the design, as requests */

static void create_only(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	struct json body = config_map(w, "once", ",\"resourceVersion\":\"1\"");
	struct api_call call = on(w, API_APPLY, "once", &body);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.status, 201);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.code, ERR_CONFLICT);
}

static void update_this_one(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	struct json body = config_map(w, "this", "");
	struct api_call call = on(w, API_APPLY, "this", &body);
	send_call(w->cluster, true, &call, &a);
	AUTO(auto_free)
	char *precondition = xfmt(",\"uid\":\"%s\",\"resourceVersion\":\"%s\"", a.uid, a.version);
	struct json exact = config_map(w, "this", precondition);
	call = on(w, API_APPLY, "this", &exact);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.status, 200);
	AUTO(auto_free) char *other = xfmt(",\"uid\":\"%s\",\"resourceVersion\":\"1\"", a.uid);
	struct json moved = config_map(w, "this", other);
	call = on(w, API_APPLY, "this", &moved);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.code, ERR_CONFLICT);
}

static void delete_this_one(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	struct json body = config_map(w, "gone", "");
	struct api_call call = on(w, API_APPLY, "gone", &body);
	send_call(w->cluster, true, &call, &a);
	AUTO(auto_free) char *version = copy(a.version);
	AUTO(auto_free) char *uid = copy(a.uid);
	static const char options[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
		"\"preconditions\":{\"uid\":\"%s\",\"resourceVersion\":\"%s\"}}";
	AUTO(auto_free) char *wrong = xfmt(options, uid, "1");
	struct json wrong_body = fixture_json(&w->arena, wrong);
	call = on(w, API_DELETE, "gone", &wrong_body);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.code, ERR_CONFLICT);
	AUTO(auto_free) char *right = xfmt(options, uid, version);
	struct json right_body = fixture_json(&w->arena, right);
	call = on(w, API_DELETE, "gone", &right_body);
	send_call(w->cluster, true, &call, &a);
	assert_int_equal(a.status, 200);
	call = on(w, API_GET, "gone", NULL);
	send_call(w->cluster, false, &call, &a);
	assert_int_equal(a.code, ERR_NOT_FOUND);
}

/* ---- refusals */

static void unknown_field(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	AUTO(auto_free)
	char *text = xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
			  "\"metadata\":{\"name\":\"x\",\"namespace\":\"%s\"},"
			  "\"dataa\":{\"a\":\"b\"}}",
			  w->namespace);
	struct json body = fixture_json(&w->arena, text);
	struct api_call call = on(w, API_DRY_RUN_APPLY, "x", &body);
	send_call(w->cluster, false, &call, &a);
	assert_int_equal(a.code, ERR_INVALID);
	assert_non_null(strstr(a.message, "dataa"));
}

static void dry_run_writes_nothing(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	struct json body = config_map(w, "dry", "");
	struct api_call call = on(w, API_DRY_RUN_APPLY, "dry", &body);
	call.force = true;
	send_call(w->cluster, false, &call, &a);
	assert_int_equal(a.status, 201);
	call = on(w, API_GET, "dry", NULL);
	send_call(w->cluster, false, &call, &a);
	assert_int_equal(a.status, 404);
	assert_int_equal(a.code, ERR_NOT_FOUND);
}

static void secret_is_hidden(void **state)
{
	struct world *w = world(state);
	AUTO(answer_done) struct answer a = { 0 };
	AUTO(auto_free)
	char *text = xfmt("{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
			  "\"metadata\":{\"name\":\"s\",\"namespace\":\"%s\"},"
			  "\"data\":{\"password\":\"c2VzYW1lLW9wZW4*\"}}",
			  w->namespace);
	struct json body = fixture_json(&w->arena, text);
	struct api_call call = on(w, API_DRY_RUN_APPLY, "s", &body);
	call.kind = kind_of(w, "", "Secret");
	send_call(w->cluster, false, &call, &a);
	assert_int_equal(a.code, ERR_INVALID);
	assert_null(strstr(a.message, "c2VzYW1lLW9wZW4"));
}

static void names_that_are_paths(void **state)
{
	struct world *w = world(state);
	static const char *const names[] = { "a/b", "..", ".", "a%2Fb", "" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(answer_done) struct answer a = { 0 };
		struct api_call call = on(w, API_GET, names[i], NULL);
		send_call(w->cluster, false, &call, &a);
		assert_int_equal(a.status, 0);
		assert_int_equal(a.code, ERR_INVALID);
	}
}

static void reading_refuses_to_write(void **state)
{
	struct world *w = world(state);
	static const enum api_verb verbs[] = { API_APPLY, API_JSON_PATCH, API_DELETE };
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		AUTO(answer_done) struct answer a = { 0 };
		AUTO(err_done) struct err err = { 0 };
		struct json body = config_map(w, "never", "");
		struct api_call call = on(w, verbs[i], "never", &body);
		unsigned before = w->cluster->requests;
		assert_int_equal(w->cluster->ops->call(w->cluster, &call, 1, keep, &a, &err), -1);
		assert_int_equal(err.code, ERR_REFUSED);
		assert_int_equal(w->cluster->requests, before);
	}
}

static void reader_may_not_dry_run(void **state)
{
	struct world *w = world(state);
	AUTO(cluster_close_p) struct cluster *reader = open_sibling("kubeconfig-reader");
	AUTO(answer_done) struct answer a = { 0 };
	struct json body = config_map(w, "r", "");
	struct api_call call = on(w, API_DRY_RUN_APPLY, "r", &body);
	send_call(reader, false, &call, &a);
	assert_int_equal(a.code, ERR_FORBIDDEN);
	assert_int_equal(a.status, 403);
	assert_non_null(strstr(a.message, "reader"));
}

/* ---- connections */

static void token(void **state)
{
	(void)world(state);
	AUTO(cluster_close_p) struct cluster *c = open_sibling("kubeconfig-token");
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(c->ops->identify(c, &id, &err), 0);
	assert_int_equal(strlen(id.uid), 36);
}

/* The administrator's kubeconfig with a piece of text replaced. */
static int identify_edited(const char *from, const char *to, struct err *err)
{
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(buf_done) struct buf text = { 0 }, edited = { 0 };
	AUTO(auto_free) char *path = xfmt("%s/kubeconfig", dir);
	assert_int_equal(file_read(getenv("RHUMB_TEST_KUBECONFIG"), 1 << 20, &text, err), 0);
	const char *at = strstr(buf_text(&text), from);
	assert_non_null(at);
	buf_put(&edited, text.data, (size_t)(at - text.data));
	buf_puts(&edited, to);
	buf_puts(&edited, at + strlen(from));
	fixture_write(dir, "kubeconfig", buf_text(&edited));
	AUTO(cluster_close_p) struct cluster *c = NULL;
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	if (open_file(&c, path, err) < 0)
		return -1;
	return c->ops->identify(c, &id, err);
}

static void server_name(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(identify_edited("    server:",
					 "    tls-server-name: kubernetes.default.svc\n"
					 "    server:",
					 &err),
			 0);
}

static void wrong_server_name(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(identify_edited("    server:",
					 "    tls-server-name: other.example\n    server:", &err),
			 -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
	assert_non_null(strstr(err.msg, "not trusted"));
}

static void wrong_authority(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	/* The system's authorities do not know the test server either. */
	assert_int_equal(identify_edited("certificate-authority-data:", "unknown:", &err), -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
	assert_non_null(strstr(err.msg, "not trusted"));
}

static void not_verified_when_told(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(identify_edited("certificate-authority-data:",
					 "insecure-skip-tls-verify: true\n    unknown:", &err),
			 0);
}

static void nobody_listens(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(identify_edited("https://127.0.0.1:", "https://127.0.0.1:1#", &err), -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
	assert_non_null(strstr(err.msg, "127.0.0.1:1:"));
}

/* The name to verify, the host to connect to and the proxy are three different things. */
static void proxy(void **state)
{
	(void)world(state);
	struct fault_server server;
	assert_int_equal(fault_server_start(&server), 0);
	static const char *const names[] = { "127.0.0.1", "kubernetes", "other.example" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO(err_done) struct err err = { 0 };
		AUTO(auto_free)
		char *lines = xfmt("    proxy-url: http://127.0.0.1:%u\n"
				   "    tls-server-name: %s\n"
				   "    server:",
				   server.port, names[i]);
		int rc = identify_edited("    server:", lines, &err);
		assert_int_equal(rc, i == 2 ? -1 : 0);
	}
	fault_server_stop(&server);
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free)
	char *gone = xfmt("    proxy-url: http://127.0.0.1:%u\n    server:", server.port);
	assert_int_equal(identify_edited("    server:", gone, &err), -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
}

static void anonymous(void **state)
{
	(void)world(state);
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(
		identify_edited("client-certificate-data:", "token: nobody\n    unknown:", &err),
		-1);
	assert_int_equal(err.code, ERR_FORBIDDEN);
	assert_null(strstr(err.msg, "nobody"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity),
		cmocka_unit_test(discovery),
		cmocka_unit_test(lists),
		cmocka_unit_test(list_stops),
		cmocka_unit_test(create_only),
		cmocka_unit_test(update_this_one),
		cmocka_unit_test(delete_this_one),
		cmocka_unit_test(unknown_field),
		cmocka_unit_test(dry_run_writes_nothing),
		cmocka_unit_test(secret_is_hidden),
		cmocka_unit_test(names_that_are_paths),
		cmocka_unit_test(reading_refuses_to_write),
		cmocka_unit_test(reader_may_not_dry_run),
		cmocka_unit_test(token),
		cmocka_unit_test(server_name),
		cmocka_unit_test(wrong_server_name),
		cmocka_unit_test(wrong_authority),
		cmocka_unit_test(not_verified_when_told),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(proxy),
		cmocka_unit_test(anonymous),
	};
	return cmocka_run_group_tests_name("kube server", tests, set_up, tear_down);
}
