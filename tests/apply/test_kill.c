/* SIGKILL at every step of an apply of 40 objects and 4 runs of hooks: before and after each record
 * of the journal (after it: with the record torn), before each write, and after it with its answer
 * unseen.  What a second run makes of it is what an undisturbed run makes, no write is repeated,
 * and the report has every object with the outcome of the undisturbed one.
 *
 * On the embedded cluster for every step.  On a real API server (RHUMB_TEST_KUBE as in
 * test_races.c) for KILL_SAMPLES of them (24, or "all"), as far from each other as they can be;
 * KILL_SEED moves them, so that each step has a seed that hits it, and KILL_FROM begins at one. */
#include "tests/lib/fake_world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/file_store.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/process.h"
#include "plan/state.h"

#define CHANGES 44

enum { KUBECTL_MS = 300 * 1000 }; /* on a machine that has much else to do */
enum { NEVER = -1, SAMPLES = 24, INTERRUPT_EVERY = 5, MAX_STEPS = 2000 };

/* Shared with the child, which does not live to tell. */
static struct counters {
	int step, kill_at;
	unsigned writes;  /* that the cluster has carried out */
	bool tear;        /* killed right after a record */
	bool interrupted; /* instead of killing: SIGTERM */
} * shared;

static volatile sig_atomic_t stop_now;

static void step(bool after_record)
{
	if (shared->step++ != shared->kill_at)
		return;
	if (shared->interrupted) {
		stop_now = 1;
		return;
	}
	shared->tear = after_record;
	raise(SIGKILL);
}

static void on_record(void *ctx, bool before)
{
	(void)ctx;
	step(!before);
}

struct forward {
	api_done_fn *done;
	void *ctx;
};

static int written(void *ctx, struct api_call *call, struct err *err)
{
	struct forward *f = ctx;
	shared->writes += call->status >= 200 && call->status < 300;
	step(false);
	return f->done(f->ctx, call, err);
}

static int counting_write(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
			  void *ctx, struct err *err)
{
	struct forward f = { done, ctx };
	step(false);
	return writer_call(c, calls, n, written, &f, err);
}

/* ---- where it happens */

struct place {
	const char *kube; /* folder of tests/kube/up; NULL: embedded */
	char *dir;        /* of everything */
	char *cluster, *result;
	char ns[64];
	struct plan plan;
};

static struct cluster *open_cluster(const struct place *p)
{
	struct cluster *c = NULL;
	struct err err = { 0 };
	AUTO(auto_free) char *config = xfmt("%s/kubeconfig", p->kube ? p->kube : "");
	int rc = p->kube ? cluster_open_kube(&c, &(struct kube_options){ .kubeconfig = config },
					     &err)
			 : cluster_open_file(&c, p->cluster, &err);
	if (rc < 0)
		fail_msg("%s", err.msg);
	return c;
}

static char *config_map(const struct place *p, const char *name, int i, const char *value)
{
	return xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		    "\"%s\",\"name\":\"%s-%d\"},\"data\":{\"k\":\"%s\"}}",
		    p->ns, name, i, value);
}

/* Complete as soon as it is there. */
static char *hook_map(const struct place *p, const char *name, const char *applyset)
{
	AUTO(auto_free)
	char *labels =
		applyset ? xfmt(",\"labels\":{\"" HOOK_LABEL "\":\"%s\"}", applyset) : xstrdup("");
	return xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":"
		    "\"%s\",\"name\":\"hook-%s\"%s},\"data\":{\"k\":\"1\"}}",
		    p->ns, name, labels);
}

static char *namespace_of(const struct place *p, const char *suffix)
{
	return xfmt(
		"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"%s%s\"}}",
		p->ns, suffix);
}

static int accepted(void *ctx, struct api_call *call, struct err *err)
{
	(void)ctx, (void)err;
	if (call->status < 200 || call->status > 299)
		fail_msg("set up: %s", call->err.msg ? call->err.msg : "?");
	return 0;
}

