/* What people see while an apply is at work, on stderr.
 *
 *   display_new()       `live`: on a terminal, drawn again as it goes on
 *   display_progress()  what apply_run() is given
 *   display_end()       the last drawing stays; before anything else is printed
 *
 * On a terminal a line a wave:
 *
 *     wave 0   ━━━━━━━━━━━━━━━━━━━━  4/4
 *     wave 1   ━━━━━━━━━━──────────  2/4  Deployment shop/web, 12 s: 3 of 4 available
 *
 * Elsewhere a line a change when it has ended, and a line for what is waited for longer than
 * DISPLAY_SAY_FIRST seconds: then, when its reason changes (DISPLAY_SAY_AGAIN seconds apart), and
 * every DISPLAY_REPEAT seconds; for DISPLAY_MAX_SAID objects at once. */
#ifndef CMD_DISPLAY_H
#define CMD_DISPLAY_H

#include "apply/apply.h"

enum {
	DISPLAY_SAY_FIRST = 2,
	DISPLAY_SAY_AGAIN = 10,
	DISPLAY_REPEAT = 60,
	DISPLAY_MAX_SAID = 20,
	DISPLAY_REDRAW_MS = 100,
	DISPLAY_MAX_LINES = 8, /* fewer on a low terminal */
};

struct display;

struct display *display_new(const struct plan *p, bool live);
struct apply_progress display_progress(struct display *d);
void display_end(struct display *d);
void display_free(struct display *d);
static inline void display_free_p(struct display **d)
{
	display_free(*d);
}

/* Whether one terminal shows both what is told on the way and the report. */
bool one_terminal(void);

#endif
