/* The folder of an embedded cluster, read; see file.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_parse.h"
#include "plan/cluster/file/file.h"

enum {
	NAME_LONGEST = 200, /* bytes of an encoded name; file systems take 255 */
	NAME_DIGITS = 16,   /* of the digest behind one that was cut */
};

const char *const file_first_namespaces[] = { "default", "kube-node-lease", "kube-public",
					      "kube-system" };
const size_t n_file_first_namespaces = ARRAY_LEN(file_first_namespaces);

/* ---- paths */

static void append_part(struct buf *b, const char *part, size_t n)
{
	if (n == 0 || (n == 1 && *part == '.'))
		return;
	if (n == 2 && memcmp(part, "..", 2) == 0) {
		while (b->len && b->data[b->len - 1] != '/')
			b->len--;
		b->len -= b->len > 0;
		return;
	}
	buf_putc(b, '/');
	buf_put(b, part, n);
}

char *file_absolute(const char *dir)
{
	AUTO(auto_free) char *here = *dir == '/' ? NULL : getcwd(NULL, 0);
	AUTO(auto_free) char *whole = xfmt("%s/%s", here ? here : "", dir);
	struct buf b = { 0 };
	for (const char *p = whole; *p; p += *p == '/') {
		size_t n = strcspn(p, "/");
		append_part(&b, p, n);
		p += n;
	}
	if (!b.len)
		buf_putc(&b, '/');
	AUTO(auto_free) char *text = xstrndup(b.data, b.len);
	buf_done(&b);
	return TAKE(text);
}

/* What may stand in a file name as it is; a name of dots alone may not. */
static void encode(struct buf *b, const char *name)
{
	size_t start = b->len;
	bool dots = !name[strspn(name, ".")];
	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			     (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' ||
			     (*p == '.' && !dots);
		if (plain)
			buf_putc(b, (char)*p);
		else
			buf_printf(b, "%%%02X", *p);
	}
	if (b->len - start <= NAME_LONGEST)
		return;
	char digest[DIGEST_TEXT];
	digest_bytes(name, strlen(name), digest);
	b->len = start + NAME_LONGEST - NAME_DIGITS - 1;
	buf_printf(b, "~%.*s", NAME_DIGITS, digest + strlen("sha256:"));
}

static void kind_path(struct buf *b, const char *path, const char *group, const char *kind)
{
	buf_printf(b, "%s/objects/", path);
	encode(b, *group ? group : "core");
	buf_putc(b, '/');
	encode(b, kind);
}

char *file_object_path(const char *path, const struct object_ref *ref)
{
	struct buf b = { 0 };
	kind_path(&b, path, ref->group, ref->kind);
	buf_putc(&b, '/');
	encode(&b, *ref->namespace ? ref->namespace : "_");
	buf_putc(&b, '/');
	encode(&b, ref->name);
	buf_puts(&b, ".json");
	return buf_take(&b);
}

/* ---- objects */

static int read_json(struct arena *a, const char *path, struct json *out, struct err *err)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err why = { 0 };
	if (file_read(path, FILE_MAX_OBJECT, &text, err) < 0)
		return -1;
	if (json_parse(a, buf_text(&text), text.len, path, NULL, out, &why) == 0)
		return 0;
	/* The file belongs into the message: it may be told without the position. */
	AUTO(auto_free) char *whole = err_text(&why);
	return err_set(err, ERR_INPUT, "%s", whole);
}

