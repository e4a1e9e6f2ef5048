/* Conversions, and type() and dyn(). */
#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"
#include "policy/cel/calendar.h"
#include "policy/cel/standard.h"

static struct cel_value no_conversion(struct cel_call *c, const struct cel_type *to)
{
	return cel_fail(c, "type conversion error from '%s' to '%s'", cel_type_of(c->args[0])->name,
			to->name);
}

static struct cel_value same(struct cel_call *c)
{
	return c->args[0];
}

static struct cel_value type_of(struct cel_call *c)
{
	return cel_type_value(cel_type_of(c->args[0]));
}

/* ---- bool */

static struct cel_value bool_of_string(struct cel_call *c)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {
		{ "1", true },    { "t", true },      { "T", true },      { "TRUE", true },
		{ "true", true }, { "True", true },   { "0", false },     { "f", false },
		{ "F", false },   { "FALSE", false }, { "false", false }, { "False", false },
	};
	struct cel_value s = c->args[0];
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].text) == s.n && memcmp(words[i].text, s.text, s.n) == 0)
			return cel_bool(words[i].value);
	return no_conversion(c, &cel_bool_type);
}

/* ---- numbers */

/* Decimal digits, all of them; false for none, for anything else, and past a uint64. */
static bool digits(const char *p, uint32_t n, uint64_t *out)
{
	uint64_t v = 0;
	cel_work(n);
	for (uint32_t i = 0; i < n; i++)
		if (p[i] < '0' || p[i] > '9' || __builtin_mul_overflow(v, UINT64_C(10), &v) ||
		    __builtin_add_overflow(v, (uint64_t)(p[i] - '0'), &v))
			return false;
	*out = v;
	return n > 0;
}

static struct cel_value int_of_string(struct cel_call *c)
{
	struct cel_value s = c->args[0];
	bool negative = s.n && *s.text == '-', sign = s.n && (negative || *s.text == '+');
	uint64_t v;
	if (!digits(s.text + sign, s.n - sign, &v) || v > (uint64_t)INT64_MAX + negative)
		return no_conversion(c, &cel_int_type);
	return cel_int(negative ? (int64_t)(0 - v) : (int64_t)v);
}

static struct cel_value int_of_double(struct cel_call *c)
{
	double d = c->args[0].d;
	if (!(d > -0x1p63 && d < 0x1p63))
		return cel_fail(c, "integer overflow");
	return cel_int((int64_t)d);
}

static struct cel_value int_of_uint(struct cel_call *c)
{
	uint64_t u = c->args[0].u;
	return u > INT64_MAX ? cel_fail(c, "integer overflow") : cel_int((int64_t)u);
}

static struct cel_value int_of_time(struct cel_call *c)
{
	return cel_int(c->args[0].i);
}

static struct cel_value uint_of_string(struct cel_call *c)
{
	uint64_t v;
	if (!digits(c->args[0].text, c->args[0].n, &v))
		return no_conversion(c, &cel_uint_type);
	return cel_uint(v);
}

static struct cel_value uint_of_double(struct cel_call *c)
{
	double d = c->args[0].d;
	if (!(d >= 0 && d < 0x1p64))
		return cel_fail(c, "unsigned integer overflow");
	return cel_uint((uint64_t)d);
}

static struct cel_value uint_of_int(struct cel_call *c)
{
	int64_t i = c->args[0].i;
	return i < 0 ? cel_fail(c, "unsigned integer overflow") : cel_uint((uint64_t)i);
}

static struct cel_value double_of_int(struct cel_call *c)
{
	return cel_double((double)c->args[0].i);
}

static struct cel_value double_of_uint(struct cel_call *c)
{
	return cel_double((double)c->args[0].u);
}

static const char *skip_digits(const char *p, bool hex)
{
	while ((*p >= '0' && *p <= '9') ||
	       (hex && ((*p >= 'a' && *p <= 'f') || (*p >= 'A' && *p <= 'F'))))
		p++;
	return p;
}

