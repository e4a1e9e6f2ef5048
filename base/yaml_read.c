/* The events of one document into a tree.
 *
 * The events are walked recursively, never deeper than max_depth.  Children are gathered on
 * stacks of the reader and copied into the arena when their parent ends, so that every array and
 * object is exactly as large as it has to be.  An alias shares the subtree of its anchor. */
#include "base/yaml_reader.h"

#include <string.h>

static void reader_done(struct yaml_reader *r)
{
	yaml_events_done(&r->events);
	free(r->items);
	free(r->members);
	free(r->merges);
	yaml_anchors_done(&r->anchors);
}

/* ---- nodes */

static const char *resolve(struct yaml_reader *r, const yaml_event_t *event, struct yaml_scalar *s)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t n = event->data.scalar.length;
	if (memchr(text, '\0', n))
		return "a string cannot hold the character NUL (\\0)";
	if (r->flow && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && memchr(text, '?', n))
		return "kubectl reads no ? in a word within [] or {}; put the word in quotes";
	if (!tag && !event->data.scalar.plain_implicit)
		tag = YAML_STR_TAG;
	const char *why = yaml_resolve(tag, text, n, s);
	if (why || s->kind != YAML_TEXT)
		return why;
	if (tag && strcmp(tag, "tag:yaml.org,2002:binary") == 0)
		return yaml_decode_base64(r->run->a, s);
	s->text = yaml_intern(r->run, text, n);
	return NULL;
}

static int read_scalar(struct yaml_reader *r, const yaml_event_t *event, unsigned depth,
		       struct yaml_node *out)
{
	struct yaml_hold hold;
	*out = (struct yaml_node){ .is_scalar = true };
	if (yaml_anchor_open(r, event->data.scalar.anchor, event->start_mark, &hold) < 0 ||
	    yaml_count(r, 1, depth, event->start_mark) < 0)
		return -1;
	const char *why = resolve(r, event, &out->scalar);
	if (why)
		return yaml_fail(r, event->start_mark, why);
	const char *tag = (const char *)event->data.scalar.tag;
	out->is_merge = strcmp((const char *)event->data.scalar.value, "<<") == 0 &&
			(event->data.scalar.plain_implicit ||
			 (tag && strcmp(tag, "tag:yaml.org,2002:merge") == 0));
	yaml_anchor_close(r, hold, out);
	return 0;
}

static int read_node(struct yaml_reader *r, yaml_event_t *event, unsigned depth,
		     struct yaml_node *out);

/* Reads the next node; *end is set instead where the event `ends` comes. */
static int read_next(struct yaml_reader *r, yaml_event_type_t ends, unsigned depth, bool *end,
		     yaml_mark_t *mark, struct yaml_node *out)
{
	AUTO(yaml_event_delete) yaml_event_t event;
	if (yaml_next(&r->events, &event) < 0)
		return -1;
	*mark = event.start_mark;
	*end = event.type == ends;
	return *end ? 0 : read_node(r, &event, depth, out);
}

/* Gives a node that is wanted as a value its value. */
static int finish_value(struct yaml_reader *r, struct yaml_node *node, yaml_mark_t mark)
{
	if (node->is_scalar) {
		const char *why = yaml_to_value(r->run->a, &node->scalar, &node->value);
		if (why)
			return yaml_fail(r, mark, why);
	}
	struct srcpos at = yaml_position(&r->events, mark);
	node->value.line = at.line;
	node->value.col = at.col;
	return 0;
}

static int read_sequence(struct yaml_reader *r, unsigned depth, struct yaml_node *out)
{
	size_t base = r->n_items;
	for (;;) {
		struct yaml_node item;
		yaml_mark_t mark;
		bool end;
		if (read_next(r, YAML_SEQUENCE_END_EVENT, depth, &end, &mark, &item) < 0)
			return -1;
		if (end)
			break;
		if (finish_value(r, &item, mark) < 0)
			return -1;
		GROW(r->items, r->n_items, r->cap_items);
		r->items[r->n_items++] = item.value;
		if (item.height >= out->height)
			out->height = item.height + 1;
	}
	size_t n = r->n_items - base;
	struct json array = { .type = JSON_ARRAY, .n = (uint32_t)n };
	if (n) {
		array.items = arena_alloc(r->run->a, n * sizeof(*array.items));
		memcpy(array.items, r->items + base, n * sizeof(*array.items));
	}
	r->n_items = base;
	out->value = array;
	return 0;
}

