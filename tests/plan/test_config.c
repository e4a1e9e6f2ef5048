/* rhumb.yaml: a row a test. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "plan/config.h"

#define HEAD "apiVersion: rhumb.dev/v1\nkind: Config\n"
#define APPS HEAD "applications:\n"

struct config_case {
	const char *name, *text;
	const char *want; /* a dump, or the error with its position */
	enum err_code code;
};

static const struct config_case cases[] = {
	{ "everything",
	  HEAD "policies: [policies/, ./more//rules]\n"
	       "clusters:\n"
	       "- {name: prod, context: admin@prod, kubeconfig: ~/.kube/x, approvals: 2}\n"
	       "- {name: snap, snapshot: ./snapshots/prod/}\n"
	       "- {name: here, inCluster: true}\n"
	       "applications:\n"
	       "- {name: shop, cluster: prod, path: apps/shop, namespace: shop, prune: false,\n"
	       "   exclude: [values.yaml, '!a', /b/**]}\n"
	       "- {name: base, path: ./infra//base/.}\n",
	  "policies policies more/rules\n"
	  "cluster prod context admin@prod kubeconfig ~/.kube/x approvals 2\n"
	  "cluster snap snapshot snapshots/prod approvals 0\n"
	  "cluster here inCluster approvals 0\n"
	  "application base path infra/base prune at 11\n"
	  "application shop cluster prod path apps/shop namespace shop exclude values.yaml "
	  "exclude !a exclude /b/** at 9\n",
	  ERR_NONE },
	{ "least", HEAD, "", ERR_NONE },
	{ "JSON",
	  "{\"apiVersion\":\"rhumb.dev/v1\",\"kind\":\"Config\",\"applications\":"
	  "[{\"name\":\"a\",\"path\":\".\"}]}",
	  "application a path  prune at 1\n", ERR_NONE },
	{ "one folder for two clusters",
	  HEAD "clusters: [{name: a}, {name: b}]\napplications:\n"
	       "- {name: x, cluster: a, path: p}\n- {name: yy, cluster: b, path: p}\n",
	  "cluster a approvals 0\ncluster b approvals 0\n"
	  "application x cluster a path p prune at 5\napplication yy cluster b path p prune at 6\n",
	  ERR_NONE },
	{ "neighbours do not overlap",
	  APPS "- {name: c, path: a/b}\n- {name: a, path: a-b}\n- {name: b, path: a.b}\n",
	  "application a path a-b prune at 5\napplication b path a.b prune at 6\n"
	  "application c path a/b prune at 4\n",
	  ERR_NONE },

	{ "what policies are worth",
	  HEAD "waivers: [w.yaml]\nenforce: new\nkubernetesVersion: 'v1.35.2'\nschema: [s/]\n"
	       "policySettings: {b: {undecided: warn, enforce: all}, a: {params: {m: 5}}}\n"
	       "checks: {x: off, z: deny}\napplications: [{name: a, path: p}]\n",
	  "waivers w.yaml schema s enforce 2 version 1.35\n"
	  "policy a {\"m\":5} 0 0\npolicy b - 1 2\ncheck x off\ncheck z deny\n"
	  "application a path p prune at 9\n",
	  ERR_NONE },
	{ "enforce is none", HEAD "enforce: some\n", "f.yaml:3:10: enforce has to be all or new",
	  ERR_INPUT },
	{ "a level is none", HEAD "checks: {x: error}\n",
	  "f.yaml:3:13: the level of a check has to be deny, warn, audit or off", ERR_INPUT },
	{ "a version that is a number", HEAD "kubernetesVersion: 1.36\n",
	  "f.yaml:3:20: kubernetesVersion has to be a version in quotes, such as \"1.36\"",
	  ERR_INPUT },
	{ "a key of a setting", HEAD "policySettings: {a: {enforced: all}}\n",
	  "f.yaml:3:22: unknown key \"enforced\" in the settings of a policy (did you mean "
	  "\"enforce\"?)",
	  ERR_INPUT },

	{ "empty", "# nothing\n", "f.yaml: the configuration has to be keys with values, not empty",
	  ERR_INPUT },
	{ "a list", "- a\n",
	  "f.yaml:1:1: the configuration has to be keys with values, not of type array",
	  ERR_INPUT },
	{ "two documents", HEAD "---\n" HEAD, NULL, ERR_INPUT },
	{ "no version", "kind: Config\n", "f.yaml:1:1: the configuration needs \"apiVersion\"",
	  ERR_INPUT },
	{ "another version", "apiVersion: rhumb.dev/v2\nkind: Config\nnew: 1\n",
	  "f.yaml:1:13: apiVersion has to be rhumb.dev/v1", ERR_INPUT },
	{ "another kind", "apiVersion: rhumb.dev/v1\nkind: Plan\n",
	  "f.yaml:2:7: kind has to be Config", ERR_INPUT },
	{ "unknown key", HEAD "application: []\n",
	  "f.yaml:3:1: unknown key \"application\" in the configuration (did you mean "
	  "\"applications\"?)",
	  ERR_INPUT },
	{ "unknown key, nothing near", HEAD "zzz: 1\n",
	  "f.yaml:3:1: unknown key \"zzz\" in the configuration", ERR_INPUT },
	{ "what may be deleted",
	  APPS "- {name: a, path: b, allowDelete: [Namespace, PersistentVolumeClaim], maxDeletes: "
	       "0}\n- {name: c, path: d, maxDeletes: 10%}\n",
	  "application a path b prune allowDelete Namespace allowDelete PersistentVolumeClaim "
	  "maxDeletes 0 at 4\napplication c path d prune maxDeletes 10% at 5\n",
	  ERR_NONE },
	{ "a budget of more than all", APPS "- {name: a, path: b, maxDeletes: 101%}\n",
	  "f.yaml:4:34: maxDeletes has to be a number, or a percentage such as \"10%\"",
	  ERR_INPUT },
	{ "a negative budget", APPS "- {name: a, path: b, maxDeletes: -1}\n",
	  "f.yaml:4:34: maxDeletes has to be a number, or a percentage such as \"10%\"",
	  ERR_INPUT },
	{ "a budget of something else", APPS "- {name: a, path: b, maxDeletes: 5 objects}\n",
	  "f.yaml:4:34: maxDeletes has to be a number, or a percentage such as \"10%\"",
	  ERR_INPUT },
	{ "a fraction as a budget", APPS "- {name: a, path: b, maxDeletes: 0.5}\n",
	  "f.yaml:4:34: maxDeletes has to be a number, or a percentage such as \"10%\"",
	  ERR_INPUT },
	{ "rules about fields, with the names of Argo CD too",
	  APPS
	  "- name: a\n  path: b\n  ignore:\n"
	  "  - {group: apps, kind: Deployment, paths: [/spec/replicas], jsonPointers: [/a~1b]}\n"
	  "  ignoreDifferences:\n"
	  "  - {group: '', name: x, namespace: '*', managedFieldsManagers: [m]}\n"
	  "  forceConflicts: [{managers: [op], paths: [/x/*/y]}]\n",
	  "application a path b prune ignore group apps kind Deployment path /a~1b path "
	  "/spec/replicas ignore group  name x namespace * manager m force path /x/*/y manager op "
	  "at 4\n",
	  ERR_NONE },
	{ "a rule about nothing", APPS "- {name: a, path: b, ignore: [{kind: Pod}]}\n",
	  "f.yaml:4:31: a rule about fields needs `paths` or `managers`", ERR_INPUT },
	{ "a rule in another language",
	  APPS "- {name: a, path: b, ignore: [{jqPathExpressions: [.spec]}]}\n",
	  "f.yaml:4:51: jqPathExpressions is not understood: name the fields with `paths`, where * "
	  "is any one member or item",
	  ERR_INPUT },
	{ "no path of a field", APPS "- {name: a, path: b, ignore: [{paths: [spec]}]}\n",
	  "f.yaml:4:40: paths \"spec\" has to be the path of a field, such as /spec/replicas",
	  ERR_INPUT },
	{ "unknown key of a rule", APPS "- {name: a, path: b, ignore: [{path: /a}]}\n",
	  "f.yaml:4:32: unknown key \"path\" in a rule about fields (did you mean \"paths\"?)",
	  ERR_INPUT },
	{ "how apply waits",
	  APPS "- name: a\n  path: b\n  timeout: 1h30m\n  ready:\n"
	       "  - {group: sea.io, kind: Boat, path: /status/phase, value: Afloat}\n"
	       "  - {kind: Buoy, path: '/status/conditions[type=\"Lit\"]/status', value: true}\n"
	       "  - {group: sea.io, kind: Buoy, path: /status/n, value: 3}\n"
	       "- {name: c, path: d, wait: false, timeout: 90}\n",
	  "application a path b prune wait 5400 ready sea.io Boat /status/phase Afloat ready  Buoy "
	  "/status/conditions[type=\"Lit\"]/status true ready sea.io Buoy /status/n 3 at 4\n"
	  "application c path d prune no wait 90 at 11\n",
	  ERR_NONE },
	{ "no time", APPS "- {name: a, path: b, timeout: 0}\n",
	  "f.yaml:4:31: timeout has to be a duration from 1s to 24h, such as 90s, 5m or 1h30m",
	  ERR_INPUT },
	{ "too much time", APPS "- {name: a, path: b, timeout: 25h}\n",
	  "f.yaml:4:31: timeout has to be a duration from 1s to 24h, such as 90s, 5m or 1h30m",
	  ERR_INPUT },
	{ "another unit", APPS "- {name: a, path: b, timeout: 5 min}\n",
	  "f.yaml:4:31: timeout has to be a duration from 1s to 24h, such as 90s, 5m or 1h30m",
	  ERR_INPUT },
	{ "ready without a value", APPS "- {name: a, path: b, ready: [{kind: B, path: /s}]}\n",
	  "f.yaml:4:30: a rule about readiness needs \"value\"", ERR_INPUT },
	{ "ready by an object",
	  APPS "- {name: a, path: b, ready: [{kind: B, path: /s, value: {}}]}\n",
	  "f.yaml:4:57: value has to be a text, a number, true or false, not of type object",
	  ERR_INPUT },
	{ "ready by no path", APPS "- {name: a, path: b, ready: [{kind: B, path: s, value: 1}]}\n",
	  "f.yaml:4:30: path \"s\" has to be the path of a field, such as /status/phase or "
	  "/status/conditions[type=\"Ready\"]/status",
	  ERR_INPUT },
	{ "ready by any", APPS "- {name: a, path: b, ready: [{kind: B, path: /s/*, value: 1}]}\n",
	  "f.yaml:4:30: path \"/s/*\" has to name one field, without *", ERR_INPUT },
	{ "a ready Secret",
	  APPS "- {name: a, path: b, ready: [{kind: Secret, path: /data/x, value: 1}]}\n",
	  "f.yaml:4:30: a Secret is ready when it is there", ERR_INPUT },
	{ "ready twice",
	  APPS "- name: a\n  path: b\n  ready:\n  - {group: g, kind: B, path: /s, value: 1}\n"
	       "  - {group: g, kind: B, path: /t, value: 1}\n",
	  "f.yaml:8:5: there are two rules for when B.g is ready", ERR_INPUT },
	{ "ready misspelt", APPS "- {name: a, path: b, ready: [{kinds: B}]}\n",
	  "f.yaml:4:31: unknown key \"kinds\" in a rule about readiness (did you mean \"kind\"?)",
	  ERR_INPUT },
	{ "unknown key of an application", APPS "- name: a\n  Path: b\n  path: c\n",
	  "f.yaml:5:3: unknown key \"Path\" in an application (did you mean \"path\"?)",
	  ERR_INPUT },
	{ "unknown key of a cluster", HEAD "clusters:\n- name: a\n  incluster: true\n",
	  "f.yaml:5:3: unknown key \"incluster\" in a cluster (did you mean \"inCluster\"?)",
	  ERR_INPUT },
	{ "duplicate key", HEAD "clusters: []\nclusters: []\n", NULL, ERR_INPUT },
	{ "no name", APPS "- path: a\n", "f.yaml:4:3: an application needs \"name\"", ERR_INPUT },
	{ "no path", APPS "- name: a\n", "f.yaml:4:3: an application needs \"path\"", ERR_INPUT },
	{ "applications no list", HEAD "applications: {}\n",
	  "f.yaml:3:15: applications has to be a list, not of type object", ERR_INPUT },
	{ "applications empty", HEAD "applications:\n",
	  "f.yaml:3:14: applications has to be a list, not empty", ERR_INPUT },
	{ "an application as text", APPS "- a\n",
	  "f.yaml:4:3: an application has to be keys with values, not of type string", ERR_INPUT },
	{ "prune as text", APPS "- {name: a, path: b, prune: \"no\"}\n",
	  "f.yaml:4:29: prune has to be true or false, not of type string", ERR_INPUT },
	{ "name a number", APPS "- {name: 1, path: b}\n",
	  "f.yaml:4:10: name has to be a text, not of type integer: put it in quotes", ERR_INPUT },
	{ "name a boolean of YAML", APPS "- {name: y, path: b}\n",
	  "f.yaml:4:10: name has to be a text, not of type boolean: put it in quotes", ERR_INPUT },
	{ "exclude a text", APPS "- {name: a, path: b, exclude: x}\n",
	  "f.yaml:4:31: exclude has to be a list of texts, not of type string", ERR_INPUT },
	{ "empty pattern", APPS "- {name: a, path: b, exclude: ['']}\n",
	  "f.yaml:4:32: exclude has to be a text that is not empty, not of type string",
	  ERR_INPUT },
	{ "approvals negative", HEAD "clusters: [{name: a, approvals: -1}]\n",
	  "f.yaml:3:33: approvals has to be a number from 0 to 100", ERR_INPUT },
	{ "approvals a fraction", HEAD "clusters: [{name: a, approvals: 1.5}]\n",
	  "f.yaml:3:33: approvals has to be a number from 0 to 100", ERR_INPUT },
	{ "capital letters in a name", APPS "- {name: Shop, path: b}\n",
	  "f.yaml:4:10: name \"Shop\" has to be a DNS label: lower-case letters, digits and \"-\" "
	  "within, 63 at most",
	  ERR_INPUT },
	{ "hyphen at the end", APPS "- {name: a-, path: b}\n",
	  "f.yaml:4:10: name \"a-\" has to be a DNS label: lower-case letters, digits and \"-\" "
	  "within, 63 at most",
	  ERR_INPUT },
	{ "path up", APPS "- {name: a, path: a/../../b}\n",
	  "f.yaml:4:19: path \"a/../../b\" has to be a path within the repository, without "
	  "\"..\"",
	  ERR_INPUT },
	{ "absolute path", APPS "- {name: a, path: /a}\n",
	  "f.yaml:4:19: path \"/a\" has to be a path within the repository, without \"..\"",
	  ERR_INPUT },
	{ "policies outside", HEAD "policies: [../x]\n",
	  "f.yaml:3:12: policies \"../x\" has to be a path within the repository, without \"..\"",
	  ERR_INPUT },
	{ "snapshot outside", HEAD "clusters: [{name: a, snapshot: /tmp}]\n",
	  "f.yaml:3:32: snapshot \"/tmp\" has to be a path within the repository, without \"..\"",
	  ERR_INPUT },
	{ "two ways to a cluster", HEAD "clusters: [{name: a, context: x, inCluster: true}]\n",
	  "f.yaml:3:12: cluster \"a\" has context and inCluster: one of them", ERR_INPUT },
	{ "two clusters of one name", HEAD "clusters:\n- name: a\n- name: b\n- name: a\n",
	  "f.yaml:6:3: there are two clusters \"a\"; the first is at f.yaml:4:3", ERR_INPUT },
	{ "two applications of one name",
	  APPS "- {name: a, path: x}\n- {name: b, path: yy}\n- {name: a, path: z}\n",
	  "f.yaml:6:3: there are two applications \"a\"; the first is at f.yaml:4:3", ERR_INPUT },
	{ "unknown cluster",
	  HEAD "clusters: [{name: prod}]\napplications: [{name: a, path: x, cluster: prd}]\n",
	  "f.yaml:4:16: application \"a\" names the cluster \"prd\", which is not in clusters (did "
	  "you mean \"prod\"?)",
	  ERR_INPUT },
	{ "overlap", APPS "- {name: b, path: x/y/z}\n- {name: a, path: x/y}\n",
	  "f.yaml:5:3: applications \"a\" (x/y) and \"b\" (x/y/z, at f.yaml:4:3) overlap: each "
	  "file "
	  "has to belong to one",
	  ERR_INPUT },
	{ "overlap with the root", APPS "- {name: b, path: .}\n- {name: a, path: x}\n",
	  "f.yaml:5:3: applications \"a\" (x) and \"b\" (., at f.yaml:4:3) overlap: each file has "
	  "to belong to one",
	  ERR_INPUT },
	{ "overlap beyond one of another cluster",
	  HEAD "clusters: [{name: a}, {name: b}]\napplications:\n"
	       "- {name: x, cluster: a, path: p}\n- {name: yy, cluster: b, path: p/q}\n"
	       "- {name: z, cluster: a, path: p/q/r}\n",
	  "f.yaml:7:3: applications \"z\" (p/q/r) and \"x\" (p, at f.yaml:5:3) overlap: each file "
	  "has to belong to one",
	  ERR_INPUT },
};

