/* The table of races, on a real API server: for each action, what others do to the object, and
 * when.  A cell is a test of its own, on an object of its own; its name says action, event and
 * moment.  In no cell is overwritten what another has written, or deleted what the plan did not
 * mean.
 *
 * RHUMB_TEST_KUBE is the folder of `tests/kube/up`; without it every test is skipped.  What others
 * do is done with kubectl; the objects are of a kind with a status that no controller knows. */
#include "tests/lib/fake_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/writer_kube.h"
#include "base/json_write.h"
#include "base/process.h"
#include "plan/state.h"

/* ---- the table */

enum deed { CREATE, UPDATE, TAKEOVER, ADOPT, REPLACE, DELETE, DELETE_THEIRS, MOVE, DEED_COUNT };

static const struct {
	const char *name;
	enum action action;
	const char *before, *after; /* data.k; NULL: not there */
	const char *holder;         /* of it before */
	bool taken;                 /* by a takeover */
} deeds[] = {
	[CREATE] = { "create", ACTION_CREATE, NULL, "2", NULL, false },
	[UPDATE] = { "update", ACTION_UPDATE, "1", "2", "rhumb", false },
	[TAKEOVER] = { "update with takeover", ACTION_UPDATE, "1", "2", "helm", true },
	[ADOPT] = { "adopt", ACTION_ADOPT, "1", "1", "helm", true },
	[REPLACE] = { "replace", ACTION_REPLACE, "1", "2", "rhumb", false },
	[DELETE] = { "delete", ACTION_DELETE, "1", NULL, "rhumb", false },
	[DELETE_THEIRS] = { "delete of Helm's", ACTION_DELETE, "1", NULL, "helm", false },
	[MOVE] = { "move between applications", ACTION_ADOPT, "1", "1", "rhumb", false },
};

enum event {
	NOTHING,
	TOUCHED,   /* a field that the change writes or owns */
	UNTOUCHED, /* an annotation of somebody else's */
	STATUS,    /* the status alone */
	LABELLED,  /* it is another application's from now on */
	KEPT,      /* an annotation says that it is to stay */
	DELETED,
	REMADE,         /* deleted and made anew */
	GOING,          /* deleted, and a finalizer holds it */
	APPEARED,       /* created by somebody else */
	APPEARED_GOING, /* likewise, and deleted again, and a finalizer holds it */
	DONE,           /* another process has applied the same plan */
	EVENT_COUNT,
};

static const char *const events[] = {
	[NOTHING] = "nothing happens",
	[TOUCHED] = "a touched field is changed",
	[UNTOUCHED] = "an untouched field is changed",
	[STATUS] = "the status alone is changed",
	[LABELLED] = "another application takes it",
	[KEPT] = "it is to stay",
	[DELETED] = "it is deleted",
	[REMADE] = "it is deleted and made anew",
	[GOING] = "it is being deleted with a finalizer",
	[APPEARED] = "somebody else creates it",
	[APPEARED_GOING] = "somebody else creates it and deletes it with a finalizer",
	[DONE] = "the same plan is applied",
};

enum moment { EARLY, LATE, BETWEEN, MOMENT_COUNT };

static const char *const moments[] = {
	[EARLY] = "between plan and apply",
	[LATE] = "between check and write",
	[BETWEEN] = "between takeover and apply",
};

struct cell {
	enum deed deed;
	enum event event;
	enum moment moment;
	char name[160], object[16];
};

/* What has no meaning: one cannot change what is not there, nor create what is. */
static bool is_possible(const struct cell *c)
{
	bool about_new = c->event == APPEARED || c->event == APPEARED_GOING;
	if (c->event == NOTHING)
		return c->moment == EARLY;
	if (c->moment == BETWEEN && !deeds[c->deed].taken)
		return false;
	return c->event == DONE || (c->deed == CREATE) == about_new;
}

