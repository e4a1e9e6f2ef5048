/* See read.h: names and types of fields, from the schema of Kubernetes. */
#include "policy/admission/read.h"

#include <string.h>

#include "plan/merge/schema.h"

static void on_problem(void *ctx, const struct json *node, const char *message)
{
	const struct reader *r = ctx;
	problem_add(r->a, r->o, node, "%s", message);
}

void reader_begin(struct reader *r, struct admission *a, const struct origin *o)
{
	*r = (struct reader){ a, o, { &a->arena, o->source, on_problem, r } };
}

/* "spec.validations[0]" */
static const char *place_of(struct arena *a, struct field_path path, size_t n)
{
	path.n = n;
	const char *text = field_path_to_api(a, &path);
	return *text == '.' ? text + 1 : text;
}

static const char *field_problem(struct arena *a, const struct schema_problem *p)
{
	if (p->type == PROBLEM_UNKNOWN_FIELD && p->path.n > 0) {
		const char *all = place_of(a, p->path, p->path.n);
		const char *outer = place_of(a, p->path, p->path.n - 1);
		size_t n = strlen(outer);
		return arena_fmt(a, "unknown field \"%s\"%s%s%s%s%s", all + n + (n > 0),
				 n ? " in " : "", outer, p->similar ? " (did you mean \"" : "",
				 p->similar ? p->similar : "", p->similar ? "\"?)" : "");
	}
	const char *got = strstr(p->message, ", got ");
	int length = got ? (int)(got - p->message) : (int)strlen(p->message);
	return arena_fmt(a, "%s: %.*s%s%s", place_of(a, p->path, p->path.n), length, p->message,
			 got ? ", got " : "",
			 got && p->value ? json_type_name((enum json_type)p->value->type) : "");
}

void read_check_fields(const struct reader *r, const struct json *object)
{
	static const struct schema_set builtin;
	AUTO(arena_done) struct arena scratch = { 0 };
	struct schema_problems found = { 0 };
	schema_check(&scratch, schema_of(&builtin, object), object, &found);
	for (size_t i = 0; i < found.n; i++) {
		const struct schema_problem *p = &found.items[i];
		struct srcpos at = { r->o->source->name, p->line, p->col };
		problem_add_at(r->a, r->o, at, NULL, field_problem(&scratch, p));
	}
}

const char *read_object_name(const struct reader *r, const struct json *object)
{
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	if (!name || !*name)
		problem_add(r->a, r->o, field_or(object, "metadata"), "metadata.name is missing");
	else if (!is_dns_subdomain(name))
		problem_add(r->a, r->o, json_at(object, "metadata", "name", NULL),
			    "metadata.name \"%s\" has to be a DNS subdomain", name);
	return name ? name : "";
}
