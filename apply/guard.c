/* What is refused before the cluster is asked about objects: step 1 of apply.h. */
#include "apply/run.h"

#include <string.h>
#include <time.h>

#include "base/time.h"

enum { MAX_NAMED = 5 }; /* objects that a message names */

/* "3 changes that replace their object (Job shop/migrate, ...)"; NULL where there is none. */
static char *named(struct run *r, enum action action, const char *one, const char *many)
{
	AUTO(buf_done) struct buf list = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < r->plan->n_changes; i++) {
		const struct change *c = &r->plan->changes[i];
		if (c->action != action)
			continue;
		if (n < MAX_NAMED)
			buf_printf(&list, "%s%s", n ? ", " : "", change_label(&r->arena, c));
		n++;
	}
	if (!n)
		return NULL;
	return xfmt("%zu %s (%s%s)", n, n == 1 ? one : many, buf_text(&list),
		    n > MAX_NAMED ? ", ..." : "");
}

/* What somebody vouched for until then is denied since; but what an earlier run has begun may
 * end. */
static int check_waivers(struct run *r, struct err *err)
{
	time_t now = time(NULL), end;
	for (size_t i = 0; !r->wrote && i < r->plan->n_waivers; i++) {
		const struct plan_waiver *w = &r->plan->waivers[i];
		if (w->state == WAIVER_USED && (!time_parse_end(w->expires, &end) || now > end))
			return err_set(
				err, ERR_REFUSED,
				"a waiver that the plan needs has expired on %s (%s on %s, of "
				"%s): plan again",
				w->expires, w->policy, w->object, w->owner);
	}
	return 0;
}

static int check_plan(struct run *r, struct err *err)
{
	const struct plan *p = r->plan;
	const struct apply_options *o = r->options;
	if (plan_is_static(p))
		return err_set(err, ERR_REFUSED,
			       "the plan does not say for which cluster it is (--cluster none) and "
			       "is for reading only: plan again with the cluster");
	if (!p->cluster_uid || !*p->cluster_uid)
		return err_set(
			err, ERR_REFUSED,
			"the plan does not say for which cluster it is: the uid of namespace "
			"kube-system could not be read; plan again with the right to get it");
	if (p->summary.denied > 0)
		return err_set(err, ERR_REFUSED, "the plan is denied by policy (%lld %s)",
			       (long long)p->summary.denied,
			       p->summary.denied == 1 ? "denial" : "denials");
	AUTO(auto_free) char *conflicts = named(r, ACTION_CONFLICT, "conflict", "conflicts");
	AUTO(auto_free) char *unknowns = named(r, ACTION_UNKNOWN, "unknown", "unknowns");
	if (!o->allow_partial && (conflicts || unknowns))
		return err_set(err, ERR_REFUSED,
			       "the plan has %s%s%s: settle them and plan again, or apply the rest "
			       "with --allow-partial",
			       conflicts ? conflicts : "", conflicts && unknowns ? " and " : "",
			       unknowns ? unknowns : "");
	AUTO(auto_free) char *refused = named(r, ACTION_REFUSED, "deletion", "deletions");
	if (!o->allow_partial && refused)
		return err_set(err, ERR_REFUSED,
			       "the plan refuses %s: allow it and plan again, or apply the rest "
			       "with --allow-partial",
			       refused);
	AUTO(auto_free)
	char *replaced = named(r, ACTION_REPLACE, "object", "objects");
	if (replaced && !o->allow_replace)
		return err_set(err, ERR_REFUSED,
			       "the plan deletes %s and creates %s again: allow it with "
			       "--allow-replace",
			       replaced, replaced[0] == '1' && replaced[1] == ' ' ? "it" : "them");
	return 0;
}

int guard_check(struct run *r, struct err *err)
{
	if (check_plan(r, err) < 0 || check_waivers(r, err) < 0)
		return -1;
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	if (r->cluster->ops->identify(r->cluster, &id, err) < 0)
		return err_wrap(err, "identify the cluster");
	if (!*id.uid)
		return err_set(err, ERR_FORBIDDEN, "cannot tell whether this is cluster %s: %s",
			       r->plan->cluster_name,
			       id.uid_unknown ? id.uid_unknown : "it has no uid");
	if (strcmp(id.uid, r->plan->cluster_uid) != 0)
		return err_set(err, ERR_REFUSED,
			       "the plan is for cluster %s (uid %s), this is %s (uid %s)",
			       r->plan->cluster_name, r->plan->cluster_uid, id.name, id.uid);
	return 0;
}
