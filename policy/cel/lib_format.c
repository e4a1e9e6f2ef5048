/* string.format: %s %d %f %e %b %o %x %X, with the formatting of version 1 of the strings library.
 */
#include "policy/cel/lib.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "policy/cel/go_quote.h"

enum {
	PRECISION = 6,
	PRECISION_SHOWN = 200, /* digits, in an error */
	OUTPUT_MAX = 8 << 20,  /* bytes of one result */
	DEPTH_MAX = 200,       /* of lists and maps in an argument */
};

/* What is being written.  Where that fails, the message is in `why`, or it became too large. */
struct writer {
	struct buf out, why;
	bool large;
};

static bool refuse(struct writer *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool refuse(struct writer *w, const char *fmt, ...)
{
	AUTO(auto_free) char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	text = xvfmt(fmt, ap);
	va_end(ap);
	buf_reset(&w->why);
	buf_puts(&w->why, text);
	return false;
}

/* ---- what a clause takes */

enum { ANY_INT = 1 << CEL_INT | 1 << CEL_UINT, TEXT = 1 << CEL_STRING | 1 << CEL_BYTES };

static const struct clause {
	char letter;
	unsigned kinds, literal_kinds; /* bits of enum cel_kind: at run time, and in the checker */
	const char *says;              /* where it is another kind */
} clauses[] = {
	{ 's',
	  ANY_INT | TEXT | 1 << CEL_NULL | 1 << CEL_BOOL | 1 << CEL_DOUBLE | 1 << CEL_LIST |
		  1 << CEL_MAP | 1 << CEL_TYPE | 1 << CEL_TIMESTAMP | 1 << CEL_DURATION,
	  0,
	  "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
	  "types, durations, and timestamps" },
	{ 'd', ANY_INT, 0, "decimal clause can only be used on integers" },
	{ 'f', 1 << CEL_DOUBLE, 1 << CEL_STRING, "fixed-point clause can only be used on doubles" },
	{ 'e', 1 << CEL_DOUBLE, 1 << CEL_STRING, "scientific clause can only be used on doubles" },
	{ 'b', ANY_INT | 1 << CEL_BOOL, 0, "only integers and bools can be formatted as binary" },
	{ 'o', ANY_INT, 0, "octal clause can only be used on integers" },
	{ 'x', ANY_INT | TEXT, 0,
	  "only integers, byte buffers, and strings can be formatted as hex" },
	{ 'X', ANY_INT | TEXT, 0,
	  "only integers, byte buffers, and strings can be formatted as hex" },
};

static const struct clause *find_clause(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(clauses); i++)
		if (clauses[i].letter == letter)
			return &clauses[i];
	return NULL;
}

/* A clause read from a format; p is behind the %. */
struct reading {
	const struct clause *clause;
	int64_t precision; /* -1: none given */
	const char *end;
};

static bool read_precision(const char **p, const char *end, int64_t *precision, struct writer *w)
{
	const char *start = ++*p;
	int64_t value = 0;
	bool large = false;
	for (; *p < end && **p >= '0' && **p <= '9'; ++*p)
		large = large || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, **p - '0', &value);
	if (*p == end)
		return refuse(w, "could not parse formatting clause: error while parsing "
				 "precision: could not find end of precision specifier");
	*precision = value;
	if (*p > start && !large)
		return true;
	return refuse(w,
		      "could not parse formatting clause: error while parsing precision: error "
		      "while converting precision to integer: strconv.Atoi: parsing \"%.*s\": %s",
		      *p - start < PRECISION_SHOWN ? (int)(*p - start) : PRECISION_SHOWN, start,
		      large ? "value out of range" : "invalid syntax");
}

static bool read_clause(const char *p, const char *end, struct reading *out, struct writer *w)
{
	char letter[5] = "";
	out->precision = -1;
	if (*p == '.' && !read_precision(&p, end, &out->precision, w))
		return false;
	out->clause = find_clause(*p);
	out->end = p + 1;
	if (out->clause)
		return true;
	utf8_encode(letter, (unsigned char)*p); /* Go takes the byte for a character */
	return refuse(w, "could not parse formatting clause: unrecognized formatting clause \"%s\"",
		      letter);
}

/* ---- numbers */

/* Digits with a comma between thousands, and a sign only where a digit is not 0 or the number is
 * below zero. */
static void put_grouped(struct buf *out, const char *digits)
{
	size_t whole = strcspn(digits, ".");
	for (size_t i = 0; digits[i]; i++) {
		if (i && i < whole && (whole - i) % 3 == 0)
			buf_putc(out, ',');
		buf_putc(out, digits[i]);
	}
}

