/* Secrets in texts: the formats of tokens, and what looks like a password.
 *
 *   struct secret_rules *rules = secret_rules_new();
 *   secret_find(rules, text, n, each, ctx)
 *
 * What is found is never copied: `each` is told what it is and where, not its value. */
#ifndef POLICY_CHECKS_SECRET_RULES_H
#define POLICY_CHECKS_SECRET_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SECRET_MAX_TEXT = 4 << 20, /* bytes of one text that are looked at */
	SECRET_MAX_FOUND = 100,    /* in one text */
};

struct secret_rules;

struct secret_rules *secret_rules_new(void);
void secret_rules_free(struct secret_rules *rules);

enum secret_kind { SECRET_TOKEN, SECRET_URL };

struct secret_found {
	enum secret_kind kind;
	const char *what; /* "a GitHub token" */
	size_t at, n;     /* bytes of the text */
	unsigned line;    /* of the text, from 1 */
};

/* Tokens of known formats, and URLs with a password. */
void secret_find(struct secret_rules *rules, const char *text, size_t n,
		 void (*each)(void *ctx, const struct secret_found *found), void *ctx);

/* Whether a value under this name is likely a password: the name says so, and the value is neither
 * a word nor a placeholder, a variable, a path or a reference. */
bool secret_is_likely(const char *name, size_t name_n, const char *value, size_t n);

/* Whether it stands for a value: "changeme", "${PASSWORD}", "<token>", "xxxx". */
bool secret_is_placeholder(const char *value, size_t n);

#endif