/* The outcome, and a part of its message (NULL: any). */
static enum outcome expected(const struct cell *c, const char **message)
{
	bool deletes = deeds[c->deed].action == ACTION_DELETE, late = c->moment != EARLY;
	*message = NULL;
	switch (c->event) {
	case NOTHING:
	case UNTOUCHED:
	case STATUS:
		return OUTCOME_APPLIED;
	case DONE:
		*message = late ? "a read shows" : NULL;
		return late ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
	case DELETED:
	case GOING:
		if (deletes) {
			*message = late ? "a read shows" : NULL;
			return late ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
		}
		*message = c->event == DELETED ? "was deleted since" : "is being deleted";
		return OUTCOME_STALE;
	case TOUCHED:
		*message = "was changed by kubectl-edit at ";
		return OUTCOME_STALE;
	case LABELLED:
		*message = c->deed == MOVE ? "was changed by kubectl-label at "
					   : "was moved to another application by kubectl-label";
		return OUTCOME_STALE;
	case KEPT:
		*message =
			deletes ? "is to stay by now: it has the annotation rhumb.dev/prune" : NULL;
		return deletes ? OUTCOME_STALE : OUTCOME_APPLIED;
	case REMADE:
		*message = "was deleted and made anew, by kubectl-create at ";
		return OUTCOME_STALE;
	case APPEARED:
		*message = "was created since the plan was made, by kubectl-create at ";
		return OUTCOME_STALE;
	case APPEARED_GOING:
		*message = "is being deleted";
		return OUTCOME_STALE;
	case EVENT_COUNT:
		break;
	}
	fail_msg("no such event");
	return OUTCOME_COUNT;
}

/* ---- the server */

static const char *folder;
static char ns[32], group[48], resource[64];
static struct cluster *cluster;
static char *uid; /* of the cluster */

static void kubectl(const char *input, const char *const *args)
{
	AUTO(auto_free) char *program = xfmt("%s/bin/kubectl", folder);
	AUTO(auto_free) char *config = xfmt("--kubeconfig=%s/kubeconfig", folder);
	const char *argv[24] = { program, config, "-n", ns };
	for (size_t n = 4; *args && n < ARRAY_LEN(argv) - 1; n++)
		argv[n] = *args++;
	struct process p = { .argv = argv, .input = input, .input_len = input ? strlen(input) : 0 };
	AUTO(process_result_done) struct process_result result = { 0 };
	struct err err = { 0 };
	if (process_run(&p, &result, &err) < 0 || result.status)
		fail_msg("kubectl %s: %s", argv[4], err.msg ? err.msg : buf_text(&result.messages));
}
#define KUBECTL(input, ...) kubectl(input, (const char *const[]){ __VA_ARGS__, NULL })

/* Race `name` with data.k. */
static char *race(const char *name, const char *value, const char *applyset)
{
	AUTO(auto_free)
	char *labels =
		applyset ? xfmt(",\"labels\":{\"" APPLYSET_LABEL "\":\"%s\"}", applyset) : NULL;
	return xfmt("{\"apiVersion\":\"%s/v1\",\"kind\":\"Race\",\"metadata\":{\"namespace\":"
		    "\"%s\",\"name\":\"%s\"%s},\"data\":{\"k\":\"%s\"}}",
		    group, ns, name, labels ? labels : "", value);
}

struct answer {
	struct arena *arena;
	struct json *object;
	int status;
};

static int keep(void *ctx, struct api_call *call, struct err *err)
{
	struct answer *answer = ctx;
	(void)err;
	answer->status = call->status;
	if (call->object) {
		answer->object = arena_calloc(answer->arena, 1, sizeof(*answer->object));
		*answer->object = json_copy(answer->arena, call->object);
	}
	return 0;
}

static struct answer ask(struct arena *a, enum api_verb verb, const char *name,
			 const struct json *body)
{
	struct answer answer = { .arena = a };
	struct kind kind = { group, "v1", "Race", "races", true, true, true, true, false };
	struct api_call call = {
		.verb = verb, .kind = &kind, .namespace = ns, .name = name, .body = body
	};
	struct err err = { 0 };
	int rc = verb == API_GET ? cluster->ops->call(cluster, &call, 1, keep, &answer, &err)
				 : writer_kube(cluster, &call, 1, keep, &answer, &err);
	if (rc < 0)
		fail_msg("%s", err.msg);
	err_done(&call.err);
	return answer;
}

