/* What policies look at: the objects of a plan as admission would see them.
 *
 * `object` is what the server's dry-run answered; where there was none, what was predicted or is
 * declared, with defaults (policy/defaults), which the objects of an embedded cluster get too.
 * `oldObject` is the live object, without a cluster what base declares.  The namespace is as the
 * plan leaves it.
 *
 *   scene_open()    once for a plan
 *   scene_find_namespaces()   before scene_namespace(): asks the cluster for those that do not
 * change scene_object(), scene_old_object(), scene_namespace() scene_done()    after that nothing
 * of it is valid */
#ifndef POLICY_SCENE_H
#define POLICY_SCENE_H

#include "plan/diff/build.h"

struct scene {
	const struct plan_view *view;
	const struct plan *plan;
	struct arena arena; /* objects with defaults, namespaces */
	/* the rest is the scene's own */
	struct seen_change *seen; /* one for each change: what was made for it already */
	const struct json **crds;
	size_t n_crds, cap_crds;
	struct known_namespace {
		const char *name;
		const struct json *object; /* NULL: not known */
	} * namespaces;                    /* sorted by name */
	size_t n_namespaces;
};

void scene_open(struct scene *s, const struct plan_view *view, const struct plan *p);
void scene_done(struct scene *s);

/* NULL where there is none. */
const struct json *scene_object(struct scene *s, const struct change *c);
const struct json *scene_old_object(struct scene *s, const struct change *c);

/* What base declares of the object, as if it were written; NULL: nothing. */
const struct json *scene_base_object(struct scene *s, const struct change *c);

/* A manifest as an object of the cluster: with its namespace and defaults.  NULL gives NULL. */
const struct json *scene_with_defaults(struct scene *s, const struct object_ref *ref,
				       const struct json *v);

int scene_find_namespaces(struct scene *s, struct err *err);

/* NULL where it is not known. */
const struct json *scene_namespace(const struct scene *s, const char *name);

#endif
