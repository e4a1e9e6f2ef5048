/* The embedded cluster behind struct cluster_ops: it reads, and says what a write would do.
 * Writing is in apply/file_store.c.  See file.h. */
#include "plan/cluster/file/file.h"

#include <string.h>
#include <sys/stat.h>

/* What stands for the uid of an object that a dry-run creates: plans have to come out the same
 * every time. */
const char file_dry_run_uid[] = "00000000-0000-4000-8000-000000000000";

struct file_cluster {
	struct cluster base; /* first: see cluster.h */
	char *dir;           /* as it was named */
	struct file_folder folder;
};

static void trace(struct cluster *c, const char *verb, const struct kind *kind,
		  const char *namespace, const char *name, int status)
{
	if (!c->trace)
		return;
	AUTO(auto_free)
	char *line = xfmt("%s %s%s%s%s%s%s%s %d", verb, kind->plural, *kind->group ? "." : "",
			  kind->group, namespace && *namespace ? " " : "",
			  namespace ? namespace : "", *name ? "/" : "", name, status);
	c->trace(c->trace_ctx, line);
}

/* ---- identity, kinds */

static int identify(struct cluster *c, struct cluster_identity *out, struct err *err)
{
	struct file_cluster *f = (struct file_cluster *)c;
	c->requests++;
	if (file_folder_load(&f->folder, err) < 0)
		return -1;
	AUTO(arena_done) struct arena a = { 0 };
	struct object_ref ref = { "", "v1", "Namespace", "", "kube-system" };
	const struct json *object;
	if (file_object_read(&a, &f->folder, &ref, &object, err) < 0)
		return -1;
	const char *uid = json_str(json_at(object, "metadata", "uid", NULL));
	if (!uid)
		return err_set(err, ERR_INPUT, "file:%s: namespace kube-system is not there",
			       f->dir);
	const char *slash = strrchr(f->folder.path, '/');
	*out = (struct cluster_identity){
		.name = xstrdup(slash && slash[1] ? slash + 1 : f->folder.path),
		.server = xfmt("file:%s", f->dir),
		.uid = xstrdup(uid),
		.version = xstrdup(f->folder.version),
	};
	return 0;
}

static int kinds(struct cluster *c, struct kind_table *out, struct err *err)
{
	struct file_cluster *f = (struct file_cluster *)c;
	c->requests++;
	if (file_folder_load(&f->folder, err) < 0)
		return -1;
	kinds_add_builtin(out);
	for (uint32_t i = 0; i < f->folder.crds.n; i++)
		kinds_add_crd(out, &f->folder.crds.items[i], false);
	return 0;
}

/* ---- lists */

struct lister {
	struct list_request *request;
	list_object_fn *each;
	void *ctx;
	struct err stopped; /* by the caller's function */
};

static int list_object(void *ctx, const struct json *object, struct err *err)
{
	struct lister *l = ctx;
	struct list_request *r = l->request;
	if (r->label_selector &&
	    !file_selector_matches(r->label_selector, json_at(object, "metadata", "labels", NULL)))
		return 0;
	AUTO(arena_done) struct arena a = { 0 };
	struct object_ref ref = { r->kind->group, r->kind->version, r->kind->kind, "", "" };
	const char *version = object_ref_api_version(&a, &ref);
	const char *is = json_get_str(object, "apiVersion");
	struct json copy = *object;
	if (!is || strcmp(is, version) != 0) {
		copy = json_copy(&a, object);
		json_set_str(&a, &copy, "apiVersion", version);
	}
	r->objects++;
	if (l->each(l->ctx, r, &copy, &l->stopped) == 0)
		return 0;
	return err_set(err, ERR_INTERRUPTED, "stopped");
}

static int refuse_list(struct list_request *r, const struct json *failure)
{
	return err_set(&r->err, ERR_FORBIDDEN, "%s", json_get_str(failure, "message"));
}

