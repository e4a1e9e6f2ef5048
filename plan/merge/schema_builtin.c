/* The generated table (schema_builtin.inc; plan/merge/generate/schema.py says how). */
#include "plan/merge/schema_builtin.h"

#include "plan/merge/schema_builtin.inc"

const size_t n_schema_builtin = ARRAY_LEN(schema_builtin);
