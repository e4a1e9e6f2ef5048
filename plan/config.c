/* The keys of rhumb.yaml are rows of tables; what has to fit together is checked afterwards, in
 * config_check.c. */
#include "plan/config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/suggest.h"
#include "base/time.h"
#include "base/yaml.h"
#include "plan/config_check.h"
#include "plan/merge/field_path.h"

enum { MAX_APPROVALS = 100, MAX_KEYS = 16 };

enum key_type {
	KEY_TEXT,   /* const char *, not empty */
	KEY_NAME,   /* const char *, a DNS label */
	KEY_PATH,   /* const char *, a path in the repository */
	KEY_TEXTS,  /* struct texts */
	KEY_PATHS,  /* struct texts */
	KEY_BOOL,   /* bool */
	KEY_COUNT,  /* int64_t */
	KEY_BUDGET, /* struct delete_budget */
	KEY_WORD,   /* const char *, may be empty */
	KEY_FIELDS, /* struct texts, paths of fields */
	KEY_NEVER,  /* known from elsewhere and not understood */
	KEY_RULES,  /* struct field_rule, several */
	KEY_READY,  /* struct ready_rule, several */
	KEY_VALUE,  /* const char *: any scalar as text */
	KEY_TIME,   /* unsigned: seconds, more than 0 */
	KEY_ITEMS,  /* the caller reads them */
};

struct key {
	const char *name;
	enum key_type type;
	bool required;
	size_t offset; /* where the value goes */
	size_t count;  /* of a list: where its size_t goes */
};

struct shape {
	const char *what; /* "an application" */
	struct key keys[MAX_KEYS];
};

static const struct shape config_shape = {
	"the configuration",
	{
		{ "apiVersion", KEY_ITEMS, true, 0, 0 },
		{ "kind", KEY_ITEMS, true, 0, 0 },
		{ "policies", KEY_PATHS, false, offsetof(struct config, policies),
		  offsetof(struct config, n_policies) },
		{ "waivers", KEY_PATHS, false, offsetof(struct config, policy.waivers),
		  offsetof(struct config, policy.n_waivers) },
		{ "schema", KEY_PATHS, false, offsetof(struct config, policy.schemas),
		  offsetof(struct config, policy.n_schemas) },
		{ "enforce", KEY_ITEMS, false, 0, 0 },
		{ "policySettings", KEY_ITEMS, false, 0, 0 },
		{ "checks", KEY_ITEMS, false, 0, 0 },
		{ "kubernetesVersion", KEY_ITEMS, false, 0, 0 },
		{ "clusters", KEY_ITEMS, false, 0, 0 },
		{ "applications", KEY_ITEMS, false, 0, 0 },
	},
};

#define CLUSTER(member) offsetof(struct cluster_config, member)
static const struct shape cluster_shape = {
	"a cluster",
	{
		{ "name", KEY_NAME, true, CLUSTER(name), 0 },
		{ "context", KEY_TEXT, false, CLUSTER(context), 0 },
		{ "kubeconfig", KEY_TEXT, false, CLUSTER(kubeconfig), 0 },
		{ "snapshot", KEY_PATH, false, CLUSTER(snapshot), 0 },
		{ "inCluster", KEY_BOOL, false, CLUSTER(in_cluster), 0 },
		{ "approvals", KEY_COUNT, false, CLUSTER(approvals), 0 },
	},
};

#define APPLICATION(member) offsetof(struct application, member)
static const struct shape application_shape = {
	"an application",
	{
		{ "name", KEY_NAME, true, APPLICATION(name), 0 },
		{ "cluster", KEY_TEXT, false, APPLICATION(cluster), 0 },
		{ "path", KEY_PATH, true, APPLICATION(path), 0 },
		{ "namespace", KEY_NAME, false, APPLICATION(namespace), 0 },
		{ "prune", KEY_BOOL, false, APPLICATION(prune), 0 },
		{ "exclude", KEY_TEXTS, false, APPLICATION(exclude), APPLICATION(n_exclude) },
		{ "allowDelete", KEY_TEXTS, false, APPLICATION(allow_delete),
		  APPLICATION(n_allow_delete) },
		{ "maxDeletes", KEY_BUDGET, false, APPLICATION(max_deletes), 0 },
		{ "ignore", KEY_RULES, false, APPLICATION(ignore), APPLICATION(n_ignore) },
		{ "ignoreDifferences", KEY_RULES, false, APPLICATION(ignore),
		  APPLICATION(n_ignore) },
		{ "forceConflicts", KEY_RULES, false, APPLICATION(force_conflicts),
		  APPLICATION(n_force_conflicts) },
		{ "wait", KEY_BOOL, false, APPLICATION(wait), 0 },
		{ "timeout", KEY_TIME, false, APPLICATION(wait_seconds), 0 },
		{ "ready", KEY_READY, false, APPLICATION(ready), APPLICATION(n_ready) },
	},
};