/* ---- mappings */

static int push_merge(struct yaml_reader *r, size_t base, const struct json *source,
		      yaml_mark_t mark)
{
	if (source->type != JSON_OBJECT)
		return yaml_fail(r, mark,
				 "<< takes a mapping, an alias of one, or a list of those");
	GROW(r->merges, r->n_merges, r->cap_merges);
	r->merges[r->n_merges++] = (struct yaml_merge){ .members = source->members,
							.n = source->n,
							.at = (uint32_t)(r->n_members - base) };
	return 0;
}

/* The value of a <<.  Of a list the first mapping wins, so it comes in last. */
static int add_merge(struct yaml_reader *r, size_t base, const struct yaml_node *node,
		     yaml_mark_t mark)
{
	if (node->value.type != JSON_ARRAY || node->is_alias)
		return push_merge(r, base, &node->value, mark);
	for (uint32_t i = node->value.n; i > 0; i--)
		if (push_merge(r, base, &node->value.items[i - 1], mark) < 0)
			return -1;
	return 0;
}

static const char *why_no_key(struct yaml_reader *r, yaml_mark_t mark)
{
	const char *text = r->events.text, *p = yaml_text_at(&r->events, mark);
	if (p > text && p < text + r->events.n && p[-1] == '{' && *p == '{')
		return "a template ({{ }}) is no YAML; render it first, or put it in quotes";
	return "a key has to be a scalar, not a mapping or a list";
}

static int add_member(struct yaml_reader *r, const struct yaml_node *key, yaml_mark_t key_mark,
		      const struct yaml_node *value)
{
	struct srcpos at = yaml_position(&r->events, key_mark);
	struct json_member m = { .value = value->value, .line = at.line, .col = at.col };
	const char *why = key->is_scalar ? yaml_to_key(r->run, &key->scalar, &m.key)
					 : why_no_key(r, key_mark);
	if (why)
		return yaml_fail(r, key_mark, why);
	GROW(r->members, r->n_members, r->cap_members);
	r->members[r->n_members++] = m;
	return 0;
}

static int fail_duplicate(struct yaml_reader *r, const struct json_member *second)
{
	enum { SHOWN = 64 };
	const struct json_member *first = second - 1;
	size_t n = strlen(second->key), shown = n;
	if (n > SHOWN)
		for (shown = SHOWN; ((unsigned char)second->key[shown] & 0xC0) == 0x80;)
			shown--;
	struct srcpos at = { r->run->name, second->line, second->col };
	return err_at(r->run->err, ERR_INPUT, at,
		      "duplicate key \"%.*s%s\": it stands at %u:%u too; remove one of them",
		      (int)shown, second->key, shown < n ? "..." : "", first->line, first->col);
}

static int finish_mapping(struct yaml_reader *r, size_t members, size_t merges, struct json *out)
{
	uint32_t n = (uint32_t)(r->n_members - members);
	struct json object = { .type = JSON_OBJECT, .n = n };
	if (n) {
		object.members = arena_alloc(r->run->a, n * sizeof(*object.members));
		memcpy(object.members, r->members + members, n * sizeof(*object.members));
	}
	const struct json_member *duplicate;
	if (!json_sort_members(&object, &duplicate))
		return fail_duplicate(r, duplicate);
	if (r->n_merges > merges)
		object = yaml_merged(r->run->a, r->members + members, n, r->merges + merges,
				     r->n_merges - merges);
	r->n_members = members;
	r->n_merges = merges;
	*out = object;
	return 0;
}

