/* YAML to trees, over libyaml, read as kubectl reads it (sigs.k8s.io/yaml: YAML 1.1 resolved,
 * then made JSON).  JSON files are read too.
 *
 *   yaml_parse() calls `each` once a document, in order; documents that hold only comments or
 *   nothing are not reported.  A document's tree lives in the arena given. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/json.h"

struct yaml_limits {
	size_t max_bytes;       /* 0: YAML_MAX_BYTES */
	unsigned max_depth;     /* 0: YAML_MAX_DEPTH */
	size_t max_nodes;       /* 0: YAML_MAX_NODES; after aliases are unfolded */
	unsigned max_documents; /* 0: YAML_MAX_DOCUMENTS */
};

enum {
	YAML_MAX_BYTES = 16 << 20,
	YAML_MAX_DEPTH = 128,
	YAML_MAX_NODES = 1 << 20, /* nodes of one file, counting each use of an alias */
	YAML_MAX_DOCUMENTS = 10000,
	YAML_MAX_ANCHORS = 10000, /* of one document */
};

/* index: 0 for the first document in the file that is not empty.  Returns 0, or -1 with err set
 * to stop. */
typedef int yaml_document_fn(void *ctx, const struct json *document, unsigned index,
			     struct err *err);

/* `name` stands in errors and positions as the file. */
int yaml_parse(struct arena *a, const char *text, size_t n, const char *name,
	       const struct yaml_limits *limits, yaml_document_fn *each, void *ctx,
	       struct err *err);

/* Exactly one document (a configuration file): none gives JSON_NULL, two are ERR_INPUT. */
int yaml_parse_one(struct arena *a, const char *text, size_t n, const char *name,
		   const struct yaml_limits *limits, struct json *out, struct err *err);

#endif