#define READY(member) offsetof(struct ready_rule, member)
static const struct shape ready_shape = {
	"a rule about readiness",
	{
		{ "group", KEY_WORD, false, READY(group), 0 },
		{ "kind", KEY_TEXT, true, READY(kind), 0 },
		{ "path", KEY_TEXT, true, READY(path), 0 },
		{ "value", KEY_VALUE, true, READY(value), 0 },
	},
};

/* The names of Argo CD's ignoreDifferences are understood too. */
#define RULE(member) offsetof(struct field_rule, member)
static const struct shape rule_shape = {
	"a rule about fields",
	{
		{ "group", KEY_WORD, false, RULE(group), 0 },
		{ "kind", KEY_WORD, false, RULE(kind), 0 },
		{ "name", KEY_WORD, false, RULE(name), 0 },
		{ "namespace", KEY_WORD, false, RULE(namespace), 0 },
		{ "paths", KEY_FIELDS, false, RULE(paths), RULE(n_paths) },
		{ "jsonPointers", KEY_FIELDS, false, RULE(paths), RULE(n_paths) },
		{ "managers", KEY_TEXTS, false, RULE(managers), RULE(n_managers) },
		{ "managedFieldsManagers", KEY_TEXTS, false, RULE(managers), RULE(n_managers) },
		{ "jqPathExpressions", KEY_NEVER, false, 0, 0 },
	},
};

struct reader {
	struct arena *a;
	const char *file;
	struct err *err;
};

static int wrong_type(struct reader *r, const char *key, const struct json *v, const char *want)
{
	bool unquoted = strcmp(want, "a text") == 0 && v->type > JSON_NULL && v->type < JSON_STRING;
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s has to be %s, not %s%s%s", key,
		      want, v->type == JSON_NULL ? "empty" : "of type ",
		      v->type == JSON_NULL ? "" : json_type_name(v->type),
		      unquoted ? ": put it in quotes" : "");
}

static int read_text(struct reader *r, const char *key, enum key_type type, const struct json *v,
		     const char **out)
{
	const char *text = json_str(v);
	if (!text || (!*text && type != KEY_PATH && type != KEY_WORD))
		return wrong_type(r, key, v, text ? "a text that is not empty" : "a text");
	if (type == KEY_NAME && !is_dns_label(text))
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			      "%s \"%s\" has to be a DNS label: lower-case letters, digits and "
			      "\"-\" within, 63 at most",
			      key, text);
	AUTO(err_done) struct err why = { 0 };
	struct field_path field;
	if (type == KEY_FIELDS && (field_path_parse(r->a, text, &field, &why) < 0 || !field.n))
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			      "%s \"%s\" has to be the path of a field, such as /spec/replicas",
			      key, text);
	*out = type == KEY_PATH || type == KEY_PATHS ? clean_path(r->a, text)
						     : arena_strdup(r->a, text);
	if (!*out)
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			      "%s \"%s\" has to be a path within the repository, without \"..\"",
			      key, text);
	return 0;
}

static int read_texts(struct reader *r, const struct key *key, const struct json *v,
		      const char ***out, size_t *n)
{
	if (v->type != JSON_ARRAY)
		return wrong_type(r, key->name, v, "a list of texts");
	/* One list may have two names. */
	size_t before = *n;
	const char **texts = arena_calloc(r->a, before + v->n, sizeof(*texts));
	if (before)
		memcpy(texts, *out, before * sizeof(*texts));
	for (uint32_t i = 0; i < v->n; i++)
		if (read_text(r, key->name, key->type, &v->items[i], &texts[before + i]) < 0)
			return -1;
	*out = texts;
	*n = before + v->n;
	return 0;
}

