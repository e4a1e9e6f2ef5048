/* See seal.h.  A sealed text is base64 of: version, salt, nonce, ciphertext, tag. */
#include "base/seal.h"

#include <limits.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "base/digest.h"

#define PURPOSE "rhumb seal v1"

enum {
	VERSION = 1,
	SALT = 16,
	NONCE = 12,
	TAG = 16,
	KEY = 32,
	HEAD = 1 + SALT + NONCE,
};
_Static_assert(SEAL_MAX_BYTES < INT_MAX - HEAD - TAG, "libcrypto counts in int");

static void free_cipher(EVP_CIPHER_CTX **c)
{
	EVP_CIPHER_CTX_free(*c);
}

static void free_kdf(EVP_KDF **k)
{
	EVP_KDF_free(*k);
}

static void free_kdf_context(EVP_KDF_CTX **k)
{
	EVP_KDF_CTX_free(*k);
}

static int refused(struct err *err, const char *what)
{
	return err_set(err, ERR_SYSTEM, "libcrypto cannot %s", what);
}

static int derive(const char *key, const unsigned char *salt, unsigned char out[KEY],
		  struct err *err)
{
	AUTO(free_kdf) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	AUTO(free_kdf_context) EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key,
						  strlen(key)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt,
						  SALT),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char[]){ PURPOSE },
						  sizeof(PURPOSE) - 1),
		OSSL_PARAM_construct_end(),
	};
	if (!ctx || EVP_KDF_derive(ctx, out, KEY, params) <= 0)
		return refused(err, "derive a key");
	return 0;
}

/* Encrypts or decrypts; the tag is written or checked.  false: libcrypto said no. */
static bool cipher(bool encrypt, const unsigned char *key, const unsigned char *nonce,
		   const char *about, const unsigned char *in, int n, unsigned char *out,
		   unsigned char *tag)
{
	AUTO(free_cipher) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len;
	if (!c || !EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) ||
	    !EVP_CipherUpdate(c, NULL, &len, (const unsigned char *)about, (int)strlen(about)) ||
	    !EVP_CipherUpdate(c, out, &len, in, n))
		return false;
	if (!encrypt && !EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag))
		return false;
	unsigned char rest[EVP_MAX_BLOCK_LENGTH]; /* GCM leaves nothing for the end */
	if (EVP_CipherFinal_ex(c, rest, &len) <= 0)
		return false;
	return !encrypt || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, tag);
}

int seal(const char *key, const char *about, const void *p, size_t n, struct buf *out,
	 struct err *err)
{
	if (n > SEAL_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "more than %d bytes to seal (SEAL_MAX_BYTES)",
			       SEAL_MAX_BYTES);
	size_t size = HEAD + n + TAG;
	AUTO(auto_free) unsigned char *sealed = xmalloc(size);
	unsigned char derived[KEY];
	sealed[0] = VERSION;
	if (RAND_bytes(sealed + 1, SALT + NONCE) != 1)
		return refused(err, "give random bytes");
	if (derive(key, sealed + 1, derived, err) < 0)
		return -1;
	bool ok = cipher(true, derived, sealed + 1 + SALT, about, p, (int)n, sealed + HEAD,
			 sealed + HEAD + n);
	OPENSSL_cleanse(derived, sizeof(derived));
	if (!ok)
		return refused(err, "encrypt");
	base64_encode(out, sealed, size);
	return 0;
}

static int not_ours(struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "cannot be unsealed: another key, another place, or altered");
}

int unseal(const char *key, const char *about, const char *text, size_t n, struct buf *out,
	   struct err *err)
{
	AUTO(buf_done) struct buf bytes = { 0 };
	AUTO(err_done) struct err ignored = { 0 };
	if (n / 4 * 3 > SEAL_MAX_BYTES + HEAD + TAG + 3 ||
	    base64_decode(&bytes, text, n, &ignored) < 0 || bytes.len < HEAD + TAG ||
	    bytes.data[0] != VERSION)
		return not_ours(err);
	unsigned char *sealed = (unsigned char *)bytes.data, derived[KEY];
	size_t len = bytes.len - HEAD - TAG;
	if (derive(key, sealed + 1, derived, err) < 0)
		return -1;
	AUTO(buf_wipe) struct buf plain = { 0 };
	plain.data = xcalloc(len + 1, 1);
	plain.cap = len + 1;
	plain.len = len;
	bool ok = cipher(false, derived, sealed + 1 + SALT, about, sealed + HEAD, (int)len,
			 (unsigned char *)plain.data, sealed + HEAD + len);
	OPENSSL_cleanse(derived, sizeof(derived));
	if (!ok)
		return not_ours(err);
	buf_put(out, plain.data, plain.len);
	return 0;
}
