/* Patterns of gitignore(5) against paths.
 *
 * Two loops of the same form: over the parts between slashes, where "**" stands for any number of
 * parts, and within a part, where "*" stands for any number of bytes.  On a mismatch only the last
 * star is stretched by one, which is enough, so that no pattern takes more than the product of
 * both lengths. */
#include <ctype.h>
#include <string.h>

#include "plan/source/ignore.h"

/* Text from p to end, without slashes. */
struct part {
	const char *p, *end;
};

static struct part first_part(const char *text)
{
	return (struct part){ text, text + strcspn(text, "/") };
}

/* false: there is none. */
static bool next_part(struct part *part)
{
	if (*part->end != '/')
		return false;
	*part = first_part(part->end + 1);
	return true;
}

/* More than two stars mean the same to git. */
static bool is_double_star(struct part part)
{
	size_t n = (size_t)(part.end - part.p);
	return n >= 2 && strspn(part.p, "*") >= n;
}

/* "[:alpha:]" at p; *end is behind it.  0: no match, 1: match, -1: no such class. */
static int match_class(const char *p, const char *limit, unsigned char c, const char **end)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{ "alnum", isalnum }, { "alpha", isalpha }, { "blank", isblank },
		{ "cntrl", iscntrl }, { "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint }, { "punct", ispunct },
		{ "space", isspace }, { "upper", isupper }, { "xdigit", isxdigit },
	};
	for (size_t i = 0; i < ARRAY_LEN(classes); i++) {
		size_t n = strlen(classes[i].name);
		if ((size_t)(limit - p) < n + 4 || memcmp(p + 2, classes[i].name, n) != 0 ||
		    memcmp(p + 2 + n, ":]", 2) != 0)
			continue;
		*end = p + n + 4;
		return classes[i].is(c) != 0;
	}
	return -1;
}

/* One byte of a bracket expression, unescaped. */
static bool take_byte(const char **p, const char *end, unsigned char *out)
{
	if (*p < end && **p == '\\')
		++*p;
	if (*p >= end)
		return false;
	*out = (unsigned char)*(*p)++;
	return true;
}

/* "[a-z]" at *p, which is behind it afterwards.  A bracket without an end matches nothing. */
static bool match_bracket(const char **at, const char *end, unsigned char c)
{
	const char *p = *at + 1;
	bool negated = p < end && (*p == '!' || *p == '^'), found = false;
	p += negated;
	for (const char *first = p; p < end && (*p != ']' || p == first);) {
		if (p + 1 < end && p[0] == '[' && p[1] == ':') {
			int hit = match_class(p, end, c, &p);
			if (hit < 0)
				return false;
			found |= hit;
			continue;
		}
		unsigned char low, high;
		if (!take_byte(&p, end, &low))
			return false;
		high = low;
		if (p + 1 < end && p[0] == '-' && p[1] != ']') {
			p++;
			if (!take_byte(&p, end, &high))
				return false;
		}
		found |= low <= c && c <= high;
	}
	if (p >= end)
		return false;
	*at = p + 1;
	return found != negated;
}

/* One element of the pattern that is no star, against one byte. */
static bool match_one(const char **p, const char *end, unsigned char c)
{
	if (**p == '?') {
		++*p;
		return true;
	}
	if (**p == '[')
		return match_bracket(p, end, c);
	unsigned char want;
	return take_byte(p, end, &want) && want == c;
}

static bool match_part(struct part pattern, struct part text)
{
	const char *p = pattern.p, *t = text.p, *star = NULL, *mark = NULL;
	while (t < text.end) {
		const char *next = p;
		if (p < pattern.end && *p == '*') {
			star = ++p;
			mark = t;
		} else if (p < pattern.end && match_one(&next, pattern.end, (unsigned char)*t)) {
			p = next;
			t++;
		} else if (star) {
			p = star;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.end && *p == '*')
		p++;
	return p == pattern.end;
}

bool wildmatch(const char *pattern, const char *path)
{
	struct part p = first_part(pattern), t = first_part(path), star, mark;
	bool p_left = true, t_left = true, starred = false;
	while (t_left) {
		if (p_left && is_double_star(p)) {
			star = p;
			mark = t;
			starred = true;
			p_left = next_part(&p);
			if (!p_left) /* at the end it stands for one part at least */
				return true;
		} else if (p_left && match_part(p, t)) {
			p_left = next_part(&p);
			t_left = next_part(&t);
		} else if (starred && next_part(&mark)) {
			t = mark;
			p = star;
			p_left = next_part(&p);
		} else {
			return false;
		}
	}
	return !p_left;
}
