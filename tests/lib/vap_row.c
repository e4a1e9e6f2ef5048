#include "tests/lib/vap_row.h"

static const struct json *or_null(const struct json *v)
{
	return v && v->type != JSON_NULL ? v : NULL;
}

static const char *text_in(const struct json *v, const char *key)
{
	const char *text = json_get_str(v, key);
	return text ? text : "";
}

struct admission_change vap_change(const struct json *row, struct kind *resource)
{
	const struct json *request = json_get(row, "request");
	const struct json *kind = json_get(request, "kind");
	*resource = (struct kind){
		.group = text_in(kind, "group"),
		.version = text_in(kind, "version"),
		.kind = text_in(kind, "kind"),
		.plural = text_in(json_get(request, "resource"), "resource"),
		.namespaced = *text_in(request, "namespace") != '\0',
	};
	return (struct admission_change){
		.operation = text_in(request, "operation"),
		.group = resource->group,
		.version = resource->version,
		.kind = resource->kind,
		.resource = resource,
		.subresource = text_in(request, "subResource"),
		.namespace = text_in(request, "namespace"),
		.name = text_in(request, "name"),
		.object = or_null(json_get(row, "object")),
		.old_object = or_null(json_get(row, "oldObject")),
		.namespace_object = or_null(json_get(row, "namespaceObject")),
		.user_info = json_get(request, "userInfo"),
		.options = json_get(request, "options"),
		.dry_run = json_true(json_get(request, "dryRun")),
	};
}
