/* What deletions take along, and which may not for what they would. */
#include "plan/diff/subject.h"

#include <string.h>

#include "plan/takes.h"

static void refuse(struct build *b, struct change *c, const char *why)
{
	c->action = ACTION_REFUSED;
	c->reason = arena_fmt(&b->arena, "%s%s%s", c->reason ? c->reason : "",
			      c->reason ? "; " : "", why);
}

/* What Git declares in the namespace, or of the kind, that goes. */
static const struct subject *declared_in(const struct build *b, const struct change *c, size_t *n)
{
	const struct subject *first = NULL;
	*n = 0;
	for (size_t i = 0; i < b->n_subjects; i++) {
		const struct subject *s = &b->subjects[i];
		if (!s->head || !s->kind || !takes_one(c, s->kind, s->ref.namespace))
			continue;
		first = first ? first : s;
		++*n;
	}
	return first;
}

static void refuse_declared(struct build *b, struct change *c)
{
	size_t n;
	const struct subject *first = declared_in(b, c, &n);
	if (first)
		refuse(b, c,
		       arena_fmt(&b->arena, "Git declares what would go with it: %s%s",
				 object_ref_label(&b->arena, &first->ref),
				 n > 1 ? arena_fmt(&b->arena, " and %zu more", n - 1) : ""));
}

int build_takes(struct build *b, struct plan *p, struct err *err)
{
	for (size_t i = 0; b->o->cluster && i < p->n_changes; i++) {
		struct change *c = &p->changes[i];
		struct takes takes;
		if (!takes_others(c))
			continue;
		if (takes_read(b->o->cluster, &b->kinds, p, c, &b->arena, &takes, err) < 0)
			return err_wrap(err, "list what goes with %s",
					object_ref_label(&b->arena, &c->ref));
		c->takes_listed = true;
		c->takes = takes.kinds;
		c->n_takes = takes.n;
		if (takes.kept)
			refuse(b, c,
			       arena_fmt(&b->arena, "%s is to stay and would go with it",
					 takes.kept));
		else if (!c->desired)
			refuse_declared(b, c);
	}
	return 0;
}
