/* See re2.h. */
#include "policy/cel/re2_internal.h"

#include <string.h>

int re2_translate(const char *pattern, size_t n, struct buf *out, struct err *err)
{
	return re2_read(pattern, n, out, NULL, NULL, err);
}

struct re2 {
	struct regex *fast;   /* NULL: PCRE2 has no room for it */
	bool loops;           /* where a match ends is for re2_vm.c to say */
	struct re2_code code; /* empty until it is needed */
	size_t n;
	char pattern[];
};

int re2_compile(const char *pattern, size_t n, struct re2 **out, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err why = { 0 };
	bool loops = false;
	if (re2_read(pattern, n, &text, NULL, &loops, err) < 0)
		return -1;
	struct re2 *re = xcalloc(1, sizeof(*re) + n);
	re->loops = loops;
	re->n = n;
	if (n)
		memcpy(re->pattern, pattern, n);
	/* Too large or too deep, or a script that it does not know yet. */
	regex_compile(buf_text(&text), text.len, RE2_OPTIONS, &re->fast, &why);
	*out = re;
	return 0;
}

bool re2_program(const char *pattern, size_t n, struct re2_code *code)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	return re2_read(pattern, n, &text, code, NULL, &err) == 0 && !code->failed;
}

/* false: there is none */
static bool have_code(struct re2 *re)
{
	if (re->code.n == 0 && !re->code.failed) {
		re->code.failed = !re2_program(re->pattern, re->n, &re->code);
		re->code.steps += re->code.n;
	}
	return !re->code.failed;
}

enum regex_result re2_test(struct re2 *re, const char *text, size_t n)
{
	re->code.steps = 0;
	enum regex_result found = re->fast ? regex_test(re->fast, text, n) : REGEX_LIMIT;
	if (found != REGEX_LIMIT || !have_code(re))
		return found;
	return re2_code_run(&re->code, text, n, 0, NULL, NULL);
}

enum regex_result re2_find(struct re2 *re, const char *text, size_t n, size_t from, size_t *start,
			   size_t *end)
{
	re->code.steps = 0;
	enum regex_result found = REGEX_LIMIT;
	if (re->fast && !re->loops)
		found = regex_find(re->fast, text, n, from, start, end);
	if (found != REGEX_LIMIT || !have_code(re))
		return found;
	return re2_code_run(&re->code, text, n, from, start, end);
}

size_t re2_size(const struct re2 *re)
{
	return re->fast ? regex_size(re->fast) : RE2_CODE_MAX;
}

size_t re2_steps(const struct re2 *re)
{
	return re->code.steps;
}

void re2_free(struct re2 *re)
{
	if (!re)
		return;
	regex_free(re->fast);
	re2_code_done(&re->code);
	free(re);
}

void re2_free_p(struct re2 **re)
{
	re2_free(*re);
}
