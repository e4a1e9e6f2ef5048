/* Watching an API server: what is told, with one that misbehaves as its path says, and with a real
 * one (RHUMB_TEST_KUBECONFIG). */
#include "tests/lib/fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "plan/cluster/kube/kube.h"
#include "tests/lib/fault_server.h"

enum { PATIENCE_MS = 20000 };

static struct fault_server server;

static const struct kind config_map = { .group = "",
					.version = "v1",
					.kind = "ConfigMap",
					.plural = "configmaps",
					.namespaced = true,
					.listable = true };

static struct cluster *open_kube(const char *kubeconfig)
{
	struct kube_options o = { .kubeconfig = kubeconfig, .timeout_seconds = 10 };
	AUTO(err_done) struct err err = { 0 };
	struct cluster *c = NULL;
	if (cluster_open_kube(&c, &o, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static struct cluster *open_scenario(const char *dir, const char *scenario)
{
	AUTO(auto_free)
	char *text =
		xfmt("current-context: test\n"
		     "contexts: [{name: test, context: {cluster: c, user: u}}]\n"
		     "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:%u/kube/%s'}}]\n"
		     "users: [{name: u, user: {token: t}}]\n",
		     server.port, scenario);
	fixture_write(dir, "kubeconfig", text);
	AUTO(auto_free) char *path = path_join(dir, "kubeconfig");
	return open_kube(path);
}

/* "(a ) b -b !": a list, an object that is there or has changed, one that is gone, lost. */
static void tell(void *ctx, void *user, enum watch_event event, const struct json *object,
		 const struct err *err)
{
	static const char *const marks[] = { [WATCH_LISTING] = "(",
					     [WATCH_LISTED] = ")",
					     [WATCH_OBJECT] = "",
					     [WATCH_GONE] = "-",
					     [WATCH_LOST] = "!" };
	struct buf *log = ctx;
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	assert_string_equal(user, "user");
	assert_int_equal(event == WATCH_OBJECT || event == WATCH_GONE, object != NULL);
	assert_int_equal(event == WATCH_LOST, err != NULL);
	if (object)
		assert_string_equal(json_get_str(object, "apiVersion"), "v1");
	buf_printf(log, "%s%s%s ", marks[event], name ? name : "", err ? err->msg : "");
}

static void keep_trace(void *ctx, const char *line)
{
	buf_printf(ctx, "%s\n", line);
}

/* Pumps until this has been told. */
static void pump_until(struct cluster *c, struct watch *w, const struct buf *log, const char *want)
{
	AUTO(err_done) struct err err = { 0 };
	int64_t end = time_monotonic_ms() + PATIENCE_MS;
	while (!strstr(buf_text((struct buf *)log), want)) {
		if (c->ops->watch_pump(w, 200, &err) < 0)
			fail_msg("%s", err.msg);
		if (time_monotonic_ms() > end)
			fail_msg("\"%s\", not yet \"%s\"", buf_text((struct buf *)log), want);
	}
}

struct watch_case {
	const char *scenario, *want;
	const char *traced; /* part of the requests; NULL: whatever */
};

static const struct watch_case cases[] = {
	{ "watch_events", "( a ) b a -b c ", "resourceVersion=24 opened" },
	{ "watch_bookmark", "( a ) c ", "resourceVersion=30 opened" },
	{ "watch_pieces", "( a ) b -b ", "timeoutSeconds=300" },
	{ "watch_gone", "( a ) ( a d ) e ", NULL },
	{ "watch_gone_at_once", "( a ) ( a d ) e ", NULL },
	{ "watch_busy", "( a ) ( a d ) e ", NULL },
	{ "watch_breaks", "( a ) b ", "resourceVersion=7 opened" },
	{ "watch_garbage", "( a ) ( a ) ( a ) b ", NULL },
	{ "watch_endless", "( a ) ( a d ) b ", NULL },
	{ "watch_forbidden", "( a ) !may not watch ", NULL },
	{ "watch_without_list", "( !list configmaps in namespace shop: may not list ", NULL },
	{ "watch_without_moment", "( !the list does not say of which moment it is ", NULL },
};

static void case_run(void **state)
{
	const struct watch_case *k = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, k->scenario);
	AUTO(buf_done) struct buf log = { 0 }, trace = { 0 };
	AUTO(err_done) struct err err = { 0 };
	c->trace = keep_trace;
	c->trace_ctx = &trace;
	struct watch *w = c->ops->watch_open(c, tell, &log, &err);
	assert_non_null(w);
	c->ops->watch_add(w, &(struct watch_target){ &config_map, "shop", NULL }, (void *)"user");
	pump_until(c, w, &log, k->want);
	assert_string_equal(buf_text(&log), k->want);
	if (k->traced)
		assert_non_null(strstr(buf_text(&trace), k->traced));
	c->ops->watch_close(w);
}

static void one_by_name(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "watch_named");
	AUTO(buf_done) struct buf log = { 0 }, trace = { 0 };
	AUTO(err_done) struct err err = { 0 };
	c->trace = keep_trace;
	c->trace_ctx = &trace;
	struct watch *w = c->ops->watch_open(c, tell, &log, &err);
	c->ops->watch_add(w, &(struct watch_target){ &config_map, "shop", "a b" }, (void *)"user");
	pump_until(c, w, &log, ") b");
	const char *list = strstr(buf_text(&trace), "?fieldSelector=metadata.name%3Da%20b&limit=");
	const char *watch = strstr(buf_text(&trace), "&fieldSelector=metadata.name%3Da%20b&res");
	assert_non_null(list);
	assert_non_null(watch);
	c->ops->watch_close(w);
}

/* Without HTTP/2 a connection each: what is more than there may be is lost at once. */
static void too_many(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(cluster_close_p) struct cluster *c = open_scenario(dir, "watch_many");
	AUTO(buf_done) struct buf log = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct watch *w = c->ops->watch_open(c, tell, &log, &err);
	for (int i = 0; i < 9; i++)
		c->ops->watch_add(w, &(struct watch_target){ &config_map, "shop", NULL },
				  (void *)"user");
	assert_string_equal(buf_text(&log), "!more than 8 watches at once ");
	c->ops->watch_close(w);
}

/* ---- a real server */

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	*(int *)ctx = call->status;
	err_done(&call->err);
	return 0;
}

