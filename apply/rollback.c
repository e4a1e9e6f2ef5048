/* Making the plan of a rollback: see rollback.h.  What the journal has is read in the cluster,
 * decided object by object, and asked of the server as a dry-run. */
#include "apply/rollback_private.h"

#include <string.h>

#include "base/digest.h"
#include "base/json_write.h"
#include "plan/diff/held.h"
#include "plan/order.h"
#include "plan/secret.h"
#include "plan/state.h"
#include "plan/takes.h"

enum { ROUNDS_AT_MOST = 6 };

static void rollback_done(struct rollback *rb)
{
	kind_table_done(&rb->kinds);
	schema_set_done(&rb->schemas);
	free(rb->notes);
	free(rb->items);
	arena_wipe(&rb->arena);
}

/* ---- small parts */

const char *item_meta(const struct json *object, const char *key)
{
	return json_str(json_at(object, "metadata", key, NULL));
}

const char *item_label(struct rollback *rb, const struct item *it)
{
	return object_ref_label(&rb->arena, &it->ref);
}

void item_begin(struct rollback *rb, struct item *it, enum action action)
{
	it->has_change = true;
	it->change = (struct change){
		.id = it->o->id,
		.action = action,
		.application = rb->plan.applications[it->application].name,
		.wave = it->o->wave,
		.ref = it->ref,
		.verified = VERIFIED_SERVER,
		.precondition.uid = "",
	};
}

/* A message may quote what a server was sent. */
static const char *clean(struct rollback *rb, const struct item *it, const char *text)
{
	if (!object_is_secret(&it->ref))
		return arena_strdup(&rb->arena, text);
	AUTO(auto_free) char *once = secret_scrub(it->before, text);
	AUTO(auto_free) char *twice = secret_scrub(it->live, once);
	return arena_strdup(&rb->arena, twice);
}

void item_stop(struct rollback *rb, struct item *it, enum action action, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	item_begin(rb, it, action);
	it->change.reason = clean(rb, it, text);
	it->next = ITEM_DONE;
}

void item_warn(struct rollback *rb, struct item *it, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	struct change *c = &it->change;
	const char **more = arena_calloc(&rb->arena, c->n_warnings + 1, sizeof(*more));
	if (c->n_warnings)
		memcpy(more, c->warnings, c->n_warnings * sizeof(*more));
	more[c->n_warnings++] = clean(rb, it, text);
	c->warnings = more;
}

static bool creates_again(const struct item *it)
{
	return it->o->before && !it->live && (it->o->deleted || it->deed == DEED_DELETED);
}

bool item_is_deferred(const struct rollback *rb, const struct item *it)
{
	for (size_t i = 0; i < rb->n; i++) {
		const struct item *other = &rb->items[i];
		if (!creates_again(other))
			continue;
		if (!*other->ref.group && strcmp(other->ref.kind, "Namespace") == 0 &&
		    strcmp(other->ref.name, it->ref.namespace) == 0)
			return true;
		const struct json *spec = json_get(other->before, "spec");
		const char *group = json_get_str(spec, "group");
		const char *kind = json_get_str(json_get(spec, "names"), "kind");
		if (strcmp(other->ref.kind, "CustomResourceDefinition") == 0 && group && kind &&
		    strcmp(group, it->ref.group) == 0 && strcmp(kind, it->ref.kind) == 0)
			return true;
	}
	return false;
}

const char *item_digest(struct rollback *rb, const struct item *it, const struct json *object,
			bool after)
{
	char digest[DIGEST_TEXT];
	state_digest(&it->change, object, after ? STATE_AFTER : STATE_BEFORE, rb->o->key, digest);
	return arena_strdup(&rb->arena, digest);
}

