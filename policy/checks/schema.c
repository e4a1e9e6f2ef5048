/* Objects against their schemas, where no server has looked at them.
 *
 * Of a kind of a CRD that Git declares or the cluster has, its schema; else a saved OpenAPI v3
 * document (`schema` in rhumb.yaml); else what is built in: fields and types of Kubernetes' own
 * kinds. */
#include <string.h>

#include "plan/merge/schema.h"
#include "policy/checks/check.h"
#include "policy/checks/openapi.h"
#include "policy/checks/subjects.h"

struct asking {
	struct check_run *r;
	enum openapi_problem wanted;
};

static void on_problem(void *ctx, enum openapi_problem what, const struct json *node,
		       const char *message)
{
	struct asking *a = ctx;
	if (what == a->wanted)
		complain(a->r, node, "%s", message);
}

static const struct json *crd_schema(const struct json *crd, const char *version)
{
	const struct json *versions = list_in(json_get(crd, "spec"), "versions");
	for (uint32_t i = 0; i < versions->n; i++)
		if (text_is(json_get(&versions->items[i], "name"), version))
			return json_at(&versions->items[i], "schema", "openAPIV3Schema", NULL);
	return NULL;
}

/* One that only the cluster has: it is asked for where no server has looked at the object. */
static const struct json *of_cluster(struct check_run *r, const struct object_ref *ref)
{
	const struct kind *kind =
		kinds_find(r->scene->view->kinds, ref->group, ref->version, ref->kind);
	const struct json *crd = NULL;
	if (!kind || !strchr(ref->group, '.') || strstr(ref->group, ".k8s.io"))
		return NULL;
	const char *name = arena_fmt(&r->arena, "%s.%s", kind->plural, ref->group);
	world_find(r, "apiextensions.k8s.io", "CustomResourceDefinition", "", name, &crd);
	return crd ? crd_schema(crd, ref->version) : NULL;
}

static const struct json *of_crds(struct check_run *r, const struct object_ref *ref)
{
	for (size_t i = 0; i < r->scene->n_crds; i++) {
		const struct json *spec = json_get(r->scene->crds[i], "spec");
		if (text_is(json_get(spec, "group"), ref->group) &&
		    text_is(json_at(spec, "names", "kind", NULL), ref->kind))
			return crd_schema(r->scene->crds[i], ref->version);
	}
	return of_cluster(r, ref);
}

static void on_builtin(struct asking *a, const struct checked *o)
{
	static const struct schema_set builtin; /* knows the built-in kinds */
	struct schema_problems problems = { 0 };
	schema_check(&a->r->arena, schema_of(&builtin, o->object), o->object, &problems);
	for (size_t i = 0; i < problems.n; i++) {
		const struct schema_problem *p = &problems.items[i];
		const char *field = p->path.n ? p->path.elements[p->path.n - 1].name : NULL;
		if (p->type == PROBLEM_UNKNOWN_FIELD && a->wanted == OPENAPI_UNKNOWN)
			complain(a->r, p->value, "unknown field \"%.200s\"%s%s%s",
				 field ? field : "", p->similar ? " (did you mean \"" : "",
				 p->similar ? p->similar : "", p->similar ? "\"?)" : "");
		else if (p->type == PROBLEM_TYPE && a->wanted == OPENAPI_TYPE)
			complain(a->r, p->value, "%s", p->message);
	}
}

static void look(struct check_run *r, const struct checked *o, enum openapi_problem wanted)
{
	struct asking a = { r, wanted };
	AUTO(arena_done) struct arena scratch = { 0 };
	/* A server was asked with strict validation: what it says is in the plan already. */
	if (o->change->verified == VERIFIED_SERVER)
		return;
	struct object_ref ref = object_ref_of(&scratch, o->object);
	const struct json *schema = of_crds(r, &ref);
	if (schema) {
		openapi_check(schema, NULL, o->object, on_problem, &a);
		return;
	}
	for (size_t i = 0; i < r->n_documents; i++) {
		schema = openapi_schema_of(r->documents[i], ref.group, ref.version, ref.kind);
		if (schema) {
			openapi_check(schema, r->documents[i], o->object, on_problem, &a);
			return;
		}
	}
	on_builtin(&a, o);
}

void check_unknown_field(struct check_run *r, const struct checked *o)
{
	look(r, o, OPENAPI_UNKNOWN);
}

void check_wrong_type(struct check_run *r, const struct checked *o)
{
	look(r, o, OPENAPI_TYPE);
}

void check_missing_field(struct check_run *r, const struct checked *o)
{
	look(r, o, OPENAPI_MISSING);
}

void check_invalid_value(struct check_run *r, const struct checked *o)
{
	look(r, o, OPENAPI_VALUE);
}
