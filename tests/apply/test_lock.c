/* Locks as Leases: the races for one, how it ends, and what an apply does without it. */
#include "tests/lib/fake_world.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/lock_private.h"

enum { MAX_SLEEPS = 200 };

struct place {
	struct world w;
	struct lock_clock clock;
	struct lock_options lock;
	int64_t now; /* ms */
	unsigned sleeps, said;
	char *waiting; /* the last that was said */
	void (*on_sleep)(struct place *p);
	void (*on_write)(struct place *p, unsigned nth);
	volatile sig_atomic_t interrupted;
};

static int64_t clock_now(void *ctx)
{
	return ((struct place *)ctx)->now;
}

static void clock_sleep(void *ctx, unsigned ms)
{
	struct place *p = ctx;
	p->now += ms;
	if (++p->sleeps > MAX_SLEEPS)
		fail_msg("it waits for ever");
	if (p->on_sleep)
		p->on_sleep(p);
}

static void say(void *ctx, const char *what)
{
	struct place *p = ctx;
	p->said++;
	free(p->waiting);
	p->waiting = xstrdup(what);
}

static void before_write(void *ctx, struct fake_cluster *f, unsigned nth)
{
	(void)f;
	struct place *p = ctx;
	if (p->on_write)
		p->on_write(p, nth);
}

static void place_init(struct place *p)
{
	memset(p, 0, sizeof(*p));
	world_init(&p->w);
	p->now = 1000000;
	p->clock = (struct lock_clock){ clock_now, clock_sleep, p };
	p->lock = (struct lock_options){ .clock = &p->clock, .holder = "me" };
	p->w.options.lock = &p->lock;
	p->w.options.interrupted = &p->interrupted;
	p->w.options.progress.waiting = say;
	p->w.options.progress.ctx = p;
	p->w.f.before_write = before_write;
	p->w.f.ctx = p;
}

static void place_done(struct place *p)
{
	free(p->waiting);
	world_done(&p->w);
}

/* A Lease as another run of rhumb writes it; NULL: without a holder. */
static void put_lease(struct place *p, const char *namespace, const char *name, const char *holder,
		      const char *renewed, const char *process)
{
	AUTO(auto_free)
	char *who = holder ? xfmt("\"holderIdentity\":\"%s\",\"acquireTime\":"
				  "\"2026-01-01T00:00:00.000000Z\",",
				  holder)
			   : xstrdup("");
	AUTO(auto_free)
	char *text = xfmt("{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\","
			  "\"metadata\":{\"namespace\":\"%s\",\"name\":\"%s\",\"annotations\":{"
			  "\"rhumb.dev/lock\":\"%s\",\"rhumb.dev/process\":\"%s\","
			  "\"rhumb.dev/plan\":\"sha256:0123456789abcdef\"}},\"spec\":{%s"
			  "\"leaseDurationSeconds\":30,\"renewTime\":\"%s\"}}",
			  namespace, name, holder ? holder : "nobody", process ? process : "", who,
			  renewed);
	if (fake_get(&p->w.f, "Lease", namespace, name))
		fake_delete(&p->w.f, "Lease", namespace, name);
	fake_put(&p->w.f, text, "rhumb", "Apply");
}

#define OLD    "2020-01-01T00:00:00.000000Z"
#define FUTURE "2999-01-01T00:00:00.000000Z"

static void put_other(struct place *p, const char *renewed)
{
	put_lease(p, "shop", "rhumb-shop", "you", renewed, NULL);
}

static const char *holder(struct place *p, const char *namespace, const char *name)
{
	const struct json *lease = fake_get(&p->w.f, "Lease", namespace, name);
	return json_str(json_at(lease, "spec", "holderIdentity", NULL));
}

