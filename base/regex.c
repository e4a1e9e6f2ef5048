/* See regex.h. */
#include "base/regex.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
	STEPS = 20000000,    /* over all places of a text where a match may begin */
	STEPS_ONE = 1000000, /* at one place */
	STEPS_LEAST = 64,    /* at one place of a very long text */
	HASTY_STEPS = 128,   /* at one place, for REGEX_HASTY */
	JIT_AFTER = 8,       /* searches: for fewer, machine code is not worth the time */
	DEPTH_MAX = 250,     /* nested groups of a pattern */
	HEAP_MAX = 16 << 10, /* KiB for one match */
};

struct regex {
	pcre2_code *code;
	pcre2_compile_context *compile;
	pcre2_match_context *match;
	pcre2_match_data *data;
	bool hasty;
	unsigned searches; /* up to JIT_AFTER */
};

static uint32_t pcre_options(unsigned options)
{
	uint32_t o = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
	if (options & REGEX_CASELESS)
		o |= PCRE2_CASELESS;
	if (options & REGEX_MULTILINE)
		o |= PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX;
	if (options & REGEX_DOTALL)
		o |= PCRE2_DOTALL;
	return o;
}

/* Patterns that are right and that PCRE2 has no room for. */
static bool is_too_large(int code)
{
	switch (code) {
	case PCRE2_ERROR_PATTERN_TOO_LARGE:
	case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
	case PCRE2_ERROR_HEAP_FAILED:
	case PCRE2_ERROR_PARENTHESES_STACK_CHECK:
	case PCRE2_ERROR_LOOKBEHIND_TOO_COMPLICATED:
	case PCRE2_ERROR_PATTERN_STRING_TOO_LONG:
		return true;
	default:
		return false;
	}
}

int regex_compile(const char *pattern, size_t n, unsigned options, struct regex **out,
		  struct err *err)
{
	if (n > REGEX_PATTERN_MAX)
		return err_set(err, ERR_LIMIT, "a regular expression of more than %d bytes",
			       REGEX_PATTERN_MAX);
	AUTO(regex_free_p) struct regex *re = xcalloc(1, sizeof(*re));
	re->hasty = options & REGEX_HASTY;
	re->compile = pcre2_compile_context_create(NULL);
	re->match = pcre2_match_context_create(NULL);
	re->data = pcre2_match_data_create(1, NULL);
	if (!re->compile || !re->match || !re->data)
		return err_set(err, ERR_SYSTEM, "regular expression: no memory");
	pcre2_set_newline(re->compile, PCRE2_NEWLINE_LF);
	pcre2_set_parens_nest_limit(re->compile, DEPTH_MAX);
	pcre2_set_heap_limit(re->match, HEAP_MAX);

	int code;
	size_t at;
	re->code = pcre2_compile((PCRE2_SPTR)pattern, n, pcre_options(options), &code, &at,
				 re->compile);
	if (!re->code) {
		char text[120];
		if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
			text[0] = '\0';
		return err_set(err, is_too_large(code) ? ERR_LIMIT : ERR_INPUT,
			       "regular expression: %s at byte %zu", text, at + 1);
	}
	*out = TAKE(re);
	return 0;
}

/* PCRE2 counts anew at each place where a match may begin. */
static uint32_t steps_at_a_place(const struct regex *re, size_t places)
{
	size_t each = re->hasty ? HASTY_STEPS : STEPS / places;
	if (each > STEPS_ONE)
		each = STEPS_ONE;
	return each < STEPS_LEAST ? STEPS_LEAST : (uint32_t)each;
}

static enum regex_result run(struct regex *re, const char *text, size_t n, size_t from)
{
	if (n > REGEX_TEXT_MAX)
		return REGEX_LIMIT;
	if (from > n)
		return REGEX_NO_MATCH;
	/* Where the system allows no machine code, the program is interpreted. */
	if (re->searches < JIT_AFTER && ++re->searches == JIT_AFTER)
		pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
	pcre2_set_match_limit(re->match, steps_at_a_place(re, n - from + 1));
	int rc = pcre2_match(re->code, (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, re->data,
			     re->match);
	return rc >= 0 ? REGEX_MATCH : rc == PCRE2_ERROR_NOMATCH ? REGEX_NO_MATCH : REGEX_LIMIT;
}

enum regex_result regex_test(struct regex *re, const char *text, size_t n)
{
	return run(re, text, n, 0);
}

enum regex_result regex_find(struct regex *re, const char *text, size_t n, size_t from,
			     size_t *start, size_t *end)
{
	enum regex_result found = run(re, text, n, from);
	if (found == REGEX_MATCH) {
		const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(re->data);
		*start = offsets[0];
		*end = offsets[1];
	}
	return found;
}

size_t regex_size(const struct regex *re)
{
	size_t size = 0;
	pcre2_pattern_info(re->code, PCRE2_INFO_SIZE, &size);
	return size;
}

void regex_free(struct regex *re)
{
	if (!re)
		return;
	pcre2_match_data_free(re->data);
	pcre2_match_context_free(re->match);
	pcre2_code_free(re->code);
	pcre2_compile_context_free(re->compile);
	free(re);
}

void regex_free_p(struct regex **re)
{
	regex_free(*re);
}
