/* Locks of an API server: Leases (coordination.k8s.io/v1); see lock.h.
 *
 * Each write says which object it means: create-only, or the uid and resourceVersion of the read
 * before.  Of two who want the same Lease one gets a 409.  Whose it is then is told by an
 * annotation with the number of the run: names of holders are for people and may be equal. */
#include "apply/lock_private.h"

#include <string.h>

#include "base/time.h"

#define ANNOTATION_LOCK    "rhumb.dev/lock"
#define ANNOTATION_PLAN    "rhumb.dev/plan"
#define ANNOTATION_PROCESS "rhumb.dev/process"
#define AWAY_NAMESPACE     "default"

enum {
	ATTEMPTS = 5,
	PAUSE_MS = 50,
	GO_HOME_MS = 5000, /* for others to see that we are on our way */
};

static const struct kind lease_kind = {
	.group = "coordination.k8s.io",
	.version = "v1",
	.kind = "Lease",
	.plural = "leases",
	.namespaced = true,
	.listable = true,
	.appliable = true,
	.preferred = true,
};

/* ---- requests */

/* What an answer says; its tree goes with the call. */
struct answer {
	int status;
	enum err_code code;
	char *message;
	char *uid, *version, *lock, *plan, *process, *holder, *acquired, *renewed;
	int64_t seconds;
};

static void answer_done(struct answer *a)
{
	char *const all[] = { a->message, a->uid,    a->version,  a->lock,   a->plan,
			      a->process, a->holder, a->acquired, a->renewed };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		free(all[i]);
	*a = (struct answer){ 0 };
}

static char *text(const struct json *v)
{
	const char *s = json_str(v);
	return s && *s ? xstrdup(s) : NULL;
}

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	(void)err;
	struct answer *a = ctx;
	const struct json *meta = json_get(call->object, "metadata");
	const struct json *notes = json_get(meta, "annotations");
	const struct json *spec = json_get(call->object, "spec");
	a->status = call->status;
	a->code = call->err.code;
	a->message = call->err.msg ? xstrdup(call->err.msg) : NULL;
	a->uid = text(json_get(meta, "uid"));
	a->version = text(json_get(meta, "resourceVersion"));
	a->lock = text(json_get(notes, ANNOTATION_LOCK));
	a->plan = text(json_get(notes, ANNOTATION_PLAN));
	a->process = text(json_get(notes, ANNOTATION_PROCESS));
	a->holder = text(json_get(spec, "holderIdentity"));
	a->acquired = text(json_get(spec, "acquireTime"));
	a->renewed = text(json_get(spec, "renewTime"));
	if (!json_int64(json_get(spec, "leaseDurationSeconds"), &a->seconds) || a->seconds <= 0)
		a->seconds = LOCK_LEASE_SECONDS;
	if (a->seconds > LOCK_MAX_LEASE_SECONDS)
		a->seconds = LOCK_MAX_LEASE_SECONDS;
	return 0;
}

static bool ok(const struct answer *a)
{
	return a->status >= 200 && a->status < 300;
}

static void send_call(struct locks *l, const struct lease *lease, enum api_verb verb,
		      const struct json *body, struct answer *out)
{
	AUTO(err_done) struct err whole = { 0 };
	struct api_call call = { .verb = verb,
				 .kind = &lease_kind,
				 .namespace = lease->namespace,
				 .name = lease->name,
				 .body = body,
				 .force = verb == API_APPLY };
	writer_fn *send = verb == API_GET ? l->site.cluster->ops->call : l->site.write;
	answer_done(out);
	send(l->site.cluster, &call, 1, answered, out, &whole);
	if (!out->status && !out->message)
		out->message = xstrdup(whole.msg ? whole.msg : "no answer");
	err_done(&call.err);
}

struct stamp {
	const char *uid, *version; /* NULL: create only */
	const char *acquired;      /* NULL: without a holder */
};

