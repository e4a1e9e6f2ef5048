/* Waivers: violations that somebody vouches for, until a day.
 *
 *   apiVersion: rhumb.dev/v1
 *   kind: Waivers
 *   waivers:
 *   - policy: good-practice-*            a policy's name or a check's id
 *     object: apps/Deployment/shop/web   the id of a change; "plan": of the whole plan
 *     reason: moved to the new registry next week
 *     owner: shop@example.com
 *     expires: 2026-12-31                until the end of that day, UTC
 *
 * In policy and object "*" stands for any text without a slash. */
#ifndef POLICY_WAIVER_H
#define POLICY_WAIVER_H

#include "base/json.h"
#include "plan/plan.h"

struct waivers {
	struct plan_waiver *items; /* in the order of the files; WAIVER_UNUSED or WAIVER_EXPIRED */
	size_t n, cap;
};

/* Adds those of a document of kind Waivers; strings are copied to the arena.  `now` decides which
 * have expired.  ERR_INPUT for what is missing or cannot be read, ERR_LIMIT. */
int waivers_add(struct waivers *w, struct arena *a, const struct json *document, const char *file,
		time_t now, struct err *err);

/* Whether the waiver is about this policy on this object (a change's id, "plan"). */
bool waiver_covers(const struct plan_waiver *w, const char *policy, const char *object);

void waivers_done(struct waivers *w);

#endif
