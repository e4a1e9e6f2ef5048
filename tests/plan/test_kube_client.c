/* The Kubernetes client against an API server that misbehaves (tests/tools/fault-server). */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "plan/cluster/kube/kube.h"
#include "tests/lib/fault_server.h"

static struct fault_server server;

static const struct kind config_map = { .group = "",
					.version = "v1",
					.kind = "ConfigMap",
					.plural = "configmaps",
					.namespaced = true,
					.listable = true,
					.appliable = true };

/* A cluster whose server plays the scenario; `user` is the YAML of the user's entry. */
static struct cluster *open_scenario(const char *dir, const char *scenario, const char *user)
{
	AUTO(auto_free)
	char *text = xfmt("current-context: test\n"
			  "contexts:\n"
			  "- {name: test, context: {cluster: c, user: u}}\n"
			  "clusters:\n"
			  "- name: c\n"
			  "  cluster: {server: 'http://127.0.0.1:%u/kube/%s'}\n"
			  "users:\n"
			  "- name: u\n"
			  "  user: {%s}\n",
			  server.port, scenario, user);
	fixture_write(dir, "kubeconfig", text);
	AUTO(auto_free) char *path = path_join(dir, "kubeconfig");
	struct kube_options o = { .kubeconfig = path, .timeout_seconds = 10 };
	AUTO(err_done) struct err err = { 0 };
	struct cluster *c = NULL;
	if (cluster_open_kube(&c, &o, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

/* ---- lists */

static int add_name(void *ctx, struct list_request *r, const struct json *object, struct err *err)
{
	(void)r, (void)err;
	struct buf *names = ctx;
	assert_string_equal(json_get_str(object, "kind"), "ConfigMap");
	assert_string_equal(json_get_str(object, "apiVersion"), "v1");
	if (names->len < 100)
		buf_puts(names, json_get_str(json_get(object, "metadata"), "name"));
	return 0;
}

struct list_case {
	const char *scenario, *names;
	enum err_code code;
	const char *message; /* part of it */
};

static const struct list_case list_cases[] = {
	{ "expired", "abcdef", 0, NULL },
	{ "always_expired", "a", ERR_SERVER, "too old" },
	{ "breaks", "abc", 0, NULL },
	{ "slow_pieces", "abc", 0, NULL },
	{ "null_items", "", 0, NULL },
	{ "endless_pages", "", ERR_LIMIT, "pages" },
	{ "endless_objects", NULL, ERR_LIMIT, "more than 200000 objects" },
	{ "endless_object", "", ERR_LIMIT, "an object of more than 8388608 bytes" },
	{ "endless_space", "", ERR_LIMIT, "more than 268435456 bytes" },
	{ "endless_envelope", "", ERR_LIMIT, "around its items" },
	{ "html", "", ERR_INPUT, "text/html" },
	{ "html_list", "", ERR_SERVER, "text/html" },
	{ "not_a_list", "", ERR_INPUT, "not a list" },
	{ "hidden_items", "", ERR_INPUT, "not a list" },
	{ "two_items", "", ERR_INPUT, "items" },
	{ "bad_commas", "a", ERR_INPUT, "not a list" },
	{ "no_name", "", ERR_INPUT, "without a name" },
	{ "cut", "a", ERR_INPUT, "ends in the middle" },
	{ "forbidden", "", ERR_FORBIDDEN, "User \"ci\" cannot list it" },
	{ "html_error", "", ERR_SERVER, "(418): <html> [31mteapot says no</html>" },
};

enum { CPU_SECONDS_A_CASE = 5, MEMORY_KB = 96 << 10 };

static void list_case_run(void **state)
{
	const struct list_case *l = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, l->scenario, "token: t");
	AUTO(buf_done) struct buf names = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct list_request r = { .kind = &config_map, .namespace = "shop" };
	clock_t start = clock();
	assert_int_equal(c->ops->list(c, &r, 1, add_name, &names, &err), 0);
	assert_in_range(clock() - start, 0, CPU_SECONDS_A_CASE * CLOCKS_PER_SEC);
	AUTO(auto_free) char *message = err_text(&r.err);
	enum err_code code = r.err.code;
	err_done(&r.err);
	if (code != l->code || (l->message && !strstr(message, l->message)))
		fail_msg("error %d %s", code, message);
	if (l->names)
		assert_string_equal(buf_text(&names), l->names);
	if (code)
		assert_non_null(strstr(message, "list configmaps in namespace shop: "));
#ifndef __SANITIZE_ADDRESS__
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	assert_in_range(usage.ru_maxrss, 1, MEMORY_KB);
#endif
}

/* ---- calls */

struct seen_call {
	int status;
	enum err_code code;
	char *message, *warning, *kind;
	struct arena arena;
	struct json object;
};

static void seen_call_done(struct seen_call *s)
{
	free(s->message);
	free(s->warning);
	free(s->kind);
	arena_done(&s->arena);
}

static int see(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct seen_call *s = ctx;
	s->status = call->status;
	s->code = call->err.code;
	s->message = xstrdup(call->err.msg ? call->err.msg : "");
	s->warning = xstrdup(call->n_warnings ? call->warnings[0] : "");
	assert_int_equal(call->object && call->failure, 0);
	if (call->object)
		s->object = json_copy(&s->arena, call->object);
	err_done(&call->err);
	return 0;
}

static void call_scenario(const char *scenario, const char *user, struct seen_call *out)
{
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, scenario, user);
	AUTO(err_done) struct err err = { 0 };
	struct api_call call = {
		.verb = API_GET, .kind = &config_map, .namespace = "shop", .name = "x"
	};
	if (c->ops->call(c, &call, 1, see, out, &err) < 0)
		fail_msg("%s", err.msg);
}

struct call_case {
	const char *scenario;
	int status;
	enum err_code code;
	const char *message;
};

static const struct call_case call_cases[] = {
	{ "html", 200, ERR_SERVER, "\"text/html\" where JSON was expected" },
	{ "html_error", 418, ERR_SERVER, "(418)" },
	{ "forbidden", 403, ERR_FORBIDDEN, "User \"ci\"" },
	{ "endless_object", 0, ERR_LIMIT, "more than 8388608 bytes" },
	{ "cut", 200, ERR_INPUT, "" },
	{ "warns", 200, 0, "" },
};

static void call_case_run(void **state)
{
	const struct call_case *k = *state;
	AUTO(seen_call_done) struct seen_call s = { 0 };
	call_scenario(k->scenario, "token: t", &s);
	assert_int_equal(s.status, k->status);
	if (s.code != k->code || !strstr(s.message, k->message))
		fail_msg("error %d %s", s.code, s.message);
}

static void warnings(void **state)
{
	(void)state;
	AUTO(seen_call_done) struct seen_call s = { 0 };
	call_scenario("warns", "token: t", &s);
	assert_string_equal(s.warning, "unknown field \"spec.x\"");
}

/* ---- who we are */

struct header_case {
	const char *name, *user;
	const char *header, *value; /* expected */
};

static const struct header_case header_cases[] = {
	{ "token", "token: t", "authorization", "Bearer t" },
	{ "basic", "username: ada, password: 'a:b'", "authorization", "Basic YWRhOmE6Yg==" },
	{ "basic without password", "username: ada", "authorization", "Basic YWRhOg==" },
	{ "as", "token: t, as: ada", "impersonate-user", "ada" },
	{ "as-uid", "as: ada, as-uid: '7'", "impersonate-uid", "7" },
	{ "as-groups", "as: ada, as-groups: [a]", "impersonate-group", "a" },
	{ "as-user-extra", "as: ada, as-user-extra: {example.com/why: [x]}",
	  "impersonate-extra-example.com%2fwhy", "x" },
};

static void header_case_run(void **state)
{
	const struct header_case *h = *state;
	AUTO(seen_call_done) struct seen_call s = { 0 };
	call_scenario("echo", h->user, &s);
	const char *value =
		json_str(json_at(&s.object, "metadata", "annotations", h->header, NULL));
	assert_string_equal(value ? value : "(none)", h->value);
}

/* A plugin that counts its runs and answers what `answer` says. */
static void write_plugin(const char *dir, const char *answer)
{
	AUTO(auto_free)
	char *script = xfmt("#!/bin/sh\n"
			    "cd \"%s\" || exit 9\n"
			    "echo run >>runs\n"
			    "printf '%%s' \"$KUBERNETES_EXEC_INFO\" >info\n"
			    "%s\n",
			    dir, answer);
	fixture_write(dir, "plugin", script);
	AUTO(auto_free) char *path = path_join(dir, "plugin");
	assert_int_equal(chmod(path, 0755), 0);
}

static size_t runs(const char *dir)
{
	AUTO(auto_free) char *path = path_join(dir, "runs");
	AUTO(buf_done) struct buf b = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (!file_exists(path))
		return 0;
	assert_int_equal(file_read(path, 1 << 10, &b, &err), 0);
	return b.len / strlen("run\n");
}

#define EXEC                                                                                       \
	"exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./plugin, "             \
	"installHint: apt install plugin, provideClusterInfo: true}"
#define CREDENTIAL(status)                                                                         \
	"printf %s '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"   \
	"v1beta1\",\"status\":" status "}'"

struct exec_case {
	const char *name, *answer;
	unsigned identities; /* times that we ask who the cluster is */
	size_t runs;         /* expected */
	enum err_code code;  /* expected */
	const char *message;
};

static const struct exec_case exec_cases[] = {
	{ "kept until it expires", CREDENTIAL("{\"token\":\"good\"}"), 3, 1, 0, NULL },
	{ "expires in the future",
	  CREDENTIAL("{\"token\":\"good\",\"expirationTimestamp\":\"2999-01-01T00:00:00Z\"}"), 3, 1,
	  0, NULL },
	{ "has expired",
	  CREDENTIAL("{\"token\":\"good\",\"expirationTimestamp\":\"2001-01-01T00:00:00Z\"}"), 3, 3,
	  0, NULL },
	{ "bad, then good",
	  "if [ $(wc -l <runs) = 1 ]; then " CREDENTIAL("{\"token\":\"bad\"}") "; else " CREDENTIAL(
		  "{\"token\":\"good\"}") "; fi",
	  2, 2, 0, NULL },
	{ "always bad", CREDENTIAL("{\"token\":\"sesame\"}"), 1, 2, ERR_FORBIDDEN, "401" },
	{ "fails", "echo please log in >&2; exit 3", 1, 1, ERR_FORBIDDEN,
	  "ended with status 3: please log in" },
	{ "says nothing", "true", 1, 1, ERR_INPUT, "not JSON" },
	{ "says something else", "echo sesame", 1, 1, ERR_INPUT, "not JSON" },
	{ "says another version",
	  "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\"}'",
	  1, 1, ERR_INPUT, "another apiVersion" },
	{ "no credential", CREDENTIAL("{}"), 1, 1, ERR_INPUT, "no token" },
	{ "a certificate without key", CREDENTIAL("{\"clientCertificateData\":\"sesame\"}"), 1, 1,
	  ERR_INPUT, "without the other" },
	{ "a time that is none",
	  CREDENTIAL("{\"token\":\"good\",\"expirationTimestamp\":\"soon\"}"), 1, 1, ERR_INPUT,
	  "no time" },
	{ "a token with a line break", CREDENTIAL("{\"token\":\"ses\\name\"}"), 1, 1, ERR_INPUT,
	  "control character" },
};

static void exec_case_run(void **state)
{
	const struct exec_case *e = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	write_plugin(dir, e->answer);
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "token", EXEC);
	AUTO(err_done) struct err err = { 0 };
	for (unsigned i = 0; i < e->identities && !err.code; i++) {
		AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
		if (c->ops->identify(c, &id, &err) == 0)
			assert_string_equal(id.uid, "u");
	}
	const char *message = err.msg ? err.msg : "";
	if (err.code != e->code || strstr(message, "sesame") ||
	    (e->message && !strstr(message, e->message)))
		fail_msg("error %d %s", err.code, message);
	assert_int_equal(runs(dir), e->runs);
}

