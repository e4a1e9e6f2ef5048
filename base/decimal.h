/* Doubles as decimal digits: what the writers of JSON and YAML print numbers from. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>

/* The value is 0.digits × 10^point. */
struct decimal {
	char digits[18]; /* NUL-terminated, without zeros at the end */
	int length, point;
};

/* The fewest digits that read back as x, and of those the nearest to x.  x is finite and
 * positive.  single: that read back as the same float, which x has to be. */
struct decimal decimal_shortest(double x, bool single);

#endif
