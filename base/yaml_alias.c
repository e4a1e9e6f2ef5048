/* Anchors and aliases while a document is read, and the ceilings that they could slip past. */
#include "base/yaml_reader.h"

int yaml_fail(struct yaml_reader *r, yaml_mark_t mark, const char *why)
{
	return err_at(r->run->err, ERR_INPUT, yaml_position(&r->events, mark), "%s", why);
}

/* ---- ceilings */

/* libyaml spends time on every token for every level it is nested in, so values far below the top
 * cost more: DEEP levels are free, and past that the product counts. */
int yaml_count(struct yaml_reader *r, size_t n, unsigned depth, yaml_mark_t mark)
{
	enum { DEEP = 16 };
	struct yaml_run *run = r->run;
	r->decoded += n;
	run->nodes += n;
	run->work += depth;
	if (run->nodes > run->max_nodes)
		return err_at(run->err, ERR_LIMIT, yaml_position(&r->events, mark),
			      "more than %zu values in one file, counting each use of an alias "
			      "(YAML_MAX_NODES)",
			      run->max_nodes);
	if (run->work / DEEP > run->max_nodes)
		return err_at(run->err, ERR_LIMIT, yaml_position(&r->events, mark),
			      "too many values nested deeper than %d levels (YAML_MAX_NODES)",
			      DEEP);
	return 0;
}

int yaml_check_depth(struct yaml_reader *r, unsigned depth, yaml_mark_t mark)
{
	if (depth <= r->run->max_depth)
		return 0;
	return err_at(r->run->err, ERR_LIMIT, yaml_position(&r->events, mark),
		      "nested deeper than %u levels (YAML_MAX_DEPTH)", r->run->max_depth);
}

/* ---- anchors and aliases */

int yaml_anchor_open(struct yaml_reader *r, const yaml_char_t *name, yaml_mark_t mark,
		     struct yaml_hold *hold)
{
	*hold = (struct yaml_hold){ 0 };
	if (!name)
		return 0;
	struct yaml_anchor *anchor = yaml_anchor_set(r->run, &r->anchors, (const char *)name);
	if (!anchor)
		return err_at(r->run->err, ERR_LIMIT, yaml_position(&r->events, mark),
			      "more than %d anchors in one document (YAML_MAX_ANCHORS)",
			      YAML_MAX_ANCHORS);
	anchor->open = true;
	anchor->owner = ++r->n_opened;
	*hold = (struct yaml_hold){ (size_t)(anchor - r->anchors.list) + 1, anchor->owner,
				    r->decoded };
	return 0;
}

void yaml_anchor_close(struct yaml_reader *r, struct yaml_hold hold, const struct yaml_node *node)
{
	if (!hold.number)
		return;
	struct yaml_anchor *anchor = &r->anchors.list[hold.number - 1];
	if (anchor->owner != hold.owner)
		return; /* a node inside took the name */
	anchor->open = false;
	anchor->node = *node;
	anchor->weight = r->decoded - hold.decoded;
}

/* go-yaml's own rule: of a document with more than 1000 nodes at most 99 % may come from
 * aliases, and 10 % of one with more than 4,000,000. */
static bool excessive_aliasing(const struct yaml_reader *r)
{
	enum { LOW = 400000, HIGH = 4000000 };
	double n = (double)r->decoded;
	double allowed = n <= LOW    ? 0.99
			 : n >= HIGH ? 0.10
				     : 0.99 - 0.89 * (n - LOW) / (HIGH - LOW);
	return r->aliased > 100 && r->decoded > 1000 && (double)r->aliased / n > allowed;
}

int yaml_read_alias(struct yaml_reader *r, const yaml_event_t *event, unsigned depth,
		    struct yaml_node *out)
{
	yaml_mark_t mark = event->start_mark;
	const char *name = (const char *)event->data.alias.anchor;
	const struct yaml_anchor *anchor = yaml_anchor_find(&r->anchors, name);
	struct srcpos at = yaml_position(&r->events, mark);
	if (!anchor)
		return err_at(r->run->err, ERR_INPUT, at, "no anchor &%s before this alias", name);
	if (anchor->open)
		return err_at(r->run->err, ERR_INPUT, at, "the anchor &%s contains itself", name);
	r->aliased += anchor->weight;
	if (yaml_count(r, anchor->weight + 1, depth, mark) < 0 ||
	    yaml_check_depth(r, depth + anchor->node.height, mark) < 0)
		return -1;
	if (excessive_aliasing(r))
		return err_at(r->run->err, ERR_LIMIT, at,
			      "more than 99 in 100 values of the document come from aliases");
	*out = anchor->node;
	out->is_alias = true;
	out->is_merge = false;
	out->value.line = at.line;
	out->value.col = at.col;
	return 0;
}
