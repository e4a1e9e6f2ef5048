/* Who scales a workload: a HorizontalPodAutoscaler in Git or in the cluster whose scaleTargetRef is
 * the object. */
#ifndef PLAN_DIFF_AUTOSCALER_H
#define PLAN_DIFF_AUTOSCALER_H

#include "plan/diff/subject.h"

/* "HorizontalPodAutoscaler shop/web"; NULL where none is found, or none may be read. */
const char *autoscaler_of(struct build *b, const struct subject *s);

/* Whether an autoscaler object scales the object `ref`. */
bool autoscaler_targets(const struct json *autoscaler, const struct object_ref *ref);

#endif
