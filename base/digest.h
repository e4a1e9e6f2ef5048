/* SHA-256 and HMAC-SHA-256 (libcrypto), and base64. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/buf.h"
#include "base/json.h"

enum { DIGEST_TEXT = 7 + 64 + 1 }; /* "sha256:" + hex + NUL */

/* Writes "sha256:<64 hex digits>" and a NUL to out. */
void digest_bytes(const void *p, size_t n, char out[DIGEST_TEXT]);

/* The digest of the canonical JSON of v. */
void digest_json(const struct json *v, char out[DIGEST_TEXT]);

/* "hmac-sha256:<hex>" under key; the caller frees. */
char *digest_keyed(const void *key, size_t key_len, const void *p, size_t n);

/* Standard base64 with padding. */
void base64_encode(struct buf *out, const void *p, size_t n);

/* ERR_INPUT where it is not base64 (line breaks are skipped, as Go's decoder does). */
int base64_decode(struct buf *out, const char *text, size_t n, struct err *err);

#endif