/* *out is null where there is no such file. */
static int read_optional(struct arena *a, const char *path, struct json *out, struct err *err)
{
	struct stat st;
	*out = json_of_null();
	if (lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	return read_json(a, path, out, err);
}

static int check_identity(struct arena *a, const char *path, const struct json *object,
			  const char *group, const char *kind, struct err *err)
{
	struct object_ref ref = object_ref_of(a, object);
	if (!*ref.kind || !*ref.name || !*ref.version)
		return err_set(err, ERR_INPUT, "%s: not a Kubernetes object", path);
	if (strcmp(ref.group, group) != 0 || strcmp(ref.kind, kind) != 0)
		return err_set(err, ERR_INPUT, "%s: holds a %s, not a %s", path, ref.kind, kind);
	return 0;
}

int file_object_read(struct arena *a, const struct file_folder *folder,
		     const struct object_ref *ref, const struct json **out, struct err *err)
{
	AUTO(auto_free) char *path = file_object_path(folder->path, ref);
	struct json object;
	*out = NULL;
	if (!folder->exists) {
		bool first = false;
		for (size_t i = 0; i < n_file_first_namespaces; i++)
			first |= strcmp(ref->name, file_first_namespaces[i]) == 0;
		if (!first || *ref->group || strcmp(ref->kind, "Namespace") != 0)
			return 0;
		object = file_first_namespace(a, folder, ref->name);
	} else if (read_optional(a, path, &object, err) < 0) {
		return -1;
	}
	if (object.type == JSON_NULL)
		return 0;
	if (check_identity(a, path, &object, ref->group, ref->kind, err) < 0)
		return -1;
	struct object_ref is = object_ref_of(a, &object);
	if (object_ref_compare(&is, ref) != 0)
		return err_set(err, ERR_INPUT, "%s: holds %s", path, object_ref_id(a, &is));
	struct json *copy = arena_alloc(a, sizeof(*copy));
	*copy = object;
	*out = copy;
	return 0;
}

/* ---- walking */

struct names {
	char **list;
	size_t n;
};

static void names_done(struct names *names)
{
	dir_names_free(names->list, names->n);
}

/* No folder: no names. */
static int names_of(const char *path, struct names *out, struct err *err)
{
	struct stat st;
	if (lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	return dir_names(path, &out->list, &out->n, err);
}

static bool is_leftover(const char *name)
{
	size_t n = strlen(name);
	return *name == '.' || (n > 4 && strcmp(name + n - 4, ".tmp") == 0);
}

struct walk {
	const char *group, *kind;
	file_object_fn *each;
	void *ctx;
	struct arena arena;
	size_t n;
};

static void walk_done(struct walk *w)
{
	arena_done(&w->arena);
}

static int walk_file(struct walk *w, const char *folder, const char *name, struct err *err)
{
	AUTO(auto_free) char *path = path_join(folder, name);
	size_t n = strlen(name);
	if (is_leftover(name))
		return 0;
	if (n < 6 || strcmp(name + n - 5, ".json") != 0)
		return err_set(err, ERR_INPUT, "%s: is no object of this cluster", path);
	if (++w->n > FILE_MAX_OBJECTS)
		return err_set(err, ERR_LIMIT, "more than %d objects of kind %s", FILE_MAX_OBJECTS,
			       w->kind);
	arena_reset(&w->arena);
	struct json object;
	if (read_json(&w->arena, path, &object, err) < 0 ||
	    check_identity(&w->arena, path, &object, w->group, w->kind, err) < 0)
		return -1;
	return w->each(w->ctx, &object, err);
}

static int walk_namespace(struct walk *w, const char *folder, const char *name, struct err *err)
{
	AUTO(auto_free) char *path = path_join(folder, name);
	AUTO(names_done) struct names files = { 0 };
	if (names_of(path, &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.n; i++)
		if (walk_file(w, path, files.list[i], err) < 0)
			return -1;
	return 0;
}

static int walk_first_namespaces(struct walk *w, const struct file_folder *folder, struct err *err)
{
	if (*w->group || strcmp(w->kind, "Namespace") != 0)
		return 0;
	for (size_t i = 0; i < n_file_first_namespaces; i++) {
		struct json object =
			file_first_namespace(&w->arena, folder, file_first_namespaces[i]);
		if (w->each(w->ctx, &object, err) < 0)
			return -1;
	}
	return 0;
}

int file_objects_walk(const struct file_folder *folder, const char *group, const char *kind,
		      const char *namespace, file_object_fn *each, void *ctx, struct err *err)
{
	AUTO(walk_done)
	struct walk w = { .group = group, .kind = kind, .each = each, .ctx = ctx };
	if (!folder->exists)
		return walk_first_namespaces(&w, folder, err);
	AUTO(buf_done) struct buf path = { 0 };
	kind_path(&path, folder->path, group, kind);
	if (namespace && *namespace) {
		AUTO(buf_done) struct buf name = { 0 };
		encode(&name, namespace);
		return walk_namespace(&w, buf_text(&path), buf_text(&name), err);
	}
	AUTO(names_done) struct names namespaces = { 0 };
	if (names_of(buf_text(&path), &namespaces, err) < 0)
		return -1;
	for (size_t i = 0; i < namespaces.n; i++)
		if (!is_leftover(namespaces.list[i]) &&
		    walk_namespace(&w, buf_text(&path), namespaces.list[i], err) < 0)
			return -1;
	return 0;
}

int file_kinds_walk(const struct file_folder *folder, file_kind_fn *each, void *ctx,
		    struct err *err)
{
	AUTO(auto_free) char *objects = path_join(folder->path, "objects");
	AUTO(names_done) struct names groups = { 0 };
	if (names_of(objects, &groups, err) < 0)
		return -1;
	for (size_t i = 0; i < groups.n; i++) {
		if (is_leftover(groups.list[i]))
			continue;
		AUTO(auto_free) char *path = path_join(objects, groups.list[i]);
		AUTO(names_done) struct names kinds = { 0 };
		if (names_of(path, &kinds, err) < 0)
			return -1;
		const char *group = strcmp(groups.list[i], "core") == 0 ? "" : groups.list[i];
		for (size_t k = 0; k < kinds.n; k++)
			if (!is_leftover(kinds.list[k]) && each(ctx, group, kinds.list[k], err) < 0)
				return -1;
	}
	return 0;
}

/* ---- the state */

static int refuse_strangers(const struct file_folder *folder, struct err *err)
{
	AUTO(auto_free) char *objects = path_join(folder->path, "objects");
	AUTO(names_done) struct names groups = { 0 };
	if (names_of(objects, &groups, err) < 0)
		return -1;
	/* A first write that was cut short has left namespaces. */
	for (size_t i = 0; i < groups.n; i++)
		if (!is_leftover(groups.list[i]) && strcmp(groups.list[i], "core") != 0)
			return err_set(err, ERR_INPUT,
				       "%s/cluster.json is missing: the folder holds objects, but "
				       "does not say of which cluster",
				       folder->path);
	return 0;
}

static int read_cluster_file(struct file_folder *folder, struct err *err)
{
	AUTO(auto_free) char *path = path_join(folder->path, "cluster.json");
	struct json v;
	if (read_optional(&folder->arena, path, &v, err) < 0)
		return -1;
	folder->exists = v.type != JSON_NULL;
	folder->version = FILE_CLUSTER_VERSION;
	if (!folder->exists)
		return refuse_strangers(folder, err);
	const char *api_version = json_get_str(&v, "apiVersion"), *kind = json_get_str(&v, "kind");
	const char *version = json_get_str(&v, "version");
	const char *counter = json_get_str(&v, "resourceVersion");
	char *end = NULL;
	errno = 0;
	folder->resource_version = counter && *counter ? strtoll(counter, &end, 10) : -1;
	if (!api_version || strcmp(api_version, "rhumb.dev/v1") != 0 || !kind ||
	    strcmp(kind, "FileCluster") != 0 || !version || folder->resource_version < 0 || errno ||
	    *end)
		return err_set(err, ERR_INPUT, "%s: not a FileCluster of rhumb.dev/v1", path);
	folder->version = version;
	return 0;
}

static int read_refusals(struct file_folder *folder, struct err *err)
{
	AUTO(auto_free) char *path = path_join(folder->path, "refusals.json");
	struct json v;
	if (read_optional(&folder->arena, path, &v, err) < 0)
		return -1;
	folder->refusals = json_of_array();
	if (v.type == JSON_NULL)
		return 0;
	const struct json *rules = json_get(&v, "rules");
	if (file_refusals_check(rules, path, err) < 0)
		return -1;
	folder->refusals = *rules;
	return 0;
}

static int add_crd(void *ctx, const struct json *object, struct err *err)
{
	(void)err;
	struct file_folder *folder = ctx;
	struct json crd = json_copy(&folder->arena, object);
	json_append(&folder->arena, &folder->crds, crd);
	schema_add_crd(&folder->schemas, &crd);
	return 0;
}

int file_folder_load(struct file_folder *folder, struct err *err)
{
	file_folder_unload(folder);
	folder->crds = json_of_array();
	struct stat st;
	if (stat(folder->path, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_UNREACHABLE, "file:%s is not a folder", folder->path);
	if (read_cluster_file(folder, err) < 0 || read_refusals(folder, err) < 0)
		return -1;
	return file_objects_walk(folder, "apiextensions.k8s.io", "CustomResourceDefinition", NULL,
				 add_crd, folder, err);
}

void file_folder_unload(struct file_folder *folder)
{
	char *path = folder->path;
	schema_set_done(&folder->schemas);
	arena_done(&folder->arena);
	*folder = (struct file_folder){ .path = path };
}

/* ---- what a new cluster has */

static void uid_from(const char *text, char out[FILE_UID_TEXT])
{
	char digest[DIGEST_TEXT];
	digest_bytes(text, strlen(text), digest);
	const char *hex = digest + strlen("sha256:");
	size_t w = 0;
	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			out[w++] = '-';
		out[w++] = i == 12 ? '8' : i == 16 ? 'a' : hex[i]; /* UUID version 8 */
	}
	out[w] = '\0';
}

struct json file_first_namespace(struct arena *a, const struct file_folder *folder,
				 const char *name)
{
	char uid[FILE_UID_TEXT];
	AUTO(auto_free) char *seed = xfmt("file cluster %s namespace %s", folder->path, name);
	uid_from(seed, uid);
	struct json object = json_of_object();
	json_set_str(a, &object, "apiVersion", "v1");
	json_set_str(a, &object, "kind", "Namespace");
	struct json *metadata = json_edit(a, &object, "metadata");
	json_set_str(a, metadata, "name", name);
	json_set_str(a, metadata, "uid", uid);
	json_set_str(a, metadata, "resourceVersion", "1");
	json_set_str(a, metadata, "creationTimestamp", "1970-01-01T00:00:00Z");
	json_set_str(a, json_edit(a, metadata, "labels"), "kubernetes.io/metadata.name", name);
	struct json finalizers = json_of_array();
	json_append(a, &finalizers, json_of_string(a, "kubernetes"));
	json_set(a, json_edit(a, &object, "spec"), "finalizers", finalizers);
	json_set_str(a, json_edit(a, &object, "status"), "phase", "Active");
	return object;
}

const struct json *file_crd_of(const struct file_folder *folder, const struct kind *kind)
{
	for (uint32_t i = 0; i < folder->crds.n; i++) {
		const struct json *spec = json_get(&folder->crds.items[i], "spec");
		const char *group = json_get_str(spec, "group");
		const char *name = json_get_str(json_get(spec, "names"), "kind");
		if (group && name && strcmp(group, kind->group) == 0 &&
		    strcmp(name, kind->kind) == 0)
			return &folder->crds.items[i];
	}
	return NULL;
}
