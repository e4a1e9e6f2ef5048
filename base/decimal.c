/* See decimal.h. */
#include "base/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 17 /* always enough for a double */ };

static bool reads_back(const struct decimal *d, double x, bool single)
{
	char text[40];
	snprintf(text, sizeof(text), "0.%se%d", d->digits, d->point);
	return (single ? (double)strtof(text, NULL) : strtod(text, NULL)) == x;
}

/* The nearest decimal of that many digits. */
static struct decimal nearest(double x, int digits)
{
	char text[40];
	struct decimal d = { .length = 0 };
	snprintf(text, sizeof(text), "%.*e", digits - 1, x);
	const char *p = text;
	for (; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			d.digits[d.length++] = *p;
	d.digits[d.length] = '\0';
	d.point = (int)strtol(p + 1, NULL, 10) + 1;
	return d;
}

static struct decimal next_up(struct decimal d)
{
	int i = d.length - 1;
	while (i >= 0 && d.digits[i] == '9')
		d.digits[i--] = '0';
	if (i >= 0) {
		d.digits[i]++;
	} else {
		d.digits[0] = '1';
		d.point++;
	}
	return d;
}

static struct decimal without_zeros(struct decimal d)
{
	while (d.length > 1 && d.digits[d.length - 1] == '0')
		d.digits[--d.length] = '\0';
	return d;
}

struct decimal decimal_shortest(double x, bool single)
{
	struct decimal d;
	for (int digits = 1; digits < MOST_DIGITS; digits++) {
		d = nearest(x, digits);
		if (reads_back(&d, x, single))
			return without_zeros(d);
		/* Below a power of two doubles lie twice as dense: there the nearest decimal can
		 * belong to the double below, and the one above it still to x. */
		d = next_up(d);
		if (reads_back(&d, x, single))
			return without_zeros(d);
	}
	return without_zeros(nearest(x, MOST_DIGITS));
}
