/* The params of a binding: the objects that its paramRef names. */
#include "policy/admission/internal.h"

#include <string.h>

int param_compare(const struct param *x, const struct param *y)
{
	int d = strcmp(x->group, y->group);
	if (!d)
		d = strcmp(x->kind, y->kind);
	if (!d)
		d = strcmp(x->version, y->version);
	if (!d)
		d = strcmp(x->namespace, y->namespace);
	return d ? d : strcmp(x->name, y->name);
}

/* The first param that is not before `key`. */
static size_t lower_bound(const struct admission *a, const struct param *key)
{
	size_t lo = 0, hi = a->n_params;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (param_compare(&a->params[mid], key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct param key_of(const struct policy *p, const char *namespace, const char *name)
{
	return (struct param){ .group = p->param_group,
			       .version = p->param_version,
			       .kind = p->param_kind,
			       .namespace = namespace,
			       .name = name };
}

static bool is_kind_of(const struct param *x, const struct policy *p)
{
	return strcmp(x->group, p->param_group) == 0 && strcmp(x->kind, p->param_kind) == 0 &&
	       strcmp(x->version, p->param_version) == 0;
}

/* Whether the kind exists and is namespaced: by the table, else by the params that are there. */
void policy_find_param_kind(struct admission *a, struct policy *p)
{
	if (!p->has_params || p->broken)
		return;
	const struct kind_table *t = a->world.kinds;
	p->param_resource =
		t ? kinds_find(t, p->param_group, p->param_version, p->param_kind) : NULL;
	struct param key = key_of(p, "", "");
	size_t first = lower_bound(a, &key);
	bool there = first < a->n_params && is_kind_of(&a->params[first], p);
	p->param_known = p->param_resource || there;
	if (p->param_resource)
		p->param_namespaced = p->param_resource->namespaced;
	else if (there)
		p->param_namespaced = *a->params[first].namespace != '\0';
	if (!p->param_known && a->world.kinds_complete)
		p->configuration_error = arena_fmt(
			&a->arena, "failed to find resource referenced by paramKind: '%s, Kind=%s'",
			p->param_api_version, p->param_kind);
}

static struct found_params add(struct arena *arena, struct found_params f, const struct param *x)
{
	if ((f.n & (f.n - 1)) == 0) {
		const struct param **more = arena_alloc(arena, (f.n ? 2 * f.n : 1) * sizeof(*more));
		if (f.n)
			memcpy(more, f.items, f.n * sizeof(*more));
		f.items = more;
	}
	f.items[f.n++] = x;
	return f;
}

static struct found_params by_name(const struct admission *a, struct arena *arena,
				   const struct policy *p, const struct binding *b,
				   const char *namespace)
{
	struct param key = key_of(p, namespace, b->param_name);
	struct found_params f = { 0 };
	size_t i = lower_bound(a, &key);
	if (i < a->n_params && param_compare(&a->params[i], &key) == 0)
		f = add(arena, f, &a->params[i]);
	return f;
}

static struct found_params by_selector(const struct admission *a, struct arena *arena,
				       const struct policy *p, const struct binding *b,
				       const char *namespace)
{
	struct param key = key_of(p, namespace, "");
	struct found_params f = { 0 };
	for (size_t i = lower_bound(a, &key); i < a->n_params; i++) {
		const struct param *x = &a->params[i];
		if (!is_kind_of(x, p) || strcmp(x->namespace, namespace) != 0)
			break;
		if (selector_matches(&b->param_selector,
				     json_at(x->object, "metadata", "labels", NULL)))
			f = add(arena, f, x);
	}
	return f;
}

static struct found_params wrong(const char *error)
{
	return (struct found_params){ .error = error };
}

static struct found_params unknown(const char *reason)
{
	return (struct found_params){ .unknown = reason };
}

struct found_params params_find(const struct admission *a, struct arena *arena,
				const struct policy *p, const struct binding *b,
				const char *namespace)
{
	struct found_params f = { 0 };
	if (!p->has_params || !b->has_param_ref)
		return add(arena, f, NULL);
	if (b->broken || (!b->param_name && !b->by_selector))
		return unknown("its binding does not say which param");
	if (!p->param_known && !a->world.kinds_complete)
		return unknown("its paramKind is not known here, and no such object is at hand");
	const char *where = "";
	if (p->param_namespaced) {
		where = b->param_namespace ? b->param_namespace : namespace;
		if (!*where)
			return wrong(
				"cannot use namespaced paramRef in policy binding that matches "
				"cluster-scoped resources");
	} else if (b->param_namespace) {
		return wrong("paramRef.namespace must not be provided for a cluster-scoped "
			     "`paramKind`");
	}
	f = b->param_name ? by_name(a, arena, p, b, where) : by_selector(a, arena, p, b, where);
	if (f.n && !a->world.params_complete && b->by_selector)
		f.unknown = "there may be more params in the cluster that its binding selects";
	if (f.n)
		return f;
	if (!a->world.params_complete)
		return unknown("no param of its binding is at hand; one may be in the cluster");
	if (b->deny_without_params)
		return wrong("no params found for policy binding with `Deny` "
			     "parameterNotFoundAction");
	return f;
}
