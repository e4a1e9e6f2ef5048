/* Pods in Git by their labels; see check.h.
 *
 * A row for each label of each pod: a selector begins with the rows of its rarest label, so that
 * ten thousand Services do not look at ten thousand Deployments each. */
#include <string.h>

#include "policy/checks/check.h"

struct pod_label {
	const char *namespace, *key, *value;
	const struct object_ref *ref;
	const struct json *object, *metadata;
};

struct pods {
	struct pod_label *labels; /* sorted */
	size_t n, cap;
};

static int by_label(const void *a, const void *b)
{
	const struct pod_label *x = a, *y = b;
	int d = strcmp(x->namespace, y->namespace);
	if (!d)
		d = strcmp(x->key, y->key);
	return d ? d : strcmp(x->value, y->value);
}

/* What is equal stays in the order of the objects, whatever the sort does. */
static int by_label_and_ref(const void *a, const void *b)
{
	const struct pod_label *x = a, *y = b;
	int d = by_label(a, b);
	return d ? d : object_ref_compare(x->ref, y->ref);
}

static void add(void *ctx, const struct object_ref *ref, const struct json *object)
{
	struct pods *p = ctx;
	const struct json *metadata = NULL;
	if (!pod_spec_of(object, &metadata))
		return;
	const struct json *labels = json_get(metadata, "labels");
	for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->n; i++) {
		const char *value = json_str(&labels->members[i].value);
		if (!value)
			continue;
		GROW(p->labels, p->n, p->cap);
		p->labels[p->n++] = (struct pod_label){ ref->namespace, labels->members[i].key,
							value,          ref,
							object,         metadata };
	}
}

static const struct pods *pods_of(struct check_run *r)
{
	struct pods **p = &r->pods[r->of_base];
	if (*p)
		return *p;
	*p = xcalloc(1, sizeof(**p));
	world_each(r, add, *p);
	if ((*p)->n)
		qsort((*p)->labels, (*p)->n, sizeof(*(*p)->labels), by_label_and_ref);
	return *p;
}

void pods_free(struct pods *p)
{
	if (!p)
		return;
	free(p->labels);
	free(p);
}

/* The first row that is not before `what`, by `compare`. */
static size_t lower(const struct pods *p, const struct pod_label *what, bool after)
{
	size_t low = 0, high = p->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int d = by_label(&p->labels[middle], what);
		if (d < 0 || (after && d == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What controllers give to pods by themselves: no template has it. */
static bool is_given(const char *key)
{
	static const char *const keys[] = {
		"statefulset.kubernetes.io/pod-name",
		"apps.kubernetes.io/pod-index",
		"controller-revision-hash",
		"pod-template-hash",
		"pod-template-generation",
		"job-name",
		"controller-uid",
		"batch.kubernetes.io/job-name",
		"batch.kubernetes.io/controller-uid",
		"batch.kubernetes.io/job-completion-index",
	};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static bool has_labels(const struct json *metadata, const struct json *labels)
{
	const struct json *has = json_get(metadata, "labels");
	for (uint32_t i = 0; i < labels->n; i++) {
		const char *value = json_str(&labels->members[i].value);
		const struct json *its = json_get(has, labels->members[i].key);
		if (!its && is_given(labels->members[i].key))
			continue;
		if (!value || !text_is(its, value))
			return false;
	}
	return true;
}

void pods_each(struct check_run *r, const char *namespace, const struct json *labels, pod_fn *each,
	       void *ctx)
{
	const struct pods *p = pods_of(r);
	size_t first = 0, end = p->n;
	if (!json_is(labels, JSON_OBJECT) || !labels->n)
		return;
	for (uint32_t i = 0; i < labels->n; i++) {
		const char *value = json_str(&labels->members[i].value);
		if (is_given(labels->members[i].key))
			continue;
		struct pod_label what = {
			namespace, labels->members[i].key, value ? value : "", NULL, NULL, NULL
		};
		size_t from = lower(p, &what, false), to = lower(p, &what, true);
		if (to - from < end - first)
			first = from, end = to;
	}
	for (size_t i = first; i < end; i++) {
		const struct pod_label *l = &p->labels[i];
		if (strcmp(l->namespace, namespace) == 0 && has_labels(l->metadata, labels) &&
		    !each(ctx, l->ref, l->object))
			return;
	}
}

bool pods_any(struct check_run *r, const char *namespace)
{
	const struct pods *p = pods_of(r);
	struct pod_label what = { namespace, "", "", NULL, NULL, NULL };
	size_t first = lower(p, &what, false);
	return first < p->n && strcmp(p->labels[first].namespace, namespace) == 0;
}
