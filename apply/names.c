/* See names.h. */
#include "apply/names.h"

#include <string.h>

#include "base/buf.h"

void names_add(struct names *s, const char *name)
{
	GROW(s->items, s->n, s->cap);
	s->items[s->n++] = name;
}

void names_add_list(struct arena *a, struct names *s, const char *list)
{
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, ",");
		if (len)
			names_add(s, arena_strndup(a, p, len));
		p += len + (p[len] == ',');
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *names_join(struct arena *a, struct names *s)
{
	AUTO(buf_done) struct buf b = { 0 };
	if (s->n)
		qsort(s->items, s->n, sizeof(*s->items), compare_texts);
	for (size_t i = 0; i < s->n; i++)
		if (i == 0 || strcmp(s->items[i - 1], s->items[i]) != 0)
			buf_printf(&b, "%s%s", b.len ? "," : "", s->items[i]);
	free(s->items);
	*s = (struct names){ 0 };
	return arena_strdup(a, buf_text(&b));
}

const char *names_join_all(struct arena *a, const char **items, size_t n)
{
	struct names s = { 0 };
	for (size_t i = 0; i < n; i++)
		names_add(&s, items[i]);
	return names_join(a, &s);
}

const char *names_join_lists(struct arena *a, const char *x, const char *y)
{
	struct names s = { 0 };
	names_add_list(a, &s, x);
	names_add_list(a, &s, y);
	return names_join(a, &s);
}