/* "" where it is not there. */
static char *object_now(const struct cell *c)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct answer answer = ask(&a, API_GET, c->object, NULL);
	if (!answer.object && answer.status != 404)
		fail_msg("read %s: status %d", c->object, answer.status);
	if (answer.object)
		json_write_canonical(&text, answer.object);
	return xstrdup(buf_text(&text));
}

/* ---- the world of one cell */

struct racing {
	const struct cell *cell;
	struct plan plan;
	struct apply_options options;
	struct apply_result result;
	struct err err;
	bool happened, taken;
	char *then; /* the object when the event had happened */
} * racing;

static void apply(struct racing *r)
{
	int rc = apply_run(&r->plan, cluster, NULL, &r->options, &r->result, &r->err);
	assert_int_equal(rc < 0, r->err.code != ERR_NONE);
}

static void create_theirs(const struct cell *c)
{
	AUTO(auto_free) char *object = race(c->object, "theirs", NULL);
	KUBECTL(object, "create", "-f", "-", "--field-manager=kubectl-create");
}

static void delete_held(const struct cell *c)
{
	KUBECTL(NULL, "patch", resource, c->object, "--type=merge", "--field-manager=holder", "-p",
		"{\"metadata\":{\"finalizers\":[\"race.example/hold\"]}}");
	KUBECTL(NULL, "delete", resource, c->object, "--wait=false");
}

static void apply_elsewhere(struct racing *r)
{
	struct racing other = { .cell = r->cell, .plan = r->plan, .options = r->options };
	other.options.write = NULL;
	apply(&other);
	if (other.err.code)
		fail_msg("%s", other.err.msg);
	result_done(&other.result);
}

static void happen(struct racing *r)
{
	const struct cell *c = r->cell;
	switch (c->event) {
	case TOUCHED:
		KUBECTL(NULL, "patch", resource, c->object, "--type=merge", "-p",
			"{\"data\":{\"k\":\"edited\"}}", "--field-manager=kubectl-edit");
		break;
	case UNTOUCHED:
		KUBECTL(NULL, "annotate", resource, c->object, "seen=by-another");
		break;
	case STATUS:
		KUBECTL(NULL, "patch", resource, c->object, "--type=merge", "--subresource=status",
			"-p", "{\"status\":{\"seen\":\"by-another\"}}",
			"--field-manager=controller");
		break;
	case LABELLED:
		KUBECTL(NULL, "label", "--overwrite", resource, c->object,
			APPLYSET_LABEL "=applyset-of-a-third-v1");
		break;
	case KEPT:
		KUBECTL(NULL, "annotate", resource, c->object, "rhumb.dev/prune=false");
		break;
	case DELETED:
		KUBECTL(NULL, "delete", resource, c->object);
		break;
	case REMADE:
		KUBECTL(NULL, "delete", resource, c->object);
		create_theirs(c);
		break;
	case GOING:
		delete_held(c);
		break;
	case APPEARED:
		create_theirs(c);
		break;
	case APPEARED_GOING:
		create_theirs(c);
		delete_held(c);
		break;
	case DONE:
		apply_elsewhere(r);
		break;
	case NOTHING:
	case EVENT_COUNT:
		break;
	}
	r->happened = true;
	r->then = object_now(c);
}

/* The first write to the object, or the one after the takeover, comes too late. */
static int write_late(struct cluster *cl, struct api_call *calls, size_t n, api_done_fn *done,
		      void *ctx, struct err *err)
{
	struct racing *r = racing;
	for (size_t i = 0; i < n && !r->happened; i++) {
		if (strcmp(calls[i].name, r->cell->object) != 0)
			continue;
		if (r->cell->moment == LATE || (r->cell->moment == BETWEEN && r->taken))
			happen(r);
		r->taken = calls[i].verb == API_JSON_PATCH;
	}
	return writer_kube(cl, calls, n, done, ctx, err);
}

