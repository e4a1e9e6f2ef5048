/* Other objects, as the plan leaves them; see check.h.
 *
 * First what Git declares at head.  Else, with a cluster, what is there and is not deleted: checks
 * run once before, and what they look for then is asked of it in one batch. */
#include <string.h>

#include "policy/checks/check.h"

enum { WANTS_MAX = 20000 };

struct want {
	struct object_ref ref; /* of LISTs without a name */
	const char *selector;  /* "app=web": pods; NULL: an object */
	enum found found;
	const struct json *object;
};

struct world {
	struct want *wants; /* sorted, once they were asked */
	size_t n, cap;
	bool asked;
	const struct change **changes; /* sorted by ref; of those with the same, a deletion first */
	size_t n_changes;
};

static int by_change(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a;
	const struct change *y = *(const struct change *const *)b;
	int d = object_ref_compare(&x->ref, &y->ref);
	return d ? d : (y->action == ACTION_DELETE) - (x->action == ACTION_DELETE);
}

static int by_want(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	int d = object_ref_compare(&x->ref, &y->ref);
	return d ? d : strcmp(x->selector ? x->selector : "", y->selector ? y->selector : "");
}

struct world *world_new(struct check_run *r)
{
	const struct plan *p = r->scene->plan;
	struct world *w = xcalloc(1, sizeof(*w));
	w->changes = xcalloc(p->n_changes, sizeof(*w->changes));
	for (size_t i = 0; i < p->n_changes; i++)
		w->changes[w->n_changes++] = &p->changes[i];
	if (w->n_changes)
		qsort(w->changes, w->n_changes, sizeof(*w->changes), by_change);
	return w;
}

void world_free(struct world *w)
{
	free(w->wants);
	free(w->changes);
	free(w);
}

/* ---- asking */

static enum found want(struct check_run *r, const struct want *what, const struct json **object)
{
	struct world *w = r->world;
	if (w->asked) {
		const struct want *found =
			w->n ? bsearch(what, w->wants, w->n, sizeof(*w->wants), by_want) : NULL;
		*object = found ? found->object : NULL;
		return found ? found->found : FOUND_UNKNOWN;
	}
	*object = NULL;
	if (!r->scene->view->cluster || w->n == WANTS_MAX)
		return FOUND_UNKNOWN;
	GROW(w->wants, w->n, w->cap);
	w->wants[w->n] = *what;
	w->wants[w->n].ref = object_ref_copy(&r->arena, &what->ref);
	w->wants[w->n].found = FOUND_UNKNOWN;
	w->n++;
	return FOUND_UNKNOWN;
}

static void drop_doubles(struct world *w)
{
	size_t n = 0;
	if (w->n)
		qsort(w->wants, w->n, sizeof(*w->wants), by_want);
	for (size_t i = 0; i < w->n; i++)
		if (!n || by_want(&w->wants[n - 1], &w->wants[i]) != 0)
			w->wants[n++] = w->wants[i];
	w->n = n;
}

static int on_object(void *ctx, struct api_call *call, struct err *err)
{
	struct check_run *r = ctx;
	struct want *w = call->user;
	(void)err;
	if (call->object) {
		struct json *copy = arena_alloc(&r->arena, sizeof(*copy));
		*copy = json_copy(&r->arena, call->object);
		w->object = copy;
		w->found = FOUND;
	} else if (call->err.code == ERR_NOT_FOUND) {
		w->found = FOUND_NOT;
	}
	return 0;
}

static int on_pod(void *ctx, struct list_request *request, const struct json *object,
		  struct err *err)
{
	(void)ctx, (void)request, (void)object, (void)err;
	return 0;
}

static int get_all(struct check_run *r, struct err *err)
{
	struct world *w = r->world;
	struct cluster *c = r->scene->view->cluster;
	AUTO(auto_free) struct api_call *calls = xcalloc(w->n, sizeof(*calls));
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct kind *kind = kinds_find_any(
			r->scene->view->kinds, w->wants[i].ref.group, w->wants[i].ref.kind);
		if (w->wants[i].selector || !kind || kind->deferred)
			continue;
		calls[n++] = (struct api_call){
			.verb = API_GET,
			.kind = kind,
			.namespace = kind->namespaced ? w->wants[i].ref.namespace : "",
			.name = w->wants[i].ref.name,
			.user = &w->wants[i],
		};
	}
	int rc = n ? c->ops->call(c, calls, n, on_object, r, err) : 0;
	for (size_t i = 0; i < n; i++)
		err_done(&calls[i].err);
	return rc;
}

