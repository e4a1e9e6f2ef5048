/* Any valid text: what is found in it lies in it, at its line; asking again finds the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "policy/checks/secret_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	size_t n, sum, len, lines;
};

static void on_found(void *ctx, const struct secret_found *found)
{
	struct seen *s = ctx;
	if (!found->n || found->at + found->n > s->len || !found->line || found->line > s->lines)
		abort();
	s->n++;
	s->sum += found->at;
}

static bool is_text(const char *p, size_t len)
{
	uint32_t code;
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(p + i, len - i, &code);
		if (!n || !code)
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct secret_rules *rules; /* for all inputs; the process ends with it */
	if (!rules)
		rules = secret_rules_new();
	if (!is_text((const char *)data, len))
		return 0;
	char *text = malloc(len + 1);
	if (!text)
		abort();
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	struct seen one = { .len = len, .lines = 1 }, two;
	for (size_t i = 0; i < len; i++)
		one.lines += text[i] == '\n';
	two = one;
	secret_find(rules, text, len, on_found, &one);
	secret_find(rules, text, len, on_found, &two);
	if (memcmp(&one, &two, sizeof(one)) != 0)
		abort();
	size_t half = len / 2;
	secret_is_likely(text, half, text + half, len - half);
	free(text);
	return 0;
}