void item_set_precondition(struct rollback *rb, struct item *it)
{
	struct precondition *p = &it->change.precondition;
	const char *uid = item_meta(it->live, "uid");
	p->uid = uid ? uid : "";
	if (it->change.action == ACTION_DELETE || it->change.action == ACTION_REPLACE) {
		struct field_set held = held_fields(&rb->arena, it->schema, NULL, it->live);
		struct json *fields = arena_calloc(&rb->arena, 1, sizeof(*fields));
		*fields = field_set_json(&rb->arena, &held);
		p->held = fields;
	}
	p->digest = item_digest(rb, it, it->live, false);
	if (object_is_secret(&it->ref) && !rb->o->key)
		p->resource_version = item_meta(it->live, "resourceVersion");
}

void item_set_desired(struct rollback *rb, struct item *it)
{
	static const char *const applied = "kubectl.kubernetes.io/last-applied-configuration";
	struct arena *a = &rb->arena;
	struct json *desired = arena_calloc(a, 1, sizeof(*desired));
	*desired = json_copy(a, it->body);
	it->change.desired = desired;
	if (!object_is_secret(&it->ref))
		return;
	struct json *data = (struct json *)json_get(desired, "data");
	for (uint32_t i = 0; json_is(data, JSON_OBJECT) && i < data->n; i++)
		data->members[i].value = json_of_null();
	struct json *notes = (struct json *)json_at(desired, "metadata", "annotations", NULL);
	if (json_get(notes, applied))
		json_set(a, notes, applied, json_of_null());
	char digest[DIGEST_TEXT];
	const char *sealed = it->o->sealed ? it->o->sealed : "";
	digest_bytes(sealed, strlen(sealed), digest);
	it->change.source_sealed = arena_strdup(a, digest);
}

/* ---- reading and asking, in rounds */

static void on_read(struct rollback *rb, struct item *it, const struct api_call *call)
{
	if (!call->object && call->status != 404) {
		item_stop(rb, it, ACTION_UNKNOWN, "cannot be read: %s",
			  call->err.msg ? call->err.msg : "no answer");
		return;
	}
	struct json *live = arena_calloc(&rb->arena, 1, sizeof(*live));
	if (call->object)
		*live = json_copy(&rb->arena, call->object);
	it->live = call->object ? live : NULL;
	it->next = ITEM_ASK; /* decided once all are read */
}

static void on_asked(struct rollback *rb, struct item *it, const struct api_call *call)
{
	struct json *answer = arena_calloc(&rb->arena, 1, sizeof(*answer));
	*answer = json_copy(&rb->arena, call->object);
	const char *version = item_meta(answer, "resourceVersion");
	const char *then = item_meta(it->live, "resourceVersion");
	if (it->live && version && then && strcmp(version, then) != 0) {
		it->next = ITEM_READ; /* a controller has written in between */
		return;
	}
	for (size_t i = 0; i < call->n_warnings; i++)
		item_warn(rb, it, "%s", call->warnings[i]);
	it->next = ITEM_DONE;
	if (it->live)
		it->has_change = rollback_changed(rb, it, answer);
	else
		rollback_recreated(rb, it, answer);
}

static bool is_field_conflict(const struct api_call *call)
{
	const struct json *causes = json_at(call->failure, "details", "causes", NULL);
	for (uint32_t i = 0; json_is(causes, JSON_ARRAY) && i < causes->n; i++) {
		const char *reason = json_get_str(&causes->items[i], "reason");
		if (reason && strcmp(reason, "FieldManagerConflict") == 0)
			return true;
	}
	return false;
}

static void on_refused(struct rollback *rb, struct item *it, const struct api_call *call)
{
	const char *text = call->err.msg ? call->err.msg : "no reason given";
	if (is_field_conflict(call)) {
		item_stop(rb, it, ACTION_CONFLICT,
			  "another field manager holds what would go back: %s", text);
	} else if (call->status == 422 && !it->live && !it->without_chosen && !*it->ref.group &&
		   strcmp(it->ref.kind, "Service") == 0) {
		it->without_chosen = true;
		rollback_recreate(rb, it, ACTION_CREATE);
	} else {
		item_stop(rb, it, ACTION_UNKNOWN, "the server refuses the dry-run: %s", text);
	}
}

