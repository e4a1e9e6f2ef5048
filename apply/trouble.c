/* See trouble.h. */
#include "apply/trouble.h"

#include <string.h>

#include "apply/ready.h"

struct search {
	struct run *run;
	const struct object_ref *ref;
	const struct trouble_of *of;
	struct arena arena;
	const char *owner;  /* uid: whose pods they are */
	const char *newest; /* creationTimestamp of that ReplicaSet */
	/* the pod in the worst state */
	const char *pod, *pod_uid, *text;
	int weight;
	bool stuck;
	size_t pods, seen;
	/* the last event */
	const char *event_of; /* uid */
	const char *event, *event_time, *event_reason;
};

static bool text_is(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static const char *meta_text(const struct json *object, const char *key)
{
	return json_str(json_at(object, "metadata", key, NULL));
}

static bool is_kind(const struct object_ref *ref, const char *group, const char *kind)
{
	return strcmp(ref->group, group) == 0 && strcmp(ref->kind, kind) == 0;
}

/* ---- what is noted of an object */

static bool has_true(const struct json *object, const char *type)
{
	const struct json *all = json_at(object, "status", "conditions", NULL);
	for (uint32_t i = 0; json_is(all, JSON_ARRAY) && i < all->n; i++)
		if (text_is(json_get_str(&all->items[i], "type"), type))
			return text_is(json_get_str(&all->items[i], "status"), "True");
	return false;
}

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

void trouble_note(struct trouble_of *of, const struct json *object)
{
	struct arena *a = &of->arena;
	arena_reset(a);
	const struct json *selector = json_at(object, "spec", "selector", NULL);
	struct json *kept = NULL;
	if (json_is(selector, JSON_OBJECT)) {
		kept = arena_alloc(a, sizeof(*kept));
		*kept = json_copy(a, selector);
	}
	of->selector = kept;
	of->uid = copy(a, meta_text(object, "uid"));
	of->revision = copy(a, json_str(json_at(object, "metadata", "annotations",
						"deployment.kubernetes.io/revision", NULL)));
	of->storage_class = copy(a, json_str(json_at(object, "spec", "storageClassName", NULL)));
	of->refused = has_true(object, "ReplicaFailure");
}

void trouble_done(struct trouble_of *of)
{
	arena_done(&of->arena);
	*of = (struct trouble_of){ 0 };
}

bool trouble_may_be_found(const struct object_ref *ref)
{
	static const char *const kinds[][2] = {
		{ "apps", "DaemonSet" },
		{ "apps", "Deployment" },
		{ "apps", "ReplicaSet" },
		{ "apps", "StatefulSet" },
		{ "batch", "Job" },
		{ "", "PersistentVolumeClaim" },
		{ "", "Pod" },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (is_kind(ref, kinds[i][0], kinds[i][1]))
			return true;
	return false;
}

/* ---- selectors as a query has them */

static void put_values(struct buf *b, const struct json *values)
{
	buf_putc(b, '(');
	for (uint32_t i = 0; json_is(values, JSON_ARRAY) && i < values->n; i++)
		if (json_str(&values->items[i]))
			buf_printf(b, "%s%s", i ? "," : "", values->items[i].text);
	buf_putc(b, ')');
}

static void put_expression(struct buf *b, const struct json *e)
{
	const char *key = json_get_str(e, "key"), *operator= json_get_str(e, "operator");
	if (!key || !operator)
		return;
	if (b->len)
		buf_putc(b, ',');
	if (strcmp(operator, "DoesNotExist") == 0)
		buf_putc(b, '!');
	buf_puts(b, key);
	if (strcmp(operator, "In") != 0 && strcmp(operator, "NotIn") != 0)
		return;
	buf_puts(b, strcmp(operator, "In") == 0 ? " in " : " notin ");
	put_values(b, json_get(e, "values"));
}

/* "" for a selector of nothing. */
static void put_selector(struct buf *b, const struct json *selector)
{
	const struct json *labels = json_get(selector, "matchLabels");
	const struct json *expressions = json_get(selector, "matchExpressions");
	for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->n; i++)
		if (json_str(&labels->members[i].value))
			buf_printf(b, "%s%s=%s", b->len ? "," : "", labels->members[i].key,
				   labels->members[i].value.text);
	for (uint32_t i = 0; json_is(expressions, JSON_ARRAY) && i < expressions->n; i++)
		put_expression(b, &expressions->items[i]);
}

/* ---- lists */

static bool list(struct search *s, const char *group, const char *kind, const char *labels,
		 const char *fields, list_object_fn *each)
{
	AUTO(err_done) struct err ignored = { 0 };
	struct cluster *c = s->run->cluster;
	struct list_request r = { .kind = kinds_find_any(&s->run->kinds, group, kind),
				  .label_selector = labels && *labels ? labels : NULL,
				  .field_selector = fields };
	if (!r.kind)
		return false;
	r.namespace = r.kind->namespaced ? s->ref->namespace : NULL;
	bool ok = c->ops->list(c, &r, 1, each, s, &ignored) == 0 && !r.err.code;
	err_done(&r.err);
	return ok;
}

static bool is_owned(const struct json *object, const char *uid)
{
	const struct json *owners = json_at(object, "metadata", "ownerReferences", NULL);
	for (uint32_t i = 0; json_is(owners, JSON_ARRAY) && i < owners->n; i++)
		if (text_is(json_get_str(&owners->items[i], "uid"), uid))
			return true;
	return false;
}

static int on_replica_set(void *ctx, struct list_request *r, const struct json *object,
			  struct err *err)
{
	struct search *s = ctx;
	(void)r, (void)err;
	const char *revision = json_str(json_at(object, "metadata", "annotations",
						"deployment.kubernetes.io/revision", NULL));
	const char *created = meta_text(object, "creationTimestamp");
	if (!is_owned(object, s->of->uid) || !created)
		return 0;
	bool known = s->of->revision && revision;
	bool newest = known ? strcmp(revision, s->of->revision) == 0
			    : !s->newest || strcmp(created, s->newest) > 0;
	if (newest) {
		s->newest = copy(&s->arena, created);
		s->owner = copy(&s->arena, meta_text(object, "uid"));
	}
	return 0;
}

/* ---- pods */

/* "exit status 1 (Error)".  What the program itself said last stays out: it may be anything. */
static const char *exit_of(struct arena *a, const struct json *pod)
{
	const struct json *all = json_at(pod, "status", "containerStatuses", NULL);
	for (uint32_t i = 0; json_is(all, JSON_ARRAY) && i < all->n; i++) {
		const struct json *c = &all->items[i];
		const struct json *t = json_at(c, "state", "terminated", NULL);
		const char *image = json_get_str(c, "image"), *reason = json_get_str(t, "reason");
		int64_t code = 0;
		if (json_int64(json_get(t, "exitCode"), &code) && code)
			return arena_fmt(a, "exit status %lld%s%s%s%s%s", (long long)code,
					 reason ? " (" : "", reason ? reason : "",
					 reason ? ")" : "", image && *image ? ", image " : "",
					 image ? image : "");
	}
	const char *reason = json_str(json_at(pod, "status", "reason", NULL));
	return reason ? arena_strdup(a, reason) : "failed";
}

static int on_pod(void *ctx, struct list_request *r, const struct json *pod, struct err *err)
{
	struct search *s = ctx;
	(void)r, (void)err;
	bool ours = is_kind(s->ref, "", "Pod") ? text_is(meta_text(pod, "uid"), s->of->uid)
					       : is_owned(pod, s->owner);
	if (!ours || meta_text(pod, "deletionTimestamp") || s->seen++ >= TROUBLE_MAX_PODS)
		return 0;
	s->pods++;
	const char *phase = json_str(json_at(pod, "status", "phase", NULL));
	bool stuck = false, failed = text_is(phase, "Failed");
	const char *text =
		failed ? exit_of(&s->arena, pod) : ready_pod_trouble(&s->arena, pod, &stuck);
	/* A Job tries again by itself, and says when it gives up. */
	if (is_kind(s->ref, "batch", "Job") && text && strncmp(text, "CrashLoopBackOff", 16) == 0)
		stuck = false;
	int weight = stuck ? 4 : failed ? 3 : text ? 2 : !text_is(phase, "Running") ? 1 : 0;
	if (weight <= s->weight)
		return 0;
	s->weight = weight;
	s->stuck = stuck;
	s->pod = copy(&s->arena, meta_text(pod, "name"));
	s->pod_uid = copy(&s->arena, meta_text(pod, "uid"));
	s->text = text ? arena_strdup(&s->arena, text) : NULL;
	return 0;
}

static void find_pods(struct search *s)
{
	AUTO(buf_done) struct buf selector = { 0 };
	put_selector(&selector, s->of->selector);
	s->owner = s->of->uid;
	if (is_kind(s->ref, "", "Pod")) {
		list(s, "", "Pod", NULL, arena_fmt(&s->arena, "metadata.name=%s", s->ref->name),
		     on_pod);
		return;
	}
	if (is_kind(s->ref, "apps", "Deployment")) {
		s->owner = NULL;
		list(s, "apps", "ReplicaSet", buf_text(&selector), NULL, on_replica_set);
	}
	if (s->owner)
		list(s, "", "Pod", buf_text(&selector), NULL, on_pod);
}

/* ---- events */

static const char *event_time(const struct json *event)
{
	static const char *const keys[] = { "lastTimestamp", "eventTime", "firstTimestamp" };
	const char *series = json_str(json_at(event, "series", "lastObservedTime", NULL));
	for (size_t i = 0; i < ARRAY_LEN(keys) && !series; i++)
		series = json_get_str(event, keys[i]);
	return series ? series : "";
}

static int on_event(void *ctx, struct list_request *r, const struct json *event, struct err *err)
{
	struct search *s = ctx;
	(void)r, (void)err;
	const char *reason = json_get_str(event, "reason"),
		   *message = json_get_str(event, "message");
	const char *time = event_time(event);
	const char *of = json_str(json_at(event, "involvedObject", "uid", NULL));
	if (!text_is(json_get_str(event, "type"), "Warning") || !text_is(of, s->event_of) ||
	    !reason || !message || s->seen++ >= TROUBLE_MAX_EVENTS ||
	    (s->event_time && strcmp(time, s->event_time) < 0))
		return 0;
	bool cut = strlen(message) > TROUBLE_MAX_TEXT;
	s->event_time = arena_strdup(&s->arena, time);
	s->event_reason = arena_strdup(&s->arena, reason);
	s->event = arena_fmt(&s->arena, "%.*s%s", TROUBLE_MAX_TEXT, message, cut ? "..." : "");
	return 0;
}

static void find_event(struct search *s, const char *uid)
{
	s->seen = 0;
	s->event_of = uid;
	if (uid)
		list(s, "", "Event", NULL,
		     arena_fmt(&s->arena, "involvedObject.uid=%s,type=Warning", uid), on_event);
}

/* ---- all */

static void say_pod(struct search *s, struct trouble_found *out)
{
	find_event(s, s->pod_uid);
	/* What the event adds to what is known already. */
	bool adds = s->event && (!s->text || !strstr(s->text, s->event));
	if (!s->text && !adds)
		return;
	out->stuck = s->stuck;
	out->text = xfmt("pod %s: %s%s%s%s%s", s->pod, s->text ? s->text : "",
			 s->text && adds ? "; last event: " : "", adds ? s->event_reason : "",
			 adds ? ": " : "", adds ? s->event : "");
}

/* Nobody makes the pods. */
static void say_maker(struct search *s, struct trouble_found *out)
{
	find_event(s, s->owner);
	if (!s->event && s->owner != s->of->uid)
		find_event(s, s->of->uid);
	if (!s->event)
		return;
	out->stuck = strcmp(s->event_reason, "FailedCreate") == 0;
	out->text = xfmt("%s: %s", s->event_reason, s->event);
}

static int on_class(void *ctx, struct list_request *r, const struct json *class, struct err *err)
{
	(void)r, (void)err;
	struct search *s = ctx;
	s->stuck = text_is(json_get_str(class, "volumeBindingMode"), "WaitForFirstConsumer");
	return 0;
}

static void find_claim(struct search *s, struct trouble_found *out)
{
	if (!s->of->storage_class || !*s->of->storage_class)
		return;
	list(s, "storage.k8s.io", "StorageClass", NULL,
	     arena_fmt(&s->arena, "metadata.name=%s", s->of->storage_class), on_class);
	out->ready = s->stuck;
}

void trouble_find(struct run *r, const struct object_ref *ref, const struct trouble_of *of,
		  struct trouble_found *out)
{
	struct search s = { .run = r, .ref = ref, .of = of };
	*out = (struct trouble_found){ 0 };
	if (is_kind(ref, "", "PersistentVolumeClaim")) {
		find_claim(&s, out);
	} else {
		find_pods(&s);
		if (s.pod)
			say_pod(&s, out);
		else if (!s.pods)
			say_maker(&s, out);
	}
	out->stuck = out->stuck || of->refused;
	arena_done(&s.arena);
}
