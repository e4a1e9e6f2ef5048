/* Is an object what its controllers can make of it?  Pure functions over one object, by the rules
 * that kstatus has made common.
 *
 * An object whose controller has not seen its last generation yet is in progress, whatever else
 * its status says.  Built-in kinds have rules of their own; every other kind goes by its conditions
 * Stalled, Reconciling and Ready, and is current where it has none of them: nobody could say
 * more, unless the configuration has a rule. */
#ifndef APPLY_READY_H
#define APPLY_READY_H

#include "plan/plan.h"
#include "plan/ready_rule.h"

enum { READY_CRASHES = 3 }; /* restarts after which a container is not expected to come up */

enum readiness {
	READY_CURRENT,
	READY_IN_PROGRESS,
	READY_FAILED, /* it will not become current by itself */
};

/* *why is in the arena: "1 of 3 available"; NULL where it is current.  `rules` are those of the
 * configuration; the first that fits decides in place of the built-in ones. */
enum readiness ready_of(struct arena *a, const struct json *object, const struct ready_rule *rules,
			size_t n_rules, const char **why);

/* What keeps the containers of a pod from running: "ImagePullBackOff, image web:1.5: not found".
 * NULL: nothing that would not pass by itself.  *stuck: the kubelet has tried more than once, and
 * what crashes has crashed READY_CRASHES times: others may come up while it waits for them.  In the
 * arena. */
const char *ready_pod_trouble(struct arena *a, const struct json *pod, bool *stuck);

/* A LabelSelector against the labels of an object; false for an empty one. */
bool ready_selects(const struct json *selector, const struct json *object);

#endif