static void exec_info(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	write_plugin(dir, CREDENTIAL("{\"token\":\"good\"}"));
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "token", EXEC);
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(c->ops->identify(c, &id, &err), 0);
	AUTO(auto_free) char *path = path_join(dir, "info");
	AUTO(buf_done) struct buf b = { 0 };
	assert_int_equal(file_read(path, 1 << 16, &b, &err), 0);
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, buf_text(&b));
	assert_string_equal(json_get_str(&v, "kind"), "ExecCredential");
	assert_string_equal(json_get_str(&v, "apiVersion"), "client.authentication.k8s.io/v1beta1");
	const char *url = json_str(json_at(&v, "spec", "cluster", "server", NULL));
	assert_int_equal(strncmp(url, "http://127.0.0.1:", 17), 0);
	assert_false(json_true(json_at(&v, "spec", "interactive", NULL)));
}

static void exec_missing(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "token", EXEC);
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(c->ops->identify(c, &id, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.msg, "apt install plugin"));
}

/* The file is read again when the server does not take its token any more. */
static void token_file(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	fixture_write(dir, "token", " good\n");
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "token", "tokenFile: token");
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity one = { 0 }, two = { 0 }, three = { 0 };
	assert_int_equal(c->ops->identify(c, &one, &err), 0);
	fixture_write(dir, "token", "sesame");
	assert_int_equal(c->ops->identify(c, &two, &err), 0); /* not read again within a minute */
	AUTO(cluster_close_p)
	struct cluster *late = open_scenario(dir, "token", "tokenFile: token, token: good");
	assert_int_equal(late->ops->identify(late, &three, &err), -1);
	assert_int_equal(err.code, ERR_FORBIDDEN);
	assert_null(strstr(err.msg, "sesame"));
	err_done(&err);
	fixture_write(dir, "token", "good");
	assert_int_equal(late->ops->identify(late, &three, &err), 0);
}

