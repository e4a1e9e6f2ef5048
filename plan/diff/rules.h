/* What the configuration and annotations say about fields that others hold.
 *
 *   ignore           the field is theirs: neither shown nor applied
 *   forceConflicts   the field is Git's: taken over like that of a tool that was left behind
 *
 * Rules come from the application in rhumb.yaml (config.h), and from the annotations
 * rhumb.dev/ignore and rhumb.dev/force-conflicts of the declared object: what begins with "/" is a
 * path, anything else a manager; separated by commas, spaces or lines. */
#ifndef PLAN_DIFF_RULES_H
#define PLAN_DIFF_RULES_H

#include "plan/diff/subject.h"

#define IGNORE_ANNOTATION "rhumb.dev/ignore"
#define FORCE_ANNOTATION  "rhumb.dev/force-conflicts"

/* Whether any rule to ignore concerns the object. */
bool rules_ignore_any(const struct build *b, const struct subject *s);

/* What is sent for head's object, given what is live.  An ignored field
 *   - that somebody else holds is left out, so that it stays theirs;
 *   - that only we hold has its live value, so that nothing changes, even where Git drops it;
 *   - that is not there yet is as declared.
 * Of a Secret, only members of its data that somebody else holds can be left out. */
const struct json *rules_desired(struct build *b, const struct subject *s, const struct json *live,
				 const struct owners *owners);

/* The members of `dropped` that are not to be ignored. */
struct field_set rules_dropped(struct build *b, const struct subject *s,
			       const struct field_set *dropped);

/* Fills takeable and forced of the owners. */
void rules_force(struct build *b, const struct subject *s, struct owners *owners);

/* The path, or anything that it is below, is named by the pattern: "*" is any member or item, a
 * number is also the item at that position of the list in `object`. */
bool rules_path_matches(const struct field_path *pattern, const struct field_path *path,
			const struct json *object);

#endif
