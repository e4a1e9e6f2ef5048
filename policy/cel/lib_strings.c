/* The strings library, version 2.  All positions count code points. */
#include "policy/cel/lib.h"

#include <inttypes.h>

static struct cel_value out_of_range(struct cel_call *c, int64_t i)
{
	return cel_fail(c, "index out of range: %" PRId64, i);
}

/* ---- positions */

static bool starts_point(char c)
{
	return ((unsigned char)c & 0xC0) != 0x80;
}

static uint32_t points(const char *p, size_t n)
{
	uint32_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += starts_point(p[i]);
	return count;
}

/* The byte where code point i starts; the end where there are no more. */
static uint32_t offset_of(struct cel_value s, int64_t i)
{
	uint32_t at = 0;
	for (; at < s.n; at++)
		if (starts_point(s.text[at]) && i-- == 0)
			break;
	return at;
}

static uint32_t point_length(struct cel_value s, uint32_t at)
{
	uint32_t end = at + 1;
	while (end < s.n && !starts_point(s.text[end]))
		end++;
	return end - at;
}

static struct cel_value part_of(struct cel_value s, uint32_t start, uint32_t end)
{
	return cel_string(s.text + start, end - start);
}

static struct cel_value char_at(struct cel_call *c)
{
	struct cel_value s = c->args[0];
	int64_t i = c->args[1].i, length = cel_length(s);
	if (i < 0 || i > length)
		return out_of_range(c, i);
	if (i == length)
		return cel_text("");
	uint32_t at = offset_of(s, i);
	return part_of(s, at, at + point_length(s, at));
}

static struct cel_value substring(struct cel_call *c, int64_t start, int64_t end)
{
	struct cel_value s = c->args[0];
	int64_t length = cel_length(s);
	if (start > end)
		return cel_fail(c, "invalid substring range. start: %" PRId64 ", end: %" PRId64,
				start, end);
	if (start < 0 || start > length)
		return out_of_range(c, start);
	if (end > length)
		return out_of_range(c, end);
	return part_of(s, offset_of(s, start), offset_of(s, end));
}

static struct cel_value substring_from(struct cel_call *c)
{
	int64_t start = c->args[1].i, length = cel_length(c->args[0]);
	return start > length ? out_of_range(c, start) : substring(c, start, length);
}

static struct cel_value substring_range(struct cel_call *c)
{
	return substring(c, c->args[1].i, c->args[2].i);
}

/* ---- searching */

static struct cel_value index_from(struct cel_call *c, int64_t from)
{
	struct cel_value s = c->args[0], part = c->args[1];
	if (part.n == 0)
		return cel_int(from);
	if (from < 0)
		return out_of_range(c, from);
	uint32_t start = offset_of(s, from);
	const char *at = memmem(s.text + start, s.n - start, part.text, part.n);
	return cel_int(at ? (int64_t)points(s.text, (size_t)(at - s.text)) : -1);
}

static struct cel_value index_of(struct cel_call *c)
{
	return index_from(c, 0);
}

static struct cel_value index_of_from(struct cel_call *c)
{
	return index_from(c, c->args[2].i);
}

/* borders[i]: the longest proper end of the last i bytes of `part` that its last bytes begin with,
 * read backwards.  With it no byte of a text is looked at twice. */
static void find_borders(struct cel_value part, uint32_t *borders)
{
	const char *last = part.text + part.n - 1;
	uint32_t k = 0;
	borders[0] = borders[1] = 0;
	for (uint32_t i = 1; i < part.n; i++) {
		while (k && *(last - i) != *(last - k))
			k = borders[k];
		k += *(last - i) == *(last - k);
		borders[i + 1] = k;
	}
}

/* The last place where `part` stands in the first n bytes of text, or NULL. */
static const char *find_last(const char *text, size_t n, struct cel_value part,
			     const uint32_t *borders)
{
	const char *last = part.text + part.n - 1;
	uint32_t k = 0;
	for (size_t i = n; i > 0; i--) {
		while (k && text[i - 1] != *(last - k))
			k = borders[k];
		k += text[i - 1] == *(last - k);
		if (k == part.n)
			return text + i - 1;
	}
	return NULL;
}

static struct cel_value last_index(struct cel_call *c, int64_t from)
{
	struct cel_value s = c->args[0], part = c->args[1];
	if (part.n == 0)
		return cel_int(from);
	if (from < 0)
		return out_of_range(c, from);
	if (from >= cel_length(s))
		return cel_int(-1);
	/* The match starts at `from` or before. */
	size_t end = (size_t)offset_of(s, from) + part.n;
	uint32_t *borders = cel_alloc(c, (part.n + (size_t)1) * sizeof(*borders));
	if (!borders)
		return cel_stop(c);
	find_borders(part, borders);
	const char *at = find_last(s.text, end < s.n ? end : s.n, part, borders);
	return cel_int(at ? (int64_t)points(s.text, (size_t)(at - s.text)) : -1);
}

