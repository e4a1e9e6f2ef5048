/* Checks on the changes of a plan; see checks.h. */
#include <string.h>

#include "base/suggest.h"
#include "policy/checks/check.h"
#include "policy/checks/secret_rules.h"

/* ---- the table */

size_t checks_count(void)
{
	return check_table_n;
}

const struct check_info *checks_info(size_t i)
{
	return &check_table[i].info;
}

const struct check_info *checks_find(const char *id)
{
	for (size_t i = 0; i < check_table_n; i++)
		if (strcmp(check_table[i].info.id, id) == 0)
			return &check_table[i].info;
	return NULL;
}

int checks_configured(const struct policy_config *config, struct err *err)
{
	for (size_t i = 0; i < config->n_checks; i++) {
		const struct check_setting *s = &config->checks[i];
		if (checks_find(s->id))
			continue;
		AUTO(auto_free) const char **ids = xcalloc(check_table_n, sizeof(*ids));
		for (size_t k = 0; k < check_table_n; k++)
			ids[k] = check_table[k].info.id;
		AUTO(auto_free) char *hint = suggest_text(s->id, ids, check_table_n);
		return err_at(err, ERR_INPUT, s->at,
			      "there is no check \"%s\"%s: `rhumb policy list` has them all", s->id,
			      hint);
	}
	return 0;
}

enum check_level checks_level(const struct policy_config *config, const struct check_info *check)
{
	const struct check_setting *s = config_check_setting(config, check->id);
	return s ? s->level : check->level;
}

/* ---- complaints */

void complain(struct check_run *r, const struct json *node, const char *fmt, ...)
{
	if (r->n_of_check == CHECKS_MAX_OF_OBJECT) {
		r->left_out++;
		return;
	}
	r->n_of_check++;
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *message = xvfmt(fmt, ap);
	va_end(ap);
	GROW(r->complaints, r->n, r->cap);
	r->complaints[r->n++] = (struct complaint){
		.check = r->check,
		.message = arena_strdup(&r->arena, message),
		.node = node,
		.path = node_path(&r->arena, r->object, node),
	};
}

/* A ceiling for each check: what one has to say of an object must not push out what another has,
 * which may deny it. */
static void begin_check(struct check_run *r, const struct check *check)
{
	r->check = check;
	r->n_of_check = r->left_out = 0;
}

static void end_check(struct check_run *r)
{
	if (!r->left_out)
		return;
	GROW(r->complaints, r->n, r->cap);
	r->complaints[r->n++] = (struct complaint){
		.check = r->check,
		.message = arena_fmt(&r->arena, "and %zu more of the same sort, not listed",
				     r->left_out),
		.is_rest = true,
	};
}

/* The same words about the same: a second secret is not there because a first one was. */
static bool has(const struct complaint *list, size_t n, const struct complaint *c)
{
	for (size_t i = 0; i < n && !c->is_rest; i++) {
		const struct complaint *its = &list[i];
		if (its->check == c->check && strcmp(its->message, c->message) == 0 &&
		    (its->node && c->node ? json_equal(its->node, c->node)
					  : !its->node && !c->node))
			return true;
	}
	return false;
}

/* ---- the annotation */

static bool names_check(const struct json *object, const char *id)
{
	const char *list =
		json_str(json_at(object, "metadata", "annotations", CHECKS_IGNORE, NULL));
	size_t n = strlen(id);
	for (const char *p = list; p && *p;) {
		p += strspn(p, ", ");
		size_t len = strcspn(p, ", ");
		if (len == n && strncmp(p, id, n) == 0)
			return true;
		p += len;
	}
	return false;
}

/* A change must not silence what denies it. */
static bool is_silenced(const struct change *c, const struct check_info *check,
			enum check_level level)
{
	const struct json *head = c->sides->declared, *base = c->sides->base;
	if (!head) /* a deletion: nothing at head can speak for it */
		return names_check(base, check->id);
	if (!names_check(head, check->id))
		return false;
	return level != CHECK_DENY || names_check(base, check->id);
}

/* ---- findings */

static enum policy_result result_of(enum check_level level)
{
	return level == CHECK_DENY ? POLICY_DENY : level == CHECK_WARN ? POLICY_WARN : POLICY_AUDIT;
}

