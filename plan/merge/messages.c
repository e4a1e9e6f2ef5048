/* What the API server says of conflicts and of objects that it does not understand. */
#include "plan/merge/apply.h"

#include <string.h>

static void write_manager(struct buf *b, const struct merge_conflict *c)
{
	buf_printf(b, "\"%s\"", c->manager);
	if (*c->subresource)
		buf_printf(b, " with subresource \"%s\"", c->subresource);
	if (strcmp(c->operation, OPERATION_UPDATE) == 0)
		buf_printf(b, " using %s", c->api_version);
}

static const char *taken(struct arena *a, struct buf *b)
{
	const char *text = arena_strndup(a, buf_text(b), b->len);
	buf_done(b);
	return text;
}

const char *merge_conflict_cause(struct arena *a, const struct merge_conflict *conflict)
{
	struct buf b = { 0 };
	buf_puts(&b, "conflict with ");
	write_manager(&b, conflict);
	return taken(a, &b);
}

static bool same_manager(const struct merge_conflict *a, const struct merge_conflict *b)
{
	return strcmp(a->manager, b->manager) == 0 && strcmp(a->operation, b->operation) == 0 &&
	       strcmp(a->api_version, b->api_version) == 0 &&
	       strcmp(a->subresource, b->subresource) == 0;
}

const char *merge_conflict_message(struct arena *a, const struct merge_conflict *conflicts,
				   size_t n)
{
	struct buf b = { 0 };
	if (n == 1) {
		buf_puts(&b, "Apply failed with 1 conflict: conflict with ");
		write_manager(&b, conflicts);
		buf_printf(&b, ": %s", field_path_to_api(a, &conflicts->path));
		return taken(a, &b);
	}
	buf_printf(&b, "Apply failed with %zu conflicts: ", n);
	for (size_t i = 0; i < n; i++) {
		if (!i || !same_manager(&conflicts[i - 1], &conflicts[i])) {
			buf_puts(&b, i ? "\nconflicts with " : "conflicts with ");
			write_manager(&b, &conflicts[i]);
			buf_putc(&b, ':');
		}
		buf_printf(&b, "\n- %s", field_path_to_api(a, &conflicts[i].path));
	}
	return taken(a, &b);
}

const char *merge_problem_message(struct arena *a, const struct schema_problems *problems)
{
	struct buf b = { 0 };
	buf_puts(&b, problems->n > 1 ? "errors:" : "");
	for (size_t i = 0; i < problems->n; i++) {
		const struct schema_problem *p = &problems->items[i];
		const char *path = field_path_to_api(a, &p->path);
		buf_puts(&b, problems->n > 1 ? "\n  " : "");
		buf_printf(&b, "%s%s%s", path, *path ? ": " : "", p->message);
	}
	return taken(a, &b);
}
