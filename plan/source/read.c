/* Reading an application's folder: which files, and what they declare. */
#include <string.h>

#include "base/yaml.h"
#include "plan/source/ignore.h"
#include "plan/source/manifest.h"

struct run {
	struct repository *r;
	const char *tree;
	const struct application *app;
	struct declared_set *set;
	size_t first; /* of the set's items that this run added */
	struct ignore ignore;
	struct buf folder;     /* where the walk is: its patterns are loaded */
	struct err filter_err; /* of filter(), which cannot fail by itself */
	struct buf text;
	/* the file that is being read */
	struct manifest manifest;
	const char *blob;
	unsigned document;
};

static void run_done(struct run *run)
{
	ignore_done(&run->ignore);
	buf_done(&run->folder);
	err_done(&run->filter_err);
	buf_done(&run->text);
}

/* ---- which files */

static bool is_at_or_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return !n || (strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]));
}

/* What belongs to rhumb itself, where it lies within the application's folder. */
static bool is_ours(const struct application *app, const char *path)
{
	if (strcmp(path, CONFIG_FILE) == 0)
		return true;
	for (size_t i = 0; i < app->n_not_manifests; i++) {
		const char *policy = app->not_manifests[i];
		if (is_at_or_below(policy, app->path) && *policy &&
		    strcmp(policy, app->path) != 0 && is_at_or_below(path, policy))
			return true;
	}
	return false;
}

static bool is_manifest_name(const char *name)
{
	static const char *const endings[] = { ".yaml", ".yml", ".json" };
	size_t n = strlen(name);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t e = strlen(endings[i]);
		if (n > e && strcmp(name + n - e, endings[i]) == 0)
			return true;
	}
	return false;
}

/* Files that say that their folder is no plain folder. */
static const struct generator {
	const char *file, *what;
} generators[] = {
	{ "kustomization.yaml", "Kustomize" },
	{ "kustomization.yml", "Kustomize" },
	{ "Kustomization", "Kustomize" },
	{ "Chart.yaml", "Helm" },
};

static const struct generator *generator_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(generators); i++)
		if (strcmp(name, generators[i].file) == 0)
			return &generators[i];
	return NULL;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static int load_ignore(struct run *run, const char *folder, struct err *err)
{
	AUTO(auto_free) char *path = xfmt("%s%s" IGNORE_FILE, folder, *folder ? "/" : "");
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err e = { 0 };
	char blob[GIT_ID_TEXT];
	if (repository_find_file(run->r, run->tree, path, blob, &e) < 0) {
		if (e.code == ERR_NOT_FOUND)
			return 0;
		return err_move(err, &e);
	}
	if (repository_read(run->r, blob, IGNORE_MAX_BYTES, &text, err) < 0 ||
	    ignore_add(&run->ignore, folder, buf_text(&text), text.len, err) < 0)
		return err_locate(err, (struct srcpos){ .file = path });
	return 0;
}

/* The walk asks about the entries of a folder only once it is there, so that coming to a folder
 * further down is the time to read its patterns. */
static int come_to(struct run *run, const char *path, struct err *err)
{
	size_t n = (size_t)(last_part(path) - path);
	AUTO(auto_free) char *folder = xstrndup(path, n ? n - 1 : 0);
	const char *before = buf_text(&run->folder);
	bool known = strcmp(folder, before) == 0 || !is_at_or_below(folder, before);
	ignore_leave(&run->ignore, path);
	buf_reset(&run->folder);
	buf_puts(&run->folder, folder);
	return known ? 0 : load_ignore(run, folder, err);
}

static bool filter(void *ctx, const char *path, bool is_folder)
{
	struct run *run = ctx;
	const char *name = last_part(path);
	if (run->filter_err.code || come_to(run, path, &run->filter_err) < 0 ||
	    is_ours(run->app, path))
		return false;
	if (is_folder ? name[0] == '.' : !is_manifest_name(name) && !generator_of(name))
		return false;
	return !ignore_matches(&run->ignore, path, is_folder);
}

/* ---- what they declare */

static int declare(void *ctx, struct json *object, const struct object_ref *ref, int item,
		   struct err *err)
{
	struct run *run = ctx;
	struct declared_set *set = run->set;
	if (set->n - run->first == SOURCE_MAX_OBJECTS)
		return err_at(err, ERR_LIMIT, json_pos(object, run->manifest.file),
			      "more than %d objects in one application (SOURCE_MAX_OBJECTS)",
			      SOURCE_MAX_OBJECTS);
	GROW(set->items, set->n, set->cap);
	struct declared *d = &set->items[set->n++];
	*d = (struct declared){
		.ref = *ref,
		.object = *object,
		.application = run->app->name,
		.home = run->app->namespace,
		.file = run->manifest.file,
		.line = object->line,
		.col = object->col,
		.document = run->document,
		.item = item,
	};
	memcpy(d->blob, run->blob, GIT_ID_TEXT);
	return 0;
}

static int read_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct run *run = ctx;
	run->document = index;
	return manifest_unfold(&run->manifest, document, declare, run, err);
}

