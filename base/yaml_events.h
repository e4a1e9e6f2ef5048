/* libyaml's parser over one document of a file. */
#ifndef BASE_YAML_EVENTS_H
#define BASE_YAML_EVENTS_H

#include <stdbool.h>
#include <yaml.h>

#include "base/err.h"

struct yaml_events {
	const char *text; /* the document */
	size_t n, fed;
	unsigned line; /* lines of the file before it */
	const char *name;
	struct err *err;
	yaml_parser_t parser;
	const char *at; /* of the mark that was asked for last */
	size_t at_index;
};

/* The fields up to err are given.  Call yaml_events_done() in any case. */
int yaml_events_open(struct yaml_events *e);
void yaml_events_done(struct yaml_events *e);

/* The caller deletes the event. */
int yaml_next(struct yaml_events *e, yaml_event_t *event);

const char *yaml_text_at(struct yaml_events *e, yaml_mark_t mark);

/* Whether white space follows the tag of the node at mark.  Where it does not, libyaml and go-yaml
 * disagree about where the tag ends. */
bool yaml_tag_is_apart(struct yaml_events *e, yaml_mark_t mark);

struct srcpos yaml_position(const struct yaml_events *e, yaml_mark_t mark);

#endif
