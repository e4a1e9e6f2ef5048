/* Time zones by name, from the system's TZif files (RFC 8536).  Where the system has none, a zone
 * is unknown, not wrong. */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "policy/cel/calendar.h"
#include "policy/cel/standard.h"

#define ZONES "/usr/share/zoneinfo"

enum { MOST_BYTES = 256 << 10, HEADER = 44, LONGEST_NAME = 64 };

/* The part of a file with 64-bit times, and the rule for the time after the last of them. */
struct zone {
	char name[LONGEST_NAME];
	struct buf file;
	const unsigned char *times, *kinds, *offsets; /* of transitions; kinds and their offsets */
	uint32_t n_times, n_kinds;
	const char *rule;
};

static void zone_free(void *p)
{
	struct zone *z = p;
	if (z)
		buf_done(&z->file);
	free(z);
}

static uint32_t big32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t big64(const unsigned char *p)
{
	return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

struct header {
	uint32_t utc, std, leap, times, kinds, chars;
};

static bool read_header(const unsigned char *p, size_t left, struct header *h)
{
	if (left < HEADER || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	*h = (struct header){ big32(p + 20), big32(p + 24), big32(p + 28),
			      big32(p + 32), big32(p + 36), big32(p + 40) };
	return h->utc <= MOST_BYTES && h->std <= MOST_BYTES && h->leap <= MOST_BYTES &&
	       h->times <= MOST_BYTES && h->kinds <= MOST_BYTES && h->chars <= MOST_BYTES;
}

/* Bytes behind a header whose times have that size. */
static size_t body(const struct header *h, size_t time)
{
	return h->times * (time + 1) + h->kinds * 6 + h->chars + h->leap * (time + 4) + h->std +
	       h->utc;
}

static bool zone_parse(struct zone *z)
{
	const unsigned char *p = (const unsigned char *)buf_text(&z->file), *end = p + z->file.len;
	struct header h;
	if (!read_header(p, z->file.len, &h) || body(&h, 4) > (size_t)(end - p) - HEADER)
		return false;
	p += HEADER + body(&h, 4);
	if (!read_header(p, (size_t)(end - p), &h) || body(&h, 8) > (size_t)(end - p) - HEADER)
		return false;
	p += HEADER;
	z->times = p;
	z->n_times = h.times;
	z->kinds = p + h.times * 8;
	z->offsets = z->kinds + h.times;
	z->n_kinds = h.kinds;
	p += body(&h, 8);
	z->rule = p < end && *p == '\n' ? (const char *)p + 1 : "";
	return h.kinds > 0;
}

/* ---- the rule: std offset [dst [offset] , start , end] as in POSIX's TZ */

struct rule {
	int64_t standard, summer; /* seconds east of UTC */
	struct rule_day {
		char kind; /* 'M', 'J', or 'D' for a day of the year from 0 */
		int month, week, day;
		int64_t second;
	} start, end;
	bool has_summer;
};

static const char *skip_name(const char *p)
{
	if (*p == '<') {
		while (*p && *p != '>')
			p++;
		return *p ? p + 1 : p;
	}
	while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z'))
		p++;
	return p;
}

static const char *read_int(const char *p, int *out)
{
	int v = 0;
	for (; *p >= '0' && *p <= '9' && v < 100000; p++)
		v = v * 10 + (*p - '0');
	*out = v;
	return p;
}

/* [+-]h[:m[:s]] */
static const char *read_time(const char *p, int64_t *seconds)
{
	int part[3] = { 0 };
	bool negative = *p == '-';
	p += *p == '-' || *p == '+';
	p = read_int(p, &part[0]);
	for (int i = 1; i < 3 && *p == ':'; i++)
		p = read_int(p + 1, &part[i]);
	*seconds = (int64_t)part[0] * 3600 + part[1] * 60 + part[2];
	if (negative)
		*seconds = -*seconds;
	return p;
}

static const char *read_day(const char *p, struct rule_day *d)
{
	d->second = 7200;
	d->kind = *p == 'M' || *p == 'J' ? *p : 'D';
	p += d->kind != 'D';
	if (d->kind == 'M') {
		p = read_int(p, &d->month);
		p = read_int(p + (*p == '.'), &d->week);
		p += *p == '.';
	}
	p = read_int(p, &d->day);
	return *p == '/' ? read_time(p + 1, &d->second) : p;
}

static struct rule read_rule(const char *p)
{
	struct rule r = { 0 };
	p = read_time(skip_name(p), &r.standard);
	r.standard = -r.standard;
	if (!*p || *p == '\n')
		return r;
	p = skip_name(p);
	r.summer = r.standard + 3600;
	if (*p && *p != ',' && *p != '\n') {
		p = read_time(p, &r.summer);
		r.summer = -r.summer;
	}
	if (*p != ',')
		return r;
	p = read_day(p + 1, &r.start);
	if (*p == ',')
		read_day(p + 1, &r.end);
	r.has_summer = *p == ',';
	return r;
}

/* Seconds since 1970 of a day of a rule in a year, by the clock on the wall. */
static int64_t day_of_rule(const struct rule_day *d, int64_t year)
{
	bool leap = cel_seconds_of(year, 3, 1) - cel_seconds_of(year, 2, 28) > 86400;
	if (d->kind == 'J')
		return cel_seconds_of(year, 1, 1) +
		       (d->day - 1 + (leap && d->day > 59)) * INT64_C(86400) + d->second;
	if (d->kind == 'D')
		return cel_seconds_of(year, 1, 1) + d->day * INT64_C(86400) + d->second;
	int64_t first = cel_seconds_of(year, d->month, 1);
	int64_t next = d->month == 12 ? cel_seconds_of(year + 1, 1, 1)
				      : cel_seconds_of(year, d->month + 1, 1);
	int skip = (d->day - cel_date_of(first).weekday + 7) % 7;
	int64_t at = first + (skip + (d->week - 1) * 7) * INT64_C(86400);
	while (at >= next)
		at -= 7 * 86400;
	return at + d->second;
}

static int64_t by_rule(const char *text, int64_t at)
{
	struct rule r = read_rule(text);
	if (!r.has_summer)
		return r.standard;
	int64_t year = cel_date_of(at + r.standard).year;
	int64_t start = day_of_rule(&r.start, year) - r.standard;
	int64_t end = day_of_rule(&r.end, year) - r.summer;
	bool summer = start < end ? at >= start && at < end : at >= start || at < end;
	return summer ? r.summer : r.standard;
}

/* ---- zones */

static int64_t zone_offset(const struct zone *z, int64_t at)
{
	uint32_t lo = 0, hi = z->n_times;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (big64(z->times + 8 * (size_t)mid) <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->n_times && *z->rule && *z->rule != '\n')
		return by_rule(z->rule, at);
	uint32_t kind = lo ? z->kinds[lo - 1] : 0;
	return kind < z->n_kinds ? (int32_t)big32(z->offsets + 6 * (size_t)kind) : 0;
}

/* Letters, digits and what else stands in names; no way out of the folder. */
static bool is_zone_name(struct cel_value name)
{
	if (name.n >= LONGEST_NAME || *name.text == '/')
		return false;
	for (uint32_t i = 0; i < name.n; i++) {
		char c = name.text[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr("/_+-", c)))
			return false;
	}
	return true;
}

static struct zone *zone_read(struct cel_value name)
{
	char path[sizeof(ZONES) + 1 + LONGEST_NAME];
	AUTO(err_done) struct err err = { 0 };
	if (!is_zone_name(name))
		return NULL;
	struct zone *z = xcalloc(1, sizeof(*z));
	memcpy(z->name, name.text, name.n);
	snprintf(path, sizeof(path), "%s/%s", ZONES, z->name);
	if (file_read(path, MOST_BYTES, &z->file, &err) == 0 && zone_parse(z))
		return z;
	zone_free(z);
	return NULL;
}

bool cel_zone_offset(struct cel_call *c, struct cel_value name, int64_t at, int64_t *seconds,
		     struct cel_value *out)
{
	*seconds = 0;
	if (name.n == 0 || (name.n == 3 && memcmp(name.text, "UTC", 3) == 0))
		return true;
	struct zone *z = c->site ? c->site->data : NULL;
	if (!z || strlen(z->name) != name.n || memcmp(z->name, name.text, name.n) != 0) {
		z = zone_read(name);
		if (z && c->site) {
			zone_free(c->site->data);
			*c->site = (struct cel_site){ z, zone_free, c->site->next };
		}
	}
	if (!z && is_zone_name(name) && !file_exists(ZONES)) {
		*out = cel_unknown("this system knows no time zones");
		return false;
	}
	if (!z) {
		*out = cel_fail(c, "unknown time zone %.*s", (int)name.n, name.text);
		return false;
	}
	*seconds = zone_offset(z, at);
	if (!c->site)
		zone_free(z);
	return true;
}