/* acquireTime stays as it was first said. */
static void send_write(struct locks *l, const struct lease *lease, const struct stamp *stamp,
		       struct answer *out)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct json body = json_of_object(), meta = json_of_object(), notes = json_of_object();
	struct json spec = json_of_object();
	struct timespec t;
	char now[TIME_TEXT];
	clock_gettime(CLOCK_REALTIME, &t);
	time_format_micro(t, now);
	json_set_str(&a, &meta, "name", lease->name);
	json_set_str(&a, &meta, "namespace", lease->namespace);
	json_set_str(&a, &meta, "resourceVersion", stamp->uid ? stamp->version : "1");
	if (stamp->uid)
		json_set_str(&a, &meta, "uid", stamp->uid);
	json_set_str(&a, &spec, "renewTime", now);
	json_set_int(&a, &spec, "leaseDurationSeconds", l->lease_ms / 1000);
	if (stamp->acquired) {
		json_set_str(&a, &spec, "holderIdentity", l->holder);
		json_set_str(&a, &spec, "acquireTime", *stamp->acquired ? stamp->acquired : now);
		json_set_str(&a, &notes, ANNOTATION_LOCK, l->id);
		json_set_str(&a, &notes, ANNOTATION_PLAN, l->site.plan->digest);
		if (l->process)
			json_set_str(&a, &notes, ANNOTATION_PROCESS, l->process);
		json_set(&a, &meta, "annotations", notes);
	}
	json_set_str(&a, &body, "apiVersion", "coordination.k8s.io/v1");
	json_set_str(&a, &body, "kind", "Lease");
	json_set(&a, &body, "metadata", meta);
	json_set(&a, &body, "spec", spec);
	send_call(l, lease, API_APPLY, &body, out);
}

/* ---- whose it is */

static void set_text(char **where, const char *s)
{
	free(*where);
	*where = s ? xstrdup(s) : NULL;
}

static void keep(struct lease *lease, const struct answer *a, int64_t sent)
{
	set_text(&lease->uid, a->uid);
	set_text(&lease->version, a->version);
	set_text(&lease->acquired, a->acquired ? a->acquired : "");
	lease->renewed = sent;
	lease->held = true;
}

static bool is_ours(const struct locks *l, const struct answer *a)
{
	return a->lock && strcmp(a->lock, l->id) == 0;
}

static void name_holder(const struct answer *a, struct lock_holder *who)
{
	lock_holder_done(who);
	who->name = a->holder ? xstrdup(a->holder) : NULL;
	who->since = a->acquired ? xstrdup(a->acquired) : NULL;
	who->plan = a->plan ? xstrdup(a->plan) : NULL;
}

static bool was_renewed_long_ago(const struct answer *a)
{
	struct timespec t;
	return a->renewed && time_parse(a->renewed, &t) && t.tv_sec + a->seconds < time(NULL);
}

/* Nobody's, or of one who is dead or has not renewed it for all of its time while we looked. */
static bool is_free(struct locks *l, struct lease *lease, const struct answer *a,
		    struct lock_holder *who)
{
	if (!a->holder || lock_process_is_dead(a->process))
		return true;
	AUTO(auto_free)
	char *seen =
		xfmt("%s %s %s", a->holder, a->renewed ? a->renewed : "", a->lock ? a->lock : "");
	int64_t now = locks_now(l);
	if (!lease->seen || strcmp(lease->seen, seen) != 0) {
		lease->moved = lease->seen != NULL;
		set_text(&lease->seen, seen);
		lease->seen_at = now;
	}
	int64_t left = lease->seen_at + a->seconds * 1000 - now;
	if (left <= 0)
		return true;
	name_holder(a, who);
	who->expires_ms = left;
	who->looks_dead = !lease->moved && was_renewed_long_ago(a);
	return false;
}

/* ---- taking */

static int explain(const struct lock *k, const struct lease *lease, const struct answer *a,
		   const char *verb, struct err *err)
{
	const char *said = a->message ? a->message : "no answer";
	bool ending = strstr(said, "being terminated") != NULL; /* a namespace; a 403 too */
	if ((a->status == 401 || a->status == 403) && !ending)
		return err_set(err, ERR_FORBIDDEN,
			       "cannot %s Lease %s/%s, the lock of application %s: %s; it takes "
			       "the right to get, create and patch leases (coordination.k8s.io) in "
			       "namespace %s, or --lock=false to go without",
			       verb, lease->namespace, lease->name, k->application->name, said,
			       lease->namespace);
	return err_set(err, a->code ? a->code : ERR_SERVER,
		       "cannot %s Lease %s/%s, the lock of application %s: %s", verb,
		       lease->namespace, lease->name, k->application->name, said);
}