/* A number as Go's ParseFloat reads it: decimal, or hexadecimal with an exponent. */
static bool is_float(const char *p)
{
	p += *p == '+' || *p == '-';
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	p += hex ? 2 : 0;
	const char *start = p;
	p = skip_digits(p, hex);
	long n = p - start;
	if (*p == '.') {
		start = ++p;
		p = skip_digits(p, hex);
		n += p - start;
	}
	char e = (char)(*p | 0x20);
	if (!n || (hex && e != 'p'))
		return false;
	if (e == (hex ? 'p' : 'e')) {
		p++;
		p += *p == '+' || *p == '-';
		start = p;
		p = skip_digits(p, false);
		if (p == start)
			return false;
	}
	return !*p;
}

static struct cel_value double_of_string(struct cel_call *c)
{
	struct cel_value s = c->args[0];
	char text[512];
	if (s.n >= sizeof(text) || memchr(s.text, '\0', s.n))
		return no_conversion(c, &cel_double_type);
	memcpy(text, s.text, s.n);
	text[s.n] = '\0';
	const char *bare = text + (*text == '+' || *text == '-');
	if (strcasecmp(bare, "inf") == 0 || strcasecmp(bare, "infinity") == 0)
		return cel_double(*text == '-' ? -INFINITY : INFINITY);
	if (strcasecmp(text, "nan") == 0)
		return cel_double(NAN);
	double d = is_float(text) ? strtod(text, NULL) : INFINITY;
	return isinf(d) ? no_conversion(c, &cel_double_type) : cel_double(d);
}

/* ---- strings and bytes */

static struct cel_value bytes_of_string(struct cel_call *c)
{
	return cel_bytes(c->args[0].text, c->args[0].n);
}

static struct cel_value string_of_bytes(struct cel_call *c)
{
	struct cel_value b = c->args[0];
	uint32_t code;
	for (size_t i = 0, n; i < b.n; i += n)
		if (!(n = utf8_decode(b.text + i, b.n - i, &code)))
			return cel_fail(c, "invalid UTF-8 in bytes, cannot convert to string");
	return cel_string(b.text, b.n);
}

static struct cel_value string_of_bool(struct cel_call *c)
{
	return cel_text(c->args[0].truth ? "true" : "false");
}

static struct cel_value string_of_int(struct cel_call *c)
{
	return cel_format(c, "%" PRId64, c->args[0].i);
}

static struct cel_value string_of_uint(struct cel_call *c)
{
	return cel_format(c, "%" PRIu64, c->args[0].u);
}

static struct cel_value string_of_double(struct cel_call *c)
{
	AUTO(buf_done) struct buf text = { 0 };
	cel_double_text(c->args[0].d, &text);
	return cel_copy(c, buf_text(&text), text.len);
}

static struct cel_value string_of_time(struct cel_call *c)
{
	AUTO(buf_done) struct buf text = { 0 };
	if (c->args[0].kind == CEL_TIMESTAMP)
		cel_timestamp_text(c->args[0], &text);
	else
		cel_duration_text(c->args[0].i, &text);
	return cel_copy(c, buf_text(&text), text.len);
}

/* ---- times */

static struct cel_value timestamp_of_string(struct cel_call *c)
{
	struct cel_value v;
	if (!cel_timestamp_parse(c->args[0].text, c->args[0].n, &v))
		return no_conversion(c, &cel_timestamp_type);
	return v;
}

static struct cel_value timestamp_of_int(struct cel_call *c)
{
	int64_t i = c->args[0].i;
	if (i < CEL_TIME_FIRST || i > CEL_TIME_LAST)
		return cel_fail(c, "timestamp overflow");
	return cel_timestamp(i, 0);
}

static struct cel_value duration_of_string(struct cel_call *c)
{
	int64_t nano;
	if (!cel_duration_parse(c->args[0].text, c->args[0].n, &nano))
		return no_conversion(c, &cel_duration_type);
	return cel_duration(nano);
}

static struct cel_value duration_of_int(struct cel_call *c)
{
	return no_conversion(c, &cel_duration_type);
}

/* A literal that cannot be converted is wrong before anything is evaluated. */
static bool check_time(struct cel_call *c, const struct cel_literal *arg, const char *what,
		       struct cel_value (*convert)(struct cel_call *), struct cel_value *why)
{
	if (!arg->value)
		return true;
	struct cel_call one = { .run = c->run, .args = arg->value, .at = c->at };
	if (!cel_is_bad(convert(&one)))
		return true;
	*why = cel_fail(c, "invalid %s argument", what);
	return false;
}

