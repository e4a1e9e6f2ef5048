/* Policies that are installed in the cluster, and params that it has; see gate_internal.h.
 *
 * A policy that Git has too, by its name, is Git's: with its bindings, or it would be told twice.
 */
#include "policy/gate_internal.h"

#include <string.h>

enum { PARAMS_MAX = 20000, POLICIES_MAX = 5000 };

struct gathering {
	struct gate *g;
	const struct json **objects;
	size_t n, cap, most;
	bool full;
};

static int on_object(void *ctx, struct list_request *request, const struct json *object,
		     struct err *err)
{
	struct gathering *l = ctx;
	(void)request, (void)err;
	l->full |= l->n == l->most;
	if (l->full)
		return 0;
	struct json *copy = arena_alloc(&l->g->arena, sizeof(*copy));
	*copy = json_copy(&l->g->arena, object);
	GROW(l->objects, l->n, l->cap);
	l->objects[l->n++] = copy;
	return 0;
}

static void gathering_done(struct gathering *l)
{
	free(l->objects);
}

/* *why stays NULL where all were listed; the caller frees. */
static int list(struct gate *g, struct scene *scene, const struct kind *kind, struct gathering *out,
		char **why, struct err *err)
{
	struct cluster *c = scene->view->cluster;
	struct list_request request = { .kind = kind };
	out->g = g;
	if (c->ops->list(c, &request, 1, on_object, out, err) < 0)
		return -1;
	if (request.err.code)
		*why = xstrdup(request.err.msg);
	err_done(&request.err);
	return 0;
}

static bool is_of_git(const struct gate *g, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(admission_listed(g->admission, i).name, name) == 0)
			return true;
	return false;
}

/* n: how many policies Git has; they come first. */
static int add_kind(struct gate *g, struct scene *scene, const char *kind_name, size_t n,
		    struct err *err)
{
	const struct kind *kind =
		kinds_find(scene->view->kinds, "admissionregistration.k8s.io", "v1", kind_name);
	bool bindings = strcmp(kind_name, "ValidatingAdmissionPolicyBinding") == 0;
	AUTO(gathering_done) struct gathering l = { .most = POLICIES_MAX };
	AUTO(auto_free) char *why = NULL;
	if (!kind)
		return err_set(err, ERR_INPUT,
			       "--cluster-policies: the cluster serves no %s of "
			       "admissionregistration.k8s.io/v1",
			       kind_name);
	if (list(g, scene, kind, &l, &why, err) < 0)
		return -1;
	if (why)
		return err_set(err, ERR_FORBIDDEN,
			       "--cluster-policies: the right to list %s is needed: %s",
			       kind->plural, why);
	if (l.full)
		return err_set(err, ERR_LIMIT, "the cluster has more than %d %s", POLICIES_MAX,
			       kind->plural);
	for (size_t i = 0; i < l.n; i++) {
		const struct json *v = l.objects[i];
		const char *name = bindings ? json_str(json_at(v, "spec", "policyName", NULL))
					    : json_str(json_at(v, "metadata", "name", NULL));
		if (!is_of_git(g, n, name) &&
		    (admission_add_object(g->admission, v, NULL, err) < 0 ||
		     gate_annotate(g, v, NULL, err) < 0))
			return -1;
	}
	return 0;
}

int gate_cluster_policies(struct gate *g, struct scene *scene, struct err *err)
{
	size_t n = admission_count_policies(g->admission);
	if (!g->cluster_policies)
		return 0;
	if (!scene->view->cluster)
		return err_set(err, ERR_USAGE, "--cluster-policies needs a cluster");
	return add_kind(g, scene, "ValidatingAdmissionPolicy", n, err) < 0
		       ? -1
		       : add_kind(g, scene, "ValidatingAdmissionPolicyBinding", n, err);
}

/* What cannot be listed stays unknown: what depends on it is undecided. */
int gate_cluster_params(struct gate *g, struct scene *scene, bool *complete, struct err *err)
{
	const char *group, *version, *kind_name;
	*complete = scene->view->cluster != NULL;
	for (size_t i = 0; admission_param_kind(g->admission, i, &group, &version, &kind_name);
	     i++) {
		const struct kind *kind = kinds_find(scene->view->kinds, group, version, kind_name);
		AUTO(gathering_done) struct gathering l = { .most = PARAMS_MAX };
		AUTO(auto_free) char *why = NULL;
		if (!scene->view->cluster || !kind || !kind->listable || kind->deferred) {
			*complete = false;
			continue;
		}
		if (list(g, scene, kind, &l, &why, err) < 0)
			return -1;
		*complete &= !why && !l.full;
		for (size_t k = 0; k < l.n; k++)
			if (admission_add_object(g->admission, l.objects[k], NULL, err) < 0)
				return -1;
	}
	return 0;
}
