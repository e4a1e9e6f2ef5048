/* See ready.h.  A kind is a row of the table at the end. */
#include "apply/ready.h"

#include <string.h>

#include "plan/merge/field_path.h"

struct look {
	struct arena *a;
	const struct json *object, *spec, *status;
	const char *why;
};

/* ---- reading */

static int64_t number(const struct json *v, const char *key, int64_t otherwise)
{
	int64_t n;
	return json_int64(json_get(v, key), &n) ? n : otherwise;
}

static bool text_is(const struct json *v, const char *key, const char *want)
{
	const char *text = json_get_str(v, key);
	return text && strcmp(text, want) == 0;
}

static const struct json *condition(const struct look *l, const char *type)
{
	const struct json *all = json_get(l->status, "conditions");
	for (uint32_t i = 0; json_is(all, JSON_ARRAY) && i < all->n; i++)
		if (text_is(&all->items[i], "type", type))
			return &all->items[i];
	return NULL;
}

static bool is_true(const struct json *c)
{
	return text_is(c, "status", "True");
}

/* "Reason: message" as far as a condition has them. */
static const char *said(const struct look *l, const struct json *c, const char *otherwise)
{
	const char *reason = json_get_str(c, "reason"), *message = json_get_str(c, "message");
	bool r = reason && *reason, m = message && *message;
	if (!r && !m)
		return otherwise;
	return arena_fmt(l->a, "%s%s%s", r ? reason : "", r && m ? ": " : "", m ? message : "");
}

/* ---- answers */

