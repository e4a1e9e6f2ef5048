/* See arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

enum { ALIGNMENT = 8, BLOCK_FIRST = 4096, BLOCK_LARGEST = 1 << 20 };

struct arena_block {
	struct arena_block *next;
	size_t len, cap;
	_Alignas(ALIGNMENT) char bytes[];
};

static struct arena_block *block_new(size_t cap)
{
	struct arena_block *b = xmalloc(sizeof(*b) + cap);
	b->next = NULL;
	b->len = 0;
	b->cap = cap;
	return b;
}

static struct arena_block *block_with_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	if (b && b->cap - b->len >= n)
		return b;
	size_t cap = b ? 2 * b->cap : BLOCK_FIRST;
	if (cap > BLOCK_LARGEST)
		cap = BLOCK_LARGEST;
	if (n > cap / 4 && b) {
		/* A large piece gets a block of its own behind the current one, which
		 * still has room for small ones. */
		struct arena_block *own = block_new(n);
		own->next = b->next;
		b->next = own;
		return own;
	}
	struct arena_block *fresh = block_new(n > cap ? n : cap);
	fresh->next = b;
	a->blocks = fresh;
	return fresh;
}

void *arena_alloc(struct arena *a, size_t n)
{
	n = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct arena_block *b = block_with_room(a, n);
	void *p = b->bytes + b->len;
	b->len += n;
	a->used += n;
	return p;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		abort();
	return memset(arena_alloc(a, bytes), 0, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	return arena_strdup(a, text);
}

void arena_reset(struct arena *a)
{
	struct arena_block *keep = a->blocks;
	if (!keep)
		return;
	for (struct arena_block *b = keep->next, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	keep->next = NULL;
	keep->len = 0;
	a->used = 0;
}

void arena_done(struct arena *a)
{
	for (struct arena_block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->blocks; b; b = b->next)
		explicit_bzero(b->bytes, b->len);
	arena_done(a);
}
