/* Who else makes objects, and names them; see check.h.
 *
 * Operators make Secrets, Services and pods for custom resources; what exactly is theirs to know.
 * So a name that a custom resource has in it anywhere counts as one that may be there later. */
#include <string.h>

#include "plan/merge/schema_builtin.h"
#include "policy/checks/check.h"

enum {
	NAMES_MAX = 1000000, /* of one plan; past it nothing is said to be missing */
	NAME_MAX_BYTES = 253,
	DEPTH_MAX = 64,
};

enum use {
	SAID = 1,     /* in a custom resource: an object, or a label of pods */
	BEGINS = 2,   /* the name of a custom resource: NAME-credentials is its operator's */
	CLAIMED = 4,  /* TEMPLATE-SET: claims are TEMPLATE-SET-0, -1, ... */
	OBJECT = 8,   /* an object only */
	SCALED = 16,  /* a workload that something scales */
	CLASSED = 32, /* a class of volumes that exist, which needs no StorageClass */
};

struct name {
	const char *namespace, *text;
	uint32_t n;
	uint8_t use;
};

struct makers {
	struct name *names; /* sorted */
	size_t n, cap;
	bool full;
	struct arena *arena;
};

static int by_name(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int d = strcmp(x->namespace, y->namespace);
	if (!d)
		d = (x->n > y->n) - (x->n < y->n);
	return d ? d : memcmp(x->text, y->text, x->n);
}

static void add(struct makers *m, const char *namespace, const char *text, size_t n, unsigned use)
{
	if (!text || !n || n > NAME_MAX_BYTES)
		return;
	if (m->n == NAMES_MAX) {
		m->full = true;
		return;
	}
	GROW(m->names, m->n, m->cap);
	m->names[m->n++] = (struct name){ namespace, text, (uint32_t)n, (uint8_t)use };
}

static void add_text(struct makers *m, const char *namespace, const struct json *v, unsigned use)
{
	const char *text = json_str(v);
	add(m, namespace, text, text ? v->n : 0, use);
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_';
}

/* Each name in a text: those in "--secret-name=shop/keys" are "--secret-name", "shop", "keys". */
static void add_words(struct makers *m, const char *namespace, const char *text, unsigned use)
{
	while (*text) {
		const char *from = text;
		while (is_of_name(*text))
			text++;
		add(m, namespace, from, (size_t)(text - from), use);
		if (*text)
			text++;
	}
}

static void add_all(struct makers *m, const char *namespace, const struct json *v, unsigned use,
		    unsigned depth)
{
	const char *text = json_str(v);
	if (text)
		add_words(m, namespace, text, use);
	else if (depth == DEPTH_MAX)
		m->full = true;
	else if (json_is(v, JSON_ARRAY))
		for (uint32_t i = 0; i < v->n; i++)
			add_all(m, namespace, &v->items[i], use, depth + 1);
	else if (json_is(v, JSON_OBJECT))
		for (uint32_t i = 0; i < v->n; i++)
			add_all(m, namespace, &v->members[i].value, use, depth + 1);
}

/* ---- what makes something */

static bool is_custom(const char *group)
{
	if (!strchr(group, '.'))
		return false;
	for (size_t i = 0; i < n_schema_builtin; i++)
		if (strcmp(schema_builtin[i].group, group) == 0)
			return false;
	return true;
}

