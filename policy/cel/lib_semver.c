/* Semantic versions of Kubernetes in CEL. */
#include "policy/cel/cel.h"
#include "policy/cel/lib.h"
#include "policy/cel/semver.h"

struct semver_value {
	struct cel_opaque base;
	struct semver v;
};

static const struct semver *semver_in(struct cel_value v)
{
	return &((const struct semver_value *)v.opaque)->v;
}

static bool equal(const struct cel_opaque *a, const struct cel_opaque *b)
{
	return semver_compare(semver_in(cel_opaque(a)), semver_in(cel_opaque(b))) == 0;
}

static void text(const struct cel_opaque *v, struct buf *out)
{
	semver_text(semver_in(cel_opaque(v)), out);
}

static const struct cel_type type = { .kind = CEL_OBJECT, .name = "kubernetes.Semver" };
static const struct cel_opaque_ops ops = { &type, equal, text };

static int read(struct cel_call *c, bool normalize, struct semver *out, struct err *err)
{
	struct cel_value s = c->args[0];
	return normalize ? semver_parse_tolerant(cel_run_arena(c->run), s.text, s.n, out, err)
			 : semver_parse(s.text, s.n, out, err);
}

static struct cel_value parse_as(struct cel_call *c, bool normalize)
{
	AUTO(err_done) struct err err = { 0 };
	struct semver_value *v = cel_alloc(c, sizeof(*v));
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	if (!v)
		return cel_stop(c);
	*v = (struct semver_value){ .base = { &ops } };
	return read(c, normalize, &v->v, &err) < 0 ? cel_fail_of(c, &err) : cel_opaque(&v->base);
}

static struct cel_value parse(struct cel_call *c)
{
	return parse_as(c, false);
}

static struct cel_value parse_normalize(struct cel_call *c)
{
	return parse_as(c, c->args[1].truth);
}

static struct cel_value is_semver_as(struct cel_call *c, bool normalize)
{
	AUTO(err_done) struct err err = { 0 };
	struct semver v;
	if (cel_is_long(c->args[0]))
		return cel_too_long();
	return cel_bool(read(c, normalize, &v, &err) == 0);
}

static struct cel_value is_semver(struct cel_call *c)
{
	return is_semver_as(c, false);
}

static struct cel_value is_semver_normalize(struct cel_call *c)
{
	return is_semver_as(c, c->args[1].truth);
}

/* Past int64 they wrap around, as in Kubernetes. */
static struct cel_value major_of(struct cel_call *c)
{
	return cel_int((int64_t)semver_in(c->args[0])->major);
}

static struct cel_value minor_of(struct cel_call *c)
{
	return cel_int((int64_t)semver_in(c->args[0])->minor);
}

static struct cel_value patch_of(struct cel_call *c)
{
	return cel_int((int64_t)semver_in(c->args[0])->patch);
}

static int compare(struct cel_call *c)
{
	return semver_compare(semver_in(c->args[0]), semver_in(c->args[1]));
}

static struct cel_value compare_to(struct cel_call *c)
{
	return cel_int(compare(c));
}

static struct cel_value is_greater(struct cel_call *c)
{
	return cel_bool(compare(c) > 0);
}

static struct cel_value is_less(struct cel_call *c)
{
	return cel_bool(compare(c) < 0);
}

#define V "kubernetes.Semver"
static const struct cel_overload overloads[] = {
	{ "semver", "string_to_semver", "(string) -> " V, .call = parse, .cost = cel_cost_text },
	{ "semver", "string_bool_to_semver", "(string, bool) -> " V, .call = parse_normalize,
	  .cost = cel_cost_text },
	{ "isSemver", "is_semver_string", "(string) -> bool", .call = is_semver,
	  .cost = cel_cost_text },
	{ "isSemver", "is_semver_string_bool", "(string, bool) -> bool",
	  .call = is_semver_normalize, .cost = cel_cost_text },
	{ "isGreaterThan", "semver_is_greater_than", V ".(" V ") -> bool", .call = is_greater },
	{ "isLessThan", "semver_is_less_than", V ".(" V ") -> bool", .call = is_less },
	{ "compareTo", "semver_compare_to", V ".(" V ") -> int", .call = compare_to },
	{ "major", "semver_major", V ".() -> int", .call = major_of },
	{ "minor", "semver_minor", V ".() -> int", .call = minor_of },
	{ "patch", "semver_patch", V ".() -> int", .call = patch_of },
};
static const struct cel_type *const types[] = { &type };
const struct cel_library cel_semver = { "semver", overloads, ARRAY_LEN(overloads), types, 1 };
