/* See rules.h. */
#include "plan/diff/rules.h"

#include <errno.h>
#include <string.h>

#include "plan/state.h"

/* ---- which rules */

struct rules {
	const struct field_rule *configured;
	size_t n_configured;
	struct field_rule annotation; /* nothing in it where there is none */
};

static void take_words(struct arena *a, const char *text, struct field_rule *rule)
{
	size_t most = strlen(text) / 2 + 1;
	rule->paths = arena_calloc(a, most, sizeof(*rule->paths));
	rule->managers = arena_calloc(a, most, sizeof(*rule->managers));
	while (*(text += strspn(text, ", \t\r\n"))) {
		size_t n = strcspn(text, ", \t\r\n");
		const char *word = arena_strndup(a, text, n);
		if (*word == '/')
			rule->paths[rule->n_paths++] = word;
		else
			rule->managers[rule->n_managers++] = word;
		text += n;
	}
}

static struct rules find_rules(struct build *b, const struct subject *s, bool force)
{
	const struct application *app = b->apps[s->application].config;
	struct rules r = {
		.configured = force ? app->force_conflicts : app->ignore,
		.n_configured = force ? app->n_force_conflicts : app->n_ignore,
	};
	const char *text =
		s->head ? json_str(json_at(&s->head->object, "metadata", "annotations",
					   force ? FORCE_ANNOTATION : IGNORE_ANNOTATION, NULL))
			: NULL;
	if (text)
		take_words(&b->arena, text, &r.annotation);
	return r;
}

static bool is_any(const char *want, const char *have)
{
	return !want || strcmp(want, "*") == 0 || strcmp(want, have) == 0;
}

static bool is_about(const struct field_rule *rule, const struct object_ref *ref)
{
	return is_any(rule->group, ref->group) && is_any(rule->kind, ref->kind) &&
	       is_any(rule->name, ref->name) && is_any(rule->namespace, ref->namespace);
}

/* The i-th rule about the object, NULL past the last; what is about another one is skipped. */
static const struct field_rule *next_rule(const struct rules *r, const struct subject *s, size_t *i)
{
	while (*i < r->n_configured) {
		const struct field_rule *rule = &r->configured[(*i)++];
		if (is_about(rule, &s->ref))
			return rule;
	}
	if (*i > r->n_configured)
		return NULL;
	*i = r->n_configured + 1;
	return r->annotation.n_paths || r->annotation.n_managers ? &r->annotation : NULL;
}

bool rules_ignore_any(const struct build *b, const struct subject *s)
{
	const struct application *app = b->apps[s->application].config;
	for (size_t i = 0; i < app->n_ignore; i++)
		if (is_about(&app->ignore[i], &s->ref))
			return true;
	return s->head &&
	       json_at(&s->head->object, "metadata", "annotations", IGNORE_ANNOTATION, NULL);
}

/* ---- which fields */

static bool is_at_position(const char *number, const struct field_path *path, size_t i,
			   const struct json *object)
{
	char *end;
	errno = 0;
	unsigned long n = *number >= '0' && *number <= '9' ? strtoul(number, &end, 10) : 0;
	if (*number < '0' || *number > '9' || *end || errno)
		return false;
	struct field_path to_list = { path->elements, i };
	const struct json *list = field_path_get(object, &to_list);
	if (!json_is(list, JSON_ARRAY) || n >= list->n)
		return false;
	return path_element_find(list, &path->elements[i]) == &list->items[n];
}

bool rules_path_matches(const struct field_path *pattern, const struct field_path *path,
			const struct json *object)
{
	if (!pattern->n || pattern->n > path->n)
		return false;
	for (size_t i = 0; i < pattern->n; i++) {
		const struct path_element *want = &pattern->elements[i], *have = &path->elements[i];
		bool named = want->type == PATH_FIELD;
		if ((named && strcmp(want->name, "*") == 0) ||
		    path_element_compare(want, have) == 0)
			continue;
		if (!named || have->type == PATH_FIELD ||
		    !is_at_position(want->name, path, i, object))
			return false;
	}
	return true;
}

