/* See activation.h. */
#include "policy/admission/activation.h"

#include <string.h>

static bool is_named(const char *name, uint32_t n, const char *what)
{
	return strlen(what) == n && memcmp(name, what, n) == 0;
}

/* ---- request */

static const struct json *group_version(struct request_record *r, const char *last,
					const char *value)
{
	struct json *v = arena_alloc(r->arena, sizeof(*v));
	*v = json_of_object();
	json_set_str(r->arena, v, "group", r->change->group);
	json_set_str(r->arena, v, "version", r->change->version);
	json_set_str(r->arena, v, last, value);
	return v;
}

static struct cel_value kind_of(struct request_record *r)
{
	if (!r->kind)
		r->kind = group_version(r, "kind", r->change->kind);
	return cel_of_json(r->kind);
}

static struct cel_value resource_of(struct request_record *r)
{
	if (!r->change->resource)
		return cel_unknown("the kind is not known here, nor the name of its resource");
	if (!r->resource)
		r->resource = group_version(r, "resource", r->change->resource->plural);
	return cel_of_json(r->resource);
}

static struct cel_value known_json(const struct json *v, const char *reason)
{
	return v ? cel_of_json(v) : cel_unknown(reason);
}

enum request_field {
	FIELD_DRY_RUN,
	FIELD_KIND,
	FIELD_NAME,
	FIELD_NAMESPACE,
	FIELD_OPERATION,
	FIELD_OPTIONS,
	FIELD_RESOURCE,
	FIELD_SUBRESOURCE,
	FIELD_USER,
};

static const struct {
	const char *name;
	enum request_field field;
} request_fields[] = {
	{ "dryRun", FIELD_DRY_RUN },
	{ "kind", FIELD_KIND },
	{ "name", FIELD_NAME },
	{ "namespace", FIELD_NAMESPACE },
	{ "operation", FIELD_OPERATION },
	{ "options", FIELD_OPTIONS },
	{ "requestKind", FIELD_KIND },
	{ "requestResource", FIELD_RESOURCE },
	{ "requestSubResource", FIELD_SUBRESOURCE },
	{ "resource", FIELD_RESOURCE },
	{ "subResource", FIELD_SUBRESOURCE },
	{ "userInfo", FIELD_USER },
};

/* What is empty is left out, as in the JSON of an AdmissionRequest. */
static const char *text_of(const struct admission_change *change, enum request_field field)
{
	switch (field) {
	case FIELD_NAME:
		return change->name;
	case FIELD_NAMESPACE:
		return change->namespace;
	case FIELD_OPERATION:
		return change->operation;
	case FIELD_SUBRESOURCE:
		return change->subresource;
	default:
		return NULL;
	}
}

static bool request_get(const struct cel_record *record, struct cel_call *c, const char *name,
			uint32_t n, struct cel_value *out)
{
	struct request_record *r = (struct request_record *)record;
	const struct admission_change *change = r->change;
	(void)c;
	size_t i = 0;
	while (i < ARRAY_LEN(request_fields) && !is_named(name, n, request_fields[i].name))
		i++;
	if (i == ARRAY_LEN(request_fields))
		return false;
	enum request_field field = request_fields[i].field;
	const char *text = text_of(change, field);
	bool is_text = field == FIELD_NAME || field == FIELD_NAMESPACE ||
		       field == FIELD_OPERATION || field == FIELD_SUBRESOURCE;
	if (is_text && (!text || !*text))
		return false;
	if (!out)
		return true;
	if (is_text)
		*out = cel_text(text);
	else if (field == FIELD_DRY_RUN)
		*out = cel_bool(change->dry_run);
	else if (field == FIELD_KIND)
		*out = kind_of(r);
	else if (field == FIELD_RESOURCE)
		*out = resource_of(r);
	else if (field == FIELD_USER)
		*out = known_json(change->user_info, "who will send the request is not known");
	else
		*out = known_json(change->options, "the options of the request are not known");
	return true;
}

/* ---- namespaceObject */

struct part {
	const char *name;
	const struct part *parts; /* of an object that is filtered too; ends with an empty row */
};

static const struct part metadata_parts[] = {
	{ "name", NULL },
	{ "generateName", NULL },
	{ "namespace", NULL },
	{ "labels", NULL },
	{ "annotations", NULL },
	{ "uid", NULL },
	{ "creationTimestamp", NULL },
	{ "deletionGracePeriodSeconds", NULL },
	{ "deletionTimestamp", NULL },
	{ "generation", NULL },
	{ "resourceVersion", NULL },
	{ "finalizers", NULL },
	{ NULL, NULL },
};
static const struct part spec_parts[] = { { "finalizers", NULL }, { NULL, NULL } };
static const struct part status_parts[] = { { "phase", NULL },
					    { "conditions", NULL },
					    { NULL, NULL } };
