/* Notifications: bodies as a function of the result, and posting to a server that misbehaves. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "apply/notify.h"
#include "base/json_write.h"
#include "tests/lib/fault_server.h"

static struct fault_server server;

#define HEAD                                                                                       \
	"{\"apiVersion\":\"rhumb.dev/v1\",\"kind\":\"Result\",\"plan\":\"sha256:"                  \
	"0123456789012345678901234567890123456789012345678901234567890123\",\"cluster\":{"         \
	"\"name\":\"prod\",\"uid\":\"u\"},\"started\":\"2026-01-02T03:04:05Z\",\"seconds\":3.5,"
#define OBJECT(id, outcome, more)                                                                  \
	"{\"id\":\"" id "\",\"action\":\"create\",\"outcome\":\"" outcome                          \
	"\",\"seconds\":1.25" more "}"

static const char failed[] = HEAD "\"outcome\":\"failed\",\"objects\":[" OBJECT(
	"ConfigMap/shop/plain", "applied",
	"") "," OBJECT("ConfigMap/shop/late", "not-tried",
		       "") "," OBJECT("apps/Deployment/shop/web", "failed",
				      ",\"message\":\"<!channel> & "
				      "```no\",\"file\":\"web.yaml\",\"line\":"
				      "21") "],\"problems\":[\"the parent is "
					    "gone\"],\"next\":\"Try again.\"}";

static void parse(struct apply_result *r, const char *text)
{
	AUTO(err_done) struct err err = { 0 };
	if (result_parse(r, text, strlen(text), "result", &err) < 0)
		fail_msg("%s", err.msg);
}

/* ---- bodies */

struct body_case {
	const char *name;
	enum notify_format format;
	const char *has[10];
	const char *lacks[4];
};

static const struct body_case bodies[] = {
	{ "json",
	  NOTIFY_JSON,
	  { "\"kind\":\"Notification\"", "\"omitted\":0",
	    "\"text\":\"prod: apply failed: 1 applied, 1 failed, 1 not tried\"",
	    "\"commit\":\"9c02e11aaaa\"", "\"subject\":\"Scale *web* <now>\"",
	    "\"result\":{\"apiVersion\":\"rhumb.dev/v1\"", "\"message\":\"<!channel> & ```no\"" },
	  { "fallback" } },
	{ "slack",
	  NOTIFY_SLACK,
	  { "{\"blocks\":[{\"text\":{\"text\":\"prod: apply failed\",\"type\":\"plain_text\"},"
	    "\"type\":\"header\"}",
	    "\"text\":\"prod: apply failed: 1 applied, 1 failed, 1 not tried\"",
	    "*failed* create `Deployment shop/web` 1.25 s  web.yaml:21\\n"
	    "```&lt;!channel&gt; &amp; '''no```",
	    "*not tried* create `ConfigMap shop/late`", "*problem* the parent is gone",
	    "Try again.", "9c02e11 \\\"Scale *web* &lt;now&gt;\\\"" },
	  { "<!channel>", "shop/plain" } },
	{ "teams",
	  NOTIFY_TEAMS,
	  { "\"type\":\"message\"", "application/vnd.microsoft.card.adaptive",
	    "\"type\":\"AdaptiveCard\"", "\"version\":\"1.4\"",
	    "\"text\":\" create Deployment shop/web 1.25 s  web.yaml:21\"",
	    "\"fontType\":\"Monospace\",\"text\":\"<!channel> & ```no\"",
	    "\"text\":\" the parent is gone\"", "Try again.", "9c02e11 \\\"Scale *web* <now>\\\"" },
	  { "\"TextBlock\"", "shop/plain" } },
};

static void body(void **state)
{
	const struct body_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(result_done) struct apply_result r = { 0 };
	parse(&r, failed);
	struct notice n = { &r, "9c02e11aaaa", "Scale *web* <now>" };
	struct json v = notify_body(&a, c->format, &n);
	json_write_canonical(&text, &v);
	for (size_t i = 0; i < ARRAY_LEN(c->has) && c->has[i]; i++)
		if (!strstr(buf_text(&text), c->has[i]))
			fail_msg("no %s in %s", c->has[i], buf_text(&text));
	for (size_t i = 0; i < ARRAY_LEN(c->lacks) && c->lacks[i]; i++)
		if (strstr(buf_text(&text), c->lacks[i]))
			fail_msg("%s in %s", c->lacks[i], buf_text(&text));
}