/* As if rhumb had applied it before. */
static void put_ours(struct cluster *c, const struct kind_table *kinds, char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	struct json object = fixture_json(&a, text);
	struct object_ref ref = object_ref_of(&a, &object);
	struct api_call call = { .verb = API_APPLY,
				 .kind = kinds_find(kinds, ref.group, ref.version, ref.kind),
				 .namespace = ref.namespace,
				 .name = ref.name,
				 .body = &object };
	if (writer_call(c, &call, 1, accepted, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	free(text);
}

/* As if Helm had. */
static void put_theirs(const struct place *p, char *text)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct err err = { 0 };
	struct json object = fixture_json(&a, text);
	if (!p->kube) {
		struct file_owner owner = { .manager = "helm", .operation = "Update" };
		if (file_store_put(p->cluster, &object, 1, &owner, &err) < 0)
			fail_msg("%s", err.msg);
	} else {
		AUTO(auto_free) char *program = xfmt("%s/bin/kubectl", p->kube);
		AUTO(auto_free) char *config = xfmt("--kubeconfig=%s/kubeconfig", p->kube);
		const char *argv[] = { program, config, "create", "-f", "-", "--field-manager=helm",
				       NULL };
		struct process run = { .argv = argv,
				       .input = text,
				       .input_len = strlen(text),
				       .timeout_ms = KUBECTL_MS };
		AUTO(process_result_done) struct process_result result = { 0 };
		if (process_run(&run, &result, &err) < 0 || result.status)
			fail_msg("kubectl: %s", err.msg ? err.msg : buf_text(&result.messages));
	}
	free(text);
}

static void plan_add(struct place *p, struct cluster *c, enum action action, char *text)
{
	struct change *change = fake_plan_add(&p->plan, c, action, text);
	free(text);
	if (action != ACTION_ADOPT)
		return;
	struct json *fields = arena_calloc(&p->plan.arena, 1, sizeof(*fields));
	*fields = fixture_json(&p->plan.arena, "{\"f:data\":{\"f:k\":{}}}");
	change->takeovers = arena_calloc(&p->plan.arena, 1, sizeof(*change->takeovers));
	*change->takeovers = (struct takeover){ "helm", "Update", "", fields };
	change->n_takeovers = 1;
}

static const struct {
	const char *name;
	enum action action;
	int n;
} maps[] = {
	{ "new", ACTION_CREATE, 14 },    { "changed", ACTION_UPDATE, 10 },
	{ "dropped", ACTION_DELETE, 6 }, { "remade", ACTION_REPLACE, 2 },
	{ "adopted", ACTION_ADOPT, 3 },
};

static const struct {
	const char *name;
	struct hook hook;
	bool earlier; /* a run has left its object */
} hooks[] = {
	{ "again", { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION }, true },
	{ "twice", { HOOK_PRE_SYNC, HOOK_BEFORE_CREATION }, true },
	{ "twice", { HOOK_POST_SYNC, HOOK_BEFORE_CREATION }, false },
	{ "gone", { HOOK_POST_SYNC, HOOK_SUCCEEDED }, false },
};

static void set_up(struct place *p)
{
	struct cluster *c = open_cluster(p);
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	struct err err = { 0 };
	if (c->ops->kinds(c, &kinds, &err) < 0)
		fail_msg("%s", err.msg);
	put_ours(c, &kinds, namespace_of(p, ""));
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		for (int k = 0; k < maps[i].n && maps[i].action != ACTION_CREATE; k++) {
			char *object = config_map(p, maps[i].name, k, "1");
			if (maps[i].action == ACTION_ADOPT)
				put_theirs(p, object);
			else
				put_ours(c, &kinds, object);
		}
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		if (hooks[i].earlier)
			put_ours(c, &kinds,
				 hook_map(p, hooks[i].name, applyset_id(&a, "shop", p->ns)));
	cluster_close(c);
}

static void make_plan(struct place *p)
{
	struct cluster *c = open_cluster(p);
	struct cluster_identity id = { 0 };
	struct err err = { 0 };
	if (c->ops->identify(c, &id, &err) < 0)
		fail_msg("%s", err.msg);
	fake_plan_init(&p->plan, "", "shop", p->ns);
	p->plan.cluster_uid = arena_strdup(&p->plan.arena, id.uid);
	cluster_identity_done(&id);
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		for (int k = 0; k < maps[i].n; k++)
			plan_add(p, c, maps[i].action,
				 config_map(p, maps[i].name, k,
					    maps[i].action == ACTION_ADOPT ? "1" : "2"));
	plan_add(p, c, ACTION_CREATE, namespace_of(p, "-b"));
	plan_add(p, c, ACTION_CREATE,
		 xfmt("{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":"
		      "\"CustomResourceDefinition\",\"metadata\":{\"name\":\"boats.%s.io\"},"
		      "\"spec\":{\"group\":\"%s.io\",\"names\":{\"kind\":\"Boat\",\"plural\":"
		      "\"boats\"},\"scope\":\"Namespaced\",\"versions\":[{\"name\":\"v1\","
		      "\"served\":true,\"storage\":true,\"schema\":{\"openAPIV3Schema\":{\"type\":"
		      "\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}}]}}",
		      p->ns, p->ns));
	plan_add(p, c, ACTION_CREATE,
		 xfmt("{\"apiVersion\":\"%s.io/v1\",\"kind\":\"Boat\",\"metadata\":{\"namespace\":"
		      "\"%s\",\"name\":\"ark\"},\"spec\":{\"length\":300}}",
		      p->ns, p->ns));
	for (int k = 0; k < 2; k++)
		plan_add(p, c, ACTION_CREATE,
			 xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{"
			      "\"namespace\":\"%s-b\",\"name\":\"sa-%d\"}}",
			      p->ns, k));
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		AUTO(auto_free) char *object = hook_map(p, hooks[i].name, NULL);
		fake_plan_add_hook(&p->plan, c, hooks[i].hook, object);
	}
	fake_plan_finish(&p->plan);
	assert_int_equal(p->plan.n_changes, CHANGES);
	cluster_close(c);
}

