/* What checks are made of; for the files of this folder.
 *
 *   table.c        the rows
 *   run.c          changes, levels, annotations, what base has
 *   world.c        other objects, in Git and in the cluster
 *   pods.c         pods in Git, by their labels
 *   makers.c       names that others than Git may give to objects
 *   going.c        what refers to objects that the plan deletes
 *   path.c         where a node is in an object
 *   the rest       checks, a file for each subject */
#ifndef POLICY_CHECKS_CHECK_H
#define POLICY_CHECKS_CHECK_H

#include "policy/checks/checks.h"
#include "plan/diff/build.h"

/* An object that is looked at. */
struct checked {
	const struct change *change;
	const struct object_ref *ref;
	const struct json *object; /* as declared */
	bool is_base;              /* base's, for comparison */
};

struct check_run;
struct check {
	struct check_info info;
	/* One of them: of an object as it is declared, or of a change. */
	void (*object)(struct check_run *r, const struct checked *o);
	void (*change)(struct check_run *r, const struct change *c);
	bool asks; /* looks for other objects: object() runs once more before, for world_*() to know
		      what is wanted */
};

extern const struct check check_table[];
extern const size_t check_table_n;

struct complaint {
	const struct check *check;
	const char *message;
	const struct json *node; /* in the object; NULL: the whole */
	const char *path;        /* of the node */
	bool is_rest;            /* stands for those past the ceiling, whatever they are */
};

struct pods;
struct going;
struct makers;
struct node_ports;
struct check_run {
	struct scene *scene;
	const struct policy_config *config;
	struct arena arena;
	const struct check *check; /* the running one */
	const struct json *object; /* of it, for paths */
	bool of_base;              /* it is base's: other objects are as base has them, too */
	struct complaint *complaints;
	size_t n, cap;
	size_t n_of_check; /* complaints of the running one about the object ... */
	size_t left_out;   /* ... and those past CHECKS_MAX_OF_OBJECT */
	struct world *world;
	struct pods *pods[2];             /* of head and of base; NULL: not needed yet */
	struct node_ports *node_ports[2]; /* likewise */
	struct going *going;
	struct makers *makers;
	struct secret_rules *secrets;        /* NULL: not needed yet */
	const struct json *const *documents; /* saved OpenAPI v3 */
	size_t n_documents;
};

/* The running check has something to say of a node of the object. */
void complain(struct check_run *r, const struct json *node, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A JSON pointer to the node within v; NULL where it is not in it. */
const char *node_path(struct arena *a, const struct json *v, const struct json *node);

/* ---- other objects */

enum found { FOUND_NOT, FOUND, FOUND_UNKNOWN };

/* As the plan leaves the world: declared at head, or in the cluster and not deleted; for an object
 * of base as base declares it.  FOUND_UNKNOWN where nobody can tell.  *object may be NULL although
 * it was found. */
enum found world_find(struct check_run *r, const char *group, const char *kind,
		      const char *namespace, const char *name, const struct json **object);

/* The change that deletes it; NULL: none. */
const struct change *world_deletion(const struct check_run *r, const struct object_ref *ref);

/* Whether there are pods, or templates of pods, with these labels. */
enum found world_pods(struct check_run *r, const char *namespace, const struct json *labels);

/* Each object that head declares, or that base did where an object of base is looked at. */
typedef void declared_fn(void *ctx, const struct object_ref *ref, const struct json *object);
void world_each(struct check_run *r, declared_fn *each, void *ctx);

/* Whether something in Git may be the reason for an object of that name, or for pods with a label
 * of that value, though Git does not declare it: a custom resource that says the name or (of
 * objects) begins it, a Job that is called with it, a template of claims, a certificate that is
 * asked for.  Where it may, that nobody finds the object yet says nothing. */
bool makers_of_object(struct check_run *r, const struct object_ref *ref);
bool makers_of_pods(struct check_run *r, const char *namespace, const char *label);
/* Whether something scales it, so that its replicas are not those of Git. */
bool makers_scale(struct check_run *r, const struct object_ref *ref);
void makers_free(struct makers *m);

/* Whether certificates of the Ingress are made for it. */
bool ingress_is_issued(const struct json *ingress);

/* Each declared object with a pod in it that the labels select; false stops.  Objects of base where
 * an object of base is looked at. */
typedef bool pod_fn(void *ctx, const struct object_ref *ref, const struct json *object);
void pods_each(struct check_run *r, const char *namespace, const struct json *labels, pod_fn *each,
	       void *ctx);
bool pods_any(struct check_run *r, const char *namespace); /* any at all that have labels */
void pods_free(struct pods *p);
void going_free(struct going *g);
void node_ports_free(struct node_ports *p);

struct world *world_new(struct check_run *r);
int world_ask(struct check_run *r, struct err *err); /* the cluster, for all that was wanted */
void world_free(struct world *w);

/* ---- pods in objects */

/* The pod's spec of a Pod, a workload or a PodTemplate; NULL where there is none.  *metadata: that
 * of the pod or the template. */
const struct json *pod_spec_of(const struct json *object, const struct json **metadata);

/* Containers of all kinds, one after the other: each() with its list's name. */
void pod_containers(const struct json *spec,
		    void (*each)(void *ctx, const struct json *container, const char *list),
		    void *ctx);

static inline bool text_is(const struct json *v, const char *text)
{
	const char *its = json_str(v);
	return its && __builtin_strcmp(its, text) == 0;
}

/* An array, an empty one where v is none. */
const struct json *list_in(const struct json *v, const char *key);

#endif