/* Helm's are there from the start. */
static void put_ours(const struct cell *c, const struct plan *p)
{
	AUTO(arena_done) struct arena a = { 0 };
	const char *holder = deeds[c->deed].holder;
	if (!holder || strcmp(holder, "rhumb") != 0)
		return;
	const char *applyset =
		c->deed == MOVE ? "applyset-of-another-v1" : p->applications[0].applyset;
	AUTO(auto_free) char *object = race(c->object, deeds[c->deed].before, applyset);
	struct json body = fixture_json(&a, object);
	assert_int_equal(ask(&a, API_APPLY, c->object, &body).status, 201);
}

static void make_plan(struct racing *r)
{
	const struct cell *c = r->cell;
	const char *after = deeds[c->deed].after;
	fake_plan_init(&r->plan, uid, "shop", ns);
	put_ours(c, &r->plan);
	AUTO(auto_free) char *object = race(c->object, after ? after : "1", NULL);
	struct change *change = fake_plan_add(&r->plan, cluster, deeds[c->deed].action, object);
	if (deeds[c->deed].taken) {
		struct json *fields = arena_calloc(&r->plan.arena, 1, sizeof(*fields));
		*fields = fixture_json(&r->plan.arena, "{\"f:data\":{\"f:k\":{}}}");
		change->takeovers = arena_calloc(&r->plan.arena, 1, sizeof(*change->takeovers));
		*change->takeovers = (struct takeover){ "helm", "Update", "", fields };
		change->n_takeovers = 1;
	}
	if (c->deed == MOVE)
		change->moved_from = "another";
	fake_plan_finish(&r->plan);
}

/* ---- what has to be true */

/* What the plan means is there, and what another has written beside it still is. */
static void check_applied(const struct racing *r)
{
	const struct cell *c = r->cell;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(auto_free) char *now = object_now(c);
	const char *after = deeds[c->deed].after;
	if (!after) {
		if (c->event == GOING) /* by somebody else */
			assert_string_equal(now, r->then);
		else
			assert_string_equal(now, "");
		return;
	}
	struct json object = fixture_json(&a, now);
	const struct json *meta = json_get(&object, "metadata");
	const char *k = json_str(json_at(&object, "data", "k", NULL));
	const char *label = json_str(json_at(meta, "labels", APPLYSET_LABEL, NULL));
	assert_string_equal(k ? k : "", after);
	assert_string_equal(label ? label : "", r->plan.applications[0].applyset);
	if (c->event == UNTOUCHED && c->deed != REPLACE)
		assert_non_null(json_at(meta, "annotations", "seen", NULL));
	if (c->event == STATUS && c->deed != REPLACE)
		assert_non_null(json_at(&object, "status", "seen", NULL));
	if (c->event == DONE)
		assert_string_equal(now, r->then);
}

static void cell_run(void **state)
{
	struct racing r = { .cell = *state };
	const char *message;
	enum outcome want = expected(r.cell, &message);
	if (!folder)
		skip();
	r.options = (struct apply_options){ .allow_replace = true, .write = write_late };
	make_plan(&r);
	racing = &r;
	if (r.cell->moment == EARLY)
		happen(&r);
	apply(&r);
	assert_true(r.happened);
	const struct object_result *o = &r.result.objects[0];
	if (o->outcome != want || (message && !strstr(o->message ? o->message : "", message)))
		fail_msg("%s (%s), not %s (%s)", outcome_name(o->outcome),
			 o->message ? o->message : "no message", outcome_name(want),
			 message ? message : "any message");
	if (want == OUTCOME_STALE) {
		AUTO(auto_free) char *now = object_now(r.cell);
		assert_string_equal(now, r.then);
		/* The record of the application may have been written before, or a takeover. */
		enum moment moment = r.cell->moment;
		assert_true((r.err.code == ERR_STALE && moment != BETWEEN) ||
			    (r.err.code == ERR_PARTIAL && moment != EARLY));
	} else {
		assert_int_equal(r.err.code, ERR_NONE);
		check_applied(&r);
	}
	result_done(&r.result);
	plan_done(&r.plan);
	err_done(&r.err);
	free(r.then);
}

