/* What a scalar is, as go-yaml v2 resolves it for sigs.k8s.io/yaml: YAML 1.1, but without
 * sexagesimal numbers, with strconv's integers (0o17, 0x1F, 0b1, 0777), and with y and n as
 * booleans.  Timestamps end as strings there, so only an explicit !!timestamp looks at one. */
#include "base/yaml_internal.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const struct {
	const char *word;
	enum yaml_kind kind;
	double value; /* of a YAML_BOOL and a YAML_FLOAT */
} words[] = {
	{ "", YAML_NULL, 0 },
	{ "~", YAML_NULL, 0 },
	{ "null", YAML_NULL, 0 },
	{ "Null", YAML_NULL, 0 },
	{ "NULL", YAML_NULL, 0 },
	{ "y", YAML_BOOL, 1 },
	{ "Y", YAML_BOOL, 1 },
	{ "yes", YAML_BOOL, 1 },
	{ "Yes", YAML_BOOL, 1 },
	{ "YES", YAML_BOOL, 1 },
	{ "true", YAML_BOOL, 1 },
	{ "True", YAML_BOOL, 1 },
	{ "TRUE", YAML_BOOL, 1 },
	{ "on", YAML_BOOL, 1 },
	{ "On", YAML_BOOL, 1 },
	{ "ON", YAML_BOOL, 1 },
	{ "n", YAML_BOOL, 0 },
	{ "N", YAML_BOOL, 0 },
	{ "no", YAML_BOOL, 0 },
	{ "No", YAML_BOOL, 0 },
	{ "NO", YAML_BOOL, 0 },
	{ "false", YAML_BOOL, 0 },
	{ "False", YAML_BOOL, 0 },
	{ "FALSE", YAML_BOOL, 0 },
	{ "off", YAML_BOOL, 0 },
	{ "Off", YAML_BOOL, 0 },
	{ "OFF", YAML_BOOL, 0 },
	{ ".nan", YAML_FLOAT, NAN },
	{ ".NaN", YAML_FLOAT, NAN },
	{ ".NAN", YAML_FLOAT, NAN },
	{ ".inf", YAML_FLOAT, INFINITY },
	{ ".Inf", YAML_FLOAT, INFINITY },
	{ ".INF", YAML_FLOAT, INFINITY },
	{ "+.inf", YAML_FLOAT, INFINITY },
	{ "+.Inf", YAML_FLOAT, INFINITY },
	{ "+.INF", YAML_FLOAT, INFINITY },
	{ "-.inf", YAML_FLOAT, -INFINITY },
	{ "-.Inf", YAML_FLOAT, -INFINITY },
	{ "-.INF", YAML_FLOAT, -INFINITY },
};

enum { LONGEST_WORD = 5 };

static bool resolve_word(const char *text, size_t n, struct yaml_scalar *out)
{
	if (n > LONGEST_WORD)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].word[0] != text[0] || strcmp(words[i].word, text) != 0)
			continue;
		out->kind = (uint8_t)words[i].kind;
		if (words[i].kind == YAML_BOOL)
			out->truth = words[i].value != 0;
		else if (words[i].kind == YAML_FLOAT)
			out->f = words[i].value;
		return true;
	}
	return false;
}

/* What a scalar is without a tag. */
static void resolve_plain(const char *text, size_t n, struct yaml_scalar *out)
{
	static const char number_starts[] = "0123456789+-.";
	static const char word_starts[] = "yYnNtTfFoO~.+-";
	bool may_be_word = n == 0 || strchr(word_starts, text[0]);
	if (may_be_word && resolve_word(text, n, out))
		return;
	if (n && strchr(number_starts, text[0]) && yaml_number(text, n, out))
		return;
	out->kind = YAML_TEXT;
	out->text = text;
	out->n = (uint32_t)n;
}

/* ---- explicit tags */

static bool two_digits(const char **p, int low, int high)
{
	if (!isdigit((unsigned char)**p))
		return false;
	int value = *(*p)++ - '0';
	if (isdigit((unsigned char)**p))
		value = 10 * value + *(*p)++ - '0';
	return low <= value && value <= high;
}

static bool is_date(const char **p)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	char *end;
	for (int i = 0; i < 4; i++)
		if (!isdigit((unsigned char)(*p)[i]))
			return false;
	long year = strtol(*p, &end, 10);
	if (end - *p != 4 || *end != '-')
		return false;
	const char *month_at = end + 1, *at = month_at;
	if (!two_digits(&at, 1, 12) || *at++ != '-')
		return false;
	long month = strtol(month_at, NULL, 10);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	*p = at;
	return two_digits(p, 1, days[month - 1] + (month == 2 && leap));
}

static bool is_zone(const char *p)
{
	if (strcmp(p, "Z") == 0)
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	return two_digits(&p, 0, 24) && *p++ == ':' && two_digits(&p, 0, 60) && !*p;
}

/* The four layouts that go-yaml hands to time.Parse. */
static bool is_timestamp(const char *p)
{
	if (!is_date(&p))
		return false;
	if (!*p)
		return true;
	char separator = *p++;
	if (separator != 'T' && separator != 't' && separator != ' ')
		return false;
	if (!two_digits(&p, 0, 23) || *p++ != ':' || !two_digits(&p, 0, 59) || *p++ != ':' ||
	    !two_digits(&p, 0, 59))
		return false;
	if ((*p == '.' || *p == ',') && isdigit((unsigned char)p[1]))
		for (p++; isdigit((unsigned char)*p); p++)
			;
	return separator == ' ' ? !*p : is_zone(p);
}

static void keep_text(const char *text, size_t n, struct yaml_scalar *out)
{
	*out = (struct yaml_scalar){ .kind = YAML_TEXT, .n = (uint32_t)n, .text = text };
}

/* An integer is accepted as a float, but not one beyond int64: go-yaml's rule. */
static bool to_float(struct yaml_scalar *s)
{
	if (s->kind == YAML_INT) {
		s->f = (double)s->i;
		s->kind = YAML_FLOAT;
	}
	return s->kind == YAML_FLOAT;
}

const char *yaml_resolve(const char *tag, const char *text, size_t n, struct yaml_scalar *out)
{
	static const char standard[] = "tag:yaml.org,2002:";
	*out = (struct yaml_scalar){ .kind = YAML_NULL };
	if (!tag) {
		resolve_plain(text, n, out);
		return NULL;
	}
	const char *type =
		strncmp(tag, standard, sizeof(standard) - 1) == 0 ? tag + sizeof(standard) - 1 : "";
	if (strcmp(type, "timestamp") == 0) {
		keep_text(text, n, out);
		return is_timestamp(text) ? NULL : "it is tagged !!timestamp and is none";
	}
	resolve_plain(text, n, out);
	if (strcmp(type, "null") == 0)
		return out->kind == YAML_NULL ? NULL : "it is tagged !!null and is not null";
	if (strcmp(type, "bool") == 0)
		return out->kind == YAML_BOOL ? NULL : "it is tagged !!bool and is no boolean";
	if (strcmp(type, "int") == 0)
		return out->kind == YAML_INT || out->kind == YAML_UINT
			       ? NULL
			       : "it is tagged !!int and is no integer";
	if (strcmp(type, "float") == 0)
		return to_float(out) ? NULL : "it is tagged !!float and is no number";
	keep_text(text, n, out); /* !!str, and every tag that go-yaml does not know */
	return NULL;
}
