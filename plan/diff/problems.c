/* Errors in manifests, collected so that people see all of them at once; see build.h. */
#include "plan/diff/subject.h"

#include <string.h>

void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		err_done(&p->items[i]);
	free(p->items);
	*p = (struct problems){ 0 };
}

void build_problem(struct build *b, struct srcpos at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	struct problems *p = b->problems;
	GROW(p->items, p->n, p->cap);
	p->items[p->n] = (struct err){ 0 };
	err_at(&p->items[p->n++], ERR_INPUT, at, "%s", text);
}

/* "spec.template.spec" and "replica" of /spec/template/spec/replica, as people write paths. */
static const char *people_path(struct arena *a, const struct field_path *path, size_t n)
{
	struct field_path part = { path->elements, n };
	const char *text = field_path_to_api(a, &part);
	return *text == '.' ? text + 1 : text;
}

static void report(struct build *b, const struct subject *s, const struct schema_problem *p)
{
	struct arena *a = &b->arena;
	const char *label = object_ref_label(a, &s->ref);
	struct srcpos at = { s->head->file, p->line ? p->line : s->head->line,
			     p->line ? p->col : s->head->col };
	size_t n = p->path.n;
	if (p->type == PROBLEM_UNKNOWN_FIELD && n) {
		const char *where = people_path(a, &p->path, n - 1);
		const char *hint =
			p->similar ? arena_fmt(a, " (did you mean \"%s\"?)", p->similar) : "";
		build_problem(b, at, "unknown field \"%s\" in %s%s%s%s",
			      p->path.elements[n - 1].name, label, *where ? " at " : "", where,
			      hint);
	} else {
		build_problem(b, at, "%s in %s: %s", people_path(a, &p->path, n), label,
			      p->message ? p->message : "is missing");
	}
}

bool build_check_manifest(struct build *b, const struct subject *s)
{
	struct schema_problems found = { 0 };
	const struct schema_node *schema = build_schema(b, s);
	schema_check(&b->arena, schema, &s->head->object, &found);
	schema_missing(&b->arena, s->kind && s->kind->deferred ? schema : NULL, &s->head->object,
		       &found);
	for (size_t i = 0; i < found.n; i++)
		report(b, s, &found.items[i]);
	return found.n > 0;
}
