/* See autoscaler.h. */
#include "plan/diff/autoscaler.h"

#include <string.h>

#define GROUP "autoscaling"
#define KIND  "HorizontalPodAutoscaler"

bool autoscaler_targets(const struct json *autoscaler, const struct object_ref *ref)
{
	const struct json *target = json_at(autoscaler, "spec", "scaleTargetRef", NULL);
	const char *kind = json_get_str(target, "kind"), *name = json_get_str(target, "name");
	const char *version = json_get_str(target, "apiVersion");
	if (!kind || !name || strcmp(kind, ref->kind) != 0 || strcmp(name, ref->name) != 0)
		return false;
	if (!version)
		return true;
	const char *slash = strchr(version, '/');
	size_t n = slash ? (size_t)(slash - version) : 0;
	return strlen(ref->group) == n && strncmp(ref->group, version, n) == 0;
}

static const char *in_git(struct build *b, const struct subject *s)
{
	for (size_t i = 0; i < b->n_paired; i++) {
		const struct subject *hpa = &b->subjects[i];
		if (hpa->head && strcmp(hpa->ref.kind, KIND) == 0 &&
		    strcmp(hpa->ref.group, GROUP) == 0 &&
		    strcmp(hpa->ref.namespace, s->ref.namespace) == 0 &&
		    autoscaler_targets(&hpa->head->object, &s->ref))
			return object_ref_label(&b->arena, &hpa->ref);
	}
	return NULL;
}

struct search {
	struct build *b;
	const struct subject *subject;
	const char *found; /* the first by name */
};

static int look(void *ctx, struct list_request *request, const struct json *object, struct err *err)
{
	(void)request;
	(void)err;
	struct search *search = ctx;
	const char *name = json_str(json_at(object, "metadata", "name", NULL));
	if (!name || !autoscaler_targets(object, &search->subject->ref) ||
	    (search->found && strcmp(search->found, name) <= 0))
		return 0;
	search->found = arena_strdup(&search->b->arena, name);
	return 0;
}

static const char *in_cluster(struct build *b, const struct subject *s)
{
	const struct kind *kind = kinds_find_any(&b->kinds, GROUP, KIND);
	struct cluster *c = b->o->cluster;
	if (!c || !kind || !kind->listable || kind->deferred || !*s->ref.namespace)
		return NULL;
	struct search search = { .b = b, .subject = s };
	struct list_request list = { .kind = kind, .namespace = s->ref.namespace };
	AUTO(err_done) struct err ignored = { 0 };
	int rc = c->ops->list(c, &list, 1, look, &search, &ignored);
	err_done(&list.err);
	return rc == 0 && search.found
		       ? arena_fmt(&b->arena, KIND " %s/%s", s->ref.namespace, search.found)
		       : NULL;
}

const char *autoscaler_of(struct build *b, const struct subject *s)
{
	const char *found = in_git(b, s);
	return found ? found : in_cluster(b, s);
}