static bool matches_a_path(struct arena *a, const struct field_rule *rule,
			   const struct field_path *path, const struct json *object)
{
	for (size_t i = 0; i < rule->n_paths; i++) {
		AUTO(err_done) struct err ignored = { 0 };
		struct field_path pattern;
		if (field_path_parse(a, rule->paths[i], &pattern, &ignored) == 0 &&
		    rules_path_matches(&pattern, path, object))
			return true;
	}
	return false;
}

static bool names_manager(const struct field_rule *rule, const char *manager)
{
	for (size_t i = 0; i < rule->n_managers; i++)
		if (strcmp(rule->managers[i], manager) == 0)
			return true;
	return false;
}

static bool held_by_named(const struct field_rule *rule, const struct owners *owners,
			  const struct field_path *path)
{
	for (size_t i = 0; owners && rule->n_managers && i < owners->n; i++)
		if (!owners->items[i].ours && names_manager(rule, owners->items[i].manager) &&
		    field_set_touches(&owners->items[i].fields, path))
			return true;
	return false;
}

struct ignoring {
	struct build *b;
	const struct subject *s;
	struct rules rules;
	const struct owners *owners; /* NULL: only paths count */
	const struct json *object;   /* that positions are of */
	const struct json *live;
	struct json *desired;
	struct field_set out;
};

static bool is_ignored_path(const struct ignoring *g, const struct field_path *path)
{
	size_t i = 0;
	for (const struct field_rule *r; (r = next_rule(&g->rules, g->s, &i));)
		if (matches_a_path(&g->b->arena, r, path, g->object))
			return true;
	return false;
}

/* The fields that say which item of a list it is go with the item or not at all. */
static bool is_key_of_item(const struct field_path *path)
{
	if (path->n < 2 || path->elements[path->n - 2].type != PATH_KEY ||
	    path->elements[path->n - 1].type != PATH_FIELD)
		return false;
	return json_get(&path->elements[path->n - 2].value, path->elements[path->n - 1].name);
}

static bool is_ignored(const struct ignoring *g, const struct field_path *path)
{
	struct field_path item = { path->elements, path->n - 1 };
	if (is_key_of_item(path))
		return is_ignored_path(g, &item);
	if (is_ignored_path(g, path))
		return true;
	size_t i = 0;
	for (const struct field_rule *r; (r = next_rule(&g->rules, g->s, &i));)
		if (path->elements[path->n - 1].type == PATH_FIELD &&
		    held_by_named(r, g->owners, path))
			return true;
	return false;
}

/* ---- what is sent */

static bool can_be_ignored(const struct subject *s, const struct field_path *path)
{
	if (!object_is_secret(&s->ref))
		return true;
	return path->n == 2 && path->elements[0].type == PATH_FIELD &&
	       strcmp(path->elements[0].name, "data") == 0;
}

static int leave_out(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct ignoring *g = ctx;
	const struct json *live = field_path_get(g->live, path);
	if (!live || !path->n || !can_be_ignored(g->s, path) || !is_ignored(g, path))
		return 0;
	if (owners_find(g->owners, path)) {
		field_set_insert(&g->b->arena, &g->out, path);
		return 0;
	}
	struct json *mine = (struct json *)field_path_get(g->desired, path);
	if (mine && !object_is_secret(&g->s->ref))
		*mine = json_copy(&g->b->arena, live);
	return 0;
}

