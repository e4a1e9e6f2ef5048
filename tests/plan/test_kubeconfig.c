/* kubeconfig files: a folder of testdata/kubeconfig a case.
 *
 *   kubeconfig*   the files, in the order of their names
 *   context       the context that is asked for; without: the current one
 *   want.json     what they mean, paths relative to the folder, or
 *   error         part of the error, which never holds the word "sesame" */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_parse.h"
#include "base/json_write.h"
#include "plan/cluster/kube/kubeconfig.h"

#define ROOT "testdata/kubeconfig"

/* ---- a configuration as JSON */

struct dump {
	struct arena *arena;
	const char *dir;
	struct json *out;
};

static void text(const struct dump *d, const char *key, const char *value)
{
	size_t n = strlen(d->dir);
	if (value && strncmp(value, d->dir, n) == 0 && value[n] == '/')
		value += n + 1;
	if (value)
		json_set_str(d->arena, d->out, key, value);
}

static void truth(const struct dump *d, const char *key, bool value)
{
	if (value)
		json_set(d->arena, d->out, key, json_of_bool(true));
}

static void texts(const struct dump *d, const char *key, const char *const *values)
{
	struct json *list = json_set(d->arena, d->out, key, json_of_array());
	for (; *values; values++)
		json_append(d->arena, list, json_of_string(d->arena, *values));
}

static void dump_exec(const struct dump *outer, const struct kube_exec *e)
{
	struct dump d = *outer;
	d.out = json_set(d.arena, outer->out, "exec", json_of_object());
	text(&d, "api_version", e->api_version);
	text(&d, "command", e->command);
	texts(&d, "args", e->args);
	texts(&d, "env", e->env);
	text(&d, "install_hint", e->install_hint);
	json_set_int(d.arena, d.out, "interactive", e->interactive);
	if (e->cluster_config)
		json_set(d.arena, d.out, "cluster_config", json_copy(d.arena, e->cluster_config));
}

static struct json dump(struct arena *a, const char *dir, const struct kube_config *c)
{
	struct json out = json_of_object();
	struct dump d = { a, dir, &out };
	text(&d, "context", c->context);
	text(&d, "namespace", c->namespace);
	text(&d, "server", c->server);
	text(&d, "user", c->user);
	text(&d, "proxy", c->proxy);
	text(&d, "server_name", c->server_name);
	truth(&d, "insecure", c->insecure);
	truth(&d, "disable_compression", c->disable_compression);
	text(&d, "ca", c->ca);
	text(&d, "certificate", c->certificate);
	text(&d, "key", c->key);
	text(&d, "token", c->token);
	text(&d, "token_file", c->token_file);
	text(&d, "username", c->username);
	text(&d, "password", c->password);
	text(&d, "as", c->as);
	text(&d, "as_uid", c->as_uid);
	if (c->n_as_groups)
		texts(&d, "as_groups", c->as_groups);
	struct json *extra = c->n_as_extra ? json_set(a, &out, "as_extra", json_of_array()) : NULL;
	for (size_t i = 0; i < c->n_as_extra; i++)
		json_append(a, extra,
			    json_of_fmt(a, "%s=%s", c->as_extra[i].key, c->as_extra[i].value));
	if (c->exec)
		dump_exec(&d, c->exec);
	return out;
}

/* ---- cases */

/* A file of the case without its last newline; NULL where there is none. */
static char *part(const char *dir, const char *name)
{
	AUTO(auto_free) char *path = path_join(dir, name);
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf b = { 0 };
	if (file_read(path, 1 << 20, &b, &err) < 0)
		return NULL;
	if (b.len && b.data[b.len - 1] == '\n')
		b.data[b.len - 1] = '\0';
	return buf_take(&b);
}

static char *list_of_files(const char *dir)
{
	AUTO(err_done) struct err err = { 0 };
	char **names;
	size_t n;
	struct buf list = { 0 };
	buf_printf(&list, "%s/does-not-exist:", dir);
	assert_int_equal(dir_names(dir, &names, &n, &err), 0);
	for (size_t i = 0; i < n; i++)
		if (strncmp(names[i], "kubeconfig", 10) == 0)
			buf_printf(&list, ":%s/%s", dir, names[i]);
	dir_names_free(names, n);
	return buf_take(&list);
}

static void case_run(void **state)
{
	AUTO(auto_free) char *dir = path_join(ROOT, *state);
	AUTO(auto_free) char *files = list_of_files(dir);
	AUTO(auto_free) char *context = part(dir, "context");
	AUTO(auto_free) char *want = part(dir, "want.json");
	AUTO(auto_free) char *error = part(dir, "error");
	AUTO(kube_config_done) struct kube_config c = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = kube_config_load(&c, files, context, NULL, &err);
	AUTO(auto_free) char *message = err_text(&err);
	if (error) {
		assert_int_equal(rc, -1);
		if (!strstr(message, error) || strstr(message, "sesame"))
			fail_msg("%s", message);
		return;
	}
	if (rc < 0)
		fail_msg("%s", message);
	AUTO(arena_done) struct arena a = { 0 };
	struct json expected = fixture_json(&a, want), got = dump(&a, dir, &c);
	AUTO(buf_done) struct buf x = { 0 }, y = { 0 };
	json_write_canonical(&x, &expected);
	json_write_canonical(&y, &got);
	assert_string_equal(buf_text(&y), buf_text(&x));
}

