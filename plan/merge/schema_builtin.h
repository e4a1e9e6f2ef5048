/* The generated table behind schema.h. */
#ifndef PLAN_MERGE_SCHEMA_BUILTIN_H
#define PLAN_MERGE_SCHEMA_BUILTIN_H

#include "plan/merge/schema.h"

extern const struct schema_kind schema_builtin[]; /* sorted by group, version, kind */
extern const size_t n_schema_builtin;
extern const struct schema_node *const schema_object_meta;

#endif