static enum readiness progress(struct look *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static enum readiness progress(struct look *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	AUTO(auto_free) char *text = xvfmt(fmt, ap);
	va_end(ap);
	l->why = arena_strdup(l->a, text);
	return READY_IN_PROGRESS;
}

static enum readiness failed(struct look *l, const char *why)
{
	l->why = why;
	return READY_FAILED;
}

static enum readiness by_true(struct look *l, const char *type, const char *otherwise)
{
	const struct json *c = condition(l, type);
	return is_true(c) ? READY_CURRENT : progress(l, "%s", said(l, c, otherwise));
}

static bool is_seen(struct look *l)
{
	return json_get(l->status, "observedGeneration") != NULL;
}

static enum readiness not_seen(struct look *l)
{
	return progress(l, "its controller has not seen it yet");
}

static const char *of(struct look *l, int64_t n, int64_t all, const char *what)
{
	return arena_fmt(l->a, "%lld of %lld %s", (long long)n, (long long)all, what);
}

/* The API server or a quota refuses the pods: worth saying with the count. */
static enum readiness too_few(struct look *l, const char *count)
{
	const struct json *c = condition(l, "ReplicaFailure");
	return is_true(c) ? progress(l, "%s; %s", count, said(l, c, "pods cannot be created"))
			  : progress(l, "%s", count);
}

/* ---- workloads */

static enum readiness deployment(struct look *l)
{
	const struct json *c = condition(l, "Progressing");
	if (json_true(json_get(l->spec, "paused")))
		return READY_CURRENT;
	if (!is_seen(l))
		return not_seen(l);
	if (text_is(c, "reason", "ProgressDeadlineExceeded"))
		return failed(l, said(l, c, ""));
	int64_t want = number(l->spec, "replicas", 1);
	int64_t all = number(l->status, "replicas", 0);
	int64_t updated = number(l->status, "updatedReplicas", 0);
	int64_t available = number(l->status, "availableReplicas", 0);
	if (updated < want)
		return too_few(l, of(l, updated, want, "updated"));
	if (all > updated)
		return progress(l, "%lld old still to go", (long long)(all - updated));
	if (available < want)
		return too_few(l, of(l, available, want, "available"));
	return READY_CURRENT;
}

static bool on_delete(const struct look *l)
{
	return text_is(json_get(l->spec, "updateStrategy"), "type", "OnDelete");
}

static enum readiness stateful_set(struct look *l)
{
	if (!is_seen(l))
		return not_seen(l);
	int64_t want = number(l->spec, "replicas", 1);
	int64_t ready = number(l->status, "readyReplicas", 0);
	int64_t updated = number(l->status, "updatedReplicas", 0);
	int64_t all = number(l->status, "replicas", 0);
	const struct json *rolling = json_at(l->spec, "updateStrategy", "rollingUpdate", NULL);
	int64_t partition = number(rolling, "partition", 0);
	if (ready < want)
		return progress(l, "%s", of(l, ready, want, "ready"));
	if (all > want)
		return progress(l, "%lld still to go", (long long)(all - want));
	if (on_delete(l))
		return READY_CURRENT;
	int64_t to_update = want > partition ? want - partition : 0;
	if (updated < to_update)
		return progress(l, "%s", of(l, updated, to_update, "updated"));
	return READY_CURRENT;
}

static enum readiness daemon_set(struct look *l)
{
	if (!is_seen(l))
		return not_seen(l);
	int64_t want = number(l->status, "desiredNumberScheduled", 0);
	int64_t updated = number(l->status, "updatedNumberScheduled", 0);
	int64_t available = number(l->status, "numberAvailable", 0);
	if (!on_delete(l) && updated < want)
		return progress(l, "%s", of(l, updated, want, "updated"));
	if (available < want)
		return progress(l, "%s", of(l, available, want, "available"));
	return READY_CURRENT;
}

static enum readiness replica_set(struct look *l)
{
	if (!is_seen(l))
		return not_seen(l);
	int64_t want = number(l->spec, "replicas", 1);
	int64_t available = number(l->status, "availableReplicas", 0);
	int64_t all = number(l->status, "replicas", 0);
	if (available < want)
		return too_few(l, of(l, available, want, "available"));
	if (all > want)
		return progress(l, "%lld still to go", (long long)(all - want));
	return READY_CURRENT;
}

static enum readiness job(struct look *l)
{
	const struct json *c = condition(l, "Failed");
	if (is_true(c))
		return failed(l, said(l, c, "the Job has failed"));
	if (is_true(condition(l, "Complete")) || json_true(json_get(l->spec, "suspend")))
		return READY_CURRENT;
	int64_t want = number(l->spec, "completions", 1);
	int64_t failures = number(l->status, "failed", 0);
	if (failures)
		return progress(l, "%s, %lld failed",
				of(l, number(l->status, "succeeded", 0), want, "succeeded"),
				(long long)failures);
	return progress(l, "%s", of(l, number(l->status, "succeeded", 0), want, "succeeded"));
}

/* ---- pods */

/* Reasons for which a container waits that do not pass by trying on. */
static const struct {
	const char *reason;
	bool stuck; /* after more than one attempt, or hopeless at once */
} waiting_reasons[] = {
	{ "CrashLoopBackOff", true },     { "CreateContainerConfigError", true },
	{ "CreateContainerError", true }, { "ErrImageNeverPull", true },
	{ "ErrImagePull", false },        { "ImageInspectError", true },
	{ "ImagePullBackOff", true },     { "InvalidImageName", true },
	{ "RegistryUnavailable", false }, { "RunContainerError", true },
};

static const char *image_of(const struct json *pod, const char *list, const char *name)
{
	const struct json *all = json_at(pod, "spec", list, NULL);
	for (uint32_t i = 0; name && json_is(all, JSON_ARRAY) && i < all->n; i++)
		if (text_is(&all->items[i], "name", name))
			return json_get_str(&all->items[i], "image");
	return NULL;
}

static const char *container_trouble(struct arena *a, const struct json *pod, const char *list,
				     const struct json *container, bool *stuck)
{
	const struct json *waiting = json_at(container, "state", "waiting", NULL);
	const char *reason = json_get_str(waiting, "reason");
	size_t i = 0;
	while (reason && i < ARRAY_LEN(waiting_reasons) &&
	       strcmp(waiting_reasons[i].reason, reason) != 0)
		i++;
	if (!reason || i == ARRAY_LEN(waiting_reasons))
		return NULL;
	int64_t restarts = number(container, "restartCount", 0);
	bool crashes = strcmp(reason, "CrashLoopBackOff") == 0;
	*stuck = waiting_reasons[i].stuck && (!crashes || restarts >= READY_CRASHES);
	const char *image = image_of(pod, list, json_get_str(container, "name"));
	const char *message = json_get_str(waiting, "message");
	const struct json *last = json_at(container, "lastState", "terminated", NULL);
	int64_t code = number(last, "exitCode", -1);
	if (code >= 0) {
		const char *why = json_get_str(last, "reason");
		message = arena_fmt(a, "exit status %lld%s%s%s, %lld restarts", (long long)code,
				    why ? " (" : "", why ? why : "", why ? ")" : "",
				    (long long)restarts);
	}
	return arena_fmt(a, "%s, image %s%s%s", reason, image ? image : "unknown",
			 message ? ": " : "", message ? message : "");
}

const char *ready_pod_trouble(struct arena *a, const struct json *pod, bool *stuck)
{
	static const char *const lists[][2] = {
		{ "initContainerStatuses", "initContainers" },
		{ "containerStatuses", "containers" },
	};
	const struct json *status = json_get(pod, "status");
	*stuck = false;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		const struct json *all = json_get(status, lists[k][0]);
		for (uint32_t i = 0; json_is(all, JSON_ARRAY) && i < all->n; i++) {
			const char *why =
				container_trouble(a, pod, lists[k][1], &all->items[i], stuck);
			if (why)
				return why;
		}
	}
	struct look l = { .a = a, .object = pod, .status = status };
	const struct json *scheduled = condition(&l, "PodScheduled");
	if (text_is(scheduled, "status", "False"))
		return said(&l, scheduled, NULL);
	return NULL;
}

