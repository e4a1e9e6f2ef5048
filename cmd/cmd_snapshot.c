/* rhumb snapshot: a cluster as a folder, for planning where no credentials should be. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "apply/file_store.h"
#include "cmd/target.h"
#include "plan/secret.h"

enum { BATCH = 500 }; /* objects that are held in memory at once */

struct options {
	struct target_options target;
	const char *output;
	struct text_list kinds, namespaces;
	bool with_secrets;
};

struct snapshot {
	const struct options *o;
	struct arena arena; /* of the batch */
	struct json objects[BATCH];
	size_t n, total, hidden;
};

static int flush(struct snapshot *s, struct err *err)
{
	if (s->n && file_store_put(s->o->output, s->objects, s->n, NULL, err) < 0)
		return -1;
	s->total += s->n;
	s->n = 0;
	arena_reset(&s->arena);
	return 0;
}

static int on_object(void *ctx, struct list_request *request, const struct json *object,
		     struct err *err)
{
	struct snapshot *s = ctx;
	const struct kind *k = request->kind;
	bool secret = !*k->group && strcmp(k->kind, "Secret") == 0;
	struct json *copy = &s->objects[s->n];
	*copy = json_copy(&s->arena, object);
	if (secret && !s->o->with_secrets) {
		secret_hide(&s->arena, copy, "");
		struct json *metadata = json_edit(&s->arena, copy, "metadata");
		json_set_str(&s->arena, json_edit(&s->arena, metadata, "annotations"),
			     SECRET_HIDDEN_ANNOTATION, "hidden");
		s->hidden++;
	}
	return ++s->n == BATCH ? flush(s, err) : 0;
}

static bool is_one_of(const struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

/* Without --kind: all but what changes by the second. */
static bool is_wanted(const struct options *o, const struct kind *k)
{
	if (!k->listable || !k->preferred)
		return false;
	if (o->kinds.n)
		return is_one_of(&o->kinds, k->kind);
	return strcmp(k->kind, "Event") != 0 && strcmp(k->kind, "Lease") != 0;
}

/* Namespaces and CRDs say what the folder can hold, so they are always in it. */
static bool is_basic(const struct kind *k)
{
	return strcmp(k->kind, "Namespace") == 0 ||
	       strcmp(k->kind, "CustomResourceDefinition") == 0;
}

static size_t make_requests(const struct options *o, const struct kind_table *kinds,
			    struct list_request **out)
{
	size_t n = 0, each = o->namespaces.n ? o->namespaces.n : 1;
	*out = xcalloc(kinds->n * each, sizeof(**out));
	for (size_t i = 0; i < kinds->n; i++) {
		const struct kind *k = &kinds->items[i];
		if (!is_wanted(o, k) && !(is_basic(k) && k->preferred))
			continue;
		for (size_t m = 0; m < (k->namespaced ? each : 1); m++)
			(*out)[n++] = (struct list_request){
				.kind = k,
				.namespace = k->namespaced && o->namespaces.n
						     ? o->namespaces.items[m]
						     : NULL,
			};
	}
	return n;
}

static int copy_objects(struct snapshot *s, struct cluster *c, const struct kind_table *kinds,
			struct err *err)
{
	AUTO(auto_free) struct list_request *requests = NULL;
	size_t n = make_requests(s->o, kinds, &requests);
	int rc = c->ops->list(c, requests, n, on_object, s, err);
	if (rc == 0)
		rc = flush(s, err);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].err.code && rc == 0)
			rc = err_move(err, &requests[i].err);
		err_done(&requests[i].err);
	}
	return rc;
}

static int copy_cluster(struct snapshot *s, struct cluster *c, struct err *err)
{
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	struct cluster_identity id = { 0 };
	if (c->ops->identify(c, &id, err) < 0)
		return -1;
	int rc = file_store_create(s->o->output, id.version, err);
	cluster_identity_done(&id);
	if (rc < 0 || c->ops->kinds(c, &kinds, err) < 0)
		return -1;
	return copy_objects(s, c, &kinds, err);
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	(void)argv;
	AUTO(target_done) struct target t = { 0 };
	if (argc || !o->output)
		return err_set(err, ERR_USAGE, "usage: rhumb snapshot [OPTION...] -o DIR");
	if (target_connect(&t, &o->target, err) < 0)
		return -1;
	AUTO(auto_free) struct snapshot *s = xcalloc(1, sizeof(*s));
	s->o = o;
	int rc = copy_cluster(s, t.cluster, err);
	arena_done(&s->arena);
	if (rc < 0)
		return err_wrap(err, "snapshot to %s", o->output);
	say_note("%zu objects in %s", s->total, o->output);
	if (s->hidden)
		say_note("values of %zu Secrets were left out (--with-secrets keeps them)",
			 s->hidden);
	return EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "output", 'o', OPTION_TEXT, offsetof(struct options, output), "DIR",
	  "the folder; it must not hold a cluster yet" },
	{ "kind", 0, OPTION_LIST, offsetof(struct options, kinds), "KIND",
	  "only these kinds (again for more), and namespaces and CRDs" },
	{ "in-namespace", 0, OPTION_LIST, offsetof(struct options, namespaces), "NAME",
	  "only from these namespaces (again for more)" },
	{ "with-secrets", 0, OPTION_FLAG, offsetof(struct options, with_secrets), NULL,
	  "keep the values of Secrets" },
	CONNECTION_OPTIONS,
	{ 0 },
};

const struct command cmd_snapshot = {
	.name = "snapshot",
	.args = "-o DIR",
	.summary = "write a cluster as a folder",
	.details =
		"The folder answers as the cluster does: rhumb plan --cluster file:DIR plans "
		"against it without credentials.\nEvents and leases are left out, and so are the "
		"values of Secrets.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