/* A ConfigMap in each of three waves. */
static void plan_three(struct place *p)
{
	for (int i = 0; i < 3; i++) {
		AUTO(auto_free)
		char *text =
			xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
			     "\"namespace\":\"shop\",\"name\":\"c%d\"},\"data\":{\"k\":\"1\"}}",
			     i);
		world_plan(&p->w, ACTION_CREATE, text)->wave = i;
	}
	world_planned(&p->w);
}

static void expect_refused(struct place *p, const char *part)
{
	world_apply_fails(&p->w, ERR_CONFLICT, part);
	world_expect(&p->w, "ConfigMap/shop/c0", OUTCOME_NOT_TRIED);
	assert_null(fake_get(&p->w.f, "ConfigMap", "shop", "c0"));
}

static void expect_lost(struct place *p, const char *part, enum outcome first)
{
	world_apply_fails(&p->w, ERR_PARTIAL, "not tried");
	world_expect(&p->w, "ConfigMap/shop/c0", first);
	world_expect(&p->w, "ConfigMap/shop/c2", OUTCOME_NOT_TRIED);
	assert_null(fake_get(&p->w.f, "ConfigMap", "shop", "c2"));
	assert_int_equal(p->w.result.outcome, APPLY_FAILED);
	assert_int_equal(p->w.result.n_problems, 1);
	if (!strstr(p->w.result.problems[0], part))
		fail_msg("\"%s\" should have \"%s\"", p->w.result.problems[0], part);
}

/* ---- taking and giving back */

static void taken_and_released(struct place *p)
{
	world_apply_ok(&p->w);
	assert_non_null(fake_get(&p->w.f, "Lease", "shop", "rhumb-shop"));
	assert_null(holder(p, "shop", "rhumb-shop"));
	const char *first = "apply Lease shop/rhumb-shop uid= new force\n";
	assert_true(strncmp(buf_text(&p->w.f.log), first, strlen(first)) == 0);
	world_apply_ok(&p->w); /* the Lease that is there is taken */
	assert_null(holder(p, "shop", "rhumb-shop"));
}

static void held_while_writing_check(struct place *p, unsigned nth)
{
	if (nth == 2)
		assert_string_equal(holder(p, "shop", "rhumb-shop"), "me");
}

static void held_while_writing(struct place *p)
{
	p->on_write = held_while_writing_check;
	world_apply_ok(&p->w);
	assert_true(p->w.f.writes > 2);
}

static void released_after_failure(struct place *p)
{
	p->w.f.fail_at = 2;
	p->w.f.fault = FAKE_REFUSE;
	world_apply_fails(&p->w, ERR_PARTIAL, "failed");
	assert_null(holder(p, "shop", "rhumb-shop"));
}

static void stale_is_released(struct place *p)
{
	fake_put(&p->w.f, CONFIG("shop", "c0", "9"), "kubectl", "Update");
	world_apply_fails(&p->w, ERR_STALE, "c0");
	assert_null(holder(p, "shop", "rhumb-shop"));
}

static void held_by_another(struct place *p)
{
	put_other(p, FUTURE);
	expect_refused(p, "the lock of application shop is held by you since "
			  "2026-01-01T00:00:00.000000Z (plan sha256:0123456789ab): "
			  "--lock-timeout waits for it");
	assert_int_equal(p->sleeps, 0);
	assert_string_equal(holder(p, "shop", "rhumb-shop"), "you");
}

static void release_after_three(struct place *p)
{
	if (p->sleeps == 3)
		put_lease(p, "shop", "rhumb-shop", NULL, FUTURE, NULL);
}

static void waits_until_released(struct place *p)
{
	put_other(p, FUTURE);
	p->lock.timeout_seconds = 10;
	p->on_sleep = release_after_three;
	world_apply_ok(&p->w);
	assert_int_equal(p->sleeps, 3);
	assert_int_equal(p->said, 1);
	assert_non_null(
		strstr(p->waiting, "waiting for the lock of application shop, held by you"));
}

