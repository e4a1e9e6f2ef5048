/* Giving each object its place in the cluster, which takes knowing its kind. */
#include <string.h>

#include "plan/source/manifest.h"

static bool is_crd(const struct object_ref *ref)
{
	return strcmp(ref->kind, "CustomResourceDefinition") == 0 &&
	       strcmp(ref->group, "apiextensions.k8s.io") == 0;
}

/* Any version tells the scope, even one that the object does not have. */
static const struct kind *kind_of(const struct kind_table *kinds, const struct object_ref *ref)
{
	const struct kind *k = kinds_find(kinds, ref->group, ref->version, ref->kind);
	return k ? k : kinds_find_any(kinds, ref->group, ref->kind);
}

static const char *namespace_for(const struct declared *d, const char *default_namespace)
{
	if (d->home)
		return d->home;
	return default_namespace && *default_namespace ? default_namespace : "default";
}

static int resolve_one(struct declared_set *set, struct declared *d, const char *default_namespace,
		       const struct kind_table *kinds, struct err *err)
{
	const struct kind *kind = kind_of(kinds, &d->ref);
	if (!kind)
		return 0;
	if (!kind->namespaced && *d->ref.namespace)
		return err_at(err, ERR_INPUT,
			      json_pos(json_at(&d->object, "metadata", "namespace", NULL), d->file),
			      "%s is cluster-scoped: \"%s\" cannot be in a namespace; remove "
			      "metadata.namespace",
			      d->ref.kind, d->ref.name);
	if (kind->namespaced && !*d->ref.namespace) {
		d->ref.namespace = arena_strdup(&set->arena, namespace_for(d, default_namespace));
		manifest_set_namespace(&set->arena, &d->object, d->ref.namespace);
	}
	return 0;
}

static int compare_numbers(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

/* By ref; then in reading order, so that of two alike the second is the later one. */
static int by_ref(const void *a, const void *b)
{
	const struct declared *x = a, *y = b;
	int d = object_ref_compare(&x->ref, &y->ref);
	if (!d)
		d = strcmp(x->file, y->file);
	if (!d)
		d = compare_numbers(x->document, y->document);
	if (!d)
		d = (x->item > y->item) - (x->item < y->item);
	return d ? d : strcmp(x->application, y->application);
}

static int fail_twice(struct declared_set *set, const struct declared *first,
		      const struct declared *second, struct err *err)
{
	const char *label = object_ref_label(&set->arena, &second->ref);
	struct srcpos at = { second->file, second->line, second->col };
	if (strcmp(first->application, second->application) == 0)
		return err_at(err, ERR_INPUT, at, "%s is declared twice; the first is at %s:%u:%u",
			      label, first->file, first->line, first->col);
	return err_at(err, ERR_INPUT, at,
		      "%s is declared by application \"%s\" and by application \"%s\" at %s:%u:%u",
		      label, second->application, first->application, first->file, first->line,
		      first->col);
}

int source_resolve(struct declared_set *set, const char *default_namespace,
		   struct kind_table *kinds, struct err *err)
{
	for (size_t i = 0; i < set->n; i++)
		if (is_crd(&set->items[i].ref))
			kinds_add_crd(kinds, &set->items[i].object, true);
	for (size_t i = 0; i < set->n; i++)
		if (resolve_one(set, &set->items[i], default_namespace, kinds, err) < 0)
			return -1;
	if (set->n)
		qsort(set->items, set->n, sizeof(*set->items), by_ref);
	for (size_t i = 1; i < set->n; i++)
		if (object_ref_compare(&set->items[i - 1].ref, &set->items[i].ref) == 0)
			return fail_twice(set, &set->items[i - 1], &set->items[i], err);
	return 0;
}

static int ref_of_key(const void *key, const void *item)
{
	return object_ref_compare(key, &((const struct declared *)item)->ref);
}

const struct declared *declared_find(const struct declared_set *set, const struct object_ref *ref)
{
	if (!set->n)
		return NULL;
	return bsearch(ref, set->items, set->n, sizeof(*set->items), ref_of_key);
}