static bool check_timestamp(struct cel_call *c, const struct cel_literal *args,
			    struct cel_complaint *where, struct cel_value *why)
{
	(void)where;
	bool text = args[0].value && args[0].value->kind == CEL_STRING;
	return check_time(c, args, "timestamp", text ? timestamp_of_string : timestamp_of_int, why);
}

static bool check_duration(struct cel_call *c, const struct cel_literal *args,
			   struct cel_complaint *where, struct cel_value *why)
{
	(void)where;
	bool text = args[0].value && args[0].value->kind == CEL_STRING;
	return check_time(c, args, "duration", text ? duration_of_string : duration_of_int, why);
}

#define TO(name, id, signature, fn)                                                                \
	{                                                                                          \
		name, id, signature, fn, .fold = true                                              \
	}
#define TEXT(name, id, signature, fn)                                                              \
	{                                                                                          \
		name, id, signature, fn, .fold = true, .cost = cel_cost_text                       \
	}
#define CHECKED(name, id, signature, fn, look)                                                     \
	{                                                                                          \
		name, id, signature, fn, .fold = true, .check = look                               \
	}

static const struct cel_overload overloads[] = {
	TO("bool", "bool_to_bool", "(bool) -> bool", same),
	TO("bool", "string_to_bool", "(string) -> bool", bool_of_string),
	TO("bytes", "bytes_to_bytes", "(bytes) -> bytes", same),
	TEXT("bytes", "string_to_bytes", "(string) -> bytes", bytes_of_string),
	TO("double", "double_to_double", "(double) -> double", same),
	TO("double", "int64_to_double", "(int) -> double", double_of_int),
	TO("double", "string_to_double", "(string) -> double", double_of_string),
	TO("double", "uint64_to_double", "(uint) -> double", double_of_uint),
	TO("dyn", "to_dyn", "(T) -> dyn", same),
	TO("duration", "duration_to_duration", "(duration) -> duration", same),
	CHECKED("duration", "int64_to_duration", "(int) -> duration", duration_of_int,
		check_duration),
	CHECKED("duration", "string_to_duration", "(string) -> duration", duration_of_string,
		check_duration),
	TO("int", "int64_to_int64", "(int) -> int", same),
	TO("int", "double_to_int64", "(double) -> int", int_of_double),
	TO("int", "duration_to_int64", "(duration) -> int", int_of_time),
	TO("int", "string_to_int64", "(string) -> int", int_of_string),
	TO("int", "timestamp_to_int64", "(timestamp) -> int", int_of_time),
	TO("int", "uint64_to_int64", "(uint) -> int", int_of_uint),
	TO("string", "string_to_string", "(string) -> string", same),
	TO("string", "bool_to_string", "(bool) -> string", string_of_bool),
	TEXT("string", "bytes_to_string", "(bytes) -> string", string_of_bytes),
	TO("string", "double_to_string", "(double) -> string", string_of_double),
	TO("string", "duration_to_string", "(duration) -> string", string_of_time),
	TO("string", "int64_to_string", "(int) -> string", string_of_int),
	TO("string", "timestamp_to_string", "(timestamp) -> string", string_of_time),
	TO("string", "uint64_to_string", "(uint) -> string", string_of_uint),
	TO("timestamp", "timestamp_to_timestamp", "(timestamp) -> timestamp", same),
	CHECKED("timestamp", "int64_to_timestamp", "(int) -> timestamp", timestamp_of_int,
		check_timestamp),
	CHECKED("timestamp", "string_to_timestamp", "(string) -> timestamp", timestamp_of_string,
		check_timestamp),
	TO("type", "type", "(T) -> type(T)", type_of),
	TO("uint", "uint64_to_uint64", "(uint) -> uint", same),
	TO("uint", "double_to_uint64", "(double) -> uint", uint_of_double),
	TO("uint", "int64_to_uint64", "(int) -> uint", uint_of_int),
	TO("uint", "string_to_uint64", "(string) -> uint", uint_of_string),
};
const struct cel_library cel_std_conversions = { .name = "conversions",
						 .overloads = overloads,
						 .n_overloads = ARRAY_LEN(overloads) };