/* ---- identity and discovery */

static void identity_without_rights(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "identity_denied", "token: t");
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(c->ops->identify(c, &id, &err), 0);
	assert_string_equal(id.uid, "");
	assert_string_equal(id.version, "v1.0.0");
	assert_non_null(strstr(id.uid_unknown, "is forbidden"));
}

static void identity_of_a_web_page(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "html", "token: t");
	AUTO(err_done) struct err err = { 0 };
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	assert_int_equal(c->ops->identify(c, &id, &err), -1);
	assert_int_equal(err.code, ERR_SERVER);
	assert_non_null(strstr(err.msg, "text/html"));
}

static void discovery_older(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "older", "token: t");
	AUTO(err_done) struct err err = { 0 };
	AUTO(kind_table_done) struct kind_table t = { 0 };
	if (c->ops->kinds(c, &t, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(t.n, 3);
	assert_true(kinds_find(&t, "apps", "v1", "Deployment")->preferred);
	assert_false(kinds_find(&t, "apps", "v1beta1", "Deployment")->appliable);
	assert_true(kinds_find(&t, "", "v1", "Pod")->namespaced);
	assert_int_equal(t.n_stale, 1);
	assert_string_equal(t.stale[0], "down.example/v1");
}

static void discovery_aggregated(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "aggregated", "token: t");
	AUTO(err_done) struct err err = { 0 };
	AUTO(kind_table_done) struct kind_table t = { 0 };
	assert_int_equal(c->ops->kinds(c, &t, &err), 0);
	assert_int_equal(t.n, 2);
	assert_false(kinds_find(&t, "example.com", "v1", "Car")->namespaced);
	assert_int_equal(t.n_stale, 1);
	assert_string_equal(t.stale[0], "metrics.k8s.io/v1beta1");
}

