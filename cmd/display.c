/* See display.h. */
#include "cmd/display.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apply/report.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "cmd/command.h"

enum {
	BAR_COLUMNS = 20,
	BAR_SHORT = 8,
	NARROW = 70, /* columns below which the bar is short, and ... */
	TINY = 40,   /* ... is not there */
};

enum phase { PHASE_OPEN, PHASE_AT_WORK, PHASE_WAITING, PHASE_DONE, PHASE_FAILED };

/* Of one change. */
struct item {
	enum phase phase;
	size_t wave;
	char *why;
	double seconds; /* that it has been waited for */
	/* without a terminal */
	double said_at;
	bool said;   /* at all */
	bool unsaid; /* this reason */
};

/* Of one wave of the plan, its deletions, or its hooks of one phase. */
struct wave {
	bool deletes;
	enum hook_phase hooks;
	int64_t number;
	size_t total, done, failed;
	bool begun;
};

struct display {
	const struct plan *plan;
	bool live, color, utf8;
	struct item *items;
	struct wave *waves;
	size_t n_waves;
	unsigned lines; /* drawn, above the cursor */
	int64_t drawn_at;
	bool stale; /* something has changed since */
	bool ended;
	unsigned said; /* of what is waited for now */
};

bool one_terminal(void)
{
	return isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
}

/* ---- what is known */

static bool is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);
		if (v && *v)
			return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "UTF8") ||
			       strstr(v, "utf-8");
	}
	return false;
}

struct display *display_new(const struct plan *p, bool live)
{
	struct display *d = xcalloc(1, sizeof(*d));
	const char *term = getenv("TERM");
	d->plan = p;
	d->live = live && isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
	d->color = color_on(STDERR_FILENO);
	d->utf8 = is_utf8();
	d->items = xcalloc(p->n_changes + 1, sizeof(*d->items));
	d->waves = xcalloc(p->n_changes + 1, sizeof(*d->waves));
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		struct wave w = { .deletes = c->action == ACTION_DELETE,
				  .hooks = c->hook.phase,
				  .number = c->wave };
		struct wave *last = d->n_waves ? &d->waves[d->n_waves - 1] : NULL;
		bool one = w.deletes || w.hooks; /* whatever their waves */
		if (!last || last->deletes != w.deletes || last->hooks != w.hooks ||
		    (!one && last->number != w.number))
			d->waves[d->n_waves++] = w;
		d->items[i].wave = d->n_waves - 1;
		d->waves[d->n_waves - 1].total++;
	}
	return d;
}

void display_free(struct display *d)
{
	if (!d)
		return;
	display_end(d);
	for (size_t i = 0; i < d->plan->n_changes; i++)
		free(d->items[i].why);
	free(d->items);
	free(d->waves);
	free(d);
}

static struct item *item_of(struct display *d, const struct change *c)
{
	return &d->items[c - d->plan->changes];
}

/* ---- drawing */

/* Columns that a text takes; what East Asian scripts write is two wide. */
static unsigned columns(uint32_t code)
{
	return code >= 0x1100 ? 2 : 1;
}

/* As much of the text as has room, with an ending that says so. */
static void put_cut(struct buf *b, const char *text, unsigned room, bool utf8)
{
	size_t n = strlen(text), fits = 0;
	unsigned used = 0;
	for (size_t i = 0; i < n;) {
		uint32_t code = 0;
		size_t len = utf8_decode(text + i, n - i, &code);
		used += columns(code);
		i += len ? len : 1;
		if (used < room)
			fits = i;
		if (used > room) {
			buf_put(b, text, fits);
			buf_puts(b, !room ? "" : utf8 ? "…" : "~");
			return;
		}
	}
	buf_puts(b, text);
}

