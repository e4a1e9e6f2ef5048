/* See message.h. */
#include "policy/rule/message.h"

#include <string.h>

struct cel_value message_trimmed(struct cel_value v)
{
	static const char *const wide[] = {
		"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};
	for (bool more = true; more && v.n;) {
		more = false;
		if (memchr(" \t\n\v\f\r", v.text[0], 6)) {
			v.text++;
			v.n--;
			more = true;
		}
		if (v.n && memchr(" \t\n\v\f\r", v.text[v.n - 1], 6)) {
			v.n--;
			more = true;
		}
		for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
			size_t n = strlen(wide[i]);
			if (v.n >= n && memcmp(v.text, wide[i], n) == 0) {
				v.text += n;
				v.n -= (uint32_t)n;
				more = true;
			}
			if (v.n >= n && memcmp(v.text + v.n - n, wide[i], n) == 0) {
				v.n -= (uint32_t)n;
				more = true;
			}
		}
	}
	return v;
}

static const char *copy_trimmed(struct arena *a, const char *text, size_t n)
{
	struct cel_value v = message_trimmed(cel_string(text, n));
	return arena_strndup(a, v.text, v.n);
}

const char *message_evaluated(struct arena *a, struct cel_value value)
{
	if (cel_is_bad(value) || value.kind != CEL_STRING)
		return NULL;
	struct cel_value v = message_trimmed(value);
	if (!v.n || v.n > RULES_MAX_MESSAGE || memchr(v.text, '\n', v.n))
		return NULL;
	return arena_strndup(a, v.text, v.n);
}

const char *message_fixed(struct arena *a, const struct validation *v)
{
	const char *text = v->message ? copy_trimmed(a, v->message, strlen(v->message)) : "";
	if (*text)
		return text;
	return arena_fmt(a, "failed expression: %s", copy_trimmed(a, v->rule.text, v->rule.n));
}
