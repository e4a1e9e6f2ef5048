/* See semver.h. */
#include "policy/cel/semver.h"

#include <inttypes.h>
#include <string.h>

#include "policy/cel/go_quote.h"

struct span {
	const char *p;
	size_t n;
};

/* "what: text in quotes" */
static int fail(struct err *err, const char *what, struct span s)
{
	AUTO(auto_free) char *quoted = go_quoted(s.p, s.n);
	return err_set(err, ERR_INPUT, "%s %s", what, quoted);
}

/* The text up to a character, and what is behind it; false where there is none. */
static bool cut(struct span *rest, char c, struct span *before)
{
	const char *at = rest->n ? memchr(rest->p, c, rest->n) : NULL;
	if (!at) {
		*before = *rest;
		return false;
	}
	*before = (struct span){ rest->p, (size_t)(at - rest->p) };
	*rest = (struct span){ at + 1, rest->n - before->n - 1 };
	return true;
}

static bool is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool is_identifier(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], letter = (char)(c | 0x20);
		if (c != '-' && (c < '0' || c > '9') && (letter < 'a' || letter > 'z'))
			return false;
	}
	return true;
}

/* Digits are read; Go's words for what is no number of 64 bits. */
static int read_uint(struct span s, uint64_t *out, struct err *err)
{
	uint64_t value = 0;
	const char *why = s.n ? NULL : "invalid syntax";
	for (size_t i = 0; i < s.n && !why; i++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(s.p[i] - '0'), &value))
			why = "value out of range";
	if (why) {
		AUTO(auto_free) char *quoted = go_quoted(s.p, s.n);
		return err_set(err, ERR_INPUT, "strconv.ParseUint: parsing %s: %s", quoted, why);
	}
	*out = value;
	return 0;
}

/* what: "Major", and `lower` the same for the middle of a sentence */
static int read_part(struct span s, const char *what, const char *lower, uint64_t *out,
		     struct err *err)
{
	AUTO(auto_free) char *bad = xfmt("Invalid character(s) found in %s number", lower);
	AUTO(auto_free) char *zeros = xfmt("%s number must not contain leading zeroes", what);
	if (!is_number(s))
		return fail(err, bad, s);
	if (s.n > 1 && *s.p == '0')
		return fail(err, zeros, s);
	return read_uint(s, out, err);
}

static int check_pre(struct span all, struct err *err)
{
	struct span s;
	uint64_t number;
	for (bool more = true; more;) {
		more = cut(&all, '.', &s);
		if (s.n == 0)
			return err_set(err, ERR_INPUT, "Prerelease is empty");
		if (!is_identifier(s))
			return fail(err, "Invalid character(s) found in prerelease", s);
		if (!is_number(s))
			continue;
		if (s.n > 1 && *s.p == '0')
			return fail(err,
				    "Numeric PreRelease version must not contain leading zeroes",
				    s);
		if (read_uint(s, &number, err) < 0)
			return -1;
	}
	return 0;
}

static int check_build(struct span all, struct err *err)
{
	struct span s;
	for (bool more = true; more;) {
		more = cut(&all, '.', &s);
		if (s.n == 0)
			return err_set(err, ERR_INPUT, "Build meta data is empty");
		if (!is_identifier(s))
			return fail(err, "Invalid character(s) found in build meta data", s);
	}
	return 0;
}

/* Patch, -pre and +build. */
static int read_rest(struct span rest, struct semver *v, struct err *err)
{
	struct span build = rest, pre, patch;
	bool has_build = cut(&build, '+', &pre);
	struct span all = pre;
	bool has_pre = cut(&pre, '-', &patch);
	if (!has_pre)
		patch = all;
	if (read_part(patch, "Patch", "patch", &v->patch, err) < 0 ||
	    (has_pre && check_pre(pre, err) < 0) || (has_build && check_build(build, err) < 0))
		return -1;
	if (has_pre) {
		v->pre = pre.p;
		v->n_pre = pre.n;
	}
	if (has_build) {
		v->build = build.p;
		v->n_build = build.n;
	}
	return 0;
}