static struct cel_value last_index_of(struct cel_call *c)
{
	struct cel_value s = c->args[0], part = c->args[1];
	int64_t length = cel_length(s);
	if (part.n == 0)
		return cel_int(length);
	return s.n < part.n ? cel_int(-1) : last_index(c, length - 1);
}

static struct cel_value last_index_of_from(struct cel_call *c)
{
	return last_index(c, c->args[2].i);
}

/* ---- case and blanks */

static struct cel_value change_case(struct cel_call *c, char first, char last)
{
	struct cel_value s = c->args[0];
	char *out = cel_alloc(c, s.n + (size_t)1);
	if (!out)
		return cel_stop(c);
	for (uint32_t i = 0; i < s.n; i++)
		out[i] = s.text[i] >= first && s.text[i] <= last ? s.text[i] ^ 0x20 : s.text[i];
	return cel_string(out, s.n);
}

static struct cel_value lower_ascii(struct cel_call *c)
{
	return change_case(c, 'A', 'Z');
}

static struct cel_value upper_ascii(struct cel_call *c)
{
	return change_case(c, 'a', 'z');
}

/* What Unicode calls white space, beside the ASCII ones. */
static const char *const blanks[] = {
	"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
	"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
	"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
	"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

static bool is_blank(const char *p, uint32_t n)
{
	if (n == 1)
		return *p == ' ' || (*p >= '\t' && *p <= '\r');
	for (size_t i = 0; i < ARRAY_LEN(blanks); i++)
		if (strlen(blanks[i]) == n && memcmp(blanks[i], p, n) == 0)
			return true;
	return false;
}

static struct cel_value trim(struct cel_call *c)
{
	struct cel_value s = c->args[0];
	uint32_t start = 0, end = s.n;
	while (start < s.n && is_blank(s.text + start, point_length(s, start)))
		start += point_length(s, start);
	while (end > start) {
		uint32_t last = end - 1;
		while (!starts_point(s.text[last]))
			last--;
		if (!is_blank(s.text + last, end - last))
			break;
		end = last;
	}
	return part_of(s, start, end);
}

/* ---- replacing, splitting and joining */

/* The next place at or after `at` where `part` stands; an empty part stands before every code
 * point and at the end.  false: none. */
static bool next_place(struct cel_value s, struct cel_value part, uint32_t at, uint32_t *place)
{
	const char *p =
		part.n && at <= s.n ? memmem(s.text + at, s.n - at, part.text, part.n) : NULL;
	*place = p ? (uint32_t)(p - s.text) : at;
	return p || (part.n == 0 && at <= s.n);
}

/* Where to go on behind a place. */
static uint32_t behind(struct cel_value s, struct cel_value part, uint32_t place)
{
	if (part.n)
		return place + part.n;
	return place < s.n ? place + point_length(s, place) : s.n + 1;
}

/* At most `most` times; negative: always. */
static struct cel_value replace_times(struct cel_call *c, int64_t most)
{
	struct cel_value s = c->args[0], old = c->args[1], new = c->args[2];
	int64_t times = 0;
	uint32_t place;
	for (uint32_t at = 0; times != most && next_place(s, old, at, &place); times++)
		at = behind(s, old, place);
	if (times == 0)
		return s;
	size_t size = s.n - (size_t)times * old.n + (size_t)times * new.n;
	char *out = size < UINT32_MAX ? cel_alloc(c, size + 1) : NULL;
	if (!out)
		return cel_stop(c);
	char *to = out;
	uint32_t from = 0;
	for (uint32_t at = 0; times > 0 && next_place(s, old, at, &place); times--) {
		to = (char *)mempcpy(to, s.text + from, place - from);
		to = (char *)mempcpy(to, new.text, new.n);
		from = place + old.n;
		at = behind(s, old, place);
	}
	memcpy(to, s.text + from, s.n - from);
	return cel_string(out, size);
}

static struct cel_value replace(struct cel_call *c)
{
	return replace_times(c, -1);
}

static struct cel_value replace_n(struct cel_call *c)
{
	return replace_times(c, c->args[3].i);
}

static struct cel_value split_into(struct cel_call *c, int64_t most)
{
	struct cel_value s = c->args[0], separator = c->args[1];
	struct cel_vector parts = { 0 };
	uint32_t from = 0, place;
	if (most == 0 || (separator.n == 0 && s.n == 0))
		return cel_list(NULL, 0);
	while ((most < 0 || parts.n + 1 < most) && from < s.n) {
		/* An empty separator cuts behind each code point. */
		uint32_t at = separator.n ? from : from + point_length(s, from);
		if (!next_place(s, separator, at, &place) || (!separator.n && place == s.n))
			break;
		if (!cel_push(c, &parts, part_of(s, from, place)))
			return cel_stop(c);
		from = place + separator.n;
	}
	if (!cel_push(c, &parts, part_of(s, from, s.n)))
		return cel_stop(c);
	return cel_list(parts.items, parts.n);
}

static struct cel_value split(struct cel_call *c)
{
	return split_into(c, -1);
}

static struct cel_value split_n(struct cel_call *c)
{
	return split_into(c, c->args[2].i);
}

static struct cel_value join_with(struct cel_call *c, struct cel_value separator)
{
	struct cel_value list = c->args[0];
	size_t size = list.n ? (size_t)(list.n - 1) * separator.n : 0;
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		if (item.kind != CEL_STRING) {
			AUTO(buf_done) struct buf text = { 0 };
			cel_value_text(item, &text);
			return cel_fail(c, "join: invalid input: %s", buf_text(&text));
		}
		size += item.n;
	}
	char *out = size < UINT32_MAX ? cel_alloc(c, size + 1) : NULL;
	if (!out)
		return cel_stop(c);
	char *to = out;
	for (uint32_t i = 0; i < list.n; i++) {
		struct cel_value item = cel_item(list, i);
		if (i)
			to = (char *)mempcpy(to, separator.text, separator.n);
		to = (char *)mempcpy(to, item.text, item.n);
	}
	return cel_string(out, size);
}