static void put_bar(struct buf *b, const struct display *d, const struct wave *w, unsigned width)
{
	unsigned length = width < NARROW ? BAR_SHORT : BAR_COLUMNS;
	unsigned done = (unsigned)(w->done * length / w->total);
	if (width < TINY)
		return;
	if (d->color)
		buf_puts(b, w->failed ? "\033[31m" : "\033[32m");
	for (unsigned i = 0; i < done; i++)
		buf_puts(b, d->utf8 ? "━" : "#");
	if (d->color)
		buf_puts(b, "\033[0;2m");
	for (unsigned i = done; i < length; i++)
		buf_puts(b, d->utf8 ? "─" : "-");
	buf_puts(b, d->color ? "\033[0m  " : "  ");
}

/* The change of a wave that is worth a look: what is waited for longest, or is at work. */
static const struct item *foremost(const struct display *d, size_t wave)
{
	const struct item *found = NULL;
	for (size_t i = 0; i < d->plan->n_changes; i++) {
		const struct item *item = &d->items[i];
		bool shown = item->phase == PHASE_WAITING || item->phase == PHASE_AT_WORK;
		if (item->wave != wave || !shown)
			continue;
		if (!found || item->phase > found->phase ||
		    (item->phase == found->phase && item->seconds > found->seconds))
			found = item;
	}
	return found;
}

static void put_wave(struct buf *b, const struct display *d, size_t index, unsigned width)
{
	AUTO(arena_done) struct arena a = { 0 };
	const struct wave *w = &d->waves[index];
	char head[32], count[64];
	if (w->hooks)
		snprintf(head, sizeof(head), "%s", hook_phase_name(w->hooks));
	else
		snprintf(head, sizeof(head), w->deletes ? "delete" : "wave %lld",
			 (long long)w->number);
	int shown = snprintf(count, sizeof(count), "%zu/%zu", w->done, w->total);
	unsigned bar = width < TINY ? 0 : (width < NARROW ? BAR_SHORT : BAR_COLUMNS) + 2;
	buf_printf(b, "%-8s ", head);
	put_bar(b, d, w, width);
	buf_puts(b, count);
	unsigned used = (unsigned)(strlen(head) < 8 ? 8 : strlen(head)) + 1 + bar + (unsigned)shown;
	const struct item *item = foremost(d, index);
	const char *said = NULL;
	if (item) {
		const char *label = change_label(&a, &d->plan->changes[item - d->items]);
		said = item->why ? arena_fmt(&a, "%s, %.0f s: %s", label, item->seconds, item->why)
				 : label;
	} else if (w->failed) {
		said = arena_fmt(&a, "%zu failed", w->failed);
	}
	if (said && used + 2 < width) {
		buf_puts(b, "  ");
		put_cut(b, visible_line(&a, said), width - used - 3, d->utf8);
	}
	buf_puts(b, "\n");
}

static void put_clear(struct buf *b, struct display *d)
{
	if (d->lines)
		buf_printf(b, "\r\033[%uA\033[J", d->lines);
	d->lines = 0;
}

static unsigned most_lines(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_row)
		return DISPLAY_MAX_LINES;
	return size.ws_row < DISPLAY_MAX_LINES + 2 ? (size.ws_row > 3 ? size.ws_row - 2 : 1)
						   : DISPLAY_MAX_LINES;
}

static unsigned real_width(void)
{
	struct winsize size;
	bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col;
	return known ? size.ws_col : 80;
}

/* The last waves that have begun: those at work are the last. */
static void draw(struct display *d)
{
	AUTO(buf_done) struct buf b = { 0 };
	unsigned most = most_lines(), width = real_width(), begun = 0;
	put_clear(&b, d);
	for (size_t i = 0; i < d->n_waves; i++)
		begun += d->waves[i].begun;
	for (size_t i = 0; i < d->n_waves; i++) {
		if (!d->waves[i].begun)
			continue;
		if (begun-- > most)
			continue;
		put_wave(&b, d, i, width);
		d->lines++;
	}
	fwrite(buf_text(&b), 1, b.len, stderr);
	fflush(stderr);
	d->drawn_at = time_monotonic_ms();
	d->stale = false;
}