/* ---- an apply, in this process or in one that is killed */

static int run(const struct place *p, struct apply_result *out, struct err *err)
{
	struct cluster *c = open_cluster(p);
	AUTO(journal_close_p) struct journal *j = NULL;
	stop_now = 0;
	int rc = journal_open(&j, p->result, &p->plan, NULL, err);
	if (rc == 0) {
		journal_set_hook(j, on_record, NULL);
		struct apply_options o = { .allow_replace = true,
					   .journal = j,
					   .interrupted = &stop_now,
					   .write = counting_write };
		struct err late = { 0 };
		rc = apply_run(&p->plan, c, NULL, &o, out, err);
		if (result_write(out, p->result, &late) < 0 || journal_finish(j, out, &late) < 0)
			fail_msg("%s", late.msg);
	}
	cluster_close(c);
	return rc;
}

static void tear(const struct place *p)
{
	AUTO(auto_free) char *path = journal_path(p->result);
	AUTO(buf_done) struct buf text = { 0 };
	struct err err = { 0 };
	assert_int_equal(file_read(path, 0, &text, &err), 0);
	const char *last = text.len > 1 ? memrchr(text.data, '\n', text.len - 1) : NULL;
	size_t start = last ? (size_t)(last + 1 - text.data) : 0;
	assert_int_equal(truncate(path, (off_t)(start + (text.len - start) / 2)), 0);
}

/* false: the run ended before the step.  On a server the number of steps varies with what the
 * controllers do meanwhile. */