/* A field that Git has dropped and that only we hold: leaving it out would remove it. */
static int keep_own(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct ignoring *g = ctx;
	struct arena *a = &g->b->arena;
	const struct json *live = field_path_get(g->live, path);
	if (!live || !path->n || field_path_get(&g->s->head->object, path) ||
	    owners_find(g->owners, path) || !is_ignored_path(g, path))
		return 0;
	struct json *to = g->desired;
	for (size_t i = 0; i < path->n; i++)
		if (path->elements[i].type != PATH_FIELD ||
		    strcmp(path->elements[i].name, APPLYSET_LABEL) == 0)
			return 0;
	for (size_t i = 0; i + 1 < path->n; i++) {
		const struct json *below = json_get(to, path->elements[i].name);
		if (below && below->type != JSON_OBJECT)
			return 0;
		to = json_edit(a, to, path->elements[i].name);
	}
	json_set(a, to, path->elements[path->n - 1].name, json_copy(a, live));
	return 0;
}

const struct json *rules_desired(struct build *b, const struct subject *s, const struct json *live,
				 const struct owners *owners)
{
	struct arena *a = &b->arena;
	const struct json *head = &s->head->object;
	if (!live || !rules_ignore_any(b, s))
		return head;
	struct json *desired = arena_alloc(a, sizeof(*desired));
	*desired = json_copy(a, head);
	struct ignoring g = {
		.b = b,
		.s = s,
		.rules = find_rules(b, s, false),
		.owners = owners,
		.object = head,
		.live = live,
		.desired = desired,
	};
	const struct schema_node *schema = build_schema(b, s);
	struct field_set declared = field_set_of(a, schema, head);
	declared = field_set_strip(a, &declared);
	AUTO(err_done) struct err ignored = { 0 };
	field_set_walk(&declared, leave_out, &g, &ignored);
	g.object = live;
	for (size_t i = 0; i < owners->n && !object_is_secret(&s->ref); i++) {
		struct field_set leaves = field_set_leaves(a, &owners->items[i].fields);
		if (owners->items[i].ours)
			field_set_walk(&leaves, keep_own, &g, &ignored);
	}
	if (!field_set_empty(&g.out))
		*desired = field_set_remove(a, schema, desired, &g.out);
	return desired;
}

struct filter {
	struct ignoring g;
	struct field_set kept;
};

static int keep_if_not_ignored(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct filter *f = ctx;
	if (!path->n || !is_ignored_path(&f->g, path))
		field_set_insert(&f->g.b->arena, &f->kept, path);
	return 0;
}

struct field_set rules_dropped(struct build *b, const struct subject *s,
			       const struct field_set *dropped)
{
	if (field_set_empty(dropped) || !rules_ignore_any(b, s))
		return *dropped;
	struct filter f = {
		.g = { .b = b, .s = s, .rules = find_rules(b, s, false), .object = s->live }
	};
	AUTO(err_done) struct err ignored = { 0 };
	field_set_walk(dropped, keep_if_not_ignored, &f, &ignored);
	return f.kept;
}

/* ---- what is taken */

struct forcing {
	struct arena *arena;
	const struct field_rule *rule;
	const struct json *object;
	struct field_set *forced;
};

static int force_if_named(void *ctx, const struct field_path *path, struct err *err)
{
	(void)err;
	struct forcing *f = ctx;
	if (path->n && matches_a_path(f->arena, f->rule, path, f->object))
		field_set_insert(f->arena, f->forced, path);
	return 0;
}

void rules_force(struct build *b, const struct subject *s, struct owners *owners)
{
	struct rules rules = find_rules(b, s, true);
	for (size_t o = 0; o < owners->n; o++) {
		struct owner *owner = &owners->items[o];
		size_t i = 0;
		for (const struct field_rule *r; (r = next_rule(&rules, s, &i));) {
			AUTO(err_done) struct err ignored = { 0 };
			if (owner->ours || (r->n_managers && !names_manager(r, owner->manager)))
				continue;
			if (!r->n_paths)
				owner->takeable = true;
			struct forcing f = { &b->arena, r, s->live, &owner->forced };
			field_set_walk(&owner->fields, force_if_named, &f, &ignored);
		}
	}
}
