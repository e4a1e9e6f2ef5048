/* mem.h: what the macros promise. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/mem.h"

static int released;

static void release(int **p)
{
	released += *p != NULL;
}

static int *give(int *p)
{
	AUTO(release) int *owned = p;
	return TAKE(owned);
}

static void cleanup(void **state)
{
	(void)state;
	int x = 1;
	released = 0;
	{
		AUTO(release) int *owned = &x;
		assert_ptr_equal(owned, &x);
	}
	assert_int_equal(released, 1);
	assert_ptr_equal(give(&x), &x);
	assert_int_equal(released, 1);
}

static void grow(void **state)
{
	(void)state;
	AUTO(auto_free) int *list = NULL;
	size_t n = 0, cap = 0;
	for (int i = 0; i < 1000; i++) {
		GROW(list, n, cap);
		list[n++] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(list[i], i);
	assert_true(cap >= n);
}

static void zero_bytes(void **state)
{
	(void)state;
	AUTO(auto_free) void *a = xmalloc(0);
	AUTO(auto_free) void *b = xcalloc(0, 8);
	AUTO(auto_free) void *c = xreallocarray(NULL, 0, 8);
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
}

static void texts(void **state)
{
	(void)state;
	AUTO(auto_free) char *all = xstrdup("abc");
	AUTO(auto_free) char *start = xstrndup("abcdef", 3);
	AUTO(auto_free) char *short_one = xstrndup("ab", 100);
	AUTO(auto_free) char *made = xfmt("%s-%d", "x", 7);
	assert_string_equal(all, "abc");
	assert_string_equal(start, "abc");
	assert_string_equal(short_one, "ab");
	assert_string_equal(made, "x-7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleanup),
		cmocka_unit_test(grow),
		cmocka_unit_test(zero_bytes),
		cmocka_unit_test(texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
