/* Texts of kubeconfig files to one configuration.  See kubeconfig.h. */
#include "plan/cluster/kube/kubeconfig.h"

#include <string.h>

#include "base/digest.h"
#include "base/yaml.h"

#define EXEC_GROUP     "client.authentication.k8s.io"
#define EXEC_EXTENSION EXEC_GROUP "/exec"

/* Reads members of one object.  The first error stays; after it everything is NULL, so that it
 * is looked at once, at the end. */
struct reader {
	struct arena *arena;
	const char *file; /* path of the kubeconfig, or "kubeconfig" */
	const char *what; /* "user dev", for messages */
	const struct json *object;
	struct err *err;
};

static void complain(const struct reader *r, const struct json *v, const char *key,
		     const char *problem)
{
	err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s: %s %s", r->what, key, problem);
}

/* A member of this type; NULL where it is absent, null, or wrong. */
static const struct json *typed(const struct reader *r, const char *key, enum json_type type)
{
	const struct json *v = r->err->code ? NULL : json_get(r->object, key);
	if (!v || v->type == JSON_NULL || v->type == type)
		return v && v->type == type ? v : NULL;
	err_at(r->err, ERR_INPUT, json_pos(v, r->file), "%s: %s is of type %s, not %s", r->what,
	       key, json_type_name(v->type), json_type_name(type));
	return NULL;
}

/* NULL for an empty text too. */
static const char *text_of(const struct reader *r, const char *key)
{
	const struct json *v = typed(r, key, JSON_STRING);
	return v && v->n ? arena_strndup(r->arena, v->text, v->n) : NULL;
}

static bool truth_of(const struct reader *r, const char *key)
{
	return json_true(typed(r, key, JSON_BOOL));
}

/* A path, relative to the file that says it. */
static const char *resolve_path(const struct reader *r, const char *path)
{
	const char *slash = path && *path != '/' ? strrchr(r->file, '/') : NULL;
	if (!slash)
		return path;
	return arena_fmt(r->arena, "%.*s/%s", (int)(slash - r->file), r->file, path);
}

static const char *path_of(const struct reader *r, const char *key)
{
	return resolve_path(r, text_of(r, key));
}

/* A member in base64 that holds PEM. */
static const char *pem_of(const struct reader *r, const char *key)
{
	const struct json *v = typed(r, key, JSON_STRING);
	if (!v || !v->n)
		return NULL;
	AUTO(buf_wipe) struct buf pem = { 0 };
	AUTO(err_done) struct err why = { 0 };
	if (base64_decode(&pem, v->text, v->n, &why) < 0)
		complain(r, v, key, "is not base64");
	else if (strlen(buf_text(&pem)) != pem.len || !strstr(buf_text(&pem), "-----BEGIN "))
		complain(r, v, key, "holds no PEM block");
	else
		return arena_strndup(r->arena, pem.data, pem.len);
	return NULL;
}

/* A list of strings; NULL at the end, never NULL itself. */
static const char **texts_of(const struct reader *r, const char *key, size_t *n)
{
	const struct json *list = typed(r, key, JSON_ARRAY);
	const char **out = arena_calloc(r->arena, (list ? list->n : 0) + 1, sizeof(*out));
	*n = 0;
	for (uint32_t i = 0; list && i < list->n; i++) {
		if (!json_is(&list->items[i], JSON_STRING)) {
			complain(r, &list->items[i], key, "holds something that is no string");
			break;
		}
		out[(*n)++] = arena_strdup(r->arena, list->items[i].text);
	}
	return out;
}

/* ---- named entries over all files */

struct document {
	const char *file;
	struct json root;
};

struct documents {
	struct document *items;
	size_t n;
};

/* The named entry of one file's list: {name: NAME, KEY: {...}}.  NULL where it has none. */
static const struct json *find_in(const struct document *d, const char *list_key, const char *name,
				  struct err *err)
{
	const struct json *list = json_get(&d->root, list_key), *found = NULL;
	if (list && list->type != JSON_NULL && list->type != JSON_ARRAY) {
		err_at(err, ERR_INPUT, json_pos(list, d->file), "%s is no list", list_key);
		return NULL;
	}
	for (uint32_t i = 0; json_is(list, JSON_ARRAY) && i < list->n; i++) {
		const char *its = json_get_str(&list->items[i], "name");
		if (!its || strcmp(its, name) != 0)
			continue;
		if (found) {
			err_at(err, ERR_INPUT, json_pos(&list->items[i], d->file),
			       "%s: %s stands twice", list_key, name);
			return NULL;
		}
		found = &list->items[i];
	}
	return found;
}

