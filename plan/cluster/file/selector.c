/* Label selectors: "a=b,c!=d,e in (f,g),h notin (i),j,!k". */
#include <string.h>

#include "plan/cluster/file/file.h"

struct text {
	const char *p;
	size_t n;
};

enum operator{ EQUALS, DIFFERS, IN, NOT_IN, EXISTS, ABSENT };

struct requirement {
	struct text key;
	enum operator op;
	struct text values; /* what stands in the parentheses, or the one value */
};

static struct text trimmed(struct text t)
{
	while (t.n && *t.p == ' ') {
		t.p++;
		t.n--;
	}
	while (t.n && t.p[t.n - 1] == ' ')
		t.n--;
	return t;
}

static bool is_word(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (strchr(" =!(),", t.p[i]))
			return false;
	return true;
}

/* Cuts the next requirement off: at a comma that is not in parentheses. */
static struct text cut(const char **rest)
{
	struct text t = { *rest, 0 };
	bool inside = false;
	while (t.p[t.n] && (inside || t.p[t.n] != ',')) {
		inside = t.p[t.n] == '(' || (inside && t.p[t.n] != ')');
		t.n++;
	}
	*rest = t.p + t.n + (t.p[t.n] == ',');
	return trimmed(t);
}

/* "KEY in (A,B)" */
static bool parse_set(struct text t, struct requirement *out)
{
	const char *open = memchr(t.p, '(', t.n);
	if (!open || t.p[t.n - 1] != ')')
		return false;
	struct text left = trimmed((struct text){ t.p, (size_t)(open - t.p) });
	out->values = (struct text){ open + 1, t.n - (size_t)(open - t.p) - 2 };
	out->op = IN;
	if (left.n > 6 && memcmp(left.p + left.n - 6, " notin", 6) == 0) {
		out->op = NOT_IN;
		left.n -= 6;
	} else if (left.n > 3 && memcmp(left.p + left.n - 3, " in", 3) == 0) {
		left.n -= 3;
	} else {
		return false;
	}
	out->key = trimmed(left);
	return out->key.n && is_word(out->key);
}

static bool parse(struct text t, struct requirement *out)
{
	*out = (struct requirement){ .key = t, .op = EXISTS };
	const char *sign = memchr(t.p, '=', t.n);
	if (!t.n)
		return false;
	if (sign && !memchr(t.p, '(', t.n)) {
		size_t at = (size_t)(sign - t.p);
		bool differs = at && t.p[at - 1] == '!';
		bool twice = at + 1 < t.n && t.p[at + 1] == '=';
		out->op = differs ? DIFFERS : EQUALS;
		out->key = trimmed((struct text){ t.p, at - differs });
		out->values = trimmed((struct text){ sign + 1 + twice, t.n - at - 1 - twice });
		return out->key.n && is_word(out->key) && is_word(out->values);
	}
	if (memchr(t.p, '(', t.n))
		return parse_set(t, out);
	if (*t.p == '!') {
		out->op = ABSENT;
		out->key = trimmed((struct text){ t.p + 1, t.n - 1 });
	}
	return out->key.n && is_word(out->key);
}

static bool same(struct text t, const char *s)
{
	return strlen(s) == t.n && memcmp(t.p, s, t.n) == 0;
}

static bool among(struct text values, const char *s)
{
	for (size_t i = 0; i <= values.n;) {
		const char *p = values.p + i;
		const char *comma = memchr(p, ',', values.n - i);
		size_t n = comma ? (size_t)(comma - p) : values.n - i;
		if (same(trimmed((struct text){ p, n }), s))
			return true;
		i += n + 1;
	}
	return false;
}

static bool matches(const struct requirement *r, const struct json *labels)
{
	AUTO(auto_free) char *key = xstrndup(r->key.p, r->key.n);
	const char *value = json_get_str(labels, key);
	switch (r->op) {
	case EQUALS:
		return value && same(r->values, value);
	case DIFFERS:
		return !value || !same(r->values, value);
	case IN:
		return value && among(r->values, value);
	case NOT_IN:
		return !value || !among(r->values, value);
	case EXISTS:
		return value != NULL;
	case ABSENT:
		return !value;
	}
	return false;
}

int selector_check(const char *selector, struct err *err)
{
	struct requirement r;
	for (const char *rest = selector; *rest;)
		if (!parse(cut(&rest), &r))
			return err_set(err, ERR_USAGE, "label selector `%s` cannot be understood",
				       selector);
	return 0;
}

bool file_selector_matches(const char *selector, const struct json *labels)
{
	for (const char *rest = selector; *rest;) {
		struct requirement r;
		if (!parse(cut(&rest), &r) || !matches(&r, labels))
			return false;
	}
	return true;
}