static void field(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_printf(b, " %s %s", key, value);
}

static void dump_rules(struct buf *b, const char *what, const struct field_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, " %s", what);
		field(b, "group", rules[i].group);
		field(b, "kind", rules[i].kind);
		field(b, "name", rules[i].name);
		field(b, "namespace", rules[i].namespace);
		for (size_t k = 0; k < rules[i].n_paths; k++)
			field(b, "path", rules[i].paths[k]);
		for (size_t k = 0; k < rules[i].n_managers; k++)
			field(b, "manager", rules[i].managers[k]);
	}
}

static void dump_policy(struct buf *b, const struct policy_config *c)
{
	if (c->n_waivers)
		buf_printf(b, "waivers %s schema %s enforce %d version %s\n", c->waivers[0],
			   c->schemas[0], c->enforce, c->kubernetes_version);
	for (size_t i = 0; i < c->n_settings; i++) {
		const struct policy_setting *s = &c->settings[i];
		buf_printf(b, "policy %s ", s->policy);
		if (s->params)
			json_write_canonical(b, s->params);
		else
			buf_putc(b, '-');
		buf_printf(b, " %d %d\n", s->enforce, s->undecided);
		assert_ptr_equal(config_policy_setting(c, s->policy), s);
	}
	for (size_t i = 0; i < c->n_checks; i++) {
		buf_printf(b, "check %s %s\n", c->checks[i].id,
			   check_level_name(c->checks[i].level));
		assert_ptr_equal(config_check_setting(c, c->checks[i].id), &c->checks[i]);
	}
}

