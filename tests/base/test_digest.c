/* digest.h: known answers. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "base/digest.h"

struct digest_case {
	const char *name, *text, *want;
};

/* The samples of FIPS 180-2. */
static const struct digest_case digests[] = {
	{ "nothing", "",
	  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "abc", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void digest_run(void **state)
{
	const struct digest_case *c = *state;
	char text[DIGEST_TEXT];
	digest_bytes(c->text, strlen(c->text), text);
	assert_string_equal(text, c->want);
}

static void of_json(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json v = fixture_json(&a, "{ \"b\": 1, \"a\": [1.50] }");
	char got[DIGEST_TEXT], want[DIGEST_TEXT];
	static const char text[] = "{\"a\":[1.5],\"b\":1}";
	digest_json(&v, got);
	digest_bytes(text, strlen(text), want);
	assert_string_equal(got, want);
	struct json other = fixture_json(&a, "{\"a\":[1.5],\"b\":1.0}");
	digest_json(&other, got);
	assert_string_not_equal(got, want);
}

/* The second and the sixth sample of RFC 4231. */
static void keyed(void **state)
{
	(void)state;
	static const char text[] = "what do ya want for nothing?";
	AUTO(auto_free) char *got = digest_keyed("Jefe", 4, text, strlen(text));
	assert_string_equal(got,
			    "hmac-sha256:"
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	unsigned char key[131];
	memset(key, 0xaa, sizeof(key));
	AUTO(auto_free) char *second = digest_keyed(key, sizeof(key), larger, strlen(larger));
	assert_string_equal(second,
			    "hmac-sha256:"
			    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	AUTO(auto_free) char *empty = digest_keyed(NULL, 0, NULL, 0);
	assert_string_equal(empty,
			    "hmac-sha256:"
			    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

struct base64_case {
	const char *text, *encoded; /* text NULL: not base64; encoded from it otherwise */
	const char *variant;        /* decodes to the same */
};

static const struct base64_case base64s[] = {
	{ "", "", "\n" },
	{ "f", "Zg==", "Z\r\ng=\n=\n" },
	{ "fo", "Zm8=", "Zm9=" }, /* bits behind the end are ignored, as Go does */
	{ "foo", "Zm9v", "Zm9v\n" },
	{ "foob", "Zm9vYg==", "Zm9v\nYg==" },
	{ "\xff\xef\xbe+", "/+++Kw==", NULL },
	{ NULL, "Zg", NULL },
	{ NULL, "Zg=", NULL },
	{ NULL, "Z===", NULL },
	{ NULL, "====", NULL },
	{ NULL, "Zg==Zg==", NULL },
	{ NULL, "Zg===", NULL },
	{ NULL, "Zm8=\nx", NULL },
	{ NULL, "Zm9v Zm9v", NULL },
	{ NULL, "_-8=", NULL },
	{ NULL, "Z\xc3\xa9", NULL },
};

static void decode_to(const char *encoded, const char *want)
{
	AUTO(buf_done) struct buf b = { 0 };
	AUTO(err_done) struct err err = { 0 };
	buf_puts(&b, "x");
	int rc = base64_decode(&b, encoded, strlen(encoded), &err);
	assert_int_equal(rc, want ? 0 : -1);
	assert_int_equal(err.code, want ? ERR_NONE : ERR_INPUT);
	assert_string_equal(buf_text(&b) + 1, want ? want : "");
}

static void base64_run(void **state)
{
	const struct base64_case *c = *state;
	decode_to(c->encoded, c->text);
	if (c->variant)
		decode_to(c->variant, c->text);
	if (!c->text)
		return;
	AUTO(buf_done) struct buf b = { 0 };
	base64_encode(&b, c->text, strlen(c->text));
	assert_string_equal(buf_text(&b), c->encoded);
}

static void all_bytes(void **state)
{
	(void)state;
	unsigned char bytes[256];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		AUTO(buf_done) struct buf encoded = { 0 };
		AUTO(buf_done) struct buf decoded = { 0 };
		AUTO(err_done) struct err err = { 0 };
		base64_encode(&encoded, bytes, n);
		assert_int_equal(encoded.len, (n + 2) / 3 * 4);
		assert_int_equal(base64_decode(&decoded, buf_text(&encoded), encoded.len, &err), 0);
		assert_int_equal(decoded.len, n);
		assert_memory_equal(buf_text(&decoded), bytes, n);
	}
}

int main(void)
{
	struct CMUnitTest tests[64] = {
		cmocka_unit_test(of_json),
		cmocka_unit_test(keyed),
		cmocka_unit_test(all_bytes),
	};
	size_t n = 3;
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		tests[n++] = fixture_row(digests[i].name, digest_run, &digests[i]);
	for (size_t i = 0; i < ARRAY_LEN(base64s); i++)
		tests[n++] = fixture_row(base64s[i].encoded, base64_run, &base64s[i]);
	return _cmocka_run_group_tests("digest", tests, n, NULL, NULL);
}