static const struct part namespace_parts[] = {
	{ "metadata", metadata_parts },
	{ "spec", spec_parts },
	{ "status", status_parts },
	{ NULL, NULL },
};

struct part_record {
	struct cel_record record;
	const struct json *object;
	const struct part *parts;
};

static bool is_empty(const struct json *v)
{
	return !v || v->type == JSON_NULL ||
	       ((v->type == JSON_STRING || v->type == JSON_ARRAY || v->type == JSON_OBJECT) &&
		v->n == 0);
}

static bool part_get(const struct cel_record *record, struct cel_call *c, const char *name,
		     uint32_t n, struct cel_value *out);

static bool get_part(const struct json *object, const struct part *parts, struct cel_call *c,
		     const char *name, uint32_t n, struct cel_value *out)
{
	while (parts->name && !is_named(name, n, parts->name))
		parts++;
	if (!parts->name)
		return false;
	const struct json *v = json_get(object, parts->name);
	/* metadata, spec and status are always there, what is in them only where it is set. */
	if (!parts->parts && is_empty(v))
		return false;
	if (!out)
		return true;
	if (!parts->parts) {
		*out = cel_of_json(v);
		return true;
	}
	struct part_record *r = cel_alloc(c, sizeof(*r));
	if (!r) {
		*out = cel_stop(c);
		return true;
	}
	*r = (struct part_record){ { part_get }, v, parts->parts };
	*out = cel_record(&r->record);
	return true;
}

static bool part_get(const struct cel_record *record, struct cel_call *c, const char *name,
		     uint32_t n, struct cel_value *out)
{
	const struct part_record *r = (const struct part_record *)record;
	return get_part(r->object, r->parts, c, name, n, out);
}

static bool namespace_get(const struct cel_record *record, struct cel_call *c, const char *name,
			  uint32_t n, struct cel_value *out)
{
	const struct namespace_record *r = (const struct namespace_record *)record;
	return get_part(r->object, namespace_parts, c, name, n, out);
}

/* null for what is in no namespace, and for a Namespace. */
static struct cel_value namespace_of(const struct activation *v)
{
	const struct admission_change *change = v->request.change;
	bool is_namespace = strcmp(change->kind, "Namespace") == 0 && !*change->group;
	if (is_namespace || !change->namespace || !*change->namespace)
		return cel_null();
	if (!v->namespace.object)
		return cel_unknown("the namespace of the object is not known");
	return cel_record(&v->namespace.record);
}

/* ---- all of them */

void activation_begin(struct activation *v, const struct admission_change *change,
		      struct arena *arena)
{
	v->request = (struct request_record){ { request_get }, change, arena, NULL, NULL };
	v->namespace = (struct namespace_record){ { namespace_get }, change->namespace_object };
	v->object = cel_of_json(change->object);
	v->old_object = cel_of_json(change->old_object);
	v->authorizer = cel_unknown("what the authorizer allows is not known here");
}

void activation_done(struct activation *v)
{
	variables_done(&v->variables);
}

void activation_forget(struct activation *v, const struct policy *p)
{
	variables_begin(&v->variables, &p->rules);
}

static void set(struct cel_run *run, int slot, struct cel_value value)
{
	if (slot != NO_SLOT)
		cel_run_set(run, (unsigned)slot, value);
}

void activation_bind(struct activation *v, struct cel_run *run, const struct admission *a,
		     const struct policy *p, const struct param *param, enum phase phase)
{
	const struct scope *s = phase == PHASE_CONDITIONS ? &p->conditions_scope
				: phase == PHASE_RULES    ? &p->rules_scope
							  : &p->messages_scope;
	cel_run_set(run, a->slot_object, v->object);
	cel_run_set(run, a->slot_old, v->old_object);
	cel_run_set(run, a->slot_request, cel_record(&v->request.record));
	/* Kubernetes gives the conditions none. */
	cel_run_set(run, a->slot_namespace,
		    phase == PHASE_CONDITIONS ? cel_null() : namespace_of(v));
	set(run, s->params, cel_of_json(param ? param->object : NULL));
	set(run, s->variables, cel_record(&v->variables.record));
	set(run, s->authorizer, v->authorizer);
	set(run, s->request_resource, v->authorizer);
}