static void dump(struct buf *b, const struct config *c)
{
	for (size_t i = 0; i < c->n_policies; i++)
		buf_printf(b, "%s%s", i ? " " : "policies ", c->policies[i]);
	buf_puts(b, c->n_policies ? "\n" : "");
	dump_policy(b, &c->policy);
	for (size_t i = 0; i < c->n_clusters; i++) {
		const struct cluster_config *cluster = &c->clusters[i];
		buf_printf(b, "cluster %s", cluster->name);
		field(b, "context", cluster->context);
		field(b, "kubeconfig", cluster->kubeconfig);
		field(b, "snapshot", cluster->snapshot);
		buf_puts(b, cluster->in_cluster ? " inCluster" : "");
		buf_printf(b, " approvals %d\n", (int)cluster->approvals);
	}
	for (size_t i = 0; i < c->n_applications; i++) {
		const struct application *app = &c->applications[i];
		buf_printf(b, "application %s", app->name);
		field(b, "cluster", app->cluster);
		field(b, "path", app->path);
		field(b, "namespace", app->namespace);
		buf_puts(b, app->prune ? " prune" : "");
		for (size_t k = 0; k < app->n_exclude; k++)
			field(b, "exclude", app->exclude[k]);
		for (size_t k = 0; k < app->n_allow_delete; k++)
			field(b, "allowDelete", app->allow_delete[k]);
		if (app->max_deletes.limited)
			buf_printf(b, " maxDeletes %d%s", (int)app->max_deletes.n,
				   app->max_deletes.percent ? "%" : "");
		dump_rules(b, "ignore", app->ignore, app->n_ignore);
		dump_rules(b, "force", app->force_conflicts, app->n_force_conflicts);
		if (!app->wait || app->wait_seconds != CONFIG_WAIT_SECONDS)
			buf_printf(b, " %s %u", app->wait ? "wait" : "no wait", app->wait_seconds);
		for (size_t k = 0; k < app->n_ready; k++)
			buf_printf(b, " ready %s %s %s %s", app->ready[k].group, app->ready[k].kind,
				   app->ready[k].path, app->ready[k].value);
		buf_printf(b, " at %u\n", app->at.line);
		assert_ptr_equal(config_application(c, app->name), app);
		assert_int_equal(app->n_not_manifests,
				 c->n_policies + c->policy.n_waivers + c->policy.n_schemas);
	}
}

