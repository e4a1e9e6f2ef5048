/* Memory: allocation never fails, owned locals clean themselves up.
 *
 *   AUTO(free_fn) type *p = ...;   free_fn(&p) runs when p leaves its scope
 *   *out = TAKE(p);                gives p away: nothing is left to free
 *
 * An allocation that the machine refuses ends the program with a message: every size that
 * comes from outside has a ceiling long before that, so it is not a case to handle. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define AUTO(fn) __attribute__((cleanup(fn)))
#define TAKE(p)                                                                                    \
	__extension__({                                                                            \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})
#define ARRAY_LEN(a)            (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* Makes room for one more element: doubles `cap` when `n` has reached it. */
#define GROW(p, n, cap)                                                                            \
	do {                                                                                       \
		if ((n) >= (cap)) {                                                                \
			(cap) = (cap) ? 2 * (cap) : 8;                                             \
			(p) = xreallocarray((p), (cap), sizeof(*(p)));                             \
		}                                                                                  \
	} while (0)

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xfmt(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvfmt(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

/* For AUTO(auto_free): takes the address of any pointer from malloc. */
static inline void auto_free(void *p)
{
	free(*(void **)p);
}

#endif
