/* Where a node is in an object, and pods in objects; see check.h. */
#include <string.h>

#include "policy/checks/check.h"

enum { DEPTH_MAX = 256 };

struct search {
	const struct json *node;
	const char *key[DEPTH_MAX]; /* NULL: an item */
	uint32_t index[DEPTH_MAX];
	unsigned depth;
};

static bool find(struct search *s, const struct json *v)
{
	unsigned depth = s->depth;
	bool is_object = v->type == JSON_OBJECT;
	if (v == s->node)
		return true;
	if (depth == DEPTH_MAX || (!is_object && v->type != JSON_ARRAY))
		return false;
	s->depth++;
	for (uint32_t i = 0; i < v->n; i++) {
		s->key[depth] = is_object ? v->members[i].key : NULL;
		s->index[depth] = i;
		if (find(s, is_object ? &v->members[i].value : &v->items[i]))
			return true;
	}
	s->depth--;
	return false;
}

static void add_key(struct buf *path, const char *key)
{
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_puts(path, *key == '~' ? "~0" : "~1");
		else
			buf_putc(path, *key);
	}
}

const char *node_path(struct arena *a, const struct json *v, const struct json *node)
{
	AUTO(buf_done) struct buf path = { 0 };
	struct search s = { .node = node };
	if (!v || !node || !find(&s, v))
		return NULL;
	for (unsigned i = 0; i < s.depth; i++) {
		buf_putc(&path, '/');
		if (s.key[i])
			add_key(&path, s.key[i]);
		else
			buf_printf(&path, "%u", s.index[i]);
	}
	return arena_strdup(a, buf_text(&path));
}

const struct json *list_in(const struct json *v, const char *key)
{
	static const struct json none = { .type = JSON_ARRAY };
	const struct json *list = json_get(v, key);
	return json_is(list, JSON_ARRAY) ? list : &none;
}

const struct json *pod_spec_of(const struct json *object, const struct json **metadata)
{
	static const char *const workloads[] = {
		"Deployment", "ReplicaSet", "StatefulSet",
		"DaemonSet",  "Job",        "ReplicationController"
	};
	const char *kind = json_get_str(object, "kind");
	const struct json *template = NULL;
	if (!kind)
		return NULL;
	if (strcmp(kind, "Pod") == 0)
		template = object;
	else if (strcmp(kind, "PodTemplate") == 0)
		template = json_get(object, "template");
	else if (strcmp(kind, "CronJob") == 0)
		template = json_at(object, "spec", "jobTemplate", "spec", "template", NULL);
	for (size_t i = 0; !template && i < ARRAY_LEN(workloads); i++)
		if (strcmp(kind, workloads[i]) == 0)
			template = json_at(object, "spec", "template", NULL);
	if (metadata)
		*metadata = json_get(template, "metadata");
	return json_get(template, "spec");
}

void pod_containers(const struct json *spec,
		    void (*each)(void *ctx, const struct json *container, const char *list),
		    void *ctx)
{
	static const char *const lists[] = { "containers", "initContainers",
					     "ephemeralContainers" };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct json *list = list_in(spec, lists[i]);
		for (uint32_t k = 0; k < list->n; k++)
			each(ctx, &list->items[k], lists[i]);
	}
}