bool delete_budget_parse(const char *text, struct delete_budget *out)
{
	char *end;
	errno = 0;
	long long n = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
	if (n < 0 || errno)
		return false;
	bool percent = *end == '%';
	if (end[percent] || (percent && n > 100))
		return false;
	*out = (struct delete_budget){ .limited = true, .percent = percent, .n = n };
	return true;
}

static int read_budget(struct reader *r, const struct key *key, const struct json *v,
		       struct delete_budget *out)
{
	bool has_text = v->type == JSON_STRING || v->type == JSON_INT;
	if (has_text && delete_budget_parse(v->text, out))
		return 0;
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
		      "%s has to be a number, or a percentage such as \"10%%\"", key->name);
}

static int read_rules(struct reader *r, const struct key *key, const struct json *v,
		      struct field_rule **out, size_t *n);
static int read_ready(struct reader *r, const struct key *key, const struct json *v,
		      struct ready_rule **out, size_t *n);

static int read_scalar(struct reader *r, const struct key *key, const struct json *v,
		       const char **out)
{
	if (v->type == JSON_STRING || v->type == JSON_INT || v->type == JSON_FLOAT)
		*out = arena_strdup(r->a, v->text);
	else if (v->type == JSON_BOOL)
		*out = v->truth ? "true" : "false";
	else
		return wrong_type(r, key->name, v, "a text, a number, true or false");
	return 0;
}

static int read_time(struct reader *r, const struct key *key, const struct json *v, unsigned *out)
{
	bool has_text = v->type == JSON_STRING || v->type == JSON_INT;
	if (has_text && duration_parse(v->text, out) && *out)
		return 0;
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
		      "%s has to be a duration from 1s to 24h, such as 90s, 5m or 1h30m",
		      key->name);
}

static int read_value(struct reader *r, const struct key *key, const struct json *v, char *into)
{
	void *to = into + key->offset;
	switch (key->type) {
	case KEY_TEXT:
	case KEY_NAME:
	case KEY_PATH:
	case KEY_WORD:
		return read_text(r, key->name, key->type, v, to);
	case KEY_TEXTS:
	case KEY_PATHS:
	case KEY_FIELDS:
		return read_texts(r, key, v, to, (size_t *)(void *)(into + key->count));
	case KEY_BOOL:
		if (v->type != JSON_BOOL)
			return wrong_type(r, key->name, v, "true or false");
		*(bool *)to = v->truth;
		return 0;
	case KEY_COUNT: {
		int64_t n;
		if (!json_int64(v, &n) || n < 0 || n > MAX_APPROVALS)
			return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
				      "%s has to be a number from 0 to %d", key->name,
				      MAX_APPROVALS);
		*(int64_t *)to = n;
		return 0;
	}
	case KEY_BUDGET:
		return read_budget(r, key, v, to);
	case KEY_RULES:
		return read_rules(r, key, v, to, (size_t *)(void *)(into + key->count));
	case KEY_READY:
		return read_ready(r, key, v, to, (size_t *)(void *)(into + key->count));
	case KEY_VALUE:
		return read_scalar(r, key, v, to);
	case KEY_TIME:
		return read_time(r, key, v, to);
	case KEY_NEVER:
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			      "%s is not understood: name the fields with `paths`, where * is any "
			      "one member or item",
			      key->name);
	case KEY_ITEMS:
		return 0;
	}
	return 0;
}

static const struct key *find_key(const struct shape *shape, const char *name)
{
	for (const struct key *k = shape->keys; k < shape->keys + MAX_KEYS && k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int unknown_key(struct reader *r, const struct shape *shape, const struct json_member *m)
{
	const char *names[MAX_KEYS];
	size_t n = 0;
	while (n < MAX_KEYS && shape->keys[n].name) {
		names[n] = shape->keys[n].name;
		n++;
	}
	AUTO(auto_free) char *hint = suggest_text(m->key, names, n);
	struct srcpos at = { r->file, m->line, m->col };
	return err_at(r->err, ERR_INPUT, at, "unknown key \"%s\" in %s%s", m->key, shape->what,
		      hint);
}

static int read_object(struct reader *r, const struct shape *shape, const struct json *v,
		       void *into)
{
	if (v->type != JSON_OBJECT)
		return wrong_type(r, shape->what, v, "keys with values");
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json_member *m = &v->members[i];
		const struct key *key = find_key(shape, m->key);
		if (!key)
			return unknown_key(r, shape, m);
		if (read_value(r, key, &m->value, into) < 0)
			return -1;
	}
	for (const struct key *k = shape->keys; k < shape->keys + MAX_KEYS && k->name; k++)
		if (k->required && !json_get(v, k->name))
			return err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s needs \"%s\"",
				      shape->what, k->name);
	return 0;
}