/* Thousands of failures with long messages: what people get stays within the services' ceilings,
 * and cuts no character. */
static void many(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(result_done) struct apply_result r = { 0 };
	AUTO(buf_done) struct buf message = { 0 };
	buf_puts(&text, HEAD "\"outcome\":\"failed\",\"problems\":[],\"next\":\"\",\"objects\":[");
	for (int i = 0; i < 400; i++)
		buf_puts(&message, "\u00e9\\\"\\n");
	for (int i = 0; i < 3000; i++)
		buf_printf(&text,
			   "%s{\"id\":\"ConfigMap/shop/c%d\",\"action\":\"create\",\"outcome\":"
			   "\"%s\",\"seconds\":1.0,\"message\":\"%s\"}",
			   i ? "," : "", i, i % 2 ? "failed" : "applied", buf_text(&message));
	buf_puts(&text, "]}");
	parse(&r, buf_text(&text));
	struct notice n = { &r, NULL, NULL };
	static const struct {
		enum notify_format format;
		const char *has;
		size_t max;
	} want[] = {
		{ NOTIFY_JSON, "\"omitted\":2000", 3000000 },
		{ NOTIFY_SLACK, "and 1488 more", 28000 },
		{ NOTIFY_TEAMS, "and 1488 more", 28000 },
	};
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		AUTO(buf_done) struct buf out = { 0 };
		struct json v = notify_body(&a, want[i].format, &n);
		json_write_canonical(&out, &v);
		if (!strstr(buf_text(&out), want[i].has))
			fail_msg("no %s", want[i].has);
		if (out.len > want[i].max)
			fail_msg("%zu bytes, more than %zu", out.len, want[i].max);
	}
}

