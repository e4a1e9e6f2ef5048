/* Sets of texts, as the annotations of an ApplySet hold them: sorted, with commas between. */
#ifndef APPLY_NAMES_H
#define APPLY_NAMES_H

#include "base/arena.h"

/* struct names s = { 0 } is the empty set; texts are borrowed. */
struct names {
	const char **items;
	size_t n, cap;
};

void names_add(struct names *s, const char *name);
/* "a,b" */
void names_add_list(struct arena *a, struct names *s, const char *list);
/* The set as text, in the arena; releases the set. */
const char *names_join(struct arena *a, struct names *s);

const char *names_join_all(struct arena *a, const char **items, size_t n);
/* The union of two texts. */
const char *names_join_lists(struct arena *a, const char *x, const char *y);

#endif
