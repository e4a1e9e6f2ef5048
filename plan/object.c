/* See object.h. */
#include "plan/object.h"

#include <string.h>

int object_ref_compare(const struct object_ref *a, const struct object_ref *b)
{
	int d = strcmp(a->group, b->group);
	if (!d)
		d = strcmp(a->kind, b->kind);
	if (!d)
		d = strcmp(a->namespace, b->namespace);
	return d ? d : strcmp(a->name, b->name);
}

static const char *slash(const char *part)
{
	return *part ? "/" : "";
}

const char *object_ref_id(struct arena *a, const struct object_ref *ref)
{
	return arena_fmt(a, "%s%s%s/%s%s%s", ref->group, slash(ref->group), ref->kind,
			 ref->namespace, slash(ref->namespace), ref->name);
}

const char *object_ref_label(struct arena *a, const struct object_ref *ref)
{
	return arena_fmt(a, "%s %s%s%s", ref->kind, ref->namespace, slash(ref->namespace),
			 ref->name);
}

const char *object_ref_api_version(struct arena *a, const struct object_ref *ref)
{
	return arena_fmt(a, "%s%s%s", ref->group, slash(ref->group), ref->version);
}

void object_split_api_version(struct arena *a, const char *api_version, const char **group,
			      const char **version)
{
	const char *cut = strchr(api_version, '/');
	*group = cut ? arena_strndup(a, api_version, (size_t)(cut - api_version)) : "";
	*version = arena_strdup(a, cut ? cut + 1 : api_version);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

struct object_ref object_ref_of(struct arena *a, const struct json *object)
{
	const struct json *metadata = json_get(object, "metadata");
	struct object_ref ref = {
		.kind = or_empty(json_get_str(object, "kind")),
		.namespace = or_empty(json_get_str(metadata, "namespace")),
		.name = or_empty(json_get_str(metadata, "name")),
	};
	object_split_api_version(a, or_empty(json_get_str(object, "apiVersion")), &ref.group,
				 &ref.version);
	return ref;
}

struct object_ref object_ref_copy(struct arena *a, const struct object_ref *ref)
{
	return (struct object_ref){
		.group = arena_strdup(a, ref->group),
		.version = arena_strdup(a, ref->version),
		.kind = arena_strdup(a, ref->kind),
		.namespace = arena_strdup(a, ref->namespace),
		.name = arena_strdup(a, ref->name),
	};
}

bool object_is_secret(const struct object_ref *ref)
{
	return strcmp(ref->kind, "Secret") == 0 && *ref->group == '\0';
}