/* After this answer to a write it is worth looking again. */
static bool may_repeat(const struct answer *a)
{
	return a->status == 0 || a->status == 409 || a->status == 422 || a->status >= 500;
}

static enum lock_try take_lease(struct locks *l, const struct lock *k, struct lease *lease,
				struct lock_holder *who, struct err *err)
{
	AUTO(answer_done) struct answer a = { 0 };
	for (unsigned i = 0;; i++) {
		int64_t sent = locks_now(l);
		send_call(l, lease, API_GET, NULL, &a);
		if (ok(&a) && is_ours(l, &a)) { /* an answer was lost */
			keep(lease, &a, sent);
			return LOCK_TAKEN;
		}
		if (ok(&a) && !is_free(l, lease, &a, who))
			return LOCK_HELD;
		if (!ok(&a) && a.status != 404)
			return explain(k, lease, &a, "get", err);
		bool is_new = !ok(&a);
		AUTO(auto_free) char *uid = TAKE(a.uid), *version = TAKE(a.version);
		sent = locks_now(l);
		send_write(l, lease,
			   &(struct stamp){ is_new ? NULL
					    : uid  ? uid
						   : "",
					    version ? version : "", "" },
			   &a);
		if (ok(&a)) {
			keep(lease, &a, sent);
			lease->made = is_new;
			return LOCK_TAKEN;
		}
		if (is_new && a.status == 404)
			return LOCK_NO_NAMESPACE;
		if (i + 1 >= ATTEMPTS || !may_repeat(&a))
			return explain(k, lease, &a, is_new ? "create" : "patch", err);
		if (a.status != 409)
			locks_sleep(l, PAUSE_MS);
	}
}

/* A Lease that cannot be given back runs out. */
static void give_back(struct locks *l, struct lease *lease)
{
	AUTO(answer_done) struct answer a = { 0 };
	for (unsigned i = 0; i < ATTEMPTS && lease->held; i++) {
		send_write(l, lease, &(struct stamp){ lease->uid, lease->version, NULL }, &a);
		lease->held = false;
		if (a.status != 409)
			return;
		send_call(l, lease, API_GET, NULL, &a);
		if (ok(&a) && is_ours(l, &a))
			keep(lease, &a, lease->renewed);
	}
}

/* Where nothing shall be left behind. */
static void remove_lease(struct locks *l, struct lease *lease)
{
	AUTO(answer_done) struct answer a = { 0 };
	AUTO(arena_done) struct arena arena = { 0 };
	struct json body = json_of_object(), must = json_of_object();
	json_set_str(&arena, &must, "uid", lease->uid ? lease->uid : "");
	json_set_str(&arena, &must, "resourceVersion", lease->version ? lease->version : "");
	json_set_str(&arena, &body, "apiVersion", "v1");
	json_set_str(&arena, &body, "kind", "DeleteOptions");
	json_set(&arena, &body, "preconditions", must);
	send_call(l, lease, API_DELETE, &body, &a);
	if (a.status == 403)
		give_back(l, lease);
	lease->held = false;
}

static void lease_init(struct locks *l, struct lock *k)
{
	const char *namespace = k->application->namespace;
	k->home = (struct lease){ .namespace = namespace, .name = k->name };
	k->away = (struct lease){ .namespace = AWAY_NAMESPACE,
				  .name = arena_fmt(&l->arena, "rhumb.%s.%s", namespace,
						    k->application->name) };
}

/* Whoever made the namespace comes before us.  Without the right to look, it has to wait. */
static bool maker_is_on_its_way(struct locks *l, struct lock *k, struct lock_holder *who)
{
	AUTO(answer_done) struct answer a = { 0 };
	send_call(l, &k->away, API_GET, NULL, &a);
	return ok(&a) && !is_free(l, &k->away, &a, who);
}