/* ---- which files are read */

struct surroundings {
	const char *kubeconfig, *home, *host;
};

static const char *env(void *ctx, const char *name)
{
	const struct surroundings *s = ctx;
	if (strcmp(name, "KUBECONFIG") == 0)
		return s->kubeconfig;
	if (strcmp(name, "HOME") == 0)
		return s->home;
	if (strcmp(name, "KUBERNETES_SERVICE_HOST") == 0)
		return s->host;
	return strcmp(name, "KUBERNETES_SERVICE_PORT") == 0 ? "443" : NULL;
}

static void fill_pod(const char *dir)
{
	fixture_write(dir, "sa/token", "sesame\n");
	fixture_write(dir, "sa/ca.crt", "-----BEGIN CERTIFICATE-----\n");
	fixture_write(dir, "sa/namespace", "shop\n");
}

static const char minimal[] = "current-context: %s\n"
			      "contexts: [{name: %s, context: {cluster: c}}]\n"
			      "clusters: [{name: c, cluster: {server: 'https://k'}}]\n";

static void fill(const char *dir, const char *path, const char *context)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (const char *p = minimal; *p; p++) {
		if (strncmp(p, "%s", 2) == 0) {
			buf_puts(&b, context);
			p++;
		} else {
			buf_putc(&b, *p);
		}
	}
	fixture_write(dir, path, buf_text(&b));
}

struct found_case {
	const char *name;
	const char *option;     /* file in the folder */
	const char *kubeconfig; /* likewise, as KUBECONFIG */
	bool home, pod;
	const char *context; /* found; NULL: an error */
};

static const struct found_case found_cases[] = {
	{ "option before all", "a", "b", true, true, "a" },
	{ "KUBECONFIG before home", NULL, "b", true, true, "b" },
	{ "home", NULL, NULL, true, true, "home" },
	{ "service account last", NULL, NULL, false, true, "in-cluster" },
	{ "nothing", NULL, NULL, false, false, NULL },
	{ "option that is not there", "none", NULL, true, true, NULL },
	{ "KUBECONFIG that is not there", NULL, "none", true, false, NULL },
};

static void found_case_run(void **state)
{
	const struct found_case *f = *state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *option = f->option ? path_join(dir, f->option) : NULL;
	AUTO(auto_free) char *listed = f->kubeconfig ? path_join(dir, f->kubeconfig) : NULL;
	AUTO(auto_free) char *account = path_join(dir, "sa");
	fill(dir, "a", "a");
	fill(dir, "b", "b");
	if (f->home)
		fill(dir, ".kube/config", "home");
	fill_pod(dir);
	struct surroundings values = { listed, dir, f->pod ? "10.96.0.1" : NULL };
	struct kube_surroundings s = { env, &values, account };
	AUTO(kube_config_done) struct kube_config c = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = kube_config_load(&c, option, NULL, &s, &err);
	if (!f->context) {
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, ERR_NOT_FOUND);
		return;
	}
	if (rc < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(c.context, f->context);
}

static void service_account(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *account = path_join(dir, "sa");
	AUTO(auto_free) char *token = path_join(dir, "sa/token");
	fill_pod(dir);
	struct surroundings values = { .host = "fd00::1" };
	struct kube_surroundings s = { env, &values, account };
	AUTO(kube_config_done) struct kube_config c = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(kube_config_in_cluster(&c, &s, &err), 0);
	assert_string_equal(c.server, "https://[fd00::1]:443");
	assert_string_equal(c.namespace, "shop");
	assert_string_equal(c.token_file, token);
	assert_non_null(c.ca);
	assert_null(c.token);
}

static void not_in_a_pod(void **state)
{
	(void)state;
	struct surroundings values = { 0 };
	struct kube_surroundings s = { env, &values, "/nonexistent" };
	AUTO(kube_config_done) struct kube_config c = { 0 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(kube_config_in_cluster(&c, &s, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
	AUTO(err_done) struct err err = { 0 };
	char **names = NULL;
	size_t n_names = 0, n = 0;
	if (dir_names(ROOT, &names, &n_names, &err) < 0)
		return 1;
	struct CMUnitTest *tests = xcalloc(n_names + ARRAY_LEN(found_cases) + 2, sizeof(*tests));
	for (size_t i = 0; i < n_names; i++)
		tests[n++] = fixture_row(names[i], case_run, names[i]);
	for (size_t i = 0; i < ARRAY_LEN(found_cases); i++)
		tests[n++] = fixture_row(found_cases[i].name, found_case_run, &found_cases[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(service_account);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(not_in_a_pod);
	int failed = _cmocka_run_group_tests("kubeconfig", tests, n, NULL, NULL);
	dir_names_free(names, n_names);
	free(tests);
	return failed;
}
