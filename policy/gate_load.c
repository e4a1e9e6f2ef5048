/* Reading the files of policies; see gate.h. */
#include "policy/gate_internal.h"

#include <string.h>

#include "base/yaml.h"
#include "policy/checks/checks.h"

struct loading;
typedef int text_fn(struct loading *l, const struct buf *text, const char *path, struct err *err);

/* A walk over the files that one key of rhumb.yaml names. */
struct loading {
	struct gate *gate;
	struct repository *r;
	const char *what, *key; /* "policies" */
	text_fn *each;
	size_t files, bytes;
};

static bool is_policy_name(const char *path)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	size_t n = strlen(path);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t e = strlen(endings[i]);
		if (n > e && strcmp(path + n - e, endings[i]) == 0)
			return true;
	}
	return false;
}

struct documents {
	struct gate *gate;
	const char *file;
};

/* Tests stand beside the policies that they are of (docs/policy-test.md). */
static bool is_of_rhumb(const struct json *document, const char *kind)
{
	const char *version = json_get_str(document, "apiVersion");
	const char *its = json_get_str(document, "kind");
	return version && its && strcmp(version, "rhumb.dev/v1") == 0 && strcmp(its, kind) == 0;
}

/* Anything may be a param of a policy, but not what is meant to be a policy itself. */
static int read_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	static const struct {
		const char *group, *kind; /* kind NULL: any */
	} refused[] = {
		{ "rhumb.dev", NULL },
		{ "admissionregistration.k8s.io", "MutatingAdmissionPolicy" },
		{ "admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding" },
		{ "admissionregistration.k8s.io", "ValidatingWebhookConfiguration" },
		{ "admissionregistration.k8s.io", "MutatingWebhookConfiguration" },
	};
	const struct documents *d = ctx;
	const char *file = d->file, *version = json_get_str(document, "apiVersion");
	const char *kind = json_get_str(document, "kind");
	(void)index;
	if (is_of_rhumb(document, "PolicyTest") || is_of_rhumb(document, "PlanPolicy"))
		return is_of_rhumb(document, "PlanPolicy")
			       ? gate_annotate(d->gate, document, file, err)
			       : 0;
	for (size_t i = 0; version && kind && i < ARRAY_LEN(refused); i++) {
		size_t n = strlen(refused[i].group);
		if (strncmp(version, refused[i].group, n) != 0 || version[n] != '/' ||
		    (refused[i].kind && strcmp(kind, refused[i].kind) != 0))
			continue;
		return err_at(err, ERR_INPUT, json_pos(document, file),
			      "policies of kind %s are not evaluated: only "
			      "ValidatingAdmissionPolicy, its bindings and params, and PlanPolicy "
			      "of rhumb.dev/v1 can be here",
			      kind);
	}
	if (kind && strcmp(kind, "ValidatingAdmissionPolicy") == 0)
		return gate_annotate(d->gate, document, file, err);
	return 0;
}

static int add_policies(struct loading *l, const struct buf *text, const char *path,
			struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct documents d = { l->gate, path };
	if (yaml_parse(&scratch, buf_text(text), text->len, path, NULL, read_document, &d, err) < 0)
		return -1;
	if (plan_policies_add_file(l->gate->plan_policies, buf_text(text), text->len, path, err) <
	    0)
		return -1;
	return admission_add_file(l->gate->admission, buf_text(text), text->len, path, err);
}

static int read_waivers(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	const struct documents *d = ctx;
	(void)index;
	return waivers_add(&d->gate->waivers, &d->gate->arena, document, d->file, d->gate->now,
			   err);
}

static int add_waivers(struct loading *l, const struct buf *text, const char *path, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct documents d = { l->gate, path };
	return yaml_parse(&scratch, buf_text(text), text->len, path, NULL, read_waivers, &d, err);
}

