/* URLs of Kubernetes in CEL. */
#include "policy/cel/cel.h"
#include "policy/cel/lib.h"
#include "policy/cel/url.h"

struct url_value {
	struct cel_opaque base;
	struct url url;
};

static const struct url *url_in(struct cel_value v)
{
	return &((const struct url_value *)v.opaque)->url;
}

static bool equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	struct url_text x = url_in(cel_opaque(a))->text, y = url_in(cel_opaque(b))->text;
	return x.n == y.n && memcmp(x.p, y.p, x.n) == 0;
}

static void text(const struct cel_opaque *v, struct buf *out)
{
	struct url_text t = url_in(cel_opaque(v))->text;
	buf_put(out, t.p, t.n);
}

static const struct cel_type type = { .kind = CEL_OBJECT, .name = "kubernetes.URL" };
static const struct cel_opaque_ops ops = { &type, equal, text };

static struct cel_value parse(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	/* The parts of the result are at most three times as long as the text, each. */
	struct url_value *v = cel_alloc(c, sizeof(*v));
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (!v)
		return cel_stop(c);
	*v = (struct url_value){ .base = { &ops } };
	if (url_parse(cel_run_arena(c->run), c->args[0].text, c->args[0].n, &v->url, &err) < 0) {
		err_wrap(&err, "URL parse error during conversion from string");
		return cel_fail_of(c, &err);
	}
	return cel_opaque(&v->base);
}

static struct cel_value is_url(struct cel_call *c)
{
	AUTO(err_done) struct err err = { 0 };
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	return cel_bool(url_check(c->args[0].text, c->args[0].n, &err) == 0);
}

static struct cel_value part(struct cel_call *c, struct url_text t)
{
	return cel_copy_clean(c, t.p, t.n);
}

static struct cel_value scheme(struct cel_call *c)
{
	return part(c, url_in(c->args[0])->scheme);
}

static struct cel_value host(struct cel_call *c)
{
	return part(c, url_in(c->args[0])->host);
}

static struct cel_value hostname(struct cel_call *c)
{
	return part(c, url_hostname(url_in(c->args[0])));
}

static struct cel_value port(struct cel_call *c)
{
	return part(c, url_port(url_in(c->args[0])));
}

static struct cel_value escaped_path(struct cel_call *c)
{
	return part(c, url_in(c->args[0])->path);
}

/* ---- the query */

struct parameter {
	struct cel_value key, value;
	uint32_t at;
};

/* By name, those of one name in their order. */
static int by_name(const void *a, const void *b)
{
	const struct parameter *x = a, *y = b;
	int d = cel_compare(x->key, y->key);
	return d ? d : x->at < y->at ? -1 : 1;
}

static size_t count_parameters(struct url_text query)
{
	size_t n = 1;
	for (size_t i = 0; i < query.n; i++)
		n += query.p[i] == '&';
	return n;
}

/* n parameters, sorted, as a map of lists. */
static struct cel_value group(struct cel_call *c, const struct parameter *all, uint32_t n)
{
	struct cel_entry *entries = cel_alloc(c, (n + (size_t)1) * sizeof(*entries));
	struct cel_value *values = cel_alloc_values(c, n + (size_t)1);
	uint32_t count = 0;
	if (!entries || !values)
		return cel_stop(c);
	for (uint32_t i = 0, j; i < n; i = j) {
		for (j = i; j < n && cel_equal(all[i].key, all[j].key); j++)
			values[j] = all[j].value;
		entries[count++] = (struct cel_entry){ all[i].key, cel_list(values + i, j - i) };
	}
	return cel_map_of(c, entries, count);
}

static struct cel_value query(struct cel_call *c)
{
	struct url_text rest = url_in(c->args[0])->query, key, value;
	size_t most = count_parameters(rest);
	AUTO(arena_done) struct arena scratch = { 0 };
	uint32_t n = 0;
	if (most > URL_PARAMETERS_MAX)
		return cel_map_of(c, NULL, 0);
	struct parameter *all = arena_calloc(&scratch, most, sizeof(*all));
	while (url_next_parameter(&scratch, &rest, &key, &value)) {
		struct parameter p = { part(c, key), part(c, value), n };
		if (cel_is_bad(p.key) || cel_is_bad(p.value))
			return cel_stop(c);
		all[n++] = p;
	}
	qsort(all, n, sizeof(*all), by_name);
	return group(c, all, n);
}

#define U "kubernetes.URL"
static const struct cel_overload overloads[] = {
	{ "url", "string_to_url", "(string) -> " U, .call = parse, .cost = cel_cost_text },
	{ "isURL", "is_url_string", "(string) -> bool", .call = is_url },
	{ "getScheme", "url_get_scheme", U ".() -> string", .call = scheme },
	{ "getHost", "url_get_host", U ".() -> string", .call = host },
	{ "getHostname", "url_get_hostname", U ".() -> string", .call = hostname },
	{ "getPort", "url_get_port", U ".() -> string", .call = port },
	{ "getEscapedPath", "url_get_escaped_path", U ".() -> string", .call = escaped_path },
	{ "getQuery", "url_get_query", U ".() -> map(string, list(string))", .call = query },
};
static const struct cel_type *const types[] = { &type };
const struct cel_library cel_url = { "url", overloads, ARRAY_LEN(overloads), types, 1 };
