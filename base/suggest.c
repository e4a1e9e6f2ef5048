/* Edit distance with exchanged neighbours (optimal string alignment), over three rows. */
#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

enum {
	MAX_WORD = 64, /* bytes; longer words get no suggestion */
	STEP = 4,      /* an insertion, a removal, another letter, an exchange */
	CASE_STEP = 1, /* the same letter in the other case */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned replace_cost(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_STEP : STEP;
}

static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
	unsigned rows[3][MAX_WORD + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= m; j++)
		last[j] = (unsigned)j * STEP;
	for (size_t i = 1; i <= n; i++) {
		row[0] = (unsigned)i * STEP;
		for (size_t j = 1; j <= m; j++) {
			unsigned d = last[j - 1] + replace_cost(a[i - 1], b[j - 1]);
			d = least(d, least(last[j], row[j - 1]) + STEP);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d = least(d, before[j - 2] + STEP);
			row[j] = d;
		}
		unsigned *oldest = before;
		before = last;
		last = row;
		row = oldest;
	}
	return last[m];
}

const char *suggest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	if (len > MAX_WORD)
		return NULL;
	/* One mistake for every three letters: more would be another word. */
	unsigned best = STEP * (unsigned)(len < 3 ? 1 : len / 3) + 1;
	const char *found = NULL;
	for (size_t i = 0; i < n; i++) {
		size_t m = strlen(names[i]);
		unsigned d = m > MAX_WORD ? best : distance(word, len, names[i], m);
		/* Nothing in common is no typing error. */
		if (d < best && d < STEP * m) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

char *suggest_text(const char *word, const char *const *names, size_t n)
{
	const char *name = suggest(word, names, n);
	return name ? xfmt(" (did you mean \"%s\"?)", name) : xstrdup("");
}
