/* arena.h: pieces do not overlap, are aligned, and are counted. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/arena.h"

/* Sizes around the block sizes, mixed, so that large pieces get blocks of their own between. */
static void pieces(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, 7, 8, 9, 100, 1023, 1025, 4096, 5000, 70000, 2 << 20 };
	enum { ROUNDS = 20 };
	AUTO(arena_done) struct arena a = { 0 };
	unsigned char *p[ROUNDS][ARRAY_LEN(sizes)];
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			p[r][i] = arena_alloc(&a, sizes[i]);
			assert_int_equal((uintptr_t)p[r][i] % 8, 0);
			memset(p[r][i], (int)(r * 11 + (int)i), sizes[i]);
		}
	for (int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			for (size_t k = 0; k < sizes[i]; k += 1 + sizes[i] / 64)
				assert_int_equal(p[r][i][k], (unsigned char)(r * 11 + (int)i));
	assert_true(a.used >= (size_t)ROUNDS * (2 << 20));
}

static void texts(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	assert_string_equal(arena_strdup(&a, "abc"), "abc");
	assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
	assert_string_equal(arena_fmt(&a, "%d%s", 1, "x"), "1x");
	assert_string_equal(arena_strdup(&a, ""), "");
}

static void zeroed(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	memset(arena_alloc(&a, 1000), 0xFF, 1000);
	arena_reset(&a);
	const char *p = arena_calloc(&a, 10, 100);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
}

static void reset(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	arena_reset(&a);
	arena_alloc(&a, 10);
	arena_alloc(&a, 3 << 20);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
	memset(arena_alloc(&a, 5000), 1, 5000);
	arena_done(&a);
	arena_done(&a);
	assert_null(a.blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(texts),
		cmocka_unit_test(zeroed),
		cmocka_unit_test(reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
