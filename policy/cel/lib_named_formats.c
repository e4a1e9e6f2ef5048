/* Kubernetes' formats by name in CEL: format.dns1123Label().validate(name). */
#include "policy/cel/cel.h"
#include "policy/cel/lib.h"
#include "policy/cel/named_format.h"

struct format_value {
	struct cel_opaque base;
	const struct named_format *format;
};

static const struct named_format *format_in(struct cel_value v)
{
	return ((const struct format_value *)v.opaque)->format;
}

static bool equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	return format_in(cel_opaque(a)) == format_in(cel_opaque(b));
}

static void text(const struct cel_opaque *v, struct buf *out)
{
	buf_puts(out, format_in(cel_opaque(v))->name);
}

static const struct cel_type type = { .kind = CEL_OBJECT, .name = "kubernetes.NamedFormat" };
static const struct cel_opaque_ops ops = { &type, equal, text };

static struct cel_value make(struct cel_call *c, const char *name, size_t n)
{
	struct format_value *v = cel_alloc(c, sizeof(*v));
	if (!v)
		return cel_stop(c);
	*v = (struct format_value){ { &ops }, named_format_find(name, n) };
	return cel_opaque(&v->base);
}

static struct cel_value named(struct cel_call *c)
{
	struct cel_value name = c->args[0];
	if (!named_format_find(name.text, name.n))
		return cel_none();
	struct cel_value v = make(c, name.text, name.n);
	return cel_is_bad(v) ? v : cel_some(c, v);
}

static struct cel_value validate(struct cel_call *c)
{
	const char *messages[NAMED_FORMAT_MESSAGES];
	struct cel_vector list = { 0 };
	struct cel_value s = c->args[1];
	size_t n = format_in(c->args[0])->validate(cel_run_arena(c->run), s.text, s.n, messages);
	if (cel_is_long(c->args[1]))
		return cel_too_long();
	for (size_t i = 0; i < n; i++)
		if (!cel_push(c, &list, cel_text(messages[i])))
			return cel_stop(c);
	return n ? cel_some(c, cel_list(list.items, list.n)) : cel_none();
}

static uint64_t cost_validate(const struct cel_value *args, struct cel_value result)
{
	(void)result;
	if (args[0].kind != CEL_OPAQUE || args[0].opaque->ops != &ops)
		return 1; /* it failed, or is no format */
	return cel_tenth(cel_size(args[1]) + 1) * ((format_in(args[0])->pattern_size + 3) / 4);
}

#define F "kubernetes.NamedFormat"
#define NAMED(fn, name)                                                                            \
	static struct cel_value fn(struct cel_call *c)                                             \
	{                                                                                          \
		return make(c, name, sizeof(name) - 1);                                            \
	}
#define ROW(fn, name)                                                                              \
	{                                                                                          \
		"format." name, "format." name, "() -> " F, .call = fn                             \
	}
#define EACH_FORMAT(DO, AND)                                                                       \
	DO(dns1123_label, "dns1123Label")                                                          \
	AND DO(dns1123_subdomain, "dns1123Subdomain") AND DO(dns1035_label, "dns1035Label") AND    \
	DO(qualified_name, "qualifiedName") AND                                                    \
	DO(dns1123_label_prefix, "dns1123LabelPrefix") AND                                         \
	DO(dns1123_subdomain_prefix, "dns1123SubdomainPrefix") AND                                 \
	DO(dns1035_label_prefix, "dns1035LabelPrefix") AND                                         \
	DO(label_value, "labelValue") AND                                                          \
	DO(uri, "uri") AND                                                                         \
	DO(uuid, "uuid") AND                                                                       \
	DO(byte, "byte") AND                                                                       \
	DO(date, "date") AND                                                                       \
	DO(datetime, "datetime")

#define NOTHING
#define COMMA ,
EACH_FORMAT(NAMED, NOTHING)

static const struct cel_overload overloads[] = {
	EACH_FORMAT(ROW, COMMA),
	{ "format.named", "format-named", "(string) -> optional_type(" F ")", .call = named },
	{ "validate", "format-validate", F ".(string) -> optional_type(list(string))",
	  .call = validate, .cost = cost_validate },
};
static const struct cel_type *const types[] = { &type };
const struct cel_library cel_named_formats = { "format", overloads, ARRAY_LEN(overloads), types,
					       1 };
