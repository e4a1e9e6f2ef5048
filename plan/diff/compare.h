/* Two states of one object, field by field. */
#ifndef PLAN_DIFF_COMPARE_H
#define PLAN_DIFF_COMPARE_H

#include "plan/merge/schema.h"
#include "plan/plan.h"

struct field_list {
	struct field *items; /* in the order of paths */
	size_t n, cap;
};

/* Appends a field for each difference from before to after: path, before, after; lists by their
 * merge keys, an item that comes or goes as one field.  What changes by itself is left out:
 * status, and of the metadata managedFields, resourceVersion, generation, uid, creationTimestamp
 * and our ApplySet label.  Values are borrowed from before and after.  */
void compare_objects(struct arena *a, const struct schema_node *schema, const struct json *before,
		     const struct json *after, struct field_list *out);

/* Replaces the values of a Secret's fields by what happened to them. */
void compare_hide_secrets(struct field_list *fields);

/* Says of each field why it changes and where in the manifest it stands.  base and head are the
 * declared objects, NULL where not declared; live NULL where absent. */
void compare_attribute(struct field_list *fields, const struct json *base, const struct json *head,
		       const struct json *live);

/* When the owners are known: a value that base did not state and that nobody holds is a default of
 * the server, which is no second side. */
void compare_defaults(struct field_list *fields, const struct json *base);

/* The line of the key or item at a path in a declared object: of its nearest ancestor where the
 * path itself is not there. */
unsigned compare_line(const struct json *declared, const char *path);

#endif