/* They name objects, but only to use them. */
static bool only_refers(const char *kind)
{
	static const char *const kinds[] = {
		"ServiceMonitor",
		"PodMonitor",
		"PrometheusRule",
		"Probe",
		"HTTPRoute",
		"GRPCRoute",
		"TCPRoute",
		"TLSRoute",
		"VirtualService",
		"DestinationRule",
		"AuthorizationPolicy",
		"PeerAuthentication",
		"IngressRoute",
		"Middleware",
		"TriggerAuthentication",
		"ScaledObject",
		"VerticalPodAutoscaler",
		"CiliumNetworkPolicy",
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

static void custom(struct makers *m, const struct object_ref *ref, const struct json *object)
{
	if (only_refers(ref->kind))
		return;
	add(m, ref->namespace, ref->name, strlen(ref->name), SAID | BEGINS);
	for (uint32_t i = 0; i < object->n; i++)
		if (strcmp(object->members[i].key, "metadata") != 0)
			add_all(m, ref->namespace, &object->members[i].value, SAID, 0);
}

static void on_container(void *ctx, const struct json *container, const char *list)
{
	struct name *of = ((void **)ctx)[1];
	(void)list;
	add_all(((void **)ctx)[0], of->namespace, json_get(container, "command"), OBJECT, 0);
	add_all(((void **)ctx)[0], of->namespace, json_get(container, "args"), OBJECT, 0);
}

static void claims(struct makers *m, const struct object_ref *ref, const struct json *object)
{
	const struct json *list = list_in(json_get(object, "spec"), "volumeClaimTemplates");
	for (uint32_t i = 0; i < list->n; i++) {
		const char *name = json_str(json_at(&list->items[i], "metadata", "name", NULL));
		if (!name)
			continue;
		const char *text = arena_fmt(m->arena, "%s-%s", name, ref->name);
		add(m, ref->namespace, text, strlen(text), CLAIMED);
	}
}

static void certificates(struct makers *m, const struct object_ref *ref, const struct json *object)
{
	const struct json *tls = list_in(json_get(object, "spec"), "tls");
	for (uint32_t i = 0; i < tls->n && ingress_is_issued(object); i++)
		add_text(m, ref->namespace, json_get(&tls->items[i], "secretName"), OBJECT);
}

/* service.beta.openshift.io/serving-cert-secret-name: NAME and the like */
static void annotations(struct makers *m, const struct object_ref *ref, const struct json *object)
{
	const struct json *notes = json_at(object, "metadata", "annotations", NULL);
	for (uint32_t i = 0; json_is(notes, JSON_OBJECT) && i < notes->n; i++)
		if (strstr(notes->members[i].key, "secret"))
			add_text(m, ref->namespace, &notes->members[i].value, OBJECT);
}

static void on_declared(void *ctx, const struct object_ref *ref, const struct json *object)
{
	struct makers *m = ctx;
	struct name of = { .namespace = ref->namespace };
	void *both[] = { m, &of };
	const struct json *spec = json_get(object, "spec");
	annotations(m, ref, object);
	add_text(m, ref->namespace, json_at(spec, "scaleTargetRef", "name", NULL), SCALED);
	if (is_custom(ref->group))
		custom(m, ref, object);
	else if (strcmp(ref->kind, "StatefulSet") == 0)
		claims(m, ref, object);
	else if (strcmp(ref->kind, "Ingress") == 0)
		certificates(m, ref, object);
	else if (strcmp(ref->kind, "PersistentVolume") == 0)
		add_text(m, "", json_get(spec, "storageClassName"), CLASSED);
	else if (strcmp(ref->kind, "Job") == 0 || strcmp(ref->kind, "CronJob") == 0)
		pod_containers(pod_spec_of(object, NULL), on_container, both);
}

/* Those of head: who makes something at base only has made it. */
static const struct makers *makers(struct check_run *r)
{
	const struct declared_set *head = r->scene->view->head;
	if (r->makers)
		return r->makers;
	struct makers *m = r->makers = xcalloc(1, sizeof(*m));
	m->arena = &r->arena;
	for (size_t i = 0; i < head->n; i++)
		on_declared(m, &head->items[i].ref, &head->items[i].object);
	if (m->n)
		qsort(m->names, m->n, sizeof(*m->names), by_name);
	return m;
}

void makers_free(struct makers *m)
{
	if (!m)
		return;
	free(m->names);
	free(m);
}

/* ---- looking */

static bool is_named(const struct makers *m, const char *namespace, const char *text, size_t n,
		     unsigned use)
{
	struct name what = { namespace, text, (uint32_t)n, 0 };
	size_t low = 0, high = m->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_name(&m->names[middle], &what) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < m->n && by_name(&m->names[low], &what) == 0; low++)
		if (m->names[low].use & use)
			return true;
	return m->full;
}

/* An operator may be told by an object of no namespace, too. */
static bool is_said(const struct makers *m, const char *namespace, const char *text, size_t n,
		    unsigned use)
{
	return is_named(m, namespace, text, n, use) || is_named(m, "", text, n, use);
}

bool makers_of_object(struct check_run *r, const struct object_ref *ref)
{
	const struct makers *m = makers(r);
	const char *name = ref->name;
	size_t n = strlen(name), digits = n;
	bool is_class = strcmp(ref->kind, "StorageClass") == 0;
	if (is_said(m, ref->namespace, name, n, SAID | OBJECT | (is_class ? CLASSED : 0)))
		return true;
	for (size_t i = 1; i < n; i++)
		if ((name[i] == '-' || name[i] == '.') &&
		    is_said(m, ref->namespace, name, i, BEGINS))
			return true;
	while (digits && name[digits - 1] >= '0' && name[digits - 1] <= '9')
		digits--;
	return strcmp(ref->kind, "PersistentVolumeClaim") == 0 && digits < n && digits > 1 &&
	       name[digits - 1] == '-' && is_named(m, ref->namespace, name, digits - 1, CLAIMED);
}

bool makers_of_pods(struct check_run *r, const char *namespace, const char *label)
{
	return is_said(makers(r), namespace, label, strlen(label), SAID);
}

bool makers_scale(struct check_run *r, const struct object_ref *ref)
{
	return is_named(makers(r), ref->namespace, ref->name, strlen(ref->name), SCALED);
}
