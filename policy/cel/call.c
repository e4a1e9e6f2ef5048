/* What functions of a library call; see library.h. */
#include <inttypes.h>
#include <stdio.h>

#include "policy/cel/run.h"

#define TOO_COSTLY "operation cancelled: actual cost limit exceeded"

struct cel_value cel_run_stop(struct cel_run *run, const char *why)
{
	if (!run->stopped) {
		run->stopped = true;
		run->stop = (struct cel_error){ .message = why };
	}
	return (struct cel_value){ .kind = CEL_ERROR, .error = &run->stop };
}

struct cel_value cel_stop(struct cel_call *c)
{
	return cel_run_stop(c->run, TOO_COSTLY);
}

bool cel_spend(struct cel_call *c, uint64_t cost)
{
	struct cel_run *r = c->run;
	if (r->stopped)
		return false;
	if (cost > r->limit - r->cost) {
		r->cost = r->limit + 1;
		cel_run_stop(r, TOO_COSTLY);
		return false;
	}
	r->cost += cost;
	return true;
}

void *cel_alloc(struct cel_call *c, size_t n)
{
	return cel_run_alloc(c->run, n);
}

struct cel_value *cel_alloc_values(struct cel_call *c, size_t n)
{
	if (n > SIZE_MAX / sizeof(struct cel_value))
		n = SIZE_MAX / sizeof(struct cel_value);
	return cel_alloc(c, n * sizeof(struct cel_value));
}

struct cel_value cel_fail_about(struct cel_call *c, const char *message, struct cel_value about)
{
	struct cel_error *e = cel_alloc(c, sizeof(*e));
	if (!e)
		return cel_stop(c);
	*e = (struct cel_error){ .message = message, .about = about, .at = c->at };
	return (struct cel_value){ .kind = CEL_ERROR, .error = e };
}

struct cel_value cel_no_overload(struct cel_call *c)
{
	return cel_fail_about(c, "no such overload", cel_null());
}

PRINTF_LIKE(2, 0)
static struct cel_value vformat(struct cel_call *c, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	struct cel_value v;
	if (n >= 0 && (size_t)n < sizeof(small)) {
		v = cel_copy(c, small, (size_t)n);
	} else {
		AUTO(auto_free) char *text = xvfmt(fmt, again);
		v = cel_copy(c, text, strlen(text));
	}
	va_end(again);
	return v;
}

struct cel_value cel_format(struct cel_call *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct cel_value v = vformat(c, fmt, ap);
	va_end(ap);
	return v;
}

struct cel_value cel_fail(struct cel_call *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	struct cel_value v = vformat(c, fmt, ap);
	va_end(ap);
	return cel_is_bad(v) ? v : cel_fail_about(c, v.text, cel_null());
}

static struct cel_value copy_text(struct cel_call *c, enum cel_kind kind, const char *text,
				  size_t n)
{
	char *p = n < UINT32_MAX ? cel_alloc(c, n + 1) : NULL;
	if (!p)
		return cel_stop(c);
	memcpy(p, text, n);
	p[n] = '\0';
	return (struct cel_value){ .kind = (uint8_t)kind, .n = (uint32_t)n, .text = p };
}

struct cel_value cel_copy(struct cel_call *c, const char *text, size_t n)
{
	return copy_text(c, CEL_STRING, text, n);
}

struct cel_value cel_copy_bytes(struct cel_call *c, const char *text, size_t n)
{
	return copy_text(c, CEL_BYTES, text, n);
}

struct cel_value cel_some(struct cel_call *c, struct cel_value v)
{
	struct cel_value *p = cel_alloc_values(c, 1);
	if (!p)
		return cel_stop(c);
	*p = v;
	return (struct cel_value){ .kind = CEL_OPTIONAL, .items = p };
}

struct cel_value cel_map_of(struct cel_call *c, struct cel_entry *entries, uint32_t n)
{
	uint32_t n_slots = cel_entries_slots(n);
	struct cel_entries *e = cel_alloc(c, sizeof(*e));
	uint32_t *slots = n_slots ? cel_alloc(c, n_slots * sizeof(*slots)) : NULL;
	if (!e || (n_slots && !slots))
		return cel_stop(c);
	*e = (struct cel_entries){ .entry = entries, .n = n };
	cel_entries_index(e, slots);
	return cel_map(e);
}

bool cel_push(struct cel_call *c, struct cel_vector *v, struct cel_value item)
{
	if (v->n == v->cap) {
		uint32_t cap = v->cap ? 2 * v->cap : 8;
		struct cel_value *more = cap > v->cap ? cel_alloc_values(c, cap) : NULL;
		if (!more)
			return false;
		if (v->n)
			memcpy(more, v->items, v->n * sizeof(*more));
		v->items = more;
		v->cap = cap;
	}
	v->items[v->n++] = item;
	return true;
}

uint64_t cel_size(struct cel_value v)
{
	switch (v.kind) {
	case CEL_STRING:
		return cel_length(v);
	case CEL_BYTES:
	case CEL_LIST:
	case CEL_MAP:
		return v.n;
	default:
		return 1;
	}
}

uint64_t cel_tenth(uint64_t n)
{
	return (n + 9) / 10;
}

uint64_t cel_cost_text(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_tenth(cel_size(args[0]));
}

uint64_t cel_cost_size(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	return cel_size(args[0]);
}