static int on_answer(void *ctx, struct api_call *call, struct err *err)
{
	struct rollback *rb = ctx;
	struct item *it = call->user;
	(void)err;
	if (call->verb == API_GET)
		on_read(rb, it, call);
	else if (call->object)
		on_asked(rb, it, call);
	else
		on_refused(rb, it, call);
	return 0;
}

/* Sends the next call of every item that needs one of this kind; how many there were in *n. */
static int run_round(struct rollback *rb, enum item_next next, size_t *n, struct err *err)
{
	struct cluster *c = rb->o->cluster;
	AUTO(auto_free) struct api_call *calls = xcalloc(rb->n + 1, sizeof(*calls));
	for (size_t i = *n = 0; i < rb->n; i++) {
		struct item *it = &rb->items[i];
		if (it->next != next)
			continue;
		if (++it->rounds > 2 * ROUNDS_AT_MOST) {
			item_stop(rb, it, ACTION_UNKNOWN, "keeps changing while it is read");
			continue;
		}
		calls[(*n)++] = (struct api_call){
			.verb = next == ITEM_READ ? API_GET : API_DRY_RUN_APPLY,
			.kind = it->kind,
			.namespace = it->ref.namespace,
			.name = it->ref.name,
			.body = next == ITEM_READ ? NULL : it->body,
			.force = next == ITEM_ASK && it->change.n_takeovers,
			.user = it,
		};
	}
	int rc = *n ? c->ops->call(c, calls, *n, on_answer, rb, err) : 0;
	for (size_t i = 0; i < *n; i++)
		err_done(&calls[i].err);
	return rc;
}

static void decide_all(struct rollback *rb, const bool *fresh)
{
	for (size_t i = 0; i < rb->n; i++)
		if (fresh[i] && rb->items[i].next == ITEM_ASK)
			rollback_decide(rb, &rb->items[i]);
}

static int decide(struct rollback *rb, struct err *err)
{
	AUTO(auto_free) bool *fresh = xcalloc(rb->n + 1, sizeof(*fresh));
	for (size_t open = 1; open;) {
		size_t asked;
		for (size_t i = 0; i < rb->n; i++) {
			struct item *it = &rb->items[i];
			fresh[i] = it->next == ITEM_READ;
			if (fresh[i] && !it->kind)
				it->next = ITEM_ASK; /* of a kind that is gone nothing is there */
		}
		if (run_round(rb, ITEM_READ, &open, err) < 0)
			return -1;
		decide_all(rb, fresh);
		if (run_round(rb, ITEM_ASK, &asked, err) < 0)
			return -1;
		open = 0;
		for (size_t i = 0; i < rb->n; i++)
			open += rb->items[i].next != ITEM_DONE;
	}
	return 0;
}

/* ---- the plan */

static int check_cluster(struct rollback *rb, struct err *err)
{
	AUTO(cluster_identity_done) struct cluster_identity id = { 0 };
	struct cluster *c = rb->o->cluster;
	struct plan *p = &rb->plan;
	struct arena *a = &rb->arena;
	if (c->ops->identify(c, &id, err) < 0)
		return err_wrap(err, "identify the cluster");
	const char *name = rb->o->cluster_name ? rb->o->cluster_name : id.name;
	if (strcmp(id.uid ? id.uid : "", rb->o->log->cluster) != 0)
		return err_set(err, ERR_REFUSED,
			       "the apply was on the cluster with uid %s, this is %s (uid %s)",
			       rb->o->log->cluster, name, id.uid ? id.uid : "");
	p->cluster_name = arena_strdup(a, name ? name : "");
	p->cluster_uid = arena_strdup(a, id.uid);
	p->cluster_version = arena_strdup(a, id.version ? id.version : "");
	p->server = arena_strdup(a, id.server ? id.server : "");
	return 0;
}

