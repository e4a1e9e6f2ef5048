/* Annotations that say when an object is applied.
 *
 *   rhumb.dev/sync-wave, argocd.argoproj.io/sync-wave   a whole number, 0 where there is none;
 *                                                       ours wins
 *   helm.sh/hook-weight                                 of a Helm hook, where there is none of
 *                                                       these */
#ifndef PLAN_WAVE_H
#define PLAN_WAVE_H

#include "base/json.h"

enum { WAVE_MAX = 1000000 }; /* and -WAVE_MAX */

/* The annotation whose value is meant, with the value in *value; NULL: there is none. */
const char *wave_annotation(const struct json *object, const struct json **value);

/* ERR_INPUT with the line in `file` for a value that is no number or past WAVE_MAX; *out is 0
 * then. */
int wave_of(const struct json *object, const char *file, int64_t *out, struct err *err);
/* Of a hook (plan/hook.h); helm: Helm's annotations say that it is one. */
int wave_of_hook(const struct json *object, bool helm, const char *file, int64_t *out,
		 struct err *err);

#endif
