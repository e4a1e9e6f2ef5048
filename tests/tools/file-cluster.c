/* file-cluster DIR COMMAND...: what others than rhumb do to a file cluster, for tests.
 *
 *   apply --manager NAME [-n NS] < MANIFESTS     kubectl apply --server-side --force-conflicts
 *   client-apply [-n NS] < MANIFESTS             kubectl apply, of objects that are not there yet
 *   put --manager NAME [--subresource S] < JSON  an update of the whole object
 *   get APIVERSION KIND NAMESPACE NAME           as JSON; NAMESPACE "" for cluster-scoped
 *   delete APIVERSION KIND NAMESPACE NAME */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "apply/file_store.h"
#include "base/json_write.h"
#include "base/yaml.h"
#include "plan/source/source.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct tool {
	const char *dir, *namespace;
	struct file_owner owner;
	bool normalise, note_applied;
	struct cluster *cluster;
	struct kind_table kinds;
	struct arena arena;
	struct json *objects;
	size_t n, cap;
};

/* ---- writing */

static int add_object(struct tool *t, const struct json *declared, struct err *err)
{
	struct json object = json_copy(&t->arena, declared);
	if (t->normalise && source_normalise(&t->arena, &object, "stdin", err) < 0)
		return -1;
	struct object_ref ref = object_ref_of(&t->arena, &object);
	/* What a server would default, as far as it matters to tests. */
	if (t->normalise && object_is_secret(&ref) && !json_get(&object, "type"))
		json_set_str(&t->arena, &object, "type", "Opaque");
	const struct kind *kind = kinds_find(&t->kinds, ref.group, ref.version, ref.kind);
	struct json *metadata = json_edit(&t->arena, &object, "metadata");
	if (t->namespace && !*ref.namespace && kind && kind->namespaced)
		json_set_str(&t->arena, metadata, "namespace", t->namespace);
	if (t->note_applied) {
		AUTO(buf_done) struct buf text = { 0 };
		json_write_canonical(&text, &object);
		json_set_str(&t->arena, json_edit(&t->arena, metadata, "annotations"), LAST_APPLIED,
			     buf_text(&text));
	}
	GROW(t->objects, t->n, t->cap);
	t->objects[t->n++] = object;
	return 0;
}

static int on_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)index;
	const struct json *items = json_get(document, "items");
	const char *kind = json_get_str(document, "kind");
	if (!kind)
		return 0; /* only comments */
	if (!json_is(items, JSON_ARRAY))
		return add_object(ctx, document, err);
	for (uint32_t i = 0; i < items->n; i++)
		if (add_object(ctx, &items->items[i], err) < 0)
			return -1;
	return 0;
}

static int put(struct tool *t, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	char part[4096];
	for (size_t n; (n = fread(part, 1, sizeof(part), stdin)) > 0;)
		buf_put(&text, part, n);
	if (yaml_parse(&t->arena, buf_text(&text), text.len, "stdin", NULL, on_document, t, err) <
	    0)
		return -1;
	return file_store_put(t->dir, t->objects, t->n, &t->owner, err);
}

/* ---- one object */

static int print_object(void *ctx, struct api_call *call, struct err *err)
{
	(void)ctx;
	if (!call->object)
		return err_set(err, call->err.code, "%d: %s%s", call->status,
			       call->status == 404 ? "not found: " : "", call->err.msg);
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, call->object);
	if (call->verb == API_GET)
		puts(buf_text(&text));
	return 0;
}

static int one(struct tool *t, enum api_verb verb, char **argv, struct err *err)
{
	const char *group, *version;
	object_split_api_version(&t->arena, argv[0], &group, &version);
	struct api_call call = {
		.verb = verb,
		.kind = kinds_find(&t->kinds, group, version, argv[1]),
		.namespace = argv[2],
		.name = argv[3],
	};
	if (!call.kind)
		return err_set(err, ERR_NOT_FOUND, "kind %s of %s is not found", argv[1], argv[0]);
	int rc = verb == API_GET ? t->cluster->ops->call(t->cluster, &call, 1, print_object, t, err)
				 : file_store_write(t->cluster, &call, 1, print_object, t, err);
	err_done(&call.err);
	return rc;
}

/* ---- the command line */

static int run(struct tool *t, const char *command, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{ "manager", required_argument, NULL, 'm' },
		{ "subresource", required_argument, NULL, 's' },
		{ "namespace", required_argument, NULL, 'n' },
		{ 0 },
	};
	for (int c; (c = getopt_long(argc, argv, "n:", options, NULL)) != -1;) {
		if (c == 'm')
			t->owner.manager = optarg;
		else if (c == 's')
			t->owner.subresource = optarg;
		else if (c == 'n')
			t->namespace = optarg;
		else
			return err_set(err, ERR_USAGE, "unknown option");
	}
	if (cluster_open_file(&t->cluster, t->dir, err) < 0 ||
	    t->cluster->ops->kinds(t->cluster, &t->kinds, err) < 0)
		return -1;
	bool with_object = argc - optind == 4;
	if (with_object && strcmp(command, "get") == 0)
		return one(t, API_GET, argv + optind, err);
	if (with_object && strcmp(command, "delete") == 0)
		return one(t, API_DELETE, argv + optind, err);
	bool client = strcmp(command, "client-apply") == 0, apply = strcmp(command, "apply") == 0;
	if (argc != optind || (!client && !apply && strcmp(command, "put") != 0))
		return err_set(err, ERR_USAGE, "usage: see the source of file-cluster");
	t->normalise = client || apply;
	t->note_applied = client;
	t->owner.operation = apply ? "Apply" : "Update";
	if (client)
		t->owner.manager = "kubectl-client-side-apply";
	return put(t, err);
}

int main(int argc, char **argv)
{
	AUTO(err_done) struct err err = { 0 };
	struct tool t = { .dir = argv[1] };
	int rc = argc < 3 ? err_set(&err, ERR_USAGE, "usage: file-cluster DIR COMMAND...")
			  : run(&t, argv[2], argc - 2, argv + 2, &err);
	if (rc < 0)
		fprintf(stderr, "file-cluster: %s\n", err.msg);
	free(t.objects);
	kind_table_done(&t.kinds);
	cluster_close(t.cluster);
	arena_done(&t.arena);
	return rc < 0 ? 1 : 0;
}
