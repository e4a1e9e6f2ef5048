/* An arena: many small allocations that are freed together.
 *
 * struct arena a = { 0 } is an empty arena.  Everything that came from it lives until
 * arena_done() or arena_reset().  JSON trees live in arenas (json.h). */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/mem.h"

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;                /* bytes in all blocks, for ceilings and reports */
};

/* n bytes, aligned for any type, not zeroed. */
void *arena_alloc(struct arena *a, size_t n);
void *arena_calloc(struct arena *a, size_t n, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Forgets everything but keeps one block, so that a loop does not go to malloc each time. */
void arena_reset(struct arena *a);
void arena_done(struct arena *a);
void arena_wipe(struct arena *a); /* arena_done() for credentials: zeroes first */

#endif
