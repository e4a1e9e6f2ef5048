/* See read.h: names and types of fields, from the schema of Kubernetes, and the forms of names. */
#include "policy/admission/read.h"

#include <ctype.h>
#include <string.h>

#include "plan/merge/schema.h"

enum { QUALIFIED_NAME_MAX = 63, SUBDOMAIN_MAX = 253 };

static bool is_reserved(const char *name)
{
	static const char *const words[] = {
		"as",       "break",   "const",  "continue", "else", "false", "for",
		"function", "if",      "import", "in",       "let",  "loop",  "namespace",
		"null",     "package", "return", "true",     "var",  "void",  "while",
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

bool is_cel_identifier(const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return !is_reserved(name);
}

/* n characters: letters, digits and `inner`, the latter not at an end. */
static bool is_word(const char *s, size_t n, const char *inner, bool capitals)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = islower(c) || isdigit(c) || (capitals && isupper(c));
		if (!plain && (i == 0 || i + 1 == n || !strchr(inner, s[i])))
			return false;
	}
	return n > 0;
}

static bool is_subdomain(const char *s, size_t n)
{
	const char *end = s + n;
	while (n <= SUBDOMAIN_MAX) {
		const char *dot = memchr(s, '.', (size_t)(end - s));
		if (!is_word(s, (size_t)((dot ? dot : end) - s), "-", false))
			return false;
		if (!dot)
			return true;
		s = dot + 1;
	}
	return false;
}

bool is_qualified_name(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;
	size_t n = strlen(name);
	return n <= QUALIFIED_NAME_MAX && is_word(name, n, "-_.", true) &&
	       (!slash || is_subdomain(s, (size_t)(slash - s)));
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
	else if (!is_subdomain(name, strlen(name)))
		problem_add(r->a, r->o, json_at(object, "metadata", "name", NULL),
			    "metadata.name \"%s\" has to be a DNS subdomain", name);
	return name ? name : "";
}
