/* Sealing: bytes that only who has the key can read, and that nobody can alter unseen.
 *
 *   seal()     gives text (base64) for a file
 *   unseal()   gives the bytes back
 *
 * AES-256-GCM (libcrypto) under a key that HKDF-SHA-256 derives from the given one and a random
 * salt, so each sealed text has a key of its own.  The given key has to be hard to guess: nothing
 * here slows guessing down.  `about` says what the bytes are (an id): it is not in the text, and
 * unsealing with another one fails, so that a sealed text cannot be moved to another place. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/buf.h"

enum { SEAL_MAX_BYTES = 64 << 20 }; /* of what is sealed */

/* ERR_LIMIT past SEAL_MAX_BYTES, ERR_SYSTEM where libcrypto or the kernel refuses. */
int seal(const char *key, const char *about, const void *p, size_t n, struct buf *out,
	 struct err *err);

/* ERR_INPUT for what is no sealed text, was altered, is about something else or was sealed with
 * another key: which of these cannot be told.  Wipe `out` after use (buf_wipe()). */
int unseal(const char *key, const char *about, const char *text, size_t n, struct buf *out,
	   struct err *err);

#endif