struct list_name {
	const char *list, *key;
};

static const struct list_name clusters = { "clusters", "cluster" };
static const struct list_name users = { "users", "user" };
static const struct list_name contexts = { "contexts", "context" };

/* Points r at the entry; false where no file has it, or with an error. */
static bool find(const struct documents *docs, const struct list_name *list, const char *name,
		 struct reader *r)
{
	for (size_t i = 0; i < docs->n && !r->err->code; i++) {
		const struct document *d = &docs->items[i];
		const struct json *entry = find_in(d, list->list, name, r->err);
		if (!entry)
			continue;
		r->file = d->file;
		r->what = arena_fmt(r->arena, "%s %s", list->key, name);
		r->object = entry;
		r->object = typed(r, list->key, JSON_OBJECT);
		return !r->err->code;
	}
	return false;
}

/* "dev, prod": what could have been meant. */
static const char *names_of(const struct documents *docs, const char *list_key, struct arena *a)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (size_t i = 0; i < docs->n; i++) {
		const struct json *list = json_get(&docs->items[i].root, list_key);
		for (uint32_t k = 0; json_is(list, JSON_ARRAY) && k < list->n; k++) {
			const char *name = json_get_str(&list->items[k], "name");
			if (name)
				buf_printf(&b, "%s%s", b.len ? ", " : "", name);
		}
	}
	return arena_strdup(a, b.len ? buf_text(&b) : "none");
}

/* ---- cluster */

static const struct json *exec_extension(const struct reader *r)
{
	const struct json *list = typed(r, "extensions", JSON_ARRAY);
	for (uint32_t i = 0; list && i < list->n; i++) {
		const char *name = json_get_str(&list->items[i], "name");
		if (name && strcmp(name, EXEC_EXTENSION) == 0)
			return json_get(&list->items[i], "extension");
	}
	return NULL;
}

/* As client-go: https where anything speaks of TLS. */
static const char *with_scheme(const struct kube_config *c, struct arena *a, const char *server)
{
	if (strstr(server, "://"))
		return server;
	bool tls = c->ca || c->ca_file || c->insecure || c->server_name;
	return arena_fmt(a, "%s://%s", tls ? "https" : "http", server);
}

static const struct json *read_cluster(struct kube_config *c, const struct reader *r)
{
	c->insecure = truth_of(r, "insecure-skip-tls-verify");
	c->disable_compression = truth_of(r, "disable-compression");
	c->server_name = text_of(r, "tls-server-name");
	c->proxy = text_of(r, "proxy-url");
	c->ca = pem_of(r, "certificate-authority-data");
	if (!c->ca)
		c->ca_file = path_of(r, "certificate-authority");
	if (c->insecure && (c->ca || c->ca_file) && !r->err->code)
		complain(r, r->object, "insecure-skip-tls-verify",
			 "and a certificate authority exclude each other");
	const char *server = text_of(r, "server");
	if (!server && !r->err->code)
		complain(r, r->object, "server", "is missing");
	if (server)
		c->server = with_scheme(c, r->arena, server);
	return exec_extension(r);
}

/* ---- user */

static void read_exec_env(struct kube_exec *e, const struct reader *r)
{
	const struct json *list = typed(r, "env", JSON_ARRAY);
	e->env = arena_calloc(r->arena, (list ? list->n : 0) + 1, sizeof(*e->env));
	for (uint32_t i = 0; list && i < list->n && !r->err->code; i++) {
		const char *name = json_get_str(&list->items[i], "name");
		const char *value = json_get_str(&list->items[i], "value");
		if (!name || !value || !*name || strchr(name, '='))
			complain(r, &list->items[i], "exec.env", "holds no name and value");
		else
			e->env[e->n_env++] = arena_fmt(r->arena, "%s=%s", name, value);
	}
}

static const struct {
	const char *name;
	enum kube_interactive mode;
} modes[] = {
	{ "Never", EXEC_NEVER },
	{ "IfAvailable", EXEC_IF_AVAILABLE },
	{ "Always", EXEC_ALWAYS },
};

