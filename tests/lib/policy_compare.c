/* What policies say here beside what a server says: see policy_side.h. */
#include "tests/lib/policy_side.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/fixture.h"

enum { LINES_MAX = 300, BYTES_MAX = 900 /* of a report */ };

#define VAP_WARNING "Validation failed for ValidatingAdmissionPolicy"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void join_sorted(struct buf *out, const char **texts, size_t n)
{
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "    %s\n", texts[i]);
}

/* A server leaves out a warning of several lines, as no header can carry it. */
static bool fits_header(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static void add_warning(const char **texts, size_t *n, const char *text)
{
	if (fits_header(text))
		texts[(*n)++] = text;
}

static void warnings_here(struct buf *out, struct arena *arena, const struct admission_verdict *v)
{
	const char **texts = arena_calloc(arena, v->n + 1, sizeof(*texts));
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++)
		if (v->results[i].outcome != ADMISSION_VIOLATION)
			buf_printf(out, "    undecided: %s\n", v->results[i].message);
		else if (v->results[i].actions & ADMISSION_WARN)
			add_warning(texts, &n, admission_warning(arena, &v->results[i]));
	join_sorted(out, texts, n);
}

static void warnings_there(struct buf *out, struct arena *arena, const struct policy_answer *a)
{
	const char **texts = arena_calloc(arena, a->n + 1, sizeof(*texts));
	size_t n = 0;
	for (size_t i = 0; i < a->n; i++)
		if (strncmp(a->warnings[i], VAP_WARNING, sizeof(VAP_WARNING) - 1) == 0)
			texts[n++] = a->warnings[i];
	join_sorted(out, texts, n);
}

void policy_compare(struct buf *out, struct policy_side *s, const struct policy_question *q,
		    const struct policy_answer *a)
{
	AUTO(buf_done) struct buf ours = { 0 }, theirs = { 0 };
	const struct admission_verdict *v = policy_ask_here(s, q);
	const struct admission_result *denial = NULL;
	bool same_denial = false;
	for (size_t i = 0; i < v->n; i++) {
		const struct admission_result *r = &v->results[i];
		if (!(r->actions & ADMISSION_DENY))
			continue;
		denial = r;
		same_denial |=
			a->status == r->code && strstr(a->message, admission_denial(&s->arena, r));
	}
	warnings_here(&ours, &s->arena, v);
	warnings_there(&theirs, &s->arena, a);
	bool same = denial ? same_denial : a->status == 200 || a->status == 201;
	if (same && strcmp(buf_text(&ours), buf_text(&theirs)) == 0)
		return;
	buf_printf(out, "%s %s: the server answers %d %s\n%s  rhumb %s\n%s", q->kind, q->name,
		   a->status, a->message, buf_text(&theirs),
		   denial ? admission_denial(&s->arena, denial) : "denies nothing",
		   buf_text(&ours));
}

/* Line by line, as cmocka cuts long messages. */
void policy_compare_report(const struct buf *differences)
{
	size_t lines = 0;
	const char *at = buf_text(differences);
	for (; *at && lines < LINES_MAX; lines++) {
		size_t n = strcspn(at, "\n");
		print_error("%.*s\n", (int)(n < BYTES_MAX ? n : BYTES_MAX), at);
		at += n + (at[n] == '\n');
	}
	if (lines)
		fail_msg("rhumb and the server differ");
}