static int read_mapping(struct yaml_reader *r, unsigned depth, struct yaml_node *out)
{
	size_t members = r->n_members, merges = r->n_merges;
	for (;;) {
		struct yaml_node key, value;
		yaml_mark_t key_mark, mark;
		bool end;
		if (read_next(r, YAML_MAPPING_END_EVENT, depth, &end, &key_mark, &key) < 0)
			return -1;
		if (end)
			break;
		if (read_next(r, YAML_NO_EVENT, depth, &end, &mark, &value) < 0 ||
		    finish_value(r, &value, mark) < 0)
			return -1;
		if (value.height >= out->height)
			out->height = value.height + 1;
		if (key.is_merge ? add_merge(r, members, &value, mark) < 0
				 : add_member(r, &key, key_mark, &value) < 0)
			return -1;
	}
	return finish_mapping(r, members, merges, &out->value);
}

static int read_collection(struct yaml_reader *r, const yaml_event_t *event, unsigned depth,
			   struct yaml_node *out)
{
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	bool flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
			    : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	const yaml_char_t *anchor =
		mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
	struct yaml_hold hold;
	if (yaml_check_depth(r, depth + 1, event->start_mark) < 0 ||
	    yaml_anchor_open(r, anchor, event->start_mark, &hold) < 0 ||
	    yaml_count(r, 1, depth, event->start_mark) < 0)
		return -1;
	*out = (struct yaml_node){ .height = 1 };
	r->flow += flow;
	if ((mapping ? read_mapping : read_sequence)(r, depth + 1, out) < 0)
		return -1;
	r->flow -= flow;
	yaml_anchor_close(r, hold, out);
	return 0;
}

static bool has_tag(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT           ? event->data.scalar.tag
	       : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.tag
	       : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.tag
							  : NULL;
}

static int read_node(struct yaml_reader *r, yaml_event_t *event, unsigned depth,
		     struct yaml_node *out)
{
	if (has_tag(event) && !yaml_tag_is_apart(&r->events, event->start_mark))
		return yaml_fail(r, event->start_mark, "put a space after the tag");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event, depth, out);
	case YAML_ALIAS_EVENT:
		return yaml_read_alias(r, event, depth, out);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return read_collection(r, event, depth, out);
	default:
		return yaml_fail(r, event->start_mark, "a value is missing here");
	}
}

/* ---- documents */

/* What follows the document in the same piece of the file.  kubectl never looks at it. */
static int expect_end(struct yaml_reader *r)
{
	AUTO(yaml_event_delete) yaml_event_t event;
	if (yaml_next(&r->events, &event) < 0)
		return -1;
	if (event.type == YAML_STREAM_END_EVENT)
		return 0;
	return yaml_fail(
		r, event.start_mark,
		"a document without a line --- before it, which kubectl would not read; add "
		"the line");
}

static int read_document(struct yaml_reader *r, struct json *out)
{
	struct yaml_node node;
	yaml_mark_t mark;
	bool end;
	for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_DOCUMENT_START_EVENT;) {
		AUTO(yaml_event_delete) yaml_event_t event;
		if (yaml_next(&r->events, &event) < 0)
			return -1;
		type = event.type;
		if (type == YAML_STREAM_END_EVENT) {
			*out = json_of_null();
			return 0;
		}
	}
	if (read_next(r, YAML_NO_EVENT, 0, &end, &mark, &node) < 0 ||
	    finish_value(r, &node, mark) < 0)
		return -1;
	{
		AUTO(yaml_event_delete) yaml_event_t event; /* the end of the document */
		if (yaml_next(&r->events, &event) < 0)
			return -1;
	}
	if (expect_end(r) < 0)
		return -1;
	*out = node.value;
	return 0;
}

int yaml_read_document(struct yaml_run *run, const char *text, size_t n, unsigned line,
		       struct json *out)
{
	AUTO(reader_done)
	struct yaml_reader r = {
		.run = run,
		.events = { .text = text,
			    .n = n,
			    .line = line,
			    .name = run->name,
			    .err = run->err },
	};
	if (yaml_events_open(&r.events) < 0)
		return -1;
	return read_document(&r, out);
}