static int tell(struct check_run *r, const struct change *c, const struct complaint *what,
		bool existing, struct findings *findings, struct err *err)
{
	enum check_level level = checks_level(r->config, &what->check->info);
	struct policy_verdict v = {
		.source = POLICY_FROM_CHECK,
		.policy = what->check->info.id,
		.result = result_of(level),
		.existing = existing,
		.message = what->message,
		.path = what->path,
		.file = c->file,
		.line = what->node && what->node->line ? what->node->line : c->line,
		.col = what->node && what->node->line ? what->node->col : c->col,
	};
	if (is_silenced(c, &what->check->info, level))
		return 0;
	return findings_add(findings, c - r->scene->plan->changes, &v, err);
}

static void run_object_checks(struct check_run *r, const struct checked *o, bool asking)
{
	r->n = 0;
	r->object = o->object;
	r->of_base = o->is_base;
	for (size_t i = 0; o->object && i < check_table_n; i++) {
		const struct check *check = &check_table[i];
		if (!check->object || (asking && !check->asks) ||
		    checks_level(r->config, &check->info) == CHECK_OFF)
			continue;
		begin_check(r, check);
		check->object(r, o);
		end_check(r);
	}
}

static bool is_looked_at(const struct change *c)
{
	return action_writes(c->action) && c->action != ACTION_DELETE && c->sides->declared;
}

static int check_object(struct check_run *r, const struct change *c, struct findings *findings,
			struct err *err)
{
	struct checked now = { c, &c->ref, c->sides->declared, false };
	struct checked base = { c, &c->ref, c->sides->base, true };
	run_object_checks(r, &now, false);
	if (!r->n)
		return 0;
	/* The list is used again for base's. */
	size_t n = r->n;
	struct complaint *found = arena_alloc(&r->arena, n * sizeof(*found));
	memcpy(found, r->complaints, n * sizeof(*found));
	run_object_checks(r, &base, false);
	for (size_t i = 0; i < n; i++)
		if (tell(r, c, &found[i], has(r->complaints, r->n, &found[i]), findings, err) < 0)
			return -1;
	return 0;
}

static int check_change(struct check_run *r, const struct change *c, struct findings *findings,
			struct err *err)
{
	r->n = 0;
	r->object = c->sides->declared;
	r->of_base = false;
	for (size_t i = 0; i < check_table_n; i++) {
		const struct check *check = &check_table[i];
		if (!check->change || checks_level(r->config, &check->info) == CHECK_OFF)
			continue;
		begin_check(r, check);
		check->change(r, c);
		end_check(r);
	}
	for (size_t i = 0; i < r->n; i++)
		if (tell(r, c, &r->complaints[i], false, findings, err) < 0)
			return -1;
	return 0;
}

/* What checks will look for is asked of the cluster at once. */
static int ask(struct check_run *r, struct err *err)
{
	const struct plan *p = r->scene->plan;
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		if (!is_looked_at(c))
			continue;
		run_object_checks(r, &(struct checked){ c, &c->ref, c->sides->declared, false },
				  true);
		run_object_checks(r, &(struct checked){ c, &c->ref, c->sides->base, true }, true);
	}
	return world_ask(r, err);
}

static int run(struct check_run *r, struct findings *findings, struct err *err)
{
	const struct plan *p = r->scene->plan;
	if (ask(r, err) < 0)
		return -1;
	for (size_t i = 0; i < p->n_changes; i++) {
		const struct change *c = &p->changes[i];
		if (is_looked_at(c) && check_object(r, c, findings, err) < 0)
			return -1;
		if (action_writes(c->action) && check_change(r, c, findings, err) < 0)
			return -1;
	}
	return 0;
}

int checks_run(const struct policy_config *config, const struct json *const *documents,
	       size_t n_documents, struct scene *scene, struct findings *findings, struct err *err)
{
	struct check_run r = {
		.scene = scene,
		.config = config,
		.documents = documents,
		.n_documents = n_documents,
	};
	if (!scene->plan->n_changes)
		return 0;
	r.world = world_new(&r);
	int rc = run(&r, findings, err);
	world_free(r.world);
	pods_free(r.pods[0]);
	pods_free(r.pods[1]);
	node_ports_free(r.node_ports[0]);
	node_ports_free(r.node_ports[1]);
	going_free(r.going);
	makers_free(r.makers);
	secret_rules_free(r.secrets);
	free(r.complaints);
	arena_done(&r.arena);
	return rc;
}