static bool put_not_finite(struct buf *out, double d)
{
	if (isfinite(d))
		return false;
	buf_puts(out, isnan(d) ? "NaN" : d < 0 ? "-\xe2\x88\x9e" : "\xe2\x88\x9e");
	return true;
}

/* Kubernetes' library keeps the precision in a byte. */
static void put_fixed(struct buf *out, double d, int64_t precision)
{
	int places = precision < 0 ? PRECISION : (int)(precision & 0xFF);
	if (put_not_finite(out, d))
		return;
	AUTO(auto_free) char *digits = xfmt("%.*f", places, fabs(d));
	if (d < 0)
		buf_putc(out, '-');
	put_grouped(out, digits);
}

/* 1.5 × 10⁰³: six places always, a narrow blank on both sides of the cross.  The precision is the
 * width. */
static void put_scientific(struct buf *out, double d, int64_t precision)
{
	static const char *const raised[] = { "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",
					      "\xc2\xb3",     "\xe2\x81\xb4", "\xe2\x81\xb5",
					      "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8",
					      "\xe2\x81\xb9" };
	AUTO(buf_done) struct buf text = { 0 };
	if (!put_not_finite(&text, d)) {
		AUTO(auto_free) char *digits = xfmt("%.6e", fabs(d));
		char *e = strchr(digits, 'e');
		buf_printf(&text,
			   "%s%.*s\xe2\x80\xaf\xc3\x97\xe2\x80\xaf"
			   "10%s",
			   d < 0 ? "-" : "", (int)(e - digits), digits,
			   e[1] == '-' ? "\xe2\x81\xbb" : "");
		for (const char *p = e + 2; *p; p++)
			buf_puts(&text, raised[*p - '0']);
	}
	uint32_t length = cel_length(cel_string(buf_text(&text), text.len));
	int64_t width = precision < 0 ? PRECISION : precision < 1000 ? precision : 1000;
	for (; length < width; length++)
		buf_putc(out, ' ');
	buf_puts(out, buf_text(&text));
}

static void put_base(struct buf *out, struct cel_value v, unsigned bits, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	bool negative = v.kind == CEL_INT && v.i < 0;
	uint64_t size = negative ? -v.u : v.kind == CEL_BOOL ? v.truth : v.u;
	char text[64];
	size_t n = sizeof(text);
	do {
		text[--n] = digits[size & ((1u << bits) - 1)];
		size >>= bits;
	} while (size);
	if (negative)
		buf_putc(out, '-');
	buf_put(out, text + n, sizeof(text) - n);
}

static void put_hex(struct buf *out, struct cel_value v, bool upper)
{
	if (v.kind != CEL_STRING && v.kind != CEL_BYTES) {
		put_base(out, v, 4, upper);
		return;
	}
	for (uint32_t i = 0; i < v.n; i++)
		buf_printf(out, upper ? "%02X" : "%02x", (unsigned)(unsigned char)v.text[i]);
}

/* ---- %s */

static bool is_utf8(struct cel_value v)
{
	uint32_t code;
	for (size_t i = 0, n; i < v.n; i += n)
		if ((n = utf8_decode(v.text + i, v.n - i, &code)) == 0)
			return false;
	return true;
}

static bool put_text(struct writer *w, struct cel_value v, bool quoted)
{
	if (v.kind == CEL_BYTES && !is_utf8(v))
		return refuse(w, "could not convert argument \"invalid UTF-8 in bytes, cannot "
				 "convert to string\" to string");
	if (!quoted) {
		buf_put(&w->out, v.text, v.n);
		return true;
	}
	/* Every byte may become four. */
	w->large = w->large || v.n > OUTPUT_MAX / 4;
	if (w->large)
		return false;
	if (v.kind == CEL_BYTES)
		buf_putc(&w->out, 'b');
	go_quote(&w->out, v.text, v.n);
	return true;
}

static void put_inner_double(struct buf *out, double d)
{
	if (isfinite(d))
		buf_printf(out, "%.6f", d);
	else
		buf_puts(out, isnan(d) ? "\"NaN\"" : d < 0 ? "\"-Inf\"" : "\"+Inf\"");
}

static bool put_value(struct writer *w, struct cel_value v, unsigned depth);

static bool put_list(struct writer *w, struct cel_value v, unsigned depth)
{
	buf_putc(&w->out, '[');
	for (uint32_t i = 0; i < v.n; i++) {
		if (i)
			buf_puts(&w->out, ", ");
		if (!put_value(w, cel_item(v, i), depth + 1))
			return false;
	}
	buf_putc(&w->out, ']');
	return true;
}

