/* See named_format.h.  The regular expressions are small enough to be written as loops; they stand
 * in the messages. */
#include "policy/cel/named_format.h"

#include <stdbool.h>
#include <string.h>

#include "policy/cel/url.h"

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253 };

#define LABEL_1123     "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define LABEL_KEY      "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define REGEX(pattern) "regex used for validation is '" pattern "')"

#define LABEL_SAYS                                                                                 \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "   \
	"and must start and end with an alphanumeric character "                                   \
	"(e.g. 'my-name',  or '123-abc', " REGEX(LABEL_1123)
#define SUBDOMAIN_SAYS                                                                             \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "      \
	"'-' or '.', and must start and end with an alphanumeric character "                       \
	"(e.g. 'example.com', " REGEX(LABEL_1123 "(\\." LABEL_1123 ")*")
#define LABEL_1035_SAYS                                                                            \
	"a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with "  \
	"an alphabetic character, and end with an alphanumeric character "                         \
	"(e.g. 'my-name',  or 'abc-123', " REGEX("[a-z]([-a-z0-9]*[a-z0-9])?")
#define LABEL_KEY_SAYS                                                                             \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "   \
	"an alphanumeric character "                                                               \
	"(e.g. 'MyName',  or 'my.name',  or '123-abc', " REGEX(LABEL_KEY)
#define LABEL_VALUE_SAYS                                                                           \
	"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' "   \
	"or '.', and must start and end with an alphanumeric character "                           \
	"(e.g. 'MyValue',  or 'my_value',  or '12345', " REGEX("(" LABEL_KEY ")?")

#define MESSAGES const char *messages[NAMED_FORMAT_MESSAGES]

/* ---- names */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* LABEL_1123, of any length */
static bool is_label(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_lower(p[i]) && !is_digit(p[i]) && (p[i] != '-' || i == 0 || i + 1 == n))
			return false;
	return n > 0;
}

static bool is_subdomain(const char *p, size_t n)
{
	for (const char *dot; n && (dot = memchr(p, '.', n)); p = dot + 1) {
		if (!is_label(p, (size_t)(dot - p)))
			return false;
		n -= (size_t)(dot - p) + 1;
	}
	return is_label(p, n);
}

/* LABEL_KEY, of any length */
static bool is_label_key(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char lower = (char)(p[i] | 0x20);
		bool inside = i > 0 && i + 1 < n;
		if (!is_lower(lower) && !is_digit(p[i]) &&
		    !(inside && (p[i] == '-' || p[i] == '_' || p[i] == '.')))
			return false;
	}
	return n > 0;
}

#define TOO_LONG(n) "must be no more than " n " characters"

static size_t dns1123_label(struct arena *a, const char *p, size_t n, MESSAGES)
{
	size_t count = 0;
	(void)a;
	if (n > LABEL_MAX)
		messages[count++] = TOO_LONG("63");
	if (!is_label(p, n))
		messages[count++] = is_subdomain(p, n) ? "must not contain dots" : LABEL_SAYS;
	return count;
}

static size_t dns1123_subdomain(struct arena *a, const char *p, size_t n, MESSAGES)
{
	size_t count = 0;
	(void)a;
	if (n > SUBDOMAIN_MAX)
		messages[count++] = TOO_LONG("253");
	if (!is_subdomain(p, n))
		messages[count++] = SUBDOMAIN_SAYS;
	return count;
}

static size_t dns1035_label(struct arena *a, const char *p, size_t n, MESSAGES)
{
	size_t count = 0;
	(void)a;
	if (n > LABEL_MAX)
		messages[count++] = TOO_LONG("63");
	if (!is_label(p, n) || !is_lower(*p))
		messages[count++] = LABEL_1035_SAYS;
	return count;
}

