/* buf.h: growth, ceilings, giving away. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/buf.h"

static void additions(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf b = { 0 };
	assert_string_equal(buf_text(&b), "");
	buf_puts(&b, "a");
	buf_putc(&b, 'b');
	buf_put(&b, "cd", 2);
	buf_printf(&b, "%d", 12);
	buf_put(&b, NULL, 0);
	assert_string_equal(buf_text(&b), "abcd12");
	assert_int_equal(b.len, 6);
}

static void large(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf b = { 0 };
	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%04d", i);
	assert_int_equal(b.len, 40000);
	assert_memory_equal(b.data + 4 * 1234, "1234", 4);
	assert_int_equal(b.data[b.len], 0);
}

static void ceiling(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf b = { .max = 4 };
	AUTO(err_done) struct err err = { 0 };
	assert_int_equal(buf_add(&b, "abc", 3, &err), 0);
	assert_int_equal(buf_add(&b, "de", 2, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "more than 4 bytes");
	assert_string_equal(buf_text(&b), "abc");
	err_done(&err);
	assert_int_equal(buf_add(&b, "d", 1, &err), 0);
	assert_string_equal(buf_text(&b), "abcd");
}

static void take(void **state)
{
	(void)state;
	struct buf b = { 0 };
	AUTO(auto_free) char *nothing = buf_take(&b);
	assert_string_equal(nothing, "");
	buf_puts(&b, "abc");
	AUTO(auto_free) char *text = buf_take(&b);
	assert_string_equal(text, "abc");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
}

static void reset(void **state)
{
	(void)state;
	AUTO(buf_done) struct buf b = { 0 };
	buf_reset(&b);
	buf_puts(&b, "abc");
	buf_reset(&b);
	assert_string_equal(buf_text(&b), "");
	assert_true(b.cap > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(additions), cmocka_unit_test(large), cmocka_unit_test(ceiling),
		cmocka_unit_test(take),      cmocka_unit_test(reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