static int refuse_generator(struct run *run, const char *path, const struct generator *g,
			    struct err *err)
{
	AUTO(auto_free) char *folder = xstrndup(path, (size_t)(last_part(path) - path));
	bool below = strlen(folder) > strlen(run->app->path) + (*run->app->path != '\0');
	AUTO(auto_free) char *advice = manifest_advice(run->app, below ? folder : path);
	return err_at(err, ERR_INPUT, (struct srcpos){ .file = path },
		      "this is a %s folder, and only plain folders of manifests are supported for "
		      "now; render it into files, or %s",
		      g->what, advice);
}

static void note(struct declared_set *set, const char *path)
{
	GROW(set->notes, set->n_notes, set->cap_notes);
	set->notes[set->n_notes++] = xfmt("%s: submodule, not read", path);
}

static int read_entry(void *ctx, const struct tree_entry *entry, struct err *err)
{
	struct run *run = ctx;
	const struct generator *generator = generator_of(last_part(entry->path));
	if (entry->type == TREE_SUBMODULE) {
		note(run->set, entry->path);
		return 0;
	}
	if (generator)
		return refuse_generator(run, entry->path, generator, err);
	run->manifest.file = arena_strdup(run->manifest.arena, entry->path);
	run->blob = entry->id;
	buf_reset(&run->text);
	if (repository_read(run->r, entry->id, GIT_MAX_FILE, &run->text, err) < 0)
		return err_locate(err, (struct srcpos){ .file = entry->path });
	return yaml_parse(run->manifest.arena, buf_text(&run->text), run->text.len,
			  run->manifest.file, NULL, read_document, run, err);
}

static int walk(struct run *run, struct err *err)
{
	const struct application *app = run->app;
	for (size_t i = 0; i < app->n_exclude; i++)
		if (ignore_add_last(&run->ignore, app->path, app->exclude[i], err) < 0)
			return err_locate(err, app->at);
	buf_puts(&run->folder, app->path);
	if (load_ignore(run, app->path, err) < 0)
		return -1;
	AUTO(err_done) struct err e = { 0 };
	repository_walk(run->r, run->tree, app->path, filter, read_entry, run, &e);
	if (run->filter_err.code) /* it came first */
		return err_move(err, &run->filter_err);
	return e.code ? err_move(err, &e) : 0;
}

/* A path that has become a file declares not nothing: that would delete all. */
static bool is_absent(struct run *run)
{
	char blob[GIT_ID_TEXT];
	AUTO(err_done) struct err e = { 0 };
	return repository_find_file(run->r, run->tree, run->app->path, blob, &e) < 0 &&
	       e.code == ERR_NOT_FOUND;
}

int source_read(struct repository *r, const char *tree, const struct application *app,
		bool missing_is_empty, struct declared_set *out, struct err *err)
{
	AUTO(run_done)
	struct run run = { .r = r,
			   .tree = tree,
			   .app = app,
			   .set = out,
			   .first = out->n,
			   .manifest = { .arena = &out->arena, .app = app } };
	size_t notes = out->n_notes;
	AUTO(err_done) struct err e = { 0 };
	if (walk(&run, &e) == 0)
		return 0;
	out->n = run.first;
	while (out->n_notes > notes)
		free(out->notes[--out->n_notes]);
	if (missing_is_empty && e.code == ERR_NOT_FOUND && is_absent(&run))
		return 0;
	err_move(err, &e);
	if (err->at.file)
		return -1;
	err_wrap(err, "application \"%s\"", app->name);
	return err_locate(err, app->at);
}

/* ---- one object again */

struct search {
	struct arena *a;
	struct manifest manifest;
	unsigned document;
	int item;
	bool found;
	struct json object;
};

static int take_object(void *ctx, struct json *object, const struct object_ref *ref, int item,
		       struct err *err)
{
	struct search *s = ctx;
	(void)ref, (void)err;
	if (item == s->item) {
		s->found = true;
		s->object = json_copy(s->a, object);
	}
	return 0;
}

static int search_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct search *s = ctx;
	return index == s->document ? manifest_unfold(&s->manifest, document, take_object, s, err)
				    : 0;
}

int source_reload(struct repository *r, struct arena *a, const char *blob, unsigned document,
		  int item, const char *namespace, struct json *out, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(auto_free) char *file = xfmt("Git object %s", blob);
	struct search s = { .a = a,
			    .manifest = { .arena = &scratch, .file = file },
			    .document = document,
			    .item = item };
	if (repository_read(r, blob, GIT_MAX_FILE, &text, err) < 0 ||
	    yaml_parse(&scratch, buf_text(&text), text.len, file, NULL, search_document, &s, err) <
		    0)
		return -1;
	if (!s.found)
		return err_set(err, ERR_NOT_FOUND, "%s has no object at document %u, item %d", file,
			       document, item);
	manifest_set_namespace(a, &s.object, namespace);
	*out = s.object;
	return 0;
}

void declared_set_done(struct declared_set *set)
{
	for (size_t i = 0; i < set->n_notes; i++)
		free(set->notes[i]);
	free(set->notes);
	free(set->items);
	arena_done(&set->arena);
	*set = (struct declared_set){ 0 };
}