static void read_interactive(struct kube_exec *e, const struct reader *r)
{
	const char *mode = text_of(r, "interactiveMode");
	bool v1 = e->api_version && strcmp(e->api_version, EXEC_GROUP "/v1") == 0;
	e->interactive = EXEC_IF_AVAILABLE;
	if (!mode && v1 && !r->err->code)
		complain(r, r->object, "exec.interactiveMode",
			 "is missing: " EXEC_GROUP "/v1 requires it");
	for (size_t i = 0; mode && i < ARRAY_LEN(modes); i++) {
		if (strcmp(modes[i].name, mode) == 0) {
			e->interactive = modes[i].mode;
			return;
		}
	}
	if (mode)
		complain(r, json_get(r->object, "interactiveMode"), "exec.interactiveMode",
			 "is none of Never, IfAvailable, Always");
}

static const struct kube_exec *read_exec(const struct reader *user, const struct json *object)
{
	struct reader r = *user;
	r.object = object;
	struct kube_exec *e = arena_calloc(r.arena, 1, sizeof(*e));
	e->api_version = text_of(&r, "apiVersion");
	e->command = text_of(&r, "command");
	if (e->command && strchr(e->command, '/'))
		e->command = resolve_path(&r, e->command);
	size_t n;
	e->args = texts_of(&r, "args", &n);
	read_exec_env(e, &r);
	e->install_hint = text_of(&r, "installHint");
	e->provide_cluster_info = truth_of(&r, "provideClusterInfo");
	read_interactive(e, &r);
	if (r.err->code)
		return NULL;
	if (!e->command)
		complain(&r, object, "exec.command", "is missing");
	else if (!e->api_version || (strcmp(e->api_version, EXEC_GROUP "/v1") != 0 &&
				     strcmp(e->api_version, EXEC_GROUP "/v1beta1") != 0))
		complain(&r, object, "exec.apiVersion",
			 "has to be " EXEC_GROUP "/v1 or " EXEC_GROUP "/v1beta1");
	return e;
}

static void read_impersonation(struct kube_config *c, const struct reader *r)
{
	c->as = text_of(r, "as");
	c->as_uid = text_of(r, "as-uid");
	c->as_groups = texts_of(r, "as-groups", &c->n_as_groups);
	const struct json *extra = typed(r, "as-user-extra", JSON_OBJECT);
	size_t cap = 0;
	for (uint32_t i = 0; extra && i < extra->n; i++)
		cap += extra->members[i].value.n;
	c->as_extra = arena_calloc(r->arena, cap + 1, sizeof(*c->as_extra));
	struct reader values = *r;
	values.object = extra;
	for (uint32_t i = 0; extra && i < extra->n; i++) {
		const char *key = arena_strdup(r->arena, extra->members[i].key);
		size_t n;
		const char **texts = texts_of(&values, key, &n);
		for (size_t k = 0; k < n; k++)
			c->as_extra[c->n_as_extra++] = (struct kube_extra){ key, texts[k] };
	}
	if (!c->as && (c->as_uid || c->n_as_groups || c->n_as_extra) && !r->err->code)
		complain(r, r->object, "as",
			 "is missing: as-uid, as-groups and as-user-extra "
			 "need the user to be");
}

static void check_methods(const struct kube_config *c, const struct reader *r)
{
	bool token = c->token || c->token_file, basic = c->username || c->password;
	if (r->err->code)
		return;
	if (token && basic)
		complain(r, r->object, "token", "and username exclude each other");
	else if (basic && !c->username)
		complain(r, r->object, "username", "is missing beside password");
	else if ((c->certificate || c->certificate_file) && !c->key && !c->key_file)
		complain(r, r->object, "client-key", "is missing beside client-certificate");
}