static int list_all(struct check_run *r, struct err *err)
{
	struct world *w = r->world;
	struct cluster *c = r->scene->view->cluster;
	const struct kind *pods = kinds_find(r->scene->view->kinds, "", "v1", "Pod");
	AUTO(auto_free) struct list_request *lists = xcalloc(w->n, sizeof(*lists));
	AUTO(auto_free) struct want **of = xcalloc(w->n, sizeof(*of));
	size_t n = 0;
	for (size_t i = 0; pods && i < w->n; i++) {
		if (!w->wants[i].selector)
			continue;
		of[n] = &w->wants[i];
		lists[n++] = (struct list_request){
			.kind = pods,
			.namespace = w->wants[i].ref.namespace,
			.label_selector = w->wants[i].selector,
		};
	}
	int rc = n ? c->ops->list(c, lists, n, on_pod, NULL, err) : 0;
	for (size_t i = 0; i < n; i++) {
		if (!lists[i].err.code)
			of[i]->found = lists[i].objects ? FOUND : FOUND_NOT;
		err_done(&lists[i].err);
	}
	return rc;
}

int world_ask(struct check_run *r, struct err *err)
{
	struct world *w = r->world;
	drop_doubles(w);
	w->asked = true;
	return w->n && (get_all(r, err) < 0 || list_all(r, err) < 0) ? -1 : 0;
}

/* ---- finding */

static const struct change *change_of(const struct world *w, const struct object_ref *ref)
{
	size_t low = 0, high = w->n_changes;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (object_ref_compare(&w->changes[middle]->ref, ref) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->n_changes && object_ref_compare(&w->changes[low]->ref, ref) == 0
		       ? w->changes[low]
		       : NULL;
}

void world_each(struct check_run *r, declared_fn *each, void *ctx)
{
	const struct declared_set *head = r->scene->view->head;
	const struct plan *plan = r->scene->plan;
	for (size_t i = 0; i < head->n; i++)
		if (!r->of_base || !change_of(r->world, &head->items[i].ref))
			each(ctx, &head->items[i].ref, &head->items[i].object);
	for (size_t i = 0; r->of_base && i < plan->n_changes; i++)
		if (plan->changes[i].sides->base)
			each(ctx, &plan->changes[i].ref, plan->changes[i].sides->base);
}

const struct change *world_deletion(const struct check_run *r, const struct object_ref *ref)
{
	const struct change *c = change_of(r->world, ref);
	return c && c->action == ACTION_DELETE ? c : NULL;
}

enum found world_find(struct check_run *r, const char *group, const char *kind,
		      const char *namespace, const char *name, const struct json **object)
{
	struct want what = { .ref = { group, "", kind, namespace, name } };
	const struct change *c = change_of(r->world, &what.ref);
	const struct declared *d = NULL;
	*object = NULL;
	if (r->of_base && c)
		*object = c->sides->base;
	else if ((d = declared_find(r->scene->view->head, &what.ref)) != NULL)
		*object = &d->object;
	if (*object)
		return FOUND;
	if (!r->of_base && c && c->action == ACTION_DELETE)
		return FOUND_NOT;
	return want(r, &what, object);
}

static bool on_declared_pod(void *ctx, const struct object_ref *ref, const struct json *object)
{
	(void)ref, (void)object;
	*(bool *)ctx = true;
	return false;
}

static const char *selector_text(struct arena *a, const struct json *labels)
{
	AUTO(buf_done) struct buf text = { 0 };
	for (uint32_t i = 0; i < labels->n; i++) {
		const char *value = json_str(&labels->members[i].value);
		buf_printf(&text, "%s%s=%s", i ? "," : "", labels->members[i].key,
			   value ? value : "");
	}
	return arena_strdup(a, buf_text(&text));
}

enum found world_pods(struct check_run *r, const char *namespace, const struct json *labels)
{
	bool found = false;
	const struct json *object;
	pods_each(r, namespace, labels, on_declared_pod, &found);
	if (found)
		return FOUND;
	const struct cluster *c = r->scene->view->cluster;
	if (!c || c->ops->no_controllers) /* where Git has others, it would have these */
		return pods_any(r, namespace) ? FOUND_NOT : FOUND_UNKNOWN;
	struct want what = { .ref = { "", "v1", "Pod", namespace, "" },
			     .selector = selector_text(&r->arena, labels) };
	return want(r, &what, &object);
}
