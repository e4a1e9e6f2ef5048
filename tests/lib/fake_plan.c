/* See fake_plan.h. */
#include "tests/lib/fake_plan.h"

#include <string.h>

#include "plan/diff/held.h"
#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"
#include "plan/order.h"
#include "plan/state.h"
#include "tests/lib/fixture.h"

void fake_plan_init(struct plan *p, const char *uid, const char *application, const char *namespace)
{
	*p = (struct plan){ .created = "2026-01-01T00:00:00Z",
			    .tool = "test",
			    .repository = "https://git.example/shop",
			    .base = "",
			    .head = "c0ffee",
			    .head_subject = "",
			    .cluster_name = "fake",
			    .cluster_uid = uid,
			    .cluster_version = "v1.36.2" };
	p->changes = arena_calloc(&p->arena, FAKE_MAX_CHANGES, sizeof(*p->changes));
	p->applications = arena_calloc(&p->arena, FAKE_MAX_APPLICATIONS, sizeof(*p->applications));
	fake_plan_application(p, application, namespace);
}

struct planned_application *fake_plan_application(struct plan *p, const char *name,
						  const char *namespace)
{
	assert_true(p->n_applications < FAKE_MAX_APPLICATIONS);
	struct planned_application *app = &p->applications[p->n_applications++];
	*app = (struct planned_application){ .name = name,
					     .path = name,
					     .tree = "",
					     .base = "",
					     .namespace = namespace,
					     .applyset = applyset_id(&p->arena, name, namespace) };
	app->kinds = arena_calloc(&p->arena, FAKE_MAX_CHANGES, sizeof(*app->kinds));
	app->namespaces = arena_calloc(&p->arena, FAKE_MAX_CHANGES, sizeof(*app->namespaces));
	return app;
}

static void add_name(const char **names, size_t *n, const char *name)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i], name) == 0)
			return;
	names[(*n)++] = name;
}

struct asked {
	struct arena *arena;
	struct json *answer; /* NULL: refused */
};

static int keep(void *ctx, struct api_call *call, struct err *err)
{
	struct asked *asked = ctx;
	(void)err;
	if (call->object) {
		asked->answer = arena_calloc(asked->arena, 1, sizeof(*asked->answer));
		*asked->answer = json_copy(asked->arena, call->object);
	}
	err_done(&call->err);
	return 0;
}

/* The answer to one request; NULL where it was refused. */
static const struct json *ask(struct plan *p, struct cluster *cluster, const struct change *c,
			      enum api_verb verb, const struct json *body)
{
	struct kind_table kinds = { 0 };
	struct asked asked = { &p->arena, NULL };
	struct err err = { 0 };
	cluster->ops->kinds(cluster, &kinds, &err);
	const struct kind *kind = kinds_find(&kinds, c->ref.group, c->ref.version, c->ref.kind);
	struct api_call call = { .verb = verb,
				 .kind = kind,
				 .namespace = c->ref.namespace,
				 .name = c->ref.name,
				 .force = true,
				 .body = body };
	if (kind)
		cluster->ops->call(cluster, &call, 1, keep, &asked, &err);
	kind_table_done(&kinds);
	return asked.answer;
}

/* What differs in `data`. */
static void add_fields(struct plan *p, struct change *c, const struct json *live)
{
	const struct json *want = json_get(c->desired, "data"), *have = json_get(live, "data");
	c->fields = arena_calloc(&p->arena, (want ? want->n : 0) + (have ? have->n : 0) + 1,
				 sizeof(*c->fields));
	for (uint32_t i = 0; want && i < want->n; i++) {
		const struct json *now = json_get(have, want->members[i].key);
		if (now && json_equal(now, &want->members[i].value))
			continue;
		c->fields[c->n_fields++] = (struct field){
			.path = arena_fmt(&p->arena, "/data/%s", want->members[i].key),
			.before = now,
			.after = &want->members[i].value,
		};
	}
}

static const struct json *own_fields(const struct json *object)
{
	const struct json *all = json_at(object, "metadata", "managedFields", NULL);
	for (uint32_t i = 0; all && i < all->n; i++)
		if (strcmp(json_get_str(&all->items[i], "manager"), FIELD_MANAGER) == 0)
			return json_get(&all->items[i], "fieldsV1");
	return NULL;
}