static int begin(struct rollback *rb, struct err *err)
{
	const struct journal_log *log = rb->o->log;
	struct plan *p = &rb->plan;
	if (!log->head)
		return err_set(err, ERR_INPUT,
			       "%s was written by an older rhumb, which kept too little for a "
			       "rollback",
			       rb->o->journal);
	if (check_cluster(rb, err) < 0)
		return -1;
	p->repository = log->repository;
	p->base = log->head;
	p->tool = "rhumb " RHUMB_VERSION;
	p->created = rb->o->created;
	p->rollback_of = log->plan;
	p->rollback_journal = rb->o->journal;
	p->n_applications = log->n_applications;
	p->applications = arena_calloc(&rb->arena, p->n_applications, sizeof(*p->applications));
	for (size_t i = 0; i < p->n_applications; i++) {
		const struct journal_application *app = &log->applications[i];
		p->applications[i] = (struct planned_application){
			.name = app->name,
			.path = app->path,
			.tree = "",
			.base = log->head,
			.namespace = app->namespace,
			.applyset = app->applyset,
		};
	}
	struct cluster *c = rb->o->cluster;
	if (c->ops->kinds(c, &rb->kinds, err) < 0)
		return err_wrap(err, "read the kinds that the cluster serves");
	return 0;
}

static int by_order(const void *a, const void *b)
{
	return order_compare(a, b);
}

static void add_notes(struct rollback *rb)
{
	struct plan *p = &rb->plan;
	for (size_t i = 0; i < p->n_changes; i++) {
		if (action_writes(p->changes[i].action))
			continue;
		GROW(rb->notes, rb->n_notes, rb->cap_notes);
		rb->notes[rb->n_notes++] =
			"the record of an application is put back only where all of it is undone: "
			"until then its applied commit stays";
		break;
	}
	p->notes = rb->notes;
	p->n_notes = rb->n_notes;
}

/* A Namespace or CRD that the apply created may hold what others have put there since. */
static int list_takes(struct rollback *rb, struct err *err)
{
	struct plan *p = &rb->plan;
	for (size_t i = 0; i < p->n_changes; i++) {
		struct change *c = &p->changes[i];
		struct takes takes;
		if (!takes_others(c))
			continue;
		if (takes_read(rb->o->cluster, &rb->kinds, p, c, &rb->arena, &takes, err) < 0)
			return err_wrap(err, "list what goes with %s",
					object_ref_label(&rb->arena, &c->ref));
		c->takes_listed = true;
		c->takes = takes.kinds;
		c->n_takes = takes.n;
		if (!takes.kept)
			continue;
		c->action = ACTION_REFUSED;
		c->reason = arena_fmt(&rb->arena, "%s is to stay and would go with it", takes.kept);
	}
	return 0;
}

static int finish(struct rollback *rb, struct plan *out, struct err *err)
{
	struct plan *p = &rb->plan;
	p->changes = arena_calloc(&rb->arena, rb->n + 1, sizeof(*p->changes));
	for (size_t i = 0; i < rb->n; i++)
		if (rb->items[i].has_change)
			p->changes[p->n_changes++] = rb->items[i].change;
	if (p->n_changes)
		qsort(p->changes, p->n_changes, sizeof(*p->changes), by_order);
	if (list_takes(rb, err) < 0)
		return -1;
	add_notes(rb);
	plan_summarise(p);
	p->requests = rb->o->cluster->requests;
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = plan_to_json(p, &scratch);
	json_write_indented(&text, &v);
	return plan_parse(out, text.data, text.len, "rollback", err);
}

int rollback_build(const struct rollback_options *o, struct plan *out, struct err *err)
{
	AUTO(rollback_done) struct rollback rb = { .o = o };
	if (begin(&rb, err) < 0 || rollback_add_items(&rb, err) < 0 ||
	    rollback_read_schemas(&rb, err) < 0 || decide(&rb, err) < 0 ||
	    rollback_records(&rb, err) < 0)
		return -1;
	return finish(&rb, out, err);
}