/* A prefix may end in a dash: it and what is before it count as one letter. */
static const char *without_dash(struct arena *a, const char *p, size_t *n)
{
	if (*n < 2 || p[*n - 1] != '-')
		return p;
	char *masked = arena_strndup(a, p, *n);
	masked[*n - 2] = 'a';
	--*n;
	return masked;
}

static size_t dns1123_label_prefix(struct arena *a, const char *p, size_t n, MESSAGES)
{
	p = without_dash(a, p, &n);
	return dns1123_label(a, p, n, messages);
}

static size_t dns1123_subdomain_prefix(struct arena *a, const char *p, size_t n, MESSAGES)
{
	p = without_dash(a, p, &n);
	return dns1123_subdomain(a, p, n, messages);
}

static size_t dns1035_label_prefix(struct arena *a, const char *p, size_t n, MESSAGES)
{
	p = without_dash(a, p, &n);
	return dns1035_label(a, p, n, messages);
}

static size_t name_prefix(struct arena *a, const char *p, size_t n, MESSAGES)
{
	if (n == 0) {
		messages[0] = "prefix part must be non-empty";
		return 1;
	}
	size_t count = dns1123_subdomain(a, p, n, messages);
	for (size_t i = 0; i < count; i++)
		messages[i] = arena_fmt(a, "prefix part %s", messages[i]);
	return count;
}

static size_t name_part(const char *p, size_t n, const char **messages)
{
	size_t count = 0;
	if (n == 0)
		messages[count++] = "name part must be non-empty";
	else if (n > LABEL_MAX)
		messages[count++] = "name part " TOO_LONG("63");
	if (!is_label_key(p, n))
		messages[count++] = "name part " LABEL_KEY_SAYS;
	return count;
}

static size_t qualified_name(struct arena *a, const char *p, size_t n, MESSAGES)
{
	const char *slash = n ? memchr(p, '/', n) : NULL;
	size_t count = 0;
	if (slash && memchr(slash + 1, '/', (size_t)(p + n - slash - 1))) {
		messages[0] = "a valid label key " LABEL_KEY_SAYS
			      " with an optional DNS subdomain prefix and '/' "
			      "(e.g. 'example.com/MyName')";
		return 1;
	}
	if (slash) {
		count = name_prefix(a, p, (size_t)(slash - p), messages);
		n -= (size_t)(slash - p) + 1;
		p = slash + 1;
	}
	count += name_part(p, n, messages + count);
	return count;
}

static size_t label_value(struct arena *a, const char *p, size_t n, MESSAGES)
{
	size_t count = 0;
	(void)a;
	if (n > LABEL_MAX)
		messages[count++] = TOO_LONG("63");
	if (n && !is_label_key(p, n))
		messages[count++] = LABEL_VALUE_SAYS;
	return count;
}

/* ---- values */

static size_t one(bool ok, const char *message, MESSAGES)
{
	messages[0] = message;
	return !ok;
}

static size_t uri(struct arena *a, const char *p, size_t n, MESSAGES)
{
	AUTO(err_done) struct err err = { 0 };
	bool ok = url_check(p, n, &err) == 0;
	return one(ok, ok ? NULL : arena_strdup(a, err.msg), messages);
}

static bool is_hex(char c)
{
	char lower = (char)(c | 0x20);
	return is_digit(c) || (lower >= 'a' && lower <= 'f');
}

/* 32 hexadecimal digits; a dash may stand where it usually does. */
static size_t uuid(struct arena *a, const char *p, size_t n, MESSAGES)
{
	const char *end = p + n;
	int digits = 0;
	(void)a;
	for (; p < end; p++) {
		if (*p == '-' && p[-(digits > 0)] != '-' &&
		    (digits == 8 || digits == 12 || digits == 16 || digits == 20))
			continue;
		if (!is_hex(*p))
			break;
		digits++;
	}
	return one(p == end && digits == 32, "does not match the UUID format", messages);
}