static enum readiness pod(struct look *l)
{
	bool stuck;
	const char *phase = json_get_str(l->status, "phase");
	if (!phase)
		return not_seen(l);
	if (strcmp(phase, "Succeeded") == 0)
		return READY_CURRENT;
	if (strcmp(phase, "Failed") == 0) {
		const char *why = said(l, l->status, NULL);
		return failed(l, why ? why : "the pod has failed");
	}
	if (is_true(condition(l, "Ready")))
		return READY_CURRENT;
	const char *trouble = ready_pod_trouble(l->a, l->object, &stuck);
	return progress(l, "%s", trouble ? trouble : said(l, condition(l, "Ready"), phase));
}

/* ---- the rest */

static enum readiness claim(struct look *l)
{
	const char *phase = json_get_str(l->status, "phase");
	if (phase && strcmp(phase, "Bound") == 0)
		return READY_CURRENT;
	if (phase && strcmp(phase, "Lost") == 0)
		return failed(l, "its volume is lost");
	return progress(l, "not bound to a volume yet");
}

static enum readiness service(struct look *l)
{
	const struct json *ingress = json_at(l->status, "loadBalancer", "ingress", NULL);
	if (!text_is(l->spec, "type", "LoadBalancer") ||
	    (json_is(ingress, JSON_ARRAY) && ingress->n))
		return READY_CURRENT;
	return progress(l, "the load balancer has no address yet");
}

/* Where no pod is there yet, as they may come in a later wave, the budget is as good as it gets. */
static enum readiness budget(struct look *l)
{
	if (!is_seen(l))
		return not_seen(l);
	int64_t healthy = number(l->status, "currentHealthy", 0);
	int64_t want = number(l->status, "desiredHealthy", 0);
	if (healthy >= want || !number(l->status, "expectedPods", 0))
		return READY_CURRENT;
	return progress(l, "%s", of(l, healthy, want, "pods healthy"));
}

static enum readiness definition(struct look *l)
{
	const struct json *names = condition(l, "NamesAccepted");
	if (text_is(names, "status", "False"))
		return failed(l, said(l, names, "its names are not accepted"));
	return by_true(l, "Established", "not established yet");
}

static enum readiness namespace(struct look *l) {
	return text_is(l->status, "phase", "Active") ? READY_CURRENT : progress(l, "not active");
}

static enum readiness api_service(struct look *l)
{
	return by_true(l, "Available", "not available yet");
}

static enum readiness by_conditions(struct look *l)
{
	const struct json *c = condition(l, "Stalled");
	if (is_true(c))
		return failed(l, said(l, c, "stalled"));
	c = condition(l, "Reconciling");
	if (is_true(c))
		return progress(l, "%s", said(l, c, "reconciling"));
	c = condition(l, "Ready");
	return !c || is_true(c) ? READY_CURRENT : progress(l, "%s", said(l, c, "not ready"));
}

static enum readiness always(struct look *l)
{
	(void)l;
	return READY_CURRENT;
}

