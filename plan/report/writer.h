/* What the parts of a text report share: a writer, styles, columns.
 *
 *   writer.c   putting text, so that nothing from outside drives the terminal
 *   text.c     the report of a plan (text.h)
 *   policy.c   what policies said, in it and by itself */
#ifndef PLAN_REPORT_WRITER_H
#define PLAN_REPORT_WRITER_H

#include "plan/report/text.h"

enum style { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, CYAN };

struct writer {
	struct buf *out;
	const struct plan *p;
	const struct report_options *o;
	struct arena arena;
	size_t width;
	size_t policy_width; /* of the column of policies' names */
};

/* All that is not our own constant text goes through here or report_styled(): manifests, servers
 * and plan files must not drive the terminal or break lines. */
void report_put(struct writer *w, const char *text);
void report_styled(struct writer *w, enum style style, const char *text);

/* How wide a text is. */
size_t report_columns(const char *s);

/* Text in a column: padded to `n`, and always followed by a space. */
void report_cell(struct writer *w, enum style style, const char *text, size_t n);

/* Without the blanks at the end of the line. */
void report_newline(struct writer *w);

/* A paragraph below what it is about, wrapped. */
void report_indented(struct writer *w, enum style style, const char *text);

/* The verdicts with their places, and the waivers that can be removed. */
void report_verdicts(struct writer *w);
void report_waivers(struct writer *w);

#endif
