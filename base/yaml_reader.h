/* The state of reading one document, for yaml_read.c and yaml_alias.c alone. */
#ifndef BASE_YAML_READER_H
#define BASE_YAML_READER_H

#include "base/yaml_events.h"
#include "base/yaml_internal.h"

struct yaml_reader {
	struct yaml_run *run;
	struct yaml_events events;
	struct json *items;
	size_t n_items, cap_items;
	struct json_member *members;
	size_t n_members, cap_members;
	struct yaml_merge *merges;
	size_t n_merges, cap_merges;
	struct yaml_anchors anchors;
	unsigned flow;           /* [] and {} around the current node */
	size_t n_opened;         /* anchors so far, redefined ones too */
	size_t decoded, aliased; /* nodes so far, and those of them that aliases gave */
};

/* ERR_INPUT at a mark. */
int yaml_fail(struct yaml_reader *r, yaml_mark_t mark, const char *why);

/* Counts n nodes at that depth; ERR_LIMIT past a ceiling. */
int yaml_count(struct yaml_reader *r, size_t n, unsigned depth, yaml_mark_t mark);
int yaml_check_depth(struct yaml_reader *r, unsigned depth, yaml_mark_t mark);

/* A node's hold on its anchor while it is read.  number 0: it has none. */
struct yaml_hold {
	size_t number, owner, decoded;
};

/* Around the reading of a node; name: its anchor, or NULL. */
int yaml_anchor_open(struct yaml_reader *r, const yaml_char_t *name, yaml_mark_t mark,
		     struct yaml_hold *hold);
void yaml_anchor_close(struct yaml_reader *r, struct yaml_hold hold, const struct yaml_node *node);

int yaml_read_alias(struct yaml_reader *r, const yaml_event_t *event, unsigned depth,
		    struct yaml_node *out);

#endif
