/* See report.h. */
#include "apply/report.h"

#include <ctype.h>
#include <string.h>

#include "base/visible.h"

enum { WORD_COLUMNS = 12, ACTION_COLUMNS = 8, LABEL_COLUMNS = 44 };

static const char *const words[] = {
	[OUTCOME_NOT_TRIED] = "not tried", [OUTCOME_APPLIED] = "applied",
	[OUTCOME_UNCHANGED] = "unchanged", [OUTCOME_FAILED] = "failed",
	[OUTCOME_STALE] = "stale",         [OUTCOME_ROLLED_BACK] = "rolled back",
};
_Static_assert(ARRAY_LEN(words) == OUTCOME_COUNT, "every outcome needs a word");

bool result_object_is_plain(const struct object_result *o)
{
	return o->as_expected != EXPECTED_NO &&
	       (o->outcome == OUTCOME_APPLIED || o->outcome == OUTCOME_UNCHANGED);
}

const char *result_word(const struct object_result *o)
{
	return o->outcome == OUTCOME_APPLIED && o->as_expected == EXPECTED_NO ? "unexpected"
									      : words[o->outcome];
}

/* Only a kind begins with a capital letter; what stands before it is the API group. */
const char *result_label(struct arena *a, const struct object_result *o)
{
	const char *kind = o->id;
	if (!isupper((unsigned char)*kind))
		kind = strchr(kind, '/') ? strchr(kind, '/') + 1 : kind;
	const char *name = strchr(kind, '/');
	return name ? arena_fmt(a, "%.*s %s", (int)(name - kind), kind, name + 1) : kind;
}

const char *result_counts(struct arena *a, const struct apply_result *r)
{
	static const enum outcome order[] = { OUTCOME_APPLIED,     OUTCOME_UNCHANGED,
					      OUTCOME_FAILED,      OUTCOME_STALE,
					      OUTCOME_ROLLED_BACK, OUTCOME_NOT_TRIED };
	AUTO(buf_done) struct buf b = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		size_t n = result_count(r, order[i]);
		if (n)
			buf_printf(&b, "%s%zu %s", b.len ? ", " : "", n, words[order[i]]);
	}
	return arena_strdup(a, buf_text(&b));
}

/* Further lines are indented too. */
static void text_lines(struct buf *out, const char *text)
{
	do {
		size_t n = strcspn(text, "\n");
		visible_put(out, text, n, "\t");
		text += n + (text[n] == '\n');
		buf_putc(out, '\n');
		if (*text)
			buf_printf(out, "%*s", WORD_COLUMNS, "");
	} while (*text);
}

static void word(struct buf *out, const struct result_report_options *o, const char *text, bool bad)
{
	bool red = bad && o->color;
	buf_printf(out, "%s%s%s%*s", red ? "\033[31m" : "", text, red ? "\033[0m" : "",
		   (int)(WORD_COLUMNS > strlen(text) ? WORD_COLUMNS - strlen(text) : 1), "");
}

static void object(struct buf *out, const struct object_result *r,
		   const struct result_report_options *o)
{
	AUTO(arena_done) struct arena a = { 0 };
	word(out, o, result_word(r), r->outcome != OUTCOME_NOT_TRIED);
	buf_printf(out, "%-*s %-*s", ACTION_COLUMNS, action_name(r->action), LABEL_COLUMNS,
		   visible_line(&a, result_label(&a, r)));
	if (r->outcome != OUTCOME_NOT_TRIED)
		buf_printf(out, "  %.2f s", r->seconds);
	if (r->file)
		buf_printf(out, "   %s", visible_line(&a, r->file));
	if (r->file && r->line)
		buf_printf(out, ":%u", r->line);
	while (out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	buf_putc(out, '\n');
	if (r->message) {
		buf_printf(out, "%*s", WORD_COLUMNS, "");
		text_lines(out, r->message);
	}
}

/* A plan that was refused whole has one line for all its changes, not a thousand. */
static void not_tried(struct buf *out, const struct apply_result *r,
		      const struct result_report_options *o)
{
	size_t silent = 0;
	for (size_t i = 0; i < r->n_objects; i++)
		silent += r->objects[i].outcome == OUTCOME_NOT_TRIED && !r->objects[i].message;
	if (silent == r->n_objects && silent > 1) {
		word(out, o, words[OUTCOME_NOT_TRIED], false);
		buf_printf(out, "all %zu changes\n", silent);
		return;
	}
	for (size_t i = 0; i < r->n_objects; i++)
		if (r->objects[i].outcome == OUTCOME_NOT_TRIED)
			object(out, &r->objects[i], o);
}

void result_report(struct buf *out, const struct apply_result *r,
		   const struct result_report_options *o)
{
	AUTO(arena_done) struct arena a = { 0 };
	not_tried(out, r, o);
	for (size_t i = 0; i < r->n_objects; i++)
		if (r->objects[i].outcome != OUTCOME_NOT_TRIED &&
		    !result_object_is_plain(&r->objects[i]))
			object(out, &r->objects[i], o);
	for (size_t i = 0; i < r->n_problems; i++) {
		if (o->said && strcmp(o->said, r->problems[i]) == 0)
			continue;
		word(out, o, "problem", true);
		text_lines(out, r->problems[i]);
	}
	const char *counts = result_counts(&a, r);
	if (r->outcome == APPLY_APPLIED && !result_count(r, OUTCOME_APPLIED))
		buf_puts(out, "nothing to do: the cluster is as planned\n");
	if (r->rollback_of)
		buf_printf(out, "rollback of plan %.14s…\n", r->rollback_of);
	buf_printf(out, "%s%s%s   %.2f s\n", apply_outcome_name(r->outcome), *counts ? ": " : "",
		   counts, r->seconds);
	if (o->file)
		buf_printf(out, "Result in %s\n", visible_line(&a, o->file));
	if (*r->next)
		text_lines(out, r->next);
}
