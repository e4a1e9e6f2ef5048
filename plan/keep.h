/* Objects that are never to be deleted, because an annotation says so: rhumb's own, and those of
 * the tools that people come from. */
#ifndef PLAN_KEEP_H
#define PLAN_KEEP_H

#include "base/json.h"

/* "rhumb.dev/prune: false" where an annotation of the object (NULL: none) says that it is to stay;
 * NULL where none does.  In the arena. */
const char *keep_annotation(struct arena *a, const struct json *object);

#endif