static int parse(struct span rest, struct semver *out, struct err *err)
{
	struct span major, minor;
	struct semver v = { 0 };
	if (rest.n == 0)
		return err_set(err, ERR_INPUT, "Version string empty");
	if (!cut(&rest, '.', &major) || !cut(&rest, '.', &minor))
		return err_set(err, ERR_INPUT, "No Major.Minor.Patch elements found");
	if (read_part(major, "Major", "major", &v.major, err) < 0 ||
	    read_part(minor, "Minor", "minor", &v.minor, err) < 0 || read_rest(rest, &v, err) < 0)
		return -1;
	*out = v;
	return 0;
}

/* A part of a version without leading zeros; one stays, or comes, in front of anything but a digit.
 */
static void put_normalized(struct buf *out, struct span s)
{
	struct span t = s;
	while (s.n > 1 && t.n && *t.p == '0') {
		t.p++;
		t.n--;
	}
	if (s.n > 1 && (t.n == 0 || *t.p < '0' || *t.p > '9'))
		buf_putc(out, '0');
	buf_put(out, t.p, t.n);
}

static int normalize(struct span rest, struct buf *out, struct err *err)
{
	if (rest.n && *rest.p == 'v') {
		rest.p++;
		rest.n--;
	}
	int parts = 1;
	for (struct span part; parts < 3 && cut(&rest, '.', &part); parts++) {
		put_normalized(out, part);
		buf_putc(out, '.');
	}
	if (parts < 3 && rest.n && (memchr(rest.p, '+', rest.n) || memchr(rest.p, '-', rest.n)))
		return err_set(err, ERR_INPUT,
			       "short version cannot contain PreRelease/Build meta data");
	put_normalized(out, rest);
	for (; parts < 3; parts++)
		buf_puts(out, ".0");
	return 0;
}

int semver_parse(const char *text, size_t n, struct semver *out, struct err *err)
{
	return parse((struct span){ text, n }, out, err);
}

int semver_parse_tolerant(struct arena *a, const char *text, size_t n, struct semver *out,
			  struct err *err)
{
	AUTO(buf_done) struct buf whole = { 0 };
	if (normalize((struct span){ text, n }, &whole, err) < 0)
		return -1;
	char *copy = arena_strndup(a, whole.data, whole.len);
	return parse((struct span){ copy, whole.len }, out, err);
}

/* ---- order */

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_text(struct span a, struct span b)
{
	int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return d ? (d > 0) - (d < 0) : order(a.n, b.n);
}

/* Numbers by value and before words. */
static int compare_identifiers(struct span a, struct span b)
{
	bool a_number = is_number(a), b_number = is_number(b);
	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number && a.n != b.n)
		return order(a.n, b.n);
	return compare_text(a, b);
}

static int compare_pre(struct span a, struct span b)
{
	for (;;) {
		struct span x, y;
		bool a_more = cut(&a, '.', &x), b_more = cut(&b, '.', &y);
		int d = compare_identifiers(x, y);
		if (d)
			return d;
		if (!a_more || !b_more)
			return order(a_more, b_more);
	}
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	int d = order(a->major, b->major);
	d = d ? d : order(a->minor, b->minor);
	d = d ? d : order(a->patch, b->patch);
	if (d || (!a->pre && !b->pre))
		return d;
	if (!a->pre || !b->pre)
		return a->pre ? -1 : 1;
	return compare_pre((struct span){ a->pre, a->n_pre }, (struct span){ b->pre, b->n_pre });
}

void semver_text(const struct semver *v, struct buf *out)
{
	buf_printf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, v->major, v->minor, v->patch);
	if (v->pre) {
		buf_putc(out, '-');
		buf_put(out, v->pre, v->n_pre);
	}
	if (v->build) {
		buf_putc(out, '+');
		buf_put(out, v->build, v->n_build);
	}
}
