/* Quantities of Kubernetes ("500m", "1.5Gi", "1e3"), as its own package reads and counts them.
 *
 * All arithmetic is exact.  A quantity is held in one of two ways, and which one shows: `small` is
 * an int64 and a power of ten; what does not fit there is `big`, a decimal of any length, and has
 * no integer value even where it is whole (quantity_integer()). */
#ifndef POLICY_CEL_QUANTITY_H
#define POLICY_CEL_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

enum { QUANTITY_DIGITS_MAX = 10000 }; /* of a big one */

enum quantity_format { QUANTITY_DECIMAL, QUANTITY_BINARY, QUANTITY_EXPONENT };

/* number × 10^exponent */
struct quantity {
	uint8_t format; /* enum quantity_format: how it is written */
	bool big;
	int32_t exponent;
	int64_t number;     /* small */
	const char *digits; /* big: the number, without zeros in front; "" is 0 */
	uint32_t n;
	bool negative;
	const char *given; /* the text it came from, where that is how it is written; else NULL */
	uint32_t given_n;
};

/* ERR_INPUT: no quantity, in the words of Kubernetes.  ERR_LIMIT: more digits than the ceiling.
 * The result may point into text. */
int quantity_parse(struct arena *a, const char *text, size_t n, struct quantity *out,
		   struct err *err);

struct quantity quantity_of(int64_t number);

/* x + y, or x - y.  ERR_LIMIT as above. */
int quantity_add(struct arena *a, const struct quantity *x, const struct quantity *y, bool subtract,
		 struct quantity *out, struct err *err);

int quantity_compare(const struct quantity *x, const struct quantity *y); /* -1, 0, 1 */
int quantity_sign(const struct quantity *q);
bool quantity_integer(const struct quantity *q, int64_t *out); /* false: it has none */
double quantity_float(const struct quantity *q);

/* The canonical form. */
void quantity_text(const struct quantity *q, struct buf *out);

#endif