static int read_rules(struct reader *r, const struct key *key, const struct json *v,
		      struct field_rule **out, size_t *n)
{
	if (v->type != JSON_ARRAY)
		return wrong_type(r, key->name, v, "a list");
	size_t before = *n;
	struct field_rule *rules = arena_calloc(r->a, before + v->n, sizeof(*rules));
	if (before)
		memcpy(rules, *out, before * sizeof(*rules));
	for (uint32_t i = 0; i < v->n; i++) {
		struct field_rule *rule = &rules[before + i];
		if (read_object(r, &rule_shape, &v->items[i], rule) < 0)
			return -1;
		if (!rule->n_paths && !rule->n_managers)
			return err_at(r->err, ERR_INPUT, json_pos(&v->items[i], r->file),
				      "%s needs `paths` or `managers`", rule_shape.what);
	}
	*out = rules;
	*n = before + v->n;
	return 0;
}

/* The first rule that fits an object decides, so a second one of a kind would mislead. */
static int check_ready(struct reader *r, const struct json *v, const struct ready_rule *rules,
		       size_t n)
{
	const struct ready_rule *rule = &rules[n];
	AUTO(err_done) struct err why = { 0 };
	if (ready_rule_check(rule, &why) < 0)
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s", why.msg);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules[i].group, rule->group) == 0 &&
		    strcmp(rules[i].kind, rule->kind) == 0)
			return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
				      "there are two rules for when %s%s%s is ready", rule->kind,
				      *rule->group ? "." : "", rule->group);
	return 0;
}

static int read_ready(struct reader *r, const struct key *key, const struct json *v,
		      struct ready_rule **out, size_t *n)
{
	if (v->type != JSON_ARRAY)
		return wrong_type(r, key->name, v, "a list");
	if (v->n > READY_MAX_RULES)
		return err_at(r->err, ERR_LIMIT, json_pos(v, r->file),
			      "more than %d rules (READY_MAX_RULES)", READY_MAX_RULES);
	struct ready_rule *rules = arena_calloc(r->a, v->n, sizeof(*rules));
	for (uint32_t i = 0; i < v->n; i++) {
		rules[i].group = "";
		if (read_object(r, &ready_shape, &v->items[i], &rules[i]) < 0 ||
		    check_ready(r, &v->items[i], rules, i) < 0)
			return -1;
	}
	*out = rules;
	*n = v->n;
	return 0;
}

/* An absent list and an empty one are the same; *n is 0 then. */
static int list_of(struct reader *r, const struct json *root, const char *key,
		   const struct json **items, uint32_t *n)
{
	const struct json *list = json_get(root, key);
	*n = 0;
	if (!list)
		return 0;
	if (list->type != JSON_ARRAY)
		return wrong_type(r, key, list, "a list");
	if (list->n > CONFIG_MAX_APPLICATIONS)
		return err_at(r->err, ERR_LIMIT, json_pos(list, r->file),
			      "more than %d %s (CONFIG_MAX_APPLICATIONS)", CONFIG_MAX_APPLICATIONS,
			      key);
	*items = list->items;
	*n = list->n;
	return 0;
}

static int read_clusters(struct reader *r, const struct json *root, struct config *c)
{
	const struct json *items;
	uint32_t n;
	if (list_of(r, root, "clusters", &items, &n) < 0)
		return -1;
	c->clusters = arena_calloc(r->a, n, sizeof(*c->clusters));
	for (; c->n_clusters < n; c->n_clusters++) {
		struct cluster_config *cluster = &c->clusters[c->n_clusters];
		cluster->at = json_pos(&items[c->n_clusters], r->file);
		if (read_object(r, &cluster_shape, &items[c->n_clusters], cluster) < 0)
			return -1;
	}
	return 0;
}

static const char **joined(struct arena *a, const struct config *c, size_t *n)
{
	const struct {
		const char **items;
		size_t n;
	} lists[] = {
		{ c->policies, c->n_policies },
		{ c->policy.waivers, c->policy.n_waivers },
		{ c->policy.schemas, c->policy.n_schemas },
	};
	const char **all = arena_calloc(a, lists[0].n + lists[1].n + lists[2].n, sizeof(*all));
	*n = 0;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t k = 0; k < lists[i].n; k++)
			all[(*n)++] = lists[i].items[k];
	return all;
}