struct pair {
	char *key;
	struct cel_value value;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static bool make_pair(struct writer *w, struct cel_entry e, struct pair *out)
{
	struct writer key = { 0 };
	bool ok = true;
	if (e.key.kind == CEL_STRING || e.key.kind == CEL_BOOL || e.key.kind == CEL_INT ||
	    e.key.kind == CEL_UINT)
		ok = put_value(&key, e.key, 1);
	else
		ok = refuse(w, "no formatting function for map key of type %s",
			    cel_type_of(e.key)->name);
	*out = (struct pair){ xstrdup(buf_text(&key.out)), e.value };
	buf_done(&key.out);
	buf_done(&key.why);
	return ok;
}

static bool put_pairs(struct writer *w, struct pair *pairs, uint32_t n, unsigned depth)
{
	qsort(pairs, n, sizeof(*pairs), by_key);
	buf_putc(&w->out, '{');
	for (uint32_t i = 0; i < n; i++) {
		buf_printf(&w->out, "%s%s:", i ? ", " : "", pairs[i].key);
		if (!put_value(w, pairs[i].value, depth + 1))
			return false;
	}
	buf_putc(&w->out, '}');
	return true;
}

static bool put_map(struct writer *w, struct cel_value v, unsigned depth)
{
	AUTO(auto_free) struct pair *pairs = xcalloc(v.n + (size_t)1, sizeof(*pairs));
	bool ok = true;
	for (uint32_t i = 0; i < v.n && ok; i++)
		ok = make_pair(w, cel_entry(v, i), &pairs[i]);
	ok = ok && put_pairs(w, pairs, v.n, depth);
	for (uint32_t i = 0; i < v.n; i++)
		free(pairs[i].key);
	return ok;
}

static void put_time(struct buf *out, struct cel_value v, bool quoted)
{
	const char *name = v.kind == CEL_TIMESTAMP ? "timestamp(\"" : "duration(\"";
	if (quoted)
		buf_puts(out, name);
	if (v.kind == CEL_TIMESTAMP)
		cel_timestamp_text(v, out);
	else
		cel_duration_text(v.i, out);
	if (quoted)
		buf_puts(out, "\")");
}

/* depth 0: an argument, written for people; below that as it would stand in an expression. */
static bool put_value(struct writer *w, struct cel_value v, unsigned depth)
{
	struct buf *out = &w->out;
	w->large = w->large || out->len > OUTPUT_MAX || depth > DEPTH_MAX;
	if (w->large)
		return false;
	switch (v.kind) {
	case CEL_NULL:
		buf_puts(out, "null");
		return true;
	case CEL_BOOL:
		buf_puts(out, v.truth ? "true" : "false");
		return true;
	case CEL_INT:
		buf_printf(out, "%" PRId64, v.i);
		return true;
	case CEL_UINT:
		buf_printf(out, "%" PRIu64, v.u);
		return true;
	case CEL_DOUBLE:
		if (depth)
			put_inner_double(out, v.d);
		else
			cel_double_text(v.d, out);
		return true;
	case CEL_STRING:
	case CEL_BYTES:
		return put_text(w, v, depth > 0);
	case CEL_LIST:
		return put_list(w, v, depth);
	case CEL_MAP:
		return put_map(w, v, depth);
	case CEL_TYPE:
		buf_puts(out, v.type->name);
		return true;
	case CEL_TIMESTAMP:
	case CEL_DURATION:
		put_time(out, v, depth > 0);
		return true;
	default:
		return refuse(w, "no formatting function for %s", cel_type_of(v)->name);
	}
}

/* ---- one clause */

/* %f and %e take these three texts for numbers. */
static bool number_of(struct cel_value *v)
{
	static const struct {
		const char *text;
		double d;
	} names[] = { { "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY } };
	for (size_t i = 0; v->kind == CEL_STRING && i < ARRAY_LEN(names); i++)
		if (strlen(names[i].text) == v->n && memcmp(names[i].text, v->text, v->n) == 0)
			*v = cel_double(names[i].d);
	return v->kind == CEL_DOUBLE;
}

static bool put_clause(struct writer *w, const struct reading *r, struct cel_value v)
{
	char letter = r->clause->letter;
	if (letter == 'f' || letter == 'e')
		number_of(&v);
	if (!(r->clause->kinds >> v.kind & 1))
		return refuse(w, "%s, was given %s", r->clause->says, cel_type_of(v)->name);
	switch (letter) {
	case 'f':
		put_fixed(&w->out, v.d, r->precision);
		return true;
	case 'e':
		put_scientific(&w->out, v.d, r->precision);
		return true;
	case 'b':
		put_base(&w->out, v, 1, false);
		return true;
	case 'o':
		put_base(&w->out, v, 3, false);
		return true;
	case 'x':
	case 'X':
		put_hex(&w->out, v, letter == 'X');
		return true;
	default:
		return put_value(w, v, 0);
	}
}

static bool format(struct writer *w, struct cel_value text, struct cel_value args)
{
	uint32_t used = 0;
	for (const char *p = text.text, *end = p + text.n; p < end;) {
		const char *percent = memchr(p, '%', (size_t)(end - p));
		struct reading r;
		buf_put(&w->out, p, (size_t)((percent ? percent : end) - p));
		if (!percent)
			return true;
		p = percent + 1;
		if (p < end && *p == '%') {
			buf_putc(&w->out, *p++);
			continue;
		}
		if (used >= args.n)
			return refuse(w, "index %" PRIu32 " out of range", used);
		if (p == end)
			return refuse(w, "unexpected end of string");
		if (!read_clause(p, end, &r, w))
			return false;
		if (!put_clause(w, &r, cel_item(args, used++))) {
			AUTO(auto_free) char *why = xstrdup(buf_text(&w->why));
			return refuse(w, "error during formatting: %s", why);
		}
		p = r.end;
	}
	return true;
}

static void writer_done(struct writer *w)
{
	buf_done(&w->out);
	buf_done(&w->why);
}

struct cel_value cel_string_format(struct cel_call *c)
{
	AUTO(writer_done) struct writer w = { 0 };
	if (!format(&w, c->args[0], c->args[1]))
		return w.large ? cel_stop(c) : cel_fail(c, "%s", buf_text(&w.why));
	return cel_copy(c, buf_text(&w.out), w.out.len);
}

/* ---- literals, when the program is compiled */

/* %s looks into lists.  false: *bad is what is wrong in it. */
static bool check_string(const struct cel_literal *arg, const struct cel_literal **bad)
{
	unsigned kind = arg->type->kind;
	*bad = arg;
	if (kind != CEL_DYN && !(kind <= CEL_UNKNOWN && clauses[0].kinds >> kind & 1))
		return false;
	for (uint32_t i = 0; arg->items && i < arg->n; i++)
		if (!check_string(&arg->items[i], bad))
			return false;
	return true;
}

static bool check_argument(struct writer *w, const struct clause *clause,
			   const struct cel_literal *arg, struct cel_complaint *where)
{
	const struct cel_literal *bad = arg;
	unsigned kind = arg->type->kind;
	bool ok =
		clause->letter == 's'
			? check_string(arg, &bad)
			: kind == CEL_DYN || (kind <= CEL_UNKNOWN &&
					      (clause->kinds | clause->literal_kinds) >> kind & 1);
	if (ok)
		return true;
	where->at = bad->at;
	return refuse(w, "error during formatting: %s, was given %s", clause->says,
		      bad->type->name);
}

static bool check_format(struct writer *w, struct cel_value text, const struct cel_literal *args,
			 struct cel_complaint *where)
{
	uint32_t used = 0;
	for (const char *p = text.text, *end = p + text.n; p < end;) {
		struct reading r;
		if (*p++ != '%')
			continue;
		if (p == end)
			return refuse(w, "unexpected end of string");
		if (*p == '%') {
			p++;
			continue;
		}
		if (used >= args->n)
			return refuse(w, "index %" PRIu32 " out of range", used);
		if (!read_clause(p, end, &r, w) ||
		    !check_argument(w, r.clause, &args->items[used++], where))
			return false;
		p = r.end;
	}
	if (args->n > used)
		return refuse(w,
			      "too many arguments supplied to string.format (expected %" PRIu32
			      ", got %" PRIu32 ")",
			      used, args->n);
	return true;
}

bool cel_string_format_check(struct cel_call *c, const struct cel_literal *args,
			     struct cel_complaint *where, struct cel_value *why)
{
	AUTO(writer_done) struct writer w = { 0 };
	const struct cel_literal *text = &args[0], *list = &args[1];
	bool is_list = list->items || (list->value && list->value->kind == CEL_LIST && !list->n);
	if (!text->value || text->value->kind != CEL_STRING || !is_list)
		return true;
	where->at = c->at;
	if (check_format(&w, *text->value, list, where))
		return true;
	*why = cel_fail(c, "%s", buf_text(&w.why));
	return false;
}
