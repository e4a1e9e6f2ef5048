/* YAML to trees, over libyaml, read as kubectl reads it: k8s.io/apimachinery cuts the file,
 * sigs.k8s.io/yaml (go-yaml v2: YAML 1.1) reads each piece and makes it JSON.
 *
 *   yaml_parse()      calls `each` once a document, in order
 *   yaml_parse_one()  a file of one document
 *   yaml_write()      (json_write.h) a tree back to YAML
 *
 * JSON files are read too, also with several values in a row.  Documents that hold only comments,
 * nothing or null are not reported.  Numbers are those that kubectl sends: 1.0 is the integer 1.
 *
 * What is stricter than kubectl, which would silently read something else or less: a duplicate
 * key, text after the end of a document, invalid UTF-8, NUL in a string, a byte order mark within
 * the file.  So are a few texts that libyaml and go-yaml read differently, and the ceilings.
 *
 * A document's tree lives in the arena given.  An alias shares the subtree of its anchor, so a
 * tree is to be edited only after json_copy().  line and col count from 1, in characters, over
 * the whole file; an alias stands where it is used, a merged key where it is written. */
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
	/* Nodes of one file, counting each use of an alias; times their depth / 16 where that is
	 * more. */
	YAML_MAX_NODES = 1 << 20,
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