/* From `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key`. */
static void signature(void **state)
{
	(void)state;
	AUTO(auto_free) char *s = notify_signature("key", "1700000000", "{\"a\":1}", 7);
	assert_string_equal(
		s, "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
}

/* ---- where to */

struct target_case {
	const char *name, *url, *format;
	enum notify_format want;
	const char *target, *error;
};

static const struct target_case targets[] = {
	{ "slack", "https://hooks.slack.com/services/T/B/x", NULL, NOTIFY_SLACK, "/services/T/B/x",
	  NULL },
	{ "slack, in capitals", "https://HOOKS.SLACK.COM/x", NULL, NOTIFY_SLACK, "/x", NULL },
	{ "not below slack", "https://hooks.slack.com.example/x", NULL, NOTIFY_JSON, "/x", NULL },
	{ "teams", "https://acme.webhook.office.com/webhookb2/x", NULL, NOTIFY_TEAMS,
	  "/webhookb2/x", NULL },
	{ "power automate", "https://prod-1.westeurope.logic.azure.com:443/w?sig=s", NULL,
	  NOTIFY_TEAMS, "/w?sig=s", NULL },
	{ "not the name alone", "https://evil-webhook.office.com.example/", NULL, NOTIFY_JSON, "/",
	  NULL },
	{ "anybody", "http://ci.example/hook/", NULL, NOTIFY_JSON, "/hook/", NULL },
	{ "chosen", "https://chat.example/x", "slack", NOTIFY_SLACK, "/x", NULL },
	{ "chosen against the host", "https://hooks.slack.com/x", "json", NOTIFY_JSON, "/x", NULL },
	{ "no URL", "hidden token", NULL, 0, NULL, "not an http or https URL" },
	{ "another scheme", "ftp://token.example/x", NULL, 0, NULL, "not an http or https URL" },
	{ "empty", "", NULL, 0, NULL, "not an http or https URL" },
	{ "control characters", "https://token.example/a\r\nb", NULL, 0, NULL,
	  "not an http or https URL" },
};

static void where(void **state)
{
	const struct target_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(notify_target_done) struct notify_target t = { 0 };
	int rc = notify_target_parse(&t, c->url, c->format, &err);
	if (c->error) {
		assert_int_equal(rc, -1);
		assert_string_equal(err.msg, c->error);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(t.format, c->want);
	assert_string_equal(t.url.target, c->target);
}

static void credentials(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(notify_target_done) struct notify_target t = { 0 };
	assert_int_equal(notify_target_parse(&t, "https://me:p%40ss@ci.example/x", NULL, &err), 0);
	assert_string_equal(t.url.authorization, "Authorization: Basic bWU6cEBzcw==");
	assert_string_equal(t.url.origin, "https://ci.example:443");
	assert_string_equal(t.url.host, "ci.example");
}

/* ---- posting */

struct send_case {
	const char *name, *path;
	const char *error; /* NULL: told */
	unsigned timeout;
};

static const struct send_case sends[] = {
	{ "at once", "/ok/token1", NULL, 0 },
	{ "after 503 twice", "/fail/503/2/token1", NULL, 0 },
	{ "after 429", "/fail/429/1/token1", NULL, 0 },
	{ "after resets", "/reset/2/token1", NULL, 0 },
	{ "503 to the end", "/fail/503/99/token1", "notify 127.0.0.1: answers 503", 0 },
	{ "not found", "/fail/404/99/token1", "notify 127.0.0.1: answers 404", 0 },
	{ "500 is not tried again", "/fail/500/1/token1", "notify 127.0.0.1: answers 500", 0 },
	{ "a redirect", "/redirect?token1", "answers 302, a redirect, which is not followed", 0 },
	{ "never an answer", "/hang/token1", "no whole answer within", 1 },
	{ "an endless refusal", "/endless-error/token1", "notify 127.0.0.1: answers 403", 0 },
};

static int post(const char *url, unsigned timeout, struct err *err)
{
	AUTO(result_done) struct apply_result r = { 0 };
	AUTO(notify_target_done) struct notify_target t = { 0 };
	parse(&r, failed);
	struct notice n = { &r, NULL, NULL };
	struct notify_options o = {
		.key = "key", .now = 1700000000, .timeout = timeout, .backoff_ms = 1
	};
	assert_int_equal(notify_target_parse(&t, url, NULL, err), 0);
	return notify_send(&t, &n, &o, err);
}

static void send_one(void **state)
{
	const struct send_case *c = *state;
	if (!server.port)
		skip();
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) char *url = xfmt("http://127.0.0.1:%u%s", server.port, c->path);
	int rc = post(url, c->timeout, &err);
	if (!c->error) {
		if (rc < 0)
			fail_msg("%s", err.msg);
		return;
	}
	assert_int_equal(rc, -1);
	if (!strstr(err.msg, c->error) || strstr(err.msg, "token1"))
		fail_msg("%s", err.msg);
}

static void unreachable(void **state)
{
	(void)state;
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(post("http://127.0.0.1:1/token1?token1", 0, &err), -1);
	assert_int_equal(err.code, ERR_UNREACHABLE);
	if (strncmp(err.msg, "notify 127.0.0.1: ", 18) != 0 || strstr(err.msg, "token1"))
		fail_msg("%s", err.msg);
}

static int start(void **state)
{
	(void)state;
	if (fault_server_start(&server) < 0)
		server.port = 0;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (server.port)
		fault_server_stop(&server);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(bodies) + ARRAY_LEN(targets) + ARRAY_LEN(sends) + 4];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		tests[n++] = fixture_row(bodies[i].name, body, &bodies[i]);
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		tests[n++] = fixture_row(targets[i].name, where, &targets[i]);
	for (size_t i = 0; i < ARRAY_LEN(sends); i++)
		tests[n++] = fixture_row(sends[i].name, send_one, &sends[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(many);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(signature);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(credentials);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(unreachable);
	return _cmocka_run_group_tests("notify", tests, n, start, stop);
}