static void read_user(struct kube_config *c, const struct reader *r,
		      const struct json *cluster_config)
{
	c->certificate = pem_of(r, "client-certificate-data");
	if (!c->certificate)
		c->certificate_file = path_of(r, "client-certificate");
	c->key = pem_of(r, "client-key-data");
	if (!c->key)
		c->key_file = path_of(r, "client-key");
	c->token = text_of(r, "token");
	c->token_file = path_of(r, "tokenFile");
	c->username = text_of(r, "username");
	c->password = text_of(r, "password");
	read_impersonation(c, r);
	const struct json *provider = typed(r, "auth-provider", JSON_OBJECT);
	if (provider)
		complain(r, provider, "auth-provider",
			 "was removed from Kubernetes 1.26: use the exec plugin of your provider");
	const struct json *exec = typed(r, "exec", JSON_OBJECT);
	if (exec) {
		struct kube_exec *e = (struct kube_exec *)read_exec(r, exec);
		if (e && e->provide_cluster_info && cluster_config) {
			struct json *copy = arena_alloc(r->arena, sizeof(*copy));
			*copy = json_copy(r->arena, cluster_config);
			e->cluster_config = copy;
		}
		c->exec = e;
	}
	check_methods(c, r);
}

/* ---- context */

static const char *current_context(const struct documents *docs, const char *wanted,
				   struct reader *r)
{
	if (wanted)
		return wanted;
	r->what = "kubeconfig";
	for (size_t i = 0; i < docs->n; i++) {
		r->file = docs->items[i].file;
		r->object = &docs->items[i].root;
		const char *name = text_of(r, "current-context");
		if (name || r->err->code)
			return name;
	}
	err_set(r->err, ERR_INPUT, "%s has no current-context; choose one of: %s",
		docs->items[0].file, names_of(docs, contexts.list, r->arena));
	return NULL;
}

static int not_found(const struct documents *docs, const struct list_name *list, const char *name,
		     const struct reader *r)
{
	if (r->err->code)
		return -1;
	return err_set(r->err, ERR_NOT_FOUND, "%s: there is no %s %s; there is: %s",
		       docs->items[0].file, list->key, name, names_of(docs, list->list, r->arena));
}

static int resolve(struct kube_config *c, const struct documents *docs, const char *wanted,
		   struct err *err)
{
	struct reader r = { .arena = &c->arena, .err = err };
	const char *name = current_context(docs, wanted, &r);
	if (!name)
		return -1;
	c->context = arena_strdup(&c->arena, name);
	if (!find(docs, &contexts, name, &r))
		return not_found(docs, &contexts, name, &r);
	const char *cluster = text_of(&r, "cluster"), *user = text_of(&r, "user");
	const char *namespace = text_of(&r, "namespace");
	c->namespace = namespace ? namespace : "default";
	if (err->code)
		return -1;
	if (!cluster) {
		complain(&r, r.object, "cluster", "is missing");
		return -1;
	}
	if (!find(docs, &clusters, cluster, &r))
		return not_found(docs, &clusters, cluster, &r);
	const struct json *cluster_config = read_cluster(c, &r);
	c->user = user ? user : "(none)";
	if (user && !err->code) {
		if (!find(docs, &users, user, &r))
			return not_found(docs, &users, user, &r);
		read_user(c, &r, cluster_config);
	}
	return err->code ? -1 : 0;
}

static int parse(struct arena *a, const struct kube_file *f, struct document *d, struct err *err)
{
	d->file = f->path ? f->path : "kubeconfig";
	static const struct yaml_limits limits = { .max_bytes = KUBECONFIG_MAX_BYTES };
	if (yaml_parse_one(a, f->text, f->len, d->file, &limits, &d->root, err) < 0)
		return -1;
	if (d->root.type != JSON_NULL && d->root.type != JSON_OBJECT)
		return err_at(err, ERR_INPUT, json_pos(&d->root, d->file),
			      "a kubeconfig is an object, not a value of type %s",
			      json_type_name(d->root.type));
	return 0;
}

int kube_config_resolve(struct kube_config *out, const struct kube_file *files, size_t n,
			const char *context, struct err *err)
{
	AUTO(arena_wipe) struct arena trees = { 0 };
	AUTO(kube_config_done) struct kube_config c = { 0 };
	struct documents docs = { arena_calloc(&trees, n + 1, sizeof(*docs.items)), n };
	for (size_t i = 0; i < n; i++)
		if (parse(&trees, &files[i], &docs.items[i], err) < 0)
			return -1;
	if (resolve(&c, &docs, context, err) < 0)
		return -1;
	*out = c;
	c = (struct kube_config){ 0 };
	return 0;
}