static void config_case_run(void **state)
{
	const struct config_case *c = *state;
	AUTO(config_done) struct config config = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	config_parse(&config, c->text, strlen(c->text), "f.yaml", &err);
	dump(&got, &config);
	AUTO(auto_free) char *message = err_text(&err);
	if (c->want)
		assert_string_equal(err.code ? message : buf_text(&got), c->want);
	assert_int_equal(err.code, c->code);
}

struct path_case {
	const char *path, *root, *name, *clean; /* name NULL: refused */
};

static const struct path_case path_cases[] = {
	{ "", "shop", "shop", "" },
	{ ".", "Shop_Env.git", "shop-env-git", "" },
	{ "apps/shop/", "x", "shop", "apps/shop" },
	{ "./a//b", "x", "b", "a/b" },
	{ "--", "x", "application", "--" },
	{ "a/caf\xc3\xa9 1", "x", "caf-1", "a/caf\xc3\xa9 1" },
	{ "../a", "x", NULL, NULL },
	{ "/a", "x", NULL, NULL },
};

static void path_case_run(void **state)
{
	const struct path_case *c = *state;
	AUTO(config_done) struct config config = { 0 };
	AUTO(err_done) struct err err = { 0 };
	int rc = config_for_path(&config, c->path, c->root, &err);
	assert_int_equal(rc, c->name ? 0 : -1);
	if (!c->name)
		return;
	assert_int_equal(config.n_applications, 1);
	assert_string_equal(config.applications[0].name, c->name);
	assert_string_equal(config.applications[0].path, c->clean);
	assert_true(config.applications[0].prune);
	assert_non_null(config_application(&config, c->name));
	assert_null(config_application(&config, "zz"));
	assert_null(config_cluster(&config, "zz"));
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(path_cases)];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, config_case_run, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(path_cases); i++)
		tests[n++] = fixture_row(path_cases[i].path, path_case_run, &path_cases[i]);
	return _cmocka_run_group_tests("config", tests, n, NULL, NULL);
}