static int read_applications(struct reader *r, const struct json *root, struct config *c)
{
	size_t n_others;
	const char **others = joined(r->a, c, &n_others);
	const struct json *items;
	uint32_t n;
	if (list_of(r, root, "applications", &items, &n) < 0)
		return -1;
	c->applications = arena_calloc(r->a, n, sizeof(*c->applications));
	for (; c->n_applications < n; c->n_applications++) {
		struct application *app = &c->applications[c->n_applications];
		app->prune = app->wait = true;
		app->wait_seconds = CONFIG_WAIT_SECONDS;
		app->at = json_pos(&items[c->n_applications], r->file);
		app->not_manifests = others;
		app->n_not_manifests = n_others;
		if (read_object(r, &application_shape, &items[c->n_applications], app) < 0)
			return -1;
	}
	return 0;
}

static int expect_text(struct reader *r, const struct json *root, const char *key, const char *want)
{
	const struct json *v = json_get(root, key);
	const char *text = json_str(v);
	if (text && strcmp(text, want) == 0)
		return 0;
	return err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s has to be %s", key, want);
}

static int read_config(struct reader *r, const struct json *root, struct config *c)
{
	/* The version first: another one may know other keys. */
	if (json_get(root, "apiVersion") &&
	    expect_text(r, root, "apiVersion", CONFIG_API_VERSION) < 0)
		return -1;
	if (read_object(r, &config_shape, root, c) < 0 ||
	    expect_text(r, root, "kind", "Config") < 0 ||
	    config_read_policy(r->a, root, r->file, &c->policy, r->err) < 0 ||
	    read_clusters(r, root, c) < 0 || read_applications(r, root, c) < 0)
		return -1;
	return config_check(c, r->err);
}

int config_parse(struct config *out, const char *text, size_t n, const char *file, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct yaml_limits limits = { .max_bytes = CONFIG_MAX_BYTES };
	struct config c = { 0 };
	struct reader r = { .a = &c.arena, .err = err };
	struct json root;
	if (yaml_parse_one(&scratch, text, n, file, &limits, &root, err) < 0)
		return -1;
	r.file = arena_strdup(&c.arena, file);
	if (read_config(&r, &root, &c) < 0) {
		arena_done(&c.arena);
		return -1;
	}
	*out = c;
	return 0;
}

/* A DNS label that is as near to the text as can be. */
static const char *label_of(struct arena *a, const char *text)
{
	char *label = arena_strdup(a, text), *end = label;
	for (const char *p = text; *p && end - label < DNS_LABEL_MAX; p++) {
		bool usable = isalnum((unsigned char)*p);
		if (usable || (end > label && end[-1] != '-'))
			*end++ = usable ? (char)tolower((unsigned char)*p) : '-';
	}
	while (end > label && end[-1] == '-')
		end--;
	*end = '\0';
	return *label ? label : "application";
}

int config_for_path(struct config *out, const char *path, const char *root_name, struct err *err)
{
	struct config c = { 0 };
	const char *clean = clean_path(&c.arena, path);
	if (!clean) {
		arena_done(&c.arena);
		return err_set(err, ERR_INPUT,
			       "path \"%s\" has to lie within the repository, without \"..\"",
			       path);
	}
	const char *slash = strrchr(clean, '/');
	const char *folder = !*clean ? root_name : slash ? slash + 1 : clean;
	c.applications = arena_calloc(&c.arena, 1, sizeof(*c.applications));
	c.n_applications = 1;
	c.applications[0].name = label_of(&c.arena, folder);
	c.applications[0].path = clean;
	c.applications[0].prune = c.applications[0].wait = true;
	c.applications[0].wait_seconds = CONFIG_WAIT_SECONDS;
	*out = c;
	return 0;
}

const struct application *config_application(const struct config *c, const char *name)
{
	size_t lo = 0, hi = c->n_applications;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = strcmp(c->applications[mid].name, name);
		if (d == 0)
			return &c->applications[mid];
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct cluster_config *config_cluster(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_clusters; i++)
		if (strcmp(c->clusters[i].name, name) == 0)
			return &c->clusters[i];
	return NULL;
}

void config_done(struct config *c)
{
	arena_done(&c->arena);
	*c = (struct config){ 0 };
}