static bool run_killed(const struct place *p, int at)
{
	shared->step = 0;
	shared->kill_at = at;
	shared->tear = false;
	pid_t pid = fork();
	if (pid == 0) {
		struct apply_result result = { 0 };
		struct err err = { 0 };
		run(p, &result, &err);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	assert_true(killed || p->kube);
	if (shared->tear)
		tear(p);
	return killed;
}

/* To the end; gives the number of steps. */
static int run_whole(const struct place *p, struct apply_result *out, const char *when, int at)
{
	AUTO(err_done) struct err err = { 0 };
	shared->step = 0;
	shared->kill_at = NEVER;
	if (run(p, out, &err) < 0)
		fail_msg("%s %d: %s", when, at, err.msg);
	assert_int_equal(out->outcome, APPLY_APPLIED);
	return shared->step;
}

/* ---- what is in the cluster then */

static void replace_text(struct buf *b, const char *what, const char *with)
{
	AUTO(buf_done) struct buf out = { 0 };
	for (const char *at = buf_text(b); *at;) {
		if (strncmp(at, what, strlen(what)) == 0) {
			buf_puts(&out, with);
			at += strlen(what);
		} else {
			buf_putc(&out, *at++);
		}
	}
	buf_reset(b);
	buf_puts(b, buf_text(&out));
}

/* What differs from run to run. */
static void normalise(struct arena *a, struct json *object)
{
	struct json *meta = json_edit(a, object, "metadata");
	json_remove(object, "status");
	json_remove(meta, "uid");
	json_remove(meta, "resourceVersion");
	json_remove(meta, "creationTimestamp");
	json_remove(meta, "generation");
	struct json *entries = json_edit(a, meta, "managedFields");
	for (uint32_t i = entries->type == JSON_ARRAY ? entries->n : 0; i-- > 0;) {
		if (json_get(&entries->items[i], "subresource"))
			json_remove_item(entries, i);
		else
			json_remove(&entries->items[i], "time");
	}
}

struct dump {
	struct arena arena;
	struct buf text;
};

static bool is_the_servers(const char *name)
{
	return strcmp(name, "kube-root-ca.crt") == 0 || strcmp(name, "default") == 0;
}

static int dump_one(void *ctx, struct list_request *request, const struct json *object,
		    struct err *err)
{
	struct dump *d = ctx;
	(void)request, (void)err;
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	if (is_the_servers(name))
		return 0;
	struct json copy = json_copy(&d->arena, object);
	normalise(&d->arena, &copy);
	json_write_canonical(&d->text, &copy);
	buf_putc(&d->text, '\n');
	return 0;
}

static char *state(const struct place *p)
{
	struct cluster *c = open_cluster(p);
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	AUTO(auto_free) char *boats = xfmt("%s.io", p->ns);
	AUTO(auto_free) char *other = xfmt("%s-b", p->ns);
	struct dump d = { 0 };
	struct err err = { 0 };
	if (c->ops->kinds(c, &kinds, &err) < 0)
		fail_msg("%s", err.msg);
	struct list_request requests[] = {
		{ .kind = kinds_find(&kinds, "", "v1", "ConfigMap"), .namespace = p->ns },
		{ .kind = kinds_find(&kinds, boats, "v1", "Boat"), .namespace = p->ns },
		{ .kind = kinds_find(&kinds, "", "v1", "ServiceAccount"), .namespace = other },
	};
	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		if (requests[i].kind && (c->ops->list(c, &requests[i], 1, dump_one, &d, &err) < 0 ||
					 requests[i].err.code))
			fail_msg("%s", err.msg ? err.msg : requests[i].err.msg);
	replace_text(&d.text, p->plan.digest, "DIGEST");
	replace_text(&d.text, p->plan.applications[0].applyset, "APPLYSET");
	replace_text(&d.text, p->ns, "NS");
	arena_done(&d.arena);
	cluster_close(c);
	return buf_take(&d.text);
}

static void same_report(const struct apply_result *got, const struct apply_result *want, int at)
{
	assert_int_equal(got->n_objects, CHANGES);
	for (size_t i = 0; i < CHANGES; i++) {
		const struct object_result *x = &got->objects[i], *y = &want->objects[i];
		if (strlen(x->id) != strlen(y->id) || x->action != y->action ||
		    x->outcome != y->outcome || x->as_expected != y->as_expected)
			fail_msg("step %d: %s %s %s (%d), not %s %s (%d)", at, x->id,
				 action_name(x->action), outcome_name(x->outcome), x->as_expected,
				 y->id, outcome_name(y->outcome), y->as_expected);
	}
}

/* ---- the test */

static void copy_folder(const char *from, const char *to)
{
	const char *argv[] = { "cp", "-a", from, to, NULL };
	struct err err = { 0 };
	AUTO(process_result_done) struct process_result result = { 0 };
	if (process_run(&(struct process){ .argv = argv }, &result, &err) < 0 || result.status)
		fail_msg("cp: %s", buf_text(&result.messages));
}

struct undisturbed {
	int steps;
	unsigned writes;
	char *state;
	struct apply_result result;
};

/* The same with a fault at one step. */
static void check_step(const struct place *p, const struct undisturbed *u, int at)
{
	AUTO(result_done) struct apply_result result = { 0 };
	shared->writes = 0;
	if (shared->interrupted) {
		AUTO(err_done) struct err err = { 0 };
		AUTO(result_done) struct apply_result first = { 0 };
		shared->step = 0;
		shared->kill_at = at;
		int rc = run(p, &first, &err);
		assert_int_equal(first.n_objects, CHANGES);
		if (rc == 0) { /* too late to stop it */
			same_report(&first, &u->result, at);
			return;
		}
		assert_int_equal(err.code, ERR_INTERRUPTED);
	} else if (!run_killed(p, at)) {
		return;
	}
	run_whole(p, &result, "after step", at);
	AUTO(auto_free) char *now = state(p);
	if (strcmp(now, u->state) != 0)
		fail_msg("step %d: %s\nnot %s", at, now, u->state);
	/* A server carries out several at once: those whose answer the killed process did not live
	 * to see are not counted. */
	bool repeated = p->kube ? shared->writes > u->writes : shared->writes != u->writes;
	if (repeated)
		fail_msg("step %d: %u writes, not %u", at, shared->writes, u->writes);
	same_report(&result, &u->result, at);
	AUTO(result_done) struct apply_result file = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (result_read(&file, p->result, &err) < 0)
		fail_msg("%s", err.msg);
	same_report(&file, &u->result, at);
}

/* A place of its own for one run, from what is there before it. */
static struct place place_at(const struct place *first, int n)
{
	struct place p = *first;
	p.cluster = xfmt("%s/cluster-%d", first->dir, n);
	p.result = xfmt("%s/result-%d.json", first->dir, n);
	copy_folder(first->cluster, p.cluster);
	return p;
}

static void leave(struct place *p)
{
	fixture_remove(&p->cluster);
	free(p->result);
}

static void file_undisturbed(const struct place *first, struct undisturbed *u)
{
	struct place p = place_at(first, 0);
	shared->writes = 0;
	u->steps = run_whole(&p, &u->result, "undisturbed", 0);
	u->writes = shared->writes;
	u->state = state(&p);
	assert_in_range(u->steps, 3 * CHANGES, MAX_STEPS);
	assert_true(u->writes >= CHANGES + 2);
	leave(&p);
}

static void file_first(struct place *first)
{
	*first = (struct place){ .dir = fixture_dir(), .ns = "shop" };
	first->cluster = path_join(first->dir, "cluster");
	set_up(first);
	make_plan(first);
}

static void file_steps(bool interrupt)
{
	struct place first;
	struct undisturbed u = { 0 };
	file_first(&first);
	shared->interrupted = false;
	file_undisturbed(&first, &u);
	shared->interrupted = interrupt;
	for (int at = 0; at < u.steps; at += interrupt ? INTERRUPT_EVERY : 1) {
		struct place p = place_at(&first, at + 1);
		check_step(&p, &u, at);
		leave(&p);
	}
	shared->interrupted = false;
	result_done(&u.result);
	free(u.state);
	plan_done(&first.plan);
	free(first.cluster);
	fixture_remove(&first.dir);
}

static void file_killed(void **unused)
{
	(void)unused;
	file_steps(false);
}

static void file_interrupted(void **unused)
{
	(void)unused;
	file_steps(true);
}

/* ---- the real server: every place has namespaces of its own */

static void kube_place(struct place *p, const char *dir, int n)
{
	*p = (struct place){ .kube = getenv("RHUMB_TEST_KUBE") };
	snprintf(p->ns, sizeof(p->ns), "kill-%d-%03d", (int)getpid() % 100000, n);
	p->result = xfmt("%s/result-%d.json", dir, n);
	set_up(p);
	make_plan(p);
}

static void kube_leave(struct place *p)
{
	AUTO(auto_free) char *program = xfmt("%s/bin/kubectl", p->kube);
	AUTO(auto_free) char *config = xfmt("--kubeconfig=%s/kubeconfig", p->kube);
	AUTO(auto_free) char *crd = xfmt("boats.%s.io", p->ns);
	const char *argv[] = { program, config, "delete", "crd", crd, "--wait=false", NULL };
	struct err err = { 0 };
	AUTO(process_result_done) struct process_result result = { 0 };
	struct process run = { .argv = argv, .timeout_ms = KUBECTL_MS };
	if (process_run(&run, &result, &err) < 0)
		fail_msg("%s", err.msg);
	plan_done(&p->plan);
	free(p->result);
}

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);
	if (end == text || *end || n < 1 || n > MAX_STEPS)
		fail_msg("not a number of steps: %s", text);
	return (int)n;
}