static int list_one(struct file_cluster *f, struct lister *l)
{
	struct list_request *r = l->request;
	AUTO(arena_done) struct arena a = { 0 };
	const char *namespace = r->kind->namespaced ? r->namespace : NULL;
	const struct json *failure =
		file_forbidden(&a, &f->folder, r->kind, "list", namespace, NULL);
	if (failure)
		return refuse_list(r, failure);
	if (r->field_selector)
		return err_set(&r->err, ERR_INVALID, "an embedded cluster has no field selectors");
	if (r->label_selector && selector_check(r->label_selector, &r->err) < 0)
		return -1;
	return file_objects_walk(&f->folder, r->kind->group, r->kind->kind, namespace, list_object,
				 l, &r->err);
}

static int list(struct cluster *c, struct list_request *requests, size_t n, list_object_fn *each,
		void *ctx, struct err *err)
{
	struct file_cluster *f = (struct file_cluster *)c;
	if (file_folder_load(&f->folder, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct lister l = { .request = &requests[i], .each = each, .ctx = ctx };
		c->requests++;
		list_one(f, &l);
		trace(c, "LIST", requests[i].kind, requests[i].namespace, "",
		      requests[i].err.code ? 500 : 200);
		if (l.stopped.code) {
			err_done(&requests[i].err);
			return err_move(err, &l.stopped);
		}
	}
	return 0;
}

/* ---- single objects */

static const char *const verbs[] = {
	[API_GET] = "GET",
	[API_DRY_RUN_APPLY] = "APPLY (dry-run)",
	[API_DRY_RUN_JSON_PATCH] = "PATCH (dry-run)",
	[API_APPLY] = "APPLY",
	[API_JSON_PATCH] = "PATCH",
	[API_DELETE] = "DELETE",
};

static int answer_one(struct file_cluster *f, struct api_call *call, const char *now,
		      api_done_fn *done, void *ctx, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct file_request request = {
		.folder = &f->folder, .call = call, .now = now, .uid = file_dry_run_uid
	};
	struct file_answer answer = { 0 };
	/* What a folder cannot say is no answer: never an object that is not there. */
	if (file_decide(&a, &request, &answer, &call->err) == 0)
		file_answer_call(call, &answer);
	f->base.requests++;
	trace(&f->base, verbs[call->verb], call->kind, call->namespace, call->name, call->status);
	return done(ctx, call, err);
}

static int call_all(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		    void *ctx, struct err *err)
{
	struct file_cluster *f = (struct file_cluster *)c;
	for (size_t i = 0; i < n; i++)
		if (calls[i].verb != API_GET && calls[i].verb != API_DRY_RUN_APPLY &&
		    calls[i].verb != API_DRY_RUN_JSON_PATCH)
			return err_set(err, ERR_REFUSED, "%s %s: this cluster is open for reading",
				       verbs[calls[i].verb], calls[i].name);
	if (file_folder_load(&f->folder, err) < 0)
		return -1;
	char now[TIME_TEXT];
	time_format(time(NULL), now);
	for (size_t i = 0; i < n; i++)
		if (answer_one(f, &calls[i], now, done, ctx, err) < 0)
			return -1;
	return 0;
}

static void close_file(struct cluster *c)
{
	struct file_cluster *f = (struct file_cluster *)c;
	file_folder_unload(&f->folder);
	free(f->folder.path);
	free(f->dir);
	free(f);
}

static const struct cluster_ops ops = {
	.name = "file",
	.no_controllers = true,
	.identify = identify,
	.kinds = kinds,
	.list = list,
	.call = call_all,
	.close = close_file,
};

int cluster_open_file(struct cluster **out, const char *dir, struct err *err)
{
	struct stat st;
	if (!*dir)
		return err_set(err, ERR_USAGE, "file: names no folder");
	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_UNREACHABLE, "file:%s is not a folder", dir);
	struct file_cluster *f = xcalloc(1, sizeof(*f));
	f->base.ops = &ops;
	f->dir = xstrdup(dir);
	f->folder.path = file_absolute(dir);
	*out = &f->base;
	return 0;
}

const char *file_cluster_path(const struct cluster *c)
{
	return ((const struct file_cluster *)c)->folder.path;
}