static void discovery_of_nothing(void **state)
{
	(void)state;
	static const char *const scenarios[] = { "empty_discovery", "html", "forbidden" };
	for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
		AUTO(fixture_remove) char *dir = fixture_dir();
		AUTO(cluster_close_p)
		struct cluster *c = open_scenario(dir, scenarios[i], "token: t");
		AUTO(err_done) struct err err = { 0 };
		AUTO(kind_table_done) struct kind_table t = { 0 };
		assert_int_equal(c->ops->kinds(c, &t, &err), -1);
	}
}

/* ---- what a trace shows */

static void keep_trace(void *ctx, const char *line)
{
	buf_puts(ctx, line);
	buf_putc(ctx, '\n');
}

static void trace(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "expired", "token: sesame");
	AUTO(buf_done) struct buf names = { 0 }, lines = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct list_request r = { .kind = &config_map, .namespace = "trace" };
	c->trace = keep_trace;
	c->trace_ctx = &lines;
	assert_int_equal(c->ops->list(c, &r, 1, add_name, &names, &err), 0);
	const char *text = buf_text(&lines);
	assert_non_null(strstr(text, "GET /api/v1/namespaces/trace/configmaps?limit=500 200 "));
	assert_non_null(strstr(text, "&continue=... 410 "));
	assert_null(strstr(text, "sesame"));
	assert_int_equal(c->requests, 4);
}

static int set_up(void **state)
{
	(void)state;
	return fault_server_start(&server);
}

static int tear_down(void **state)
{
	(void)state;
	fault_server_stop(&server);
	return 0;
}

int main(void)
{
	static struct CMUnitTest tests[128];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(list_cases); i++)
		tests[n++] = fixture_row(list_cases[i].scenario, list_case_run, &list_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(call_cases); i++)
		tests[n++] = fixture_row(call_cases[i].scenario, call_case_run, &call_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(header_cases); i++)
		tests[n++] = fixture_row(header_cases[i].name, header_case_run, &header_cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(exec_cases); i++)
		tests[n++] = fixture_row(exec_cases[i].name, exec_case_run, &exec_cases[i]);
	const struct CMUnitTest more[] = {
		cmocka_unit_test(warnings),
		cmocka_unit_test(exec_info),
		cmocka_unit_test(exec_missing),
		cmocka_unit_test(token_file),
		cmocka_unit_test(identity_without_rights),
		cmocka_unit_test(identity_of_a_web_page),
		cmocka_unit_test(discovery_older),
		cmocka_unit_test(discovery_aggregated),
		cmocka_unit_test(discovery_of_nothing),
		cmocka_unit_test(trace),
	};
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		tests[n++] = more[i];
	return _cmocka_run_group_tests("kube client", tests, n, set_up, tear_down);
}