static void waits_no_longer(struct place *p)
{
	put_other(p, FUTURE);
	p->lock.timeout_seconds = 10;
	expect_refused(p, "still after --lock-timeout");
	assert_int_equal(p->now, 1000000 + 10000);
}

static void interrupt(struct place *p)
{
	p->interrupted = SIGTERM;
}

static void interrupted_while_waiting(struct place *p)
{
	put_other(p, FUTURE);
	p->lock.timeout_seconds = 100;
	p->on_sleep = interrupt;
	world_apply_fails(&p->w, ERR_INTERRUPTED, "nothing was written");
	assert_int_equal(p->sleeps, 1);
}

/* ---- races for one */

static void other_first(struct place *p, unsigned nth)
{
	if (nth == 0)
		put_other(p, FUTURE);
}

static void create_race(struct place *p)
{
	p->on_write = other_first;
	expect_refused(p, "held by you");
}

static void update_race(struct place *p)
{
	put_lease(p, "shop", "rhumb-shop", NULL, OLD, NULL);
	p->on_write = other_first;
	expect_refused(p, "held by you");
}

static void answer_lost(struct place *p)
{
	p->w.f.fail_at = 0;
	p->w.f.fault = FAKE_LOSE_DONE;
	world_apply_ok(&p->w);
	assert_null(holder(p, "shop", "rhumb-shop"));
}

static void request_lost(struct place *p)
{
	p->w.f.fail_at = 0;
	p->w.f.fault = FAKE_LOSE;
	world_apply_ok(&p->w);
}

/* ---- holders that are gone */

/* Its renewTime is old: it is watched, even if nobody wants to wait. */
static void expired(struct place *p)
{
	put_other(p, OLD);
	world_apply_ok(&p->w);
	assert_int_equal(p->now, 1000000 + 30000);
	assert_non_null(strstr(p->waiting, "does not seem to renew it"));
}

/* It died while we waited: from our first look all of its time. */
static void expired_while_waiting(struct place *p)
{
	put_other(p, FUTURE);
	p->lock.timeout_seconds = 60;
	world_apply_ok(&p->w);
	assert_int_equal(p->now, 1000000 + 30000);
}

static void renew_with_a_wrong_clock(struct place *p)
{
	if (p->sleeps == 3)
		put_other(p, "2020-01-01T00:00:10.000000Z");
}

static void wrong_clock(struct place *p)
{
	put_other(p, OLD);
	p->on_sleep = renew_with_a_wrong_clock;
	expect_refused(p, "held by you");
	assert_int_equal(p->sleeps, 3);
}

static void takeover_by_another(struct place *p, unsigned nth)
{
	if (nth == 0)
		put_lease(p, "shop", "rhumb-shop", "third", FUTURE, NULL);
}

static void takeover_race(struct place *p)
{
	put_other(p, OLD);
	p->on_write = takeover_by_another;
	expect_refused(p, "held by third");
}