static const struct {
	const char *group, *kind;
	enum readiness (*look)(struct look *l);
} kinds[] = {
	{ "", "Namespace", namespace },
	{ "", "PersistentVolumeClaim", claim },
	{ "", "Pod", pod },
	{ "", "ReplicationController", replica_set },
	{ "", "Service", service },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", definition },
	{ "apiregistration.k8s.io", "APIService", api_service },
	{ "apps", "DaemonSet", daemon_set },
	{ "apps", "Deployment", deployment },
	{ "apps", "ReplicaSet", replica_set },
	{ "apps", "StatefulSet", stateful_set },
	{ "autoscaling", "HorizontalPodAutoscaler", always },
	{ "batch", "CronJob", always },
	{ "batch", "Job", job },
	{ "networking.k8s.io", "Ingress", always },
	{ "policy", "PodDisruptionBudget", budget },
};

static enum readiness by_kind(struct look *l, const struct object_ref *ref)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].group, ref->group) == 0 &&
		    strcmp(kinds[i].kind, ref->kind) == 0)
			return kinds[i].look(l);
	return by_conditions(l);
}

static enum readiness by_rule(struct look *l, const struct ready_rule *rule)
{
	const struct json *v = field_path_find(l->object, rule->path);
	AUTO(buf_done) struct buf now = { 0 };
	if (v && (v->type == JSON_STRING || v->type == JSON_INT || v->type == JSON_FLOAT))
		buf_puts(&now, v->text);
	else if (v && v->type == JSON_BOOL)
		buf_puts(&now, v->truth ? "true" : "false");
	if (v && strcmp(buf_text(&now), rule->value) == 0)
		return READY_CURRENT;
	return progress(l, "%s is %s, not %s", rule->path, v ? buf_text(&now) : "not there",
			rule->value);
}

enum readiness ready_of(struct arena *a, const struct json *object, const struct ready_rule *rules,
			size_t n_rules, const char **why)
{
	struct look l = { .a = a,
			  .object = object,
			  .spec = json_get(object, "spec"),
			  .status = json_get(object, "status") };
	const struct json *meta = json_get(object, "metadata");
	struct object_ref ref = object_ref_of(a, object);
	*why = NULL;
	enum readiness found;
	if (json_get(meta, "deletionTimestamp"))
		found = progress(&l, "being deleted");
	else if (is_seen(&l) &&
		 number(l.status, "observedGeneration", 0) < number(meta, "generation", 0))
		found = not_seen(&l);
	else {
		size_t i = 0;
		while (i < n_rules && (strcmp(rules[i].group, ref.group) != 0 ||
				       strcmp(rules[i].kind, ref.kind) != 0))
			i++;
		found = i < n_rules ? by_rule(&l, &rules[i]) : by_kind(&l, &ref);
	}
	*why = found == READY_CURRENT ? NULL : l.why;
	return found;
}

/* ---- selectors */

static bool in_list(const struct json *values, const char *label)
{
	for (uint32_t i = 0; label && json_is(values, JSON_ARRAY) && i < values->n; i++) {
		const char *v = json_str(&values->items[i]);
		if (v && strcmp(v, label) == 0)
			return true;
	}
	return false;
}

static bool fits(const struct json *expression, const struct json *labels)
{
	const char *key = json_get_str(expression, "key");
	const char *label = key ? json_get_str(labels, key) : NULL;
	bool in = in_list(json_get(expression, "values"), label);
	if (text_is(expression, "operator", "In"))
		return in;
	if (text_is(expression, "operator", "NotIn"))
		return !in;
	return text_is(expression, "operator", "Exists") == (label != NULL);
}

bool ready_selects(const struct json *selector, const struct json *object)
{
	const struct json *labels = json_at(object, "metadata", "labels", NULL);
	const struct json *exact = json_get(selector, "matchLabels");
	const struct json *expressions = json_get(selector, "matchExpressions");
	uint32_t n = 0;
	for (uint32_t i = 0; json_is(exact, JSON_OBJECT) && i < exact->n; i++, n++) {
		const char *want = json_str(&exact->members[i].value);
		if (!want || !text_is(labels, exact->members[i].key, want))
			return false;
	}
	for (uint32_t i = 0; json_is(expressions, JSON_ARRAY) && i < expressions->n; i++, n++)
		if (!fits(&expressions->items[i], labels))
			return false;
	return n > 0;
}