/* ---- all of it */

static struct cell cells[DEED_COUNT * EVENT_COUNT * MOMENT_COUNT];
static size_t n_cells;

static void create_helms(void)
{
	AUTO(buf_done) struct buf list = { 0 };
	const char *between = "";
	buf_puts(&list, "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[");
	for (size_t i = 0; i < n_cells; i++) {
		const struct cell *c = &cells[i];
		const char *holder = deeds[c->deed].holder;
		if (!holder || strcmp(holder, "helm") != 0)
			continue;
		AUTO(auto_free) char *object = race(c->object, deeds[c->deed].before, NULL);
		buf_printf(&list, "%s%s", between, object);
		between = ",";
	}
	buf_puts(&list, "]}");
	KUBECTL(buf_text(&list), "create", "-f", "-", "--field-manager=helm");
}

static int set_up(void **state)
{
	(void)state;
	folder = getenv("RHUMB_TEST_KUBE");
	if (!folder)
		return 0;
	struct err err = { 0 };
	struct cluster_identity id = { 0 };
	AUTO(auto_free) char *config = xfmt("%s/kubeconfig", folder);
	snprintf(ns, sizeof(ns), "races-%d", (int)getpid());
	snprintf(group, sizeof(group), "%s.example", ns);
	snprintf(resource, sizeof(resource), "races.%s", group);
	AUTO(auto_free)
	char *crd = xfmt("{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":"
			 "\"CustomResourceDefinition\",\"metadata\":{\"name\":\"races.%s\"},"
			 "\"spec\":{\"group\":\"%s\",\"names\":{\"kind\":\"Race\",\"plural\":"
			 "\"races\",\"singular\":\"race\"},\"scope\":\"Namespaced\",\"versions\":[{"
			 "\"name\":\"v1\",\"served\":true,\"storage\":true,\"subresources\":{"
			 "\"status\":{}},\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\","
			 "\"properties\":{\"data\":{\"type\":\"object\",\"additionalProperties\":{"
			 "\"type\":\"string\"}},\"status\":{\"type\":\"object\","
			 "\"x-kubernetes-preserve-unknown-fields\":true}}}}}]}}",
			 group, group);
	KUBECTL(NULL, "create", "namespace", ns);
	KUBECTL(crd, "create", "-f", "-");
	KUBECTL(NULL, "wait", "--for=condition=Established", "crd", resource, "--timeout=60s");
	create_helms();
	if (cluster_open_kube(&cluster, &(struct kube_options){ .kubeconfig = config }, &err) < 0 ||
	    cluster->ops->identify(cluster, &id, &err) < 0)
		fail_msg("%s", err.msg);
	uid = xstrdup(id.uid);
	cluster_identity_done(&id);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cluster_close(cluster);
	free(uid);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cells)];
	for (int deed = 0; deed < DEED_COUNT; deed++)
		for (int event = 0; event < EVENT_COUNT; event++)
			for (int moment = 0; moment < MOMENT_COUNT; moment++) {
				struct cell *c = &cells[n_cells];
				*c = (struct cell){ .deed = (enum deed)deed,
						    .event = (enum event)event,
						    .moment = (enum moment)moment };
				if (!is_possible(c))
					continue;
				snprintf(c->name, sizeof(c->name), "%s: %s%s%s", deeds[deed].name,
					 events[event], event ? " " : "",
					 event ? moments[moment] : "");
				snprintf(c->object, sizeof(c->object), "race-%zu", n_cells);
				tests[n_cells++] = fixture_row(c->name, cell_run, c);
			}
	return _cmocka_run_group_tests("races", tests, n_cells, set_up, tear_down);
}
