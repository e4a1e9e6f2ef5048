/* See digest.h. */
#include "base/digest.h"

#include <string.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/json_write.h"

enum { SHA256_BYTES = 32 };

/* libcrypto refuses SHA-256 only when it cannot allocate or has no such algorithm at all. */
static _Noreturn void no_sha256(void)
{
	abort();
}

/* Looked up once for the process: EVP_sha256() would search libcrypto's providers again for each of
 * ten thousand small digests, which takes longer than the digest. */
static const EVP_MD *sha256(void)
{
	static EVP_MD *md;
	if (!md)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	return md ? md : EVP_sha256();
}

static void write_hex(char *out, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void digest_bytes(const void *p, size_t n, char out[DIGEST_TEXT])
{
	unsigned char sum[SHA256_BYTES];
	if (!EVP_Digest(p, n, sum, NULL, sha256(), NULL))
		no_sha256();
	memcpy(out, "sha256:", 7);
	write_hex(out + 7, sum, sizeof(sum));
}

void digest_json(const struct json *v, char out[DIGEST_TEXT])
{
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, v);
	digest_bytes(text.data, text.len, out);
}

char *digest_keyed(const void *key, size_t key_len, const void *p, size_t n)
{
	static const char empty[1]; /* HMAC() takes a NULL key for "the key of before" */
	unsigned char sum[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	if (key_len > INT32_MAX ||
	    !HMAC(sha256(), key ? key : empty, (int)key_len, p, n, sum, NULL))
		no_sha256();
	write_hex(hex, sum, sizeof(sum));
	return xfmt("hmac-sha256:%s", hex);
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, const void *p, size_t n)
{
	const unsigned char *u = p;
	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		unsigned bits = (unsigned)u[i] << 16;
		bits |= have > 1 ? (unsigned)u[i + 1] << 8 : 0;
		bits |= have > 2 ? u[i + 2] : 0;
		char quad[4] = {
			base64_digits[bits >> 18],
			base64_digits[bits >> 12 & 63],
			have > 1 ? base64_digits[bits >> 6 & 63] : '=',
			have > 2 ? base64_digits[bits & 63] : '=',
		};
		buf_put(out, quad, sizeof(quad));
	}
}

static int base64_value(char c)
{
	const char *d = c ? strchr(base64_digits, c) : NULL;
	return d ? (int)(d - base64_digits) : -1;
}

/* Four digits, the last `padding` of them '='. */
static void put_quad(struct buf *out, unsigned bits, int padding)
{
	char bytes[3] = { (char)(bits >> 16), (char)(bits >> 8), (char)bits };
	buf_put(out, bytes, (size_t)(3 - padding));
}

int base64_decode(struct buf *out, const char *text, size_t n, struct err *err)
{
	AUTO(buf_done) struct buf decoded = { 0 };
	unsigned bits = 0;
	int digits = 0, padding = 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || text[i] == '\r')
			continue;
		int value = text[i] == '=' && digits >= 2 ? 0 : base64_value(text[i]);
		padding += text[i] == '=';
		if (value < 0 || (padding && text[i] != '='))
			return err_set(err, ERR_INPUT, "byte %zu is not base64", i);
		bits = bits << 6 | (unsigned)value;
		if (++digits < 4)
			continue;
		put_quad(&decoded, bits, padding);
		bits = 0;
		digits = padding ? 1 : 0; /* after padding, not even "=" may follow */
	}
	if (digits > (padding ? 1 : 0))
		return err_set(err, ERR_INPUT, "base64 that ends too early");
	buf_put(out, decoded.data, decoded.len);
	return 0;
}