/* "all", a number, or nothing. */
static int samples_of(int steps)
{
	const char *text = getenv("KILL_SAMPLES");
	int n = !text ? SAMPLES : strcmp(text, "all") == 0 ? steps : number(text);
	return n < steps ? n : steps;
}

static void kube_killed(void **unused)
{
	(void)unused;
	if (!getenv("RHUMB_TEST_KUBE"))
		skip();
	char *dir = fixture_dir();
	struct undisturbed u = { 0 };
	struct place p;
	kube_place(&p, dir, 0);
	shared->writes = 0;
	u.steps = run_whole(&p, &u.result, "undisturbed", 0);
	u.writes = shared->writes;
	u.state = state(&p);
	kube_leave(&p);
	const char *seed = getenv("KILL_SEED");
	int samples = samples_of(u.steps), between = u.steps / samples;
	int first = (seed ? number(seed) : 0) % between;
	print_message("%d of %d steps\n", samples, u.steps);
	const char *from = getenv("KILL_FROM");
	for (int i = 0; i < samples; i++) {
		int at = (int)((long)u.steps * i / samples) + first;
		if (from && at < number(from))
			continue;
		kube_place(&p, dir, i + 1);
		check_step(&p, &u, at);
		kube_leave(&p);
	}
	result_done(&u.result);
	free(u.state);
	fixture_remove(&dir);
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	/* Some 300 clusters are made and synced: in memory where there is room. */
	if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(file_killed, NULL),
		cmocka_unit_test_prestate(file_interrupted, NULL),
		cmocka_unit_test_prestate(kube_killed, NULL),
	};
	return _cmocka_run_group_tests("kill", tests, ARRAY_LEN(tests), NULL, NULL);
}
