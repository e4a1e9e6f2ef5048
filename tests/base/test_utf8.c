/* utf8.h: every code point there and back, and what is no UTF-8. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		char bytes[4];
		uint32_t again = UINT32_MAX;
		if (code == 0xD800)
			code = 0xE000;
		size_t n = utf8_encode(bytes, code);
		if (utf8_decode(bytes, n, &again) != n || again != code)
			fail_msg("U+%04X", (unsigned)code);
		if (utf8_decode(bytes, n - 1, &again) != 0)
			fail_msg("U+%04X cut short", (unsigned)code);
	}
}

static void invalid(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc3(",
		"\xe2\x82(",
		"\xf0\x9f\x98(",
	};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		uint32_t code = 7;
		assert_int_equal(utf8_decode(texts[i], strlen(texts[i]), &code), 0);
		assert_int_equal(code, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(invalid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
