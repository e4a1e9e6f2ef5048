/* Objects that go while others refer to them; see check.h.
 *
 * What Git declares is walked through once, for all deletions of the plan. */
#include <string.h>

#include "policy/checks/references.h"
#include "policy/checks/subjects.h"

struct kept {
	const struct object_ref *to; /* of a change that deletes it */
	const struct declared *by;
	unsigned line;
};

struct going {
	struct kept *kept; /* sorted by what goes, then by who refers to it */
	size_t n, cap;
};

struct walk {
	const struct check_run *r;
	struct going *going;
	const struct declared *by;
};

static int by_kept(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;
	int d = object_ref_compare(x->to, y->to);
	if (!d)
		d = object_ref_compare(&x->by->ref, &y->by->ref);
	return d ? d : (x->line > y->line) - (x->line < y->line);
}

static void on_reference(void *ctx, const struct reference *ref)
{
	const struct walk *w = ctx;
	struct going *g = w->going;
	struct object_ref to = { ref->group, "", ref->kind, ref->namespace, ref->name };
	const struct change *c = ref->optional ? NULL : world_deletion(w->r, &to);
	if (!c)
		return;
	GROW(g->kept, g->n, g->cap);
	g->kept[g->n++] = (struct kept){ &c->ref, w->by, ref->node->line };
}

static const struct going *going_of(struct check_run *r)
{
	const struct declared_set *head = r->scene->view->head;
	if (r->going)
		return r->going;
	r->going = xcalloc(1, sizeof(*r->going));
	for (size_t i = 0; i < head->n; i++) {
		struct walk w = { r, r->going, &head->items[i] };
		references_of(&head->items[i].object, head->items[i].ref.namespace, on_reference,
			      &w);
	}
	if (r->going->n)
		qsort(r->going->kept, r->going->n, sizeof(*r->going->kept), by_kept);
	return r->going;
}

void going_free(struct going *g)
{
	if (!g)
		return;
	free(g->kept);
	free(g);
}

/* The first that refers to it. */
static size_t first_of(const struct going *g, const struct object_ref *to)
{
	size_t low = 0, high = g->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (object_ref_compare(g->kept[middle].to, to) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void check_still_referenced(struct check_run *r, const struct change *c)
{
	if (c->action != ACTION_DELETE)
		return;
	const struct going *g = going_of(r);
	const struct declared *last = NULL;
	for (size_t i = first_of(g, &c->ref);
	     i < g->n && object_ref_compare(g->kept[i].to, &c->ref) == 0; i++) {
		const struct kept *k = &g->kept[i];
		if (k->by != last)
			complain(r, NULL, "%s still refers to it (%s:%u)",
				 object_ref_label(&r->arena, &k->by->ref), k->by->file, k->line);
		last = k->by;
	}
}