static struct cel_value join(struct cel_call *c)
{
	return join_with(c, cel_text(""));
}

static struct cel_value join_separator(struct cel_call *c)
{
	return join_with(c, c->args[1]);
}

/* In quotes, with the escapes of CEL. */
static struct cel_value quote(struct cel_call *c)
{
	static const char codes[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
	struct cel_value s = c->args[0];
	char *out = cel_alloc(c, 2 * (size_t)s.n + 3), *to = out;
	if (!out)
		return cel_stop(c);
	*to++ = '"';
	for (uint32_t i = 0; i < s.n; i++) {
		const char *code = s.text[i] ? strchr(codes, s.text[i]) : NULL;
		if (code)
			*to++ = '\\';
		*to++ = code ? letters[code - codes] : s.text[i];
	}
	*to++ = '"';
	return cel_string(out, (size_t)(to - out));
}

/* ---- cost */

static uint64_t cost_twice(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(2 * cel_size(args[0]));
}

static uint64_t cost_result(const struct cel_value *args, struct cel_value result)
{
	(void)args;
	return cel_tenth(2 * cel_size(result));
}

#define S "string"
static const struct cel_overload overloads[] = {
	{ "charAt", "string_char_at_int", S ".(int) -> " S, char_at, .cost = NULL },
	{ "indexOf", "string_index_of_string", S ".(" S ") -> int", index_of,
	  .cost = cel_cost_traversal },
	{ "indexOf", "string_index_of_string_int", S ".(" S ", int) -> int", index_of_from,
	  .cost = cel_cost_traversal },
	{ "lastIndexOf", "string_last_index_of_string", S ".(" S ") -> int", last_index_of,
	  .cost = cel_cost_traversal },
	{ "lastIndexOf", "string_last_index_of_string_int", S ".(" S ", int) -> int",
	  last_index_of_from, .cost = cel_cost_traversal },
	{ "lowerAscii", "string_lower_ascii", S ".() -> " S, lower_ascii, .cost = cel_cost_text },
	{ "upperAscii", "string_upper_ascii", S ".() -> " S, upper_ascii, .cost = cel_cost_text },
	{ "replace", "string_replace_string_string", S ".(" S ", " S ") -> " S, replace,
	  .cost = cost_twice },
	{ "replace", "string_replace_string_string_int", S ".(" S ", " S ", int) -> " S, replace_n,
	  .cost = cost_twice },
	{ "split", "string_split_string", S ".(" S ") -> list(" S ")", split, .cost = cost_twice },
	{ "split", "string_split_string_int", S ".(" S ", int) -> list(" S ")", split_n,
	  .cost = cost_twice },
	{ "substring", "string_substring_int", S ".(int) -> " S, substring_from,
	  .cost = cel_cost_text },
	{ "substring", "string_substring_int_int", S ".(int, int) -> " S, substring_range,
	  .cost = cel_cost_text },
	{ "trim", "string_trim", S ".() -> " S, trim, .cost = cel_cost_text },
	{ "join", "list_join", "list(" S ").() -> " S, join, .cost = cost_result },
	{ "join", "list_join_string", "list(" S ").(" S ") -> " S, join_separator,
	  .cost = cost_result },
	{ "strings.quote", "strings_quote", "(" S ") -> " S, quote, .cost = cel_cost_text },
	{ "format", "string_format", S ".(list(dyn)) -> " S, cel_string_format,
	  .cost = cel_cost_text, .check = cel_string_format_check, .mixed = true },
};

const struct cel_library cel_strings = { "strings", overloads, ARRAY_LEN(overloads), NULL, 0 };