static int add_blob(struct loading *l, const char *blob, const char *path, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	path = arena_strdup(&l->gate->arena, path); /* positions name it later */
	if (l->files++ == GATE_MAX_FILES)
		return err_at(err, ERR_LIMIT, (struct srcpos){ .file = path },
			      "more than %d files of %s (GATE_MAX_FILES)", GATE_MAX_FILES, l->what);
	if (repository_read(l->r, blob, GIT_MAX_FILE, &text, err) < 0)
		return err_locate(err, (struct srcpos){ .file = path });
	if (text.len > GATE_MAX_BYTES - l->bytes)
		return err_at(err, ERR_LIMIT, (struct srcpos){ .file = path },
			      "more than %d bytes of %s (GATE_MAX_BYTES)", GATE_MAX_BYTES, l->what);
	l->bytes += text.len;
	return l->each(l, &text, path, err);
}

static int on_entry(void *ctx, const struct tree_entry *entry, struct err *err)
{
	struct loading *l = ctx;
	if (entry->type == TREE_SUBMODULE)
		return err_at(err, ERR_INPUT, (struct srcpos){ .file = entry->path },
			      "a submodule among %s, which cannot be read", l->what);
	return is_policy_name(entry->path) ? add_blob(l, entry->id, entry->path, err) : 0;
}

static int add_path(struct loading *l, const char *tree, const char *path, struct err *err)
{
	char id[GIT_ID_TEXT];
	AUTO(err_done) struct err no_file = { 0 }, no_folder = { 0 };
	if (repository_find_file(l->r, tree, path, id, &no_file) == 0)
		return add_blob(l, id, path, err);
	if (no_file.code != ERR_NOT_FOUND)
		return err_move(err, &no_file);
	if (repository_subtree(l->r, tree, path, id, &no_folder) == 0)
		return repository_walk(l->r, tree, path, NULL, on_entry, l, err);
	if (no_folder.code != ERR_NOT_FOUND)
		return err_move(err, &no_folder);
	return err_at(err, ERR_INPUT, (struct srcpos){ .file = CONFIG_FILE },
		      "%s: there is no file or folder \"%s\"", l->key, path);
}

static int read_schema(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	const struct documents *d = ctx;
	struct gate *g = d->gate;
	(void)index;
	if (!json_is(json_at(document, "components", "schemas", NULL), JSON_OBJECT))
		return err_at(
			err, ERR_INPUT, json_pos(document, d->file),
			"a saved schema is an OpenAPI v3 document with components.schemas, as "
			"`kubectl get --raw /openapi/v3/apis/apps/v1` gives it");
	struct json *copy = arena_alloc(&g->arena, sizeof(*copy));
	*copy = json_copy(&g->arena, document);
	GROW(g->documents, g->n_documents, g->cap_documents);
	g->documents[g->n_documents++] = copy;
	return 0;
}

static int add_schema(struct loading *l, const struct buf *text, const char *path, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	struct documents d = { l->gate, path };
	return yaml_parse(&scratch, buf_text(text), text->len, path, NULL, read_schema, &d, err);
}

static int load(struct gate *g, const struct gate_options *o, struct err *err)
{
	const struct config *c = o->config;
	struct loading policies = { g, o->repository, "policies", "policies", add_policies, 0, 0 };
	struct loading waivers = { g, o->repository, "waivers", "waivers", add_waivers, 0, 0 };
	struct loading schemas = { g, o->repository, "schemas", "schema", add_schema, 0, 0 };
	for (size_t i = 0; i < c->policy.n_schemas; i++)
		if (add_path(&schemas, o->tree, c->policy.schemas[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->n_policies; i++)
		if (add_path(&policies, o->tree, c->policies[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->policy.n_waivers; i++)
		if (add_path(&waivers, o->tree, c->policy.waivers[i], err) < 0)
			return -1;
	return 0;
}

int gate_load(struct gate **out, const struct gate_options *o, struct err *err)
{
	AUTO(gate_free_p) struct gate *g = xcalloc(1, sizeof(*g));
	g->admission = admission_new();
	g->plan_policies = plan_policies_new();
	g->config = &o->config->policy;
	g->now = o->now;
	g->cluster_policies = o->cluster_policies;
	if (checks_configured(g->config, err) < 0 || load(g, o, err) < 0)
		return -1;
	*out = TAKE(g);
	return 0;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	admission_free(g->admission);
	plan_policies_free(g->plan_policies);
	waivers_done(&g->waivers);
	free(g->annotated);
	free(g->documents);
	kind_table_done(&g->kinds);
	arena_done(&g->arena);
	free(g);
}