static enum lock_try lease_take(struct locks *l, struct lock *k, struct lock_holder *who,
				struct err *err)
{
	enum lock_try rc = take_lease(l, k, &k->home, who, err);
	if (rc == LOCK_TAKEN && k->home.made && maker_is_on_its_way(l, k, who)) {
		remove_lease(l, &k->home);
		return LOCK_HELD;
	}
	if (rc != LOCK_NO_NAMESPACE)
		return rc;
	rc = take_lease(l, k, &k->away, who, err);
	if (rc == LOCK_NO_NAMESPACE)
		return err_set(err, ERR_NOT_FOUND, "there is no namespace " AWAY_NAMESPACE);
	if (rc != LOCK_TAKEN)
		return rc;
	/* Was the namespace made while we were taking it?  Then its maker may be done. */
	rc = take_lease(l, k, &k->home, who, err);
	if (rc == LOCK_NO_NAMESPACE)
		return LOCK_TAKEN;
	remove_lease(l, &k->away);
	return rc;
}

static void lease_go_home(struct locks *l, struct lock *k)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(lock_holder_done) struct lock_holder who = { 0 };
	int64_t end = locks_now(l) + GO_HOME_MS;
	if (end < l->deadline)
		end = l->deadline;
	enum lock_try rc;
	while ((rc = take_lease(l, k, &k->home, &who, &err)) == LOCK_HELD && locks_now(l) < end &&
	       locks_hold(l) && !(l->site.interrupted && *l->site.interrupted))
		locks_sleep(l, 2 * PAUSE_MS);
	if (rc == LOCK_TAKEN) {
		remove_lease(l, &k->away);
	} else if (rc == LOCK_HELD) {
		AUTO(auto_free) char *held = lock_holder_text(&who);
		locks_lose(l, k, "in the new namespace it is %s", held);
	} else if (rc == LOCK_ERROR) {
		locks_lose(l, k, "%s", err.msg);
	}
}

/* ---- holding */

/* What is known after a renewal that did not go through. */
static void look_again(struct locks *l, struct lock *k, struct lease *lease)
{
	AUTO(answer_done) struct answer a = { 0 };
	send_call(l, lease, API_GET, NULL, &a);
	if (ok(&a) && is_ours(l, &a)) {
		keep(lease, &a, lease->renewed);
	} else if (ok(&a)) {
		AUTO(lock_holder_done) struct lock_holder who = { 0 };
		name_holder(&a, &who);
		AUTO(auto_free) char *held = lock_holder_text(&who);
		lease->held = false;
		locks_lose(l, k, "it is %s", a.holder ? held : "released by another who had it");
	} else if (a.status == 404) {
		lease->held = false;
		if (!k->vanishes)
			locks_lose(l, k, "its Lease was deleted");
	}
}

static bool is_due(const struct locks *l, const struct lease *lease)
{
	return lease->held && locks_now(l) - lease->renewed >= l->lease_ms / 3;
}

static void renew(struct locks *l, struct lock *k, struct lease *lease)
{
	AUTO(answer_done) struct answer a = { 0 };
	if (!is_due(l, lease))
		return;
	for (unsigned i = 0; i < ATTEMPTS && lease->held; i++) {
		int64_t sent = locks_now(l);
		send_write(l, lease, &(struct stamp){ lease->uid, lease->version, lease->acquired },
			   &a);
		if (ok(&a)) {
			keep(lease, &a, sent);
			return;
		}
		look_again(l, k, lease);
		if (a.status != 409)
			break;
	}
	if (lease->held && locks_now(l) - lease->renewed >= l->lease_ms)
		locks_lose(l, k, "it could not be renewed for %lld seconds: %s",
			   (long long)(l->lease_ms / 1000), a.message ? a.message : "no answer");
}

static bool lease_is_due(const struct locks *l, const struct lock *k)
{
	return is_due(l, &k->home) || is_due(l, &k->away);
}

static void lease_renew(struct locks *l, struct lock *k)
{
	renew(l, k, &k->home);
	renew(l, k, &k->away);
}

static void lease_release(struct locks *l, struct lock *k)
{
	if (k->home.held)
		give_back(l, &k->home);
	if (k->away.held)
		remove_lease(l, &k->away);
	k->held = false;
}

static void done(struct lease *lease)
{
	free(lease->uid);
	free(lease->version);
	free(lease->acquired);
	free(lease->seen);
}

static void lease_done(struct lock *k)
{
	done(&k->home);
	done(&k->away);
}

const struct lock_ops lock_lease_ops = {
	.init = lease_init,
	.take = lease_take,
	.is_due = lease_is_due,
	.renew = lease_renew,
	.go_home = lease_go_home,
	.release = lease_release,
	.done = lease_done,
};