/* Over the connections that the watch does not use, while it is open. */
static void send_call(struct cluster *c, enum api_verb verb, const char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json body = fixture_json(&a, text);
	struct kind namespace = config_map;
	namespace.kind = "Namespace";
	namespace.plural = "namespaces";
	namespace.namespaced = false;
	bool is_namespace = strcmp(json_get_str(&body, "kind"), "Namespace") == 0;
	struct api_call call = { .verb = verb,
				 .kind = is_namespace ? &namespace : &config_map,
				 .namespace = is_namespace ? ""
							   : json_str(json_at(&body, "metadata",
									      "namespace", NULL)),
				 .name = json_str(json_at(&body, "metadata", "name", NULL)),
				 .body = verb == API_DELETE ? NULL : &body,
				 .force = true };
	int status = 0;
	assert_int_equal(kube_exchange(c, true, &call, 1, answered, &status, &err), 0);
	assert_in_range(status, 200, 299);
}

static char *map_text(const char *namespace, const char *name, int value)
{
	return xfmt(
		"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"%s\","
		"\"name\":\"%s\"},\"data\":{\"k\":\"%d\"}}",
		namespace, name, value);
}

static void real_server(void **state)
{
	(void)state;
	const char *kubeconfig = getenv("RHUMB_TEST_KUBECONFIG");
	if (!kubeconfig)
		skip();
	AUTO(cluster_close_p) struct cluster *c = open_kube(kubeconfig);
	AUTO(buf_done) struct buf log = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *namespace = xfmt("watch-%d", (int)getpid());
	AUTO(auto_free)
	char *home = xfmt(
		"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s\"}}",
		namespace);
	AUTO(auto_free)
	char *one = map_text(namespace, "one", 1), *again = map_text(namespace, "one", 2);
	AUTO(auto_free) char *two = map_text(namespace, "two", 1);
	send_call(c, API_APPLY, home);
	struct watch *w = c->ops->watch_open(c, tell, &log, &err);
	c->ops->watch_add(w, &(struct watch_target){ &config_map, namespace, "one" },
			  (void *)"user");
	pump_until(c, w, &log, ")");
	send_call(c, API_APPLY, two); /* not the one that is followed */
	send_call(c, API_APPLY, one);
	pump_until(c, w, &log, ") one ");
	send_call(c, API_APPLY, again);
	pump_until(c, w, &log, ") one one ");
	send_call(c, API_DELETE, one);
	pump_until(c, w, &log, "-one ");
	assert_string_equal(buf_text(&log), "( ) one one -one ");
	c->ops->watch_close(w);
	/* As many as HTTP/2 carries over one connection. */
	buf_reset(&log);
	w = c->ops->watch_open(c, tell, &log, &err);
	for (int i = 0; i < KUBE_MAX_WATCHES + 1; i++)
		c->ops->watch_add(w, &(struct watch_target){ &config_map, namespace, "one" },
				  (void *)"user");
	assert_string_equal(buf_text(&log), "!more than 64 watches at once ");
	c->ops->watch_close(w);
	send_call(c, API_DELETE, home);
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
	struct CMUnitTest tests[32] = { cmocka_unit_test(one_by_name), cmocka_unit_test(too_many),
					cmocka_unit_test(real_server) };
	size_t n = 3;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].scenario, case_run, &cases[i]);
	return _cmocka_run_group_tests("watch", tests, n, set_up, tear_down);
}
