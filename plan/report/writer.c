/* See writer.h. */
#include "plan/report/writer.h"

#include <string.h>

#include "base/visible.h"

static const char *const codes[] = {
	[PLAIN] = "",         [BOLD] = "\033[1m",    [DIM] = "\033[2m",   [RED] = "\033[31m",
	[GREEN] = "\033[32m", [YELLOW] = "\033[33m", [CYAN] = "\033[36m",
};

void report_put(struct writer *w, const char *text)
{
	visible_put(w->out, text, strlen(text), "");
}

void report_styled(struct writer *w, enum style style, const char *text)
{
	bool color = w->o->color && style != PLAIN;
	if (color)
		buf_puts(w->out, codes[style]);
	report_put(w, text);
	if (color)
		buf_puts(w->out, "\033[0m");
}

size_t report_columns(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

void report_cell(struct writer *w, enum style style, const char *text, size_t n)
{
	report_styled(w, style, text);
	size_t used = report_columns(text);
	do
		buf_putc(w->out, ' ');
	while (++used < n + 1);
}

void report_newline(struct writer *w)
{
	while (w->out->len && w->out->data[w->out->len - 1] == ' ')
		w->out->data[--w->out->len] = '\0';
	buf_putc(w->out, '\n');
}

void report_indented(struct writer *w, enum style style, const char *text)
{
	/* Messages of servers are long: broken at spaces. */
	size_t room = w->width > 40 ? w->width - 8 : 60;
	while (*text) {
		size_t n = strcspn(text, "\n"), cut = n;
		if (n > room) {
			for (cut = room; cut > room / 2 && text[cut] != ' ';)
				cut--;
			if (text[cut] != ' ')
				cut = room;
			while (cut < n && (text[cut] & 0xC0) == 0x80)
				cut++;
		}
		buf_puts(w->out, "      ");
		report_styled(w, style, arena_strndup(&w->arena, text, cut));
		report_newline(w);
		text += cut;
		text += strspn(text, " \n");
	}
}

/* ---- what a deletion takes along */
