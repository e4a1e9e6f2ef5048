/* What the files of the YAML reader share; nobody else includes this.
 *
 *   yaml.c         a file into documents, as kubectl cuts it; ceilings; JSON streams
 *   yaml_events.c  libyaml: lines in, events out, its problems in our words
 *   yaml_read.c    the events of one document into a tree
 *   yaml_alias.c   anchors, aliases and ceilings meanwhile
 *   yaml_merge.c   the table of anchors, merge keys
 *   yaml_utf16.c   UTF-16 to UTF-8
 *   yaml_json.c    JSON values that follow each other
 *   yaml_scalar.c  what a scalar is: YAML 1.1 as go-yaml v2 resolves it
 *   yaml_value.c   resolved scalars to values and keys
 *   yaml_number.c  numbers as Go reads and prints them
 *   yaml_write.c   trees back to YAML */
#ifndef BASE_YAML_INTERNAL_H
#define BASE_YAML_INTERNAL_H

#include "base/buf.h"
#include "base/yaml.h"

/* ---- scalars */

enum yaml_kind { YAML_NULL, YAML_BOOL, YAML_INT, YAML_UINT, YAML_FLOAT, YAML_TEXT };

/* A resolved scalar before it becomes a value or a key: the two differ (1e6 is the value 1000000
 * and the key 1e+06; .inf may be a key and is no value). */
struct yaml_scalar {
	uint8_t kind; /* enum yaml_kind */
	bool truth;
	uint32_t n; /* of text */
	union {
		int64_t i;
		uint64_t u;
		double f;
		const char *text; /* of a YAML_TEXT, NUL-terminated */
	};
};

/* tag: NULL for a plain scalar without one.  Quoted scalars without a tag are YAML_TEXT and do
 * not come here.  text is NUL-terminated and is referred to by a YAML_TEXT.  Returns NULL, or
 * why it cannot be read. */
const char *yaml_resolve(const char *tag, const char *text, size_t n, struct yaml_scalar *out);

/* Numbers of the forms that strconv.ParseInt(s, 0, 64) and friends know, after `_` is removed. */
bool yaml_number(const char *text, size_t n, struct yaml_scalar *out);

/* As encoding/json prints a float64. */
void yaml_double_value(struct buf *b, double x);
/* As strconv.FormatFloat(x, 'g', -1, 32) prints it: what sigs.k8s.io/yaml makes of a key. */
void yaml_double_key(struct buf *b, double x);

/* The bytes of a !!binary, as text.  NULL, or why it is none. */
const char *yaml_decode_base64(struct arena *a, struct yaml_scalar *s);

/* ---- reading a document */

struct yaml_run {
	struct arena *a;
	const char *name;
	struct err *err;
	unsigned max_depth;
	size_t max_nodes;
	size_t nodes;              /* of the file so far, counting each use of an alias */
	size_t work;               /* sum of the depths of nodes */
	const char *interned[256]; /* short strings seen lately: keys repeat all the time */
};

/* Reads the document in text[0..n), which starts after `line` lines of the file.  A document
 * without content is JSON_NULL. */
int yaml_read_document(struct yaml_run *run, const char *text, size_t n, unsigned line,
		       struct json *out);

bool yaml_is_utf16(const char *text, size_t n);

/* Replaces the text by one in UTF-8 without a mark, in the arena. */
int yaml_from_utf16(struct yaml_run *run, const char **text, size_t *n);

/* Reads the JSON value at the start of text, which stands after `line` lines and `col` characters
 * of the next one; *used: its length.  What is no JSON sets `syntax`, any other error run->err. */
int yaml_read_json(struct yaml_run *run, const char *text, size_t n, unsigned line, unsigned col,
		   struct json *out, size_t *used, struct err *syntax);

/* The length of the line break at p, of those that YAML 1.1 knows; 0: none. */
size_t yaml_line_break(const char *p, const char *end);

/* A copy of s in the arena, shared with equal short strings of the same file. */
const char *yaml_intern(struct yaml_run *run, const char *s, size_t n);

/* NULL, or why the scalar cannot be a value, or a key. */
const char *yaml_to_value(struct arena *a, const struct yaml_scalar *s, struct json *out);
const char *yaml_to_key(struct yaml_run *run, const struct yaml_scalar *s, const char **out);

/* ---- anchors and merges */

struct yaml_node {
	struct json value;
	struct yaml_scalar scalar;          /* where the node is a scalar */
	bool is_scalar, is_alias, is_merge; /* is_merge: a plain << */
	unsigned height;                    /* nested containers in it */
};

struct yaml_anchor {
	const char *name;
	struct yaml_node node;
	size_t weight; /* nodes in it */
	size_t owner;  /* tells whether a node that ends still has the name */
	bool open;     /* its end was not reached yet: an alias to it would contain itself */
};

struct yaml_anchors {
	struct yaml_anchor *list;
	size_t n, cap;
	uint32_t *index; /* hash table of positions in list plus one; 0: free */
	size_t slots;    /* a power of two */
};

/* The anchor of that name, made where it does not exist; NULL past YAML_MAX_ANCHORS. */
struct yaml_anchor *yaml_anchor_set(struct yaml_run *run, struct yaml_anchors *t, const char *name);
struct yaml_anchor *yaml_anchor_find(const struct yaml_anchors *t, const char *name);
void yaml_anchors_done(struct yaml_anchors *t);

/* A mapping whose members come in at `at`: explicit members before it, later ones override. */
struct yaml_merge {
	const struct json_member *members;
	uint32_t n, at;
};

/* The object of n members in source order with merges in source order: the last of equal keys
 * wins, as in go-yaml v2. */
struct json yaml_merged(struct arena *a, const struct json_member *members, uint32_t n,
			const struct yaml_merge *merges, size_t n_merges);

#endif