static const struct json *keep_json(struct arena *a, struct json v)
{
	struct json *copy = arena_calloc(a, 1, sizeof(*copy));
	*copy = v;
	return copy;
}

static void add_desired(struct plan *p, struct cluster *cluster, struct change *c,
			const struct json *live)
{
	static const struct schema_set builtin;
	struct arena *a = &p->arena;
	const char *applyset = p->applications[p->n_applications - 1].applyset;
	struct json body = change_is_hook(c) ? state_hook_body(a, c->desired, applyset)
					     : state_body(a, c->desired, applyset);
	const struct json *answer = ask(p, cluster, c, API_DRY_RUN_APPLY, &body);
	char digest[DIGEST_TEXT];
	c->verified = answer ? VERIFIED_SERVER : VERIFIED_DEFERRED;
	c->owned = own_fields(answer);
	if (!answer) {
		struct field_set set = field_set_of(a, schema_of(&builtin, &body), &body);
		set = field_set_strip(a, &set);
		c->owned = keep_json(a, field_set_json(a, &set));
	} else if (c->action != ACTION_REPLACE) {
		state_digest(c, answer, STATE_AFTER, NULL, digest);
		c->expect = arena_strdup(a, digest);
	}
	add_fields(p, c, live);
	if (answer && c->action != ACTION_REPLACE) { /* the digest covers the fields too */
		state_digest(c, answer, STATE_AFTER, NULL, digest);
		c->expect = arena_strdup(a, digest);
	}
}

static struct change *start(struct plan *p, enum action action, const struct json *object)
{
	struct arena *a = &p->arena;
	assert_true(p->n_changes < FAKE_MAX_CHANGES);
	struct change *c = &p->changes[p->n_changes++];
	*c = (struct change){ .action = action,
			      .application = p->applications[p->n_applications - 1].name,
			      .file = "shop/x.yaml",
			      .line = (unsigned)p->n_changes };
	c->ref = object_ref_of(a, object);
	c->id = object_ref_id(a, &c->ref);
	c->precondition.uid = "";
	return c;
}

struct change *fake_plan_add_hook(struct plan *p, struct cluster *cluster, struct hook hook,
				  const char *text)
{
	struct arena *a = &p->arena;
	const struct json *object = keep_json(a, fixture_json(a, text));
	struct change *c = start(p, ACTION_CREATE, object);
	c->hook = hook;
	c->id = hook_id(a, &c->ref, hook.phase);
	c->desired = object;
	c->verified = VERIFIED_PREDICTED;
	const struct json *live = ask(p, cluster, c, API_GET, NULL);
	if (live)
		c->precondition.uid = json_str(json_at(live, "metadata", "uid", NULL));
	else
		add_desired(p, cluster, c, NULL);
	return c;
}

struct change *fake_plan_add(struct plan *p, struct cluster *cluster, enum action action,
			     const char *text)
{
	struct arena *a = &p->arena;
	struct planned_application *app = &p->applications[p->n_applications - 1];
	const struct json *object = keep_json(a, fixture_json(a, text));
	struct change *c = start(p, action, object);
	const struct json *live = ask(p, cluster, c, API_GET, NULL);
	if (action != ACTION_DELETE) {
		c->desired = object;
		add_desired(p, cluster, c, live);
		add_name(app->kinds, &app->n_kinds,
			 *c->ref.group ? arena_fmt(a, "%s.%s", c->ref.kind, c->ref.group)
				       : c->ref.kind);
		if (*c->ref.namespace && strcmp(c->ref.namespace, app->namespace) != 0)
			add_name(app->namespaces, &app->n_namespaces, c->ref.namespace);
	}
	if (action == ACTION_CREATE || !action_writes(action))
		return c;
	assert_non_null(live);
	c->precondition.uid = json_str(json_at(live, "metadata", "uid", NULL));
	if (action == ACTION_DELETE || action == ACTION_REPLACE) {
		struct field_set held = held_fields(a, NULL, object, live);
		c->precondition.held = keep_json(a, field_set_json(a, &held));
	}
	char digest[DIGEST_TEXT];
	state_digest(c, live, STATE_BEFORE, NULL, digest);
	c->precondition.digest = arena_strdup(a, digest);
	return c;
}

void fake_plan_finish(struct plan *p)
{
	order_changes(p->changes, p->n_changes);
	plan_summarise(p);
	AUTO(arena_done) struct arena a = { 0 };
	plan_to_json(p, &a);
}