static void dead_process(struct place *p)
{
	int ends[2];
	char text[1024] = "";
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		AUTO(auto_free) char *mine = lock_process_text();
		ssize_t n = mine ? write(ends[1], mine, strlen(mine)) : 0;
		_exit(n > 0 ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	close(ends[0]);
	close(ends[1]);
	assert_true(lock_process_is_dead(text));
	put_lease(p, "shop", "rhumb-shop", "you", FUTURE, text);
	world_apply_ok(&p->w);
	assert_int_equal(p->sleeps, 0);
}

static void living_process(struct place *p)
{
	AUTO(auto_free) char *mine = lock_process_text();
	assert_false(lock_process_is_dead(mine));
	assert_false(lock_process_is_dead("elsewhere/boot/pid:[1]/999999999/1"));
	put_lease(p, "shop", "rhumb-shop", "you", FUTURE, mine);
	expect_refused(p, "held by you");
}

/* ---- holding it */

static void slowly(struct place *p, unsigned nth)
{
	(void)nth;
	p->now += 9000;
}

static void renewed(struct place *p)
{
	p->on_write = slowly;
	world_apply_ok(&p->w);
	assert_null(p->w.result.n_problems ? p->w.result.problems[0] : NULL);
	assert_non_null(strstr(buf_text(&p->w.f.log), "apply Lease shop/rhumb-shop uid=uid-"));
}

static void a_second(struct place *p, unsigned nth)
{
	(void)nth;
	p->now += 1000;
}

/* Forty changes in one batch, a second each, at the third of a Lease of 30. */
static void renewed_in_a_batch(struct place *p)
{
	enum { N = 40 };
	world_replan(&p->w);
	for (int i = 0; i < N; i++) {
		AUTO(auto_free)
		char *text = xfmt("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
				  "\"namespace\":\"shop\",\"name\":\"b%02d\"}}",
				  i);
		world_plan(&p->w, ACTION_CREATE, text);
	}
	world_planned(&p->w);
	p->on_write = a_second;
	world_apply_ok(&p->w);
	unsigned leases = 0, objects = 0;
	for (const char *at = buf_text(&p->w.f.log); (at = strstr(at, "apply ")); at++) {
		leases += strncmp(at, "apply Lease", strlen("apply Lease")) == 0;
		objects += strncmp(at, "apply ConfigMap shop/b",
				   strlen("apply ConfigMap shop/b")) == 0;
	}
	assert_int_equal(objects, N); /* none twice */
	assert_in_range(leases, 1 + 3 + 1, 1 + 4 + 1);
}

/* The writes: the Lease, the ApplySet, c0, ... */
static void taken_away(struct place *p, unsigned nth)
{
	if (nth != 2)
		return;
	p->now += 40000;
	put_other(p, FUTURE);
}

static void lost_to_another(struct place *p)
{
	p->on_write = taken_away;
	expect_lost(p, "the lock of application shop was lost: it is held by you", OUTCOME_APPLIED);
	assert_string_equal(holder(p, "shop", "rhumb-shop"), "you");
}

static void deleted(struct place *p, unsigned nth)
{
	if (nth != 2)
		return;
	p->now += 11000;
	fake_delete(&p->w.f, "Lease", "shop", "rhumb-shop");
}

static void lost_by_deletion(struct place *p)
{
	p->on_write = deleted;
	expect_lost(p, "its Lease was deleted", OUTCOME_APPLIED);
}

static void unreachable(struct place *p, unsigned nth)
{
	if (nth != 2)
		return;
	p->now += 31000;
	p->w.f.fail_at = 3;
	p->w.f.fail_all = true;
	p->w.f.fault = FAKE_BREAK;
}

static void not_renewed(struct place *p)
{
	p->on_write = unreachable;
	expect_lost(p, "it could not be renewed for 30 seconds: broken by the test",
		    OUTCOME_APPLIED);
}

static void only_late(struct place *p, unsigned nth)
{
	if (nth == 2)
		p->now += 400000;
}

/* Suspended for long, but nobody has wanted it. */
static void late_but_ours(struct place *p)
{
	p->on_write = only_late;
	world_apply_ok(&p->w);
}

static void touched(struct place *p, unsigned nth)
{
	if (nth != 2)
		return;
	p->now += 11000;
	fake_put(&p->w.f,
		 "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
		 "\"namespace\":\"shop\",\"name\":\"rhumb-shop\",\"labels\":{\"a\":\"b\"}}}",
		 "kubectl", "Update");
}

static void changed_but_ours(struct place *p)
{
	p->on_write = touched;
	world_apply_ok(&p->w);
	assert_null(holder(p, "shop", "rhumb-shop"));
}

/* ---- rights */

static void forbidden(struct place *p)
{
	p->w.f.fail_at = 0;
	p->w.f.fault = FAKE_REFUSE;
	world_apply_fails(&p->w, ERR_FORBIDDEN,
			  "the right to get, create and patch leases (coordination.k8s.io) in "
			  "namespace shop, or --lock=false");
	assert_null(fake_get(&p->w.f, "ConfigMap", "shop", "c0"));
}

static void without(struct place *p)
{
	p->w.options.lock = NULL;
	p->w.options.unlocked = "by the test";
	put_other(p, FUTURE);
	world_apply_ok(&p->w);
	assert_int_equal(p->w.result.n_problems, 1);
	assert_string_equal(p->w.result.problems[0], "applied without locks: by the test");
}

/* ---- several applications */

static void in_order(struct place *p)
{
	world_replan(&p->w);
	fake_plan_application(&p->w.p, "tea", "shop");
	fake_plan_application(&p->w.p, "zoo", "shop");
	world_plan(&p->w, ACTION_CREATE, CONFIG("shop", "c0", "1"));
	world_planned(&p->w);
	world_apply_ok(&p->w);
	const char *log = buf_text(&p->w.f.log);
	const char *tea = strstr(log, "Lease shop/rhumb-tea"), *shop = strstr(log, "rhumb-shop");
	const char *zoo = strstr(log, "Lease shop/rhumb-zoo");
	assert_true(shop && tea && zoo && shop < tea && tea < zoo);
}

static void all_or_none(struct place *p)
{
	world_replan(&p->w);
	fake_plan_application(&p->w.p, "zoo", "shop");
	world_plan(&p->w, ACTION_CREATE, CONFIG("shop", "c0", "1"));
	world_planned(&p->w);
	put_lease(p, "shop", "rhumb-zoo", "you", FUTURE, NULL);
	expect_refused(p, "the lock of application zoo is held by you");
	assert_null(holder(p, "shop", "rhumb-shop"));
}

/* ---- a namespace that is still to be made */

static void plan_new_world(struct place *p)
{
	fake_delete(&p->w.f, "Namespace", "", "shop");
	world_replan(&p->w);
	world_plan(&p->w, ACTION_CREATE, NAMESPACE("shop"));
	world_plan(&p->w, ACTION_CREATE, CONFIG("shop", "c0", "1"));
	world_planned(&p->w);
}

static void away_then_home(struct place *p)
{
	plan_new_world(p);
	world_apply_ok(&p->w);
	const char *log = buf_text(&p->w.f.log);
	const char *away = strstr(log, "apply Lease default/rhumb.shop.shop");
	const char *made = strstr(log, "apply Namespace /shop");
	const char *home = made ? strstr(made, "apply Lease shop/rhumb-shop uid= new") : NULL;
	const char *written = strstr(log, "apply ConfigMap");
	assert_true(away && home && away < made && written > home);
	assert_null(fake_get(&p->w.f, "Lease", "default", "rhumb.shop.shop"));
	assert_null(holder(p, "shop", "rhumb-shop"));
}

static void two_creators(struct place *p)
{
	plan_new_world(p);
	put_lease(p, "default", "rhumb.shop.shop", "you", FUTURE, NULL);
	world_apply_fails(&p->w, ERR_CONFLICT, "held by you");
	assert_null(fake_get(&p->w.f, "Namespace", "", "shop"));
}

static void other_is_home(struct place *p, unsigned nth)
{
	(void)nth;
	if (fake_get(&p->w.f, "Namespace", "", "shop") &&
	    !fake_get(&p->w.f, "Lease", "shop", "rhumb-shop"))
		put_other(p, FUTURE);
}

static void other_is_home_once(struct place *p, unsigned nth)
{
	if (!p->sleeps)
		other_is_home(p, nth);
}

static void other_is_home_first(struct place *p)
{
	plan_new_world(p);
	p->on_write = other_is_home;
	world_apply_fails(&p->w, ERR_PARTIAL, "1 not tried");
	assert_true(p->sleeps > 10);
	world_expect(&p->w, "Namespace/shop", OUTCOME_APPLIED);
	world_expect(&p->w, "ConfigMap/shop/c0", OUTCOME_NOT_TRIED);
	assert_non_null(strstr(p->w.result.problems[0], "in the new namespace it is held by you"));
	assert_null(fake_get(&p->w.f, "ConfigMap", "shop", "rhumb-shop"));
}

/* The other looks into default and goes away. */
static void other_leaves(struct place *p)
{
	if (p->sleeps == 3)
		fake_delete(&p->w.f, "Lease", "shop", "rhumb-shop");
}

static void other_is_home_for_a_moment(struct place *p)
{
	plan_new_world(p);
	p->on_write = other_is_home_once;
	p->on_sleep = other_leaves;
	world_apply_ok(&p->w);
	assert_null(holder(p, "shop", "rhumb-shop"));
}

/* The namespace is there, and its maker is still to come from default. */
static void maker_goes_first(struct place *p)
{
	put_lease(p, "default", "rhumb.shop.shop", "maker", FUTURE, NULL);
	expect_refused(p, "held by maker");
	assert_null(fake_get(&p->w.f, "Lease", "shop", "rhumb-shop"));
}

/* Made by another between our look at home and our Lease in default. */
static void made_meanwhile_hook(struct place *p, unsigned nth)
{
	if (nth != 1)
		return;
	fake_put(&p->w.f, NAMESPACE("shop"), "kubectl", "Update");
	put_other(p, FUTURE);
}

static void made_meanwhile(struct place *p)
{
	plan_new_world(p);
	p->on_write = made_meanwhile_hook;
	world_apply_fails(&p->w, ERR_CONFLICT, "held by you");
	assert_null(fake_get(&p->w.f, "Lease", "default", "rhumb.shop.shop"));
}

static const struct lock_case {
	const char *name;
	void (*run)(struct place *p);
} cases[] = {
	{ "taken and released", taken_and_released },
	{ "held while writing", held_while_writing },
	{ "released after a failure", released_after_failure },
	{ "released when the plan is stale", stale_is_released },
	{ "held by another", held_by_another },
	{ "waits until it is released", waits_until_released },
	{ "waits no longer than it may", waits_no_longer },
	{ "interrupted while waiting", interrupted_while_waiting },
	{ "two create it", create_race },
	{ "two take the free one", update_race },
	{ "the answer is lost", answer_lost },
	{ "the request is lost", request_lost },
	{ "a holder that was gone before", expired },
	{ "a holder that goes while we wait", expired_while_waiting },
	{ "a living holder with a wrong clock", wrong_clock },
	{ "two take over", takeover_race },
	{ "a dead process of this machine", dead_process },
	{ "a living process of this machine", living_process },
	{ "renewed", renewed },
	{ "renewed in a batch", renewed_in_a_batch },
	{ "lost to another", lost_to_another },
	{ "lost by deletion", lost_by_deletion },
	{ "lost for want of an answer", not_renewed },
	{ "late, but still ours", late_but_ours },
	{ "changed by another, but still ours", changed_but_ours },
	{ "no right to leases", forbidden },
	{ "without locks", without },
	{ "several are taken in order", in_order },
	{ "all or none", all_or_none },
	{ "a namespace of the plan: first in default", away_then_home },
	{ "two make the namespace", two_creators },
	{ "another is first in the new namespace", other_is_home_first },
	{ "another is there, but only for a moment", other_is_home_for_a_moment },
	{ "the maker of the namespace goes first", maker_goes_first },
	{ "the namespace is made meanwhile", made_meanwhile },
};

static void case_run(void **state)
{
	const struct lock_case *c = *state;
	struct place p;
	place_init(&p);
	plan_three(&p);
	c->run(&p);
	place_done(&p);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, case_run, &cases[i]);
	return _cmocka_run_group_tests("lock", tests, ARRAY_LEN(cases), NULL, NULL);
}