static void refresh(struct display *d)
{
	if (d->live && !d->ended && d->stale &&
	    time_monotonic_ms() - d->drawn_at >= DISPLAY_REDRAW_MS)
		draw(d);
}

static void changed(struct display *d)
{
	d->stale = true;
	refresh(d);
}

/* Makes room for a line above the drawing. */
static void make_room(struct display *d)
{
	AUTO(buf_done) struct buf b = { 0 };
	if (!d->live)
		return;
	put_clear(&b, d);
	fwrite(buf_text(&b), 1, b.len, stderr);
	d->stale = true;
	d->drawn_at = 0;
}

void display_end(struct display *d)
{
	if (d->live && !d->ended && d->stale)
		draw(d);
	d->ended = true;
}

/* ---- what apply tells */

static void on_started(void *ctx, const struct change *c)
{
	struct display *d = ctx;
	struct item *item = item_of(d, c);
	item->phase = PHASE_AT_WORK;
	d->waves[item->wave].begun = true;
	changed(d);
}

static void say_finished(const struct change *c, const struct object_result *r)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *message = one_terminal() ? NULL : r->message; /* the report says it */
	say_note("%-10s %-8s %s  %.2f s%s%s", result_word(r), action_name(c->action),
		 change_label(&a, c), r->seconds, message ? ": " : "", message ? message : "");
}

static void on_finished(void *ctx, const struct change *c, const struct object_result *r)
{
	struct display *d = ctx;
	struct item *item = item_of(d, c);
	struct wave *w = &d->waves[item->wave];
	if (r->outcome == OUTCOME_NOT_TRIED)
		return;
	bool plain = result_object_is_plain(r);
	bool idle = change_is_hook(c) && r->outcome == OUTCOME_UNCHANGED; /* it does not run */
	d->said -= item->said;
	item->said = false;
	item->phase = plain ? PHASE_DONE : PHASE_FAILED;
	w->begun = w->begun || !idle;
	w->done += plain;
	w->failed += !plain;
	if (!d->live || (!plain && !one_terminal())) {
		make_room(d);
		say_finished(c, r);
	}
	changed(d);
}

static void on_waiting(void *ctx, const char *what)
{
	make_room(ctx);
	say_note("%s", what);
	refresh(ctx);
}

/* Without a terminal: now and then. */
static void say_not_ready(struct display *d, const struct change *c, struct item *item)
{
	AUTO(arena_done) struct arena a = { 0 };
	double since = item->seconds - item->said_at;
	int pause = !item->said    ? DISPLAY_SAY_FIRST
		    : item->unsaid ? DISPLAY_SAY_AGAIN
				   : DISPLAY_REPEAT;
	if (since < pause || (!item->said && d->said == DISPLAY_MAX_SAID))
		return;
	d->said += !item->said;
	item->said = true;
	item->unsaid = false;
	item->said_at = item->seconds;
	say_note("%-10s %-8s %s  %.0f s: %s", "waiting", action_name(c->action),
		 change_label(&a, c), item->seconds, item->why);
}

static void on_not_ready(void *ctx, const struct change *c, const char *why, double seconds)
{
	struct display *d = ctx;
	struct item *item = item_of(d, c);
	item->phase = PHASE_WAITING;
	item->seconds = seconds;
	d->waves[item->wave].begun = true;
	if (!item->why || strcmp(item->why, why) != 0) {
		free(item->why);
		item->why = xstrdup(why);
		item->unsaid = true;
	}
	if (!d->live)
		say_not_ready(d, c, item);
	changed(d);
}

static void on_tick(void *ctx)
{
	refresh(ctx);
}

struct apply_progress display_progress(struct display *d)
{
	return (struct apply_progress){ .started = on_started,
					.finished = on_finished,
					.waiting = on_waiting,
					.not_ready = on_not_ready,
					.tick = on_tick,
					.ctx = d };
}
