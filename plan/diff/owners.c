/* See owners.h. */
#include "plan/diff/owners.h"

#include <string.h>

#include "plan/cluster/cluster.h"

/* Names of field managers as these tools send them.  kubectl's commands are kubectl-edit,
 * kubectl-patch, kubectl-client-side-apply, ...: any name that begins so. */
static const struct {
	const char *name;
	bool prefix;
} takeable_managers[] = {
	{ "Lens", true },
	{ "argocd", true },              /* argocd-controller, argocd-server */
	{ "before-first-apply", false }, /* written by the API server for what had no manager */
	{ "helm", false },
	{ "helm-controller", false },
	{ "k9s", false },
	{ "kapp", true },
	{ "kluctl", true },
	{ "kubectl", false },
	{ "kubectl-", true },
	{ "kustomize-controller", false },
	{ "node-fetch", false }, /* Lens and Headlamp in the browser */
	{ "rhumb", false }, /* an update by us that is not an apply: none is sent, but be sure */
	{ "terraform", true },
};

static bool is_takeable(const char *manager)
{
	for (size_t i = 0; i < ARRAY_LEN(takeable_managers); i++) {
		const char *name = takeable_managers[i].name;
		if (takeable_managers[i].prefix ? strncmp(manager, name, strlen(name)) == 0
						: strcmp(manager, name) == 0)
			return true;
	}
	return false;
}

static const char *text_or_empty(const struct json *v, const char *key)
{
	const char *s = json_get_str(v, key);
	return s ? s : "";
}

void owners_of(struct arena *a, const struct json *live, struct owners *out)
{
	const struct json *entries = json_at(live, "metadata", "managedFields", NULL);
	*out = (struct owners){ 0 };
	if (!json_is(entries, JSON_ARRAY))
		return;
	out->items = arena_calloc(a, entries->n, sizeof(*out->items));
	for (uint32_t i = 0; i < entries->n; i++) {
		const struct json *e = &entries->items[i];
		struct owner o = {
			.manager = text_or_empty(e, "manager"),
			.operation = text_or_empty(e, "operation"),
			.subresource = text_or_empty(e, "subresource"),
			.time = text_or_empty(e, "time"),
		};
		AUTO(err_done) struct err ignored = { 0 };
		if (field_set_parse(a, json_get(e, "fieldsV1"), &o.fields, &ignored) < 0)
			continue;
		o.ours = strcmp(o.manager, FIELD_MANAGER) == 0 &&
			 strcmp(o.operation, "Apply") == 0 && !*o.subresource;
		/* What a subresource wrote (scale, status) was a controller or an explicit act on
		 * that subresource; `kubectl scale` is people. */
		o.takeable = !o.ours && is_takeable(o.manager);
		out->items[out->n++] = o;
	}
}

const struct owner *owners_find(const struct owners *owners, const struct field_path *path)
{
	const struct owner *found = NULL;
	for (size_t i = 0; i < owners->n; i++) {
		const struct owner *o = &owners->items[i];
		if (o->ours || !field_set_touches(&o->fields, path))
			continue;
		if (!found || strcmp(o->time, found->time) > 0)
			found = o;
	}
	return found;
}

bool owners_all_takeable(const struct owners *owners, const struct field_path *path)
{
	for (size_t i = 0; i < owners->n; i++) {
		const struct owner *o = &owners->items[i];
		if (!o->ours && !o->takeable && field_set_touches(&o->fields, path) &&
		    !field_set_touches(&o->forced, path))
			return false;
	}
	return true;
}

/* Members of x that are members of wanted or below one. */
static struct field_set within(struct arena *a, const struct field_set *x,
			       const struct field_set *wanted)
{
	struct field_set rest = field_set_subtract(a, x, wanted);
	return field_set_difference(a, x, &rest);
}

void owners_takeovers(struct arena *a, const struct owners *owners, const struct field_set *wanted,
		      struct takeover **out, size_t *n)
{
	*out = arena_calloc(a, owners->n, sizeof(**out));
	*n = 0;
	for (size_t i = 0; i < owners->n; i++) {
		const struct owner *o = &owners->items[i];
		struct field_set taken = within(a, o->takeable ? &o->fields : &o->forced, wanted);
		if (field_set_empty(&taken))
			continue;
		struct json *fields = arena_calloc(a, 1, sizeof(*fields));
		*fields = field_set_json(a, &taken);
		(*out)[(*n)++] =
			(struct takeover){ o->manager, o->operation, o->subresource, fields };
	}
}

struct filter {
	struct arena *arena;
	const struct owners *owners;
	const struct json *head, *live;
	struct field_set kept;
};

static bool held_by_takeable(const struct owners *owners, const struct field_path *path)
{
	bool held = false;
	for (size_t i = 0; i < owners->n; i++) {
		const struct owner *o = &owners->items[i];
		if (o->ours || !field_set_touches(&o->fields, path))
			continue;
		if (!o->takeable && !field_set_touches(&o->forced, path))
			return false; /* a controller holds it: not ours to remove */
		held = true;
	}
	return held;
}

static int keep_if_held(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct filter *f = ctx;
	/* An empty map at base may have members at head: then it has not gone. */
	if (field_path_get(f->live, path) && !field_path_get(f->head, path) &&
	    held_by_takeable(f->owners, path))
		field_set_insert(f->arena, &f->kept, path);
	return 0;
}

struct field_set owners_dropped(struct arena *a, const struct owners *owners,
				const struct schema_node *schema, const struct json *base,
				const struct json *head, const struct json *live)
{
	if (!base || !head || !live)
		return (struct field_set){ 0 };
	struct field_set in_base = field_set_of(a, schema, base);
	struct field_set in_head = field_set_of(a, schema, head);
	in_base = field_set_strip(a, &in_base);
	in_head = field_set_strip(a, &in_head);
	/* Not field_set_subtract(): a container that stays is a member, and must not hide a field
	 * below it that goes. */
	struct field_set gone = field_set_difference(a, &in_base, &in_head);
	struct filter f = { a, owners, head, live, { 0 } };
	AUTO(err_done) struct err ignored = { 0 };
	field_set_walk(&gone, keep_if_held, &f, &ignored);
	return f.kept;
}

void owners_attribute(struct arena *a, const struct owners *owners, struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		AUTO(err_done) struct err ignored = { 0 };
		struct field_path path;
		if (field_path_parse(a, fields[i].path, &path, &ignored) < 0)
			continue;
		const struct owner *o = owners_find(owners, &path);
		fields[i].owner = o ? o->manager : NULL;
		fields[i].since = o && *o->time ? o->time : NULL;
	}
}