static size_t byte(struct arena *a, const char *p, size_t n, MESSAGES)
{
	size_t padding = 0;
	(void)a;
	while (padding < 2 && padding < n && p[n - 1 - padding] == '=')
		padding++;
	bool ok = n > 0 && n % 4 == 0;
	for (size_t i = 0; ok && i < n - padding; i++)
		ok = is_lower((char)(p[i] | 0x20)) || is_digit(p[i]) || p[i] == '+' || p[i] == '/';
	return one(ok, "invalid base64", messages);
}

/* Digits at p[at..at + n), or -1. */
static int number(const char *p, size_t at, size_t n)
{
	int value = 0;
	for (size_t i = at; i < at + n; i++) {
		if (!is_digit(p[i]))
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

static bool is_date(const char *p, size_t n)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (n != strlen("2026-01-02") || p[4] != '-' || p[7] != '-')
		return false;
	int y = number(p, 0, 4), m = number(p, 5, 2), d = number(p, 8, 2);
	if (y < 0 || m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= days[m - 1] + (m == 2 && leap);
}

static size_t date(struct arena *a, const char *p, size_t n, MESSAGES)
{
	(void)a;
	return one(is_date(p, n), "invalid date", messages);
}

/* "z" or "+01:00"; the numbers do not matter */
static bool is_zone(const char *p, size_t n)
{
	if (n == 1)
		return *p == 'z' || *p == 'Z';
	return n == 6 && (*p == '+' || *p == '-') && number(p, 1, 2) >= 0 && p[3] == ':' &&
	       number(p, 4, 2) >= 0;
}

/* A time of day.  Any character may stand before the fraction, because Kubernetes' expression has
 * a bare dot there. */
static bool is_time(const char *p, size_t n)
{
	if (n < 9 || p[2] != ':' || p[5] != ':')
		return false;
	int h = number(p, 0, 2), m = number(p, 3, 2), s = number(p, 6, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
		return false;
	p += 8;
	n -= 8;
	if (is_zone(p, n))
		return true;
	size_t i = 1;
	while (i < n && ((unsigned char)p[i] & 0xC0) == 0x80)
		i++;
	size_t digits = i;
	while (digits < n && is_digit(p[digits]))
		digits++;
	return *p != '\n' && digits > i && is_zone(p + digits, n - digits);
}

/* A date, a T and a time; what stands behind a second T does not matter. */
static size_t datetime(struct arena *a, const char *p, size_t n, MESSAGES)
{
	const char *end = p + n, *t = p, *next;
	(void)a;
	while (t < end && *t != 't' && *t != 'T')
		t++;
	next = t < end ? t + 1 : t;
	while (next < end && *next != 't' && *next != 'T')
		next++;
	bool ok = t < end && is_date(p, (size_t)(t - p)) && is_time(t + 1, (size_t)(next - t - 1));
	return one(ok, "invalid datetime", messages);
}

const struct named_format named_formats[] = {
	{ "dns1123Label", 30, dns1123_label },
	{ "dns1123Subdomain", 60, dns1123_subdomain },
	{ "dns1035Label", 30, dns1035_label },
	{ "qualifiedName", 60, qualified_name },
	{ "dns1123LabelPrefix", 30, dns1123_label_prefix },
	{ "dns1123SubdomainPrefix", 60, dns1123_subdomain_prefix },
	{ "dns1035LabelPrefix", 30, dns1035_label_prefix },
	{ "labelValue", 40, label_value },
	{ "uri", 1103, uri },
	{ "uuid", 70, uuid },
	{ "byte", 84, byte },
	{ "date", 71, date },
	{ "datetime", 71, datetime },
};
const size_t named_formats_n = ARRAY_LEN(named_formats);

const struct named_format *named_format_find(const char *name, size_t n)
{
	for (size_t i = 0; i < named_formats_n; i++)
		if (strlen(named_formats[i].name) == n && !memcmp(named_formats[i].name, name, n))
			return &named_formats[i];
	return NULL;
}
