/* See file_store.h. */
#include "apply/file_store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/time.h"
#include "plan/cluster/file/file.h"
#include "plan/merge/apply.h"

enum { LOCK_POLL_MS = 20, SECRET_MODE = 0600, FOLDER_MODE = 0700 };

/* A folder that is being written to. */
struct store {
	struct file_folder folder;
	int lock;
	int64_t reserved; /* resourceVersions up to this one are on disk */
	char now[TIME_TEXT];
};

static void store_close(struct store *s)
{
	if (s->lock >= 0)
		close(s->lock); /* which unlocks */
	file_folder_unload(&s->folder);
	free(s->folder.path);
}

/* ---- opening */

static int take_lock(struct store *s, struct err *err)
{
	AUTO(auto_free) char *path = path_join(s->folder.path, ".lock");
	if (file_mkdirs(s->folder.path, FOLDER_MODE, err) < 0)
		return -1;
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, SECRET_MODE);
	if (s->lock < 0)
		return err_set(err, ERR_SYSTEM, "lock %s: %s", path, strerror(errno));
	int64_t deadline = time_monotonic_ms() + FILE_LOCK_SECONDS * 1000;
	while (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(err, ERR_SYSTEM, "lock %s: %s", path, strerror(errno));
		if (time_monotonic_ms() > deadline)
			return err_set(err, ERR_TIMEOUT,
				       "file:%s: another process has been writing to it for %d "
				       "seconds",
				       s->folder.path, FILE_LOCK_SECONDS);
		time_pause_ms(LOCK_POLL_MS);
	}
	return 0;
}

static int write_json(const char *path, const struct json *v, struct err *err)
{
	AUTO(buf_done) struct buf b = { 0 };
	json_write_indented(&b, v);
	buf_putc(&b, '\n');
	return file_write(path, b.data, b.len, SECRET_MODE, err);
}

static int write_cluster_file(struct store *s, int64_t resource_version, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(auto_free) char *path = path_join(s->folder.path, "cluster.json");
	struct json v = json_of_object();
	json_set_str(&a, &v, "apiVersion", "rhumb.dev/v1");
	json_set_str(&a, &v, "kind", "FileCluster");
	json_set_str(&a, &v, "version", s->folder.version);
	json_set(&a, &v, "resourceVersion", json_of_fmt(&a, "%" PRId64, resource_version));
	return write_json(path, &v, err);
}

static int write_object(struct store *s, const struct json *object, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct object_ref ref = object_ref_of(&a, object);
	AUTO(auto_free) char *path = file_object_path(s->folder.path, &ref);
	AUTO(auto_free) char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	if (file_mkdirs(folder, FOLDER_MODE, err) < 0)
		return -1;
	return write_json(path, object, err);
}

/* The namespaces first: until cluster.json is there, the folder counts as new. */
static int write_first(struct store *s, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < n_file_first_namespaces; i++) {
		struct json object = file_first_namespace(&a, &s->folder, file_first_namespaces[i]);
		if (write_object(s, &object, err) < 0)
			return -1;
	}
	if (write_cluster_file(s, 1, err) < 0)
		return -1;
	s->folder.exists = true;
	s->folder.resource_version = s->reserved = 1;
	return 0;
}

static int store_open(struct store *s, const char *dir, struct err *err)
{
	s->folder.path = file_absolute(dir);
	time_format(time(NULL), s->now);
	if (take_lock(s, err) < 0 || file_folder_load(&s->folder, err) < 0)
		return -1;
	s->reserved = s->folder.resource_version;
	return 0;
}

int file_store_create(const char *dir, const char *version, struct err *err)
{
	AUTO(store_close) struct store s = { .lock = -1 };
	if (store_open(&s, dir, err) < 0)
		return -1;
	if (s.folder.exists)
		return err_set(err, ERR_CONFLICT, "file:%s is a cluster already", dir);
	if (version)
		s.folder.version = version;
	return write_first(&s, err);
}

/* ---- writing */

/* A number that was never used, for one of `more` writes that may come. */
static int next_version(struct store *s, int64_t more, int64_t *out, struct err *err)
{
	if (!s->folder.exists && write_first(s, err) < 0)
		return -1;
	if (s->folder.resource_version == s->reserved) {
		if (write_cluster_file(s, s->reserved + more, err) < 0)
			return -1;
		s->reserved += more;
	}
	*out = ++s->folder.resource_version;
	return 0;
}

static void make_uid(char out[FILE_UID_TEXT])
{
	unsigned char b[16];
	while (getrandom(b, sizeof(b), 0) != sizeof(b))
		continue;
	b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
	size_t w = 0;
	for (size_t i = 0; i < sizeof(b); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[w++] = '-';
		out[w++] = "0123456789abcdef"[b[i] >> 4];
		out[w++] = "0123456789abcdef"[b[i] & 15];
	}
	out[w] = '\0';
}

static int remove_file(const struct store *s, const struct object_ref *ref, struct err *err)
{
	AUTO(auto_free) char *path = file_object_path(s->folder.path, ref);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, ERR_SYSTEM, "remove %s: %s", path, strerror(errno));
	return 0;
}

/* ---- what goes with an object */

struct removal {
	struct store *store;
	const char *namespace; /* NULL: all */
	const char *group, *kind;
};

static int remove_one(void *ctx, const struct json *object, struct err *err)
{
	const struct removal *r = ctx;
	AUTO(arena_done) struct arena a = { 0 };
	struct object_ref ref = object_ref_of(&a, object);
	return remove_file(r->store, &ref, err);
}

static int remove_kind(void *ctx, const char *group, const char *kind, struct err *err)
{
	const struct removal *r = ctx;
	return file_objects_walk(&r->store->folder, group, kind, r->namespace, remove_one,
				 (void *)(uintptr_t)r, err);
}

static bool is_kind(const struct api_call *call, const char *group, const char *kind)
{
	return strcmp(call->kind->group, group) == 0 && strcmp(call->kind->kind, kind) == 0;
}

/* Namespaces with what is in them, CRDs with their objects: these go first, so that a deletion
 * that is cut short can be done again. */
static int remove_object(struct store *s, const struct api_call *call, const struct json *live,
			 struct err *err)
{
	struct removal r = { .store = s };
	if (is_kind(call, "", "Namespace")) {
		r.namespace = call->name;
		if (file_kinds_walk(&s->folder, remove_kind, &r, err) < 0)
			return -1;
	}
	if (is_kind(call, "apiextensions.k8s.io", "CustomResourceDefinition")) {
		const char *group = json_str(json_at(live, "spec", "group", NULL));
		const char *kind = json_str(json_at(live, "spec", "names", "kind", NULL));
		if (group && kind && remove_kind(&r, group, kind, err) < 0)
			return -1;
	}
	struct object_ref ref = { call->kind->group, call->kind->version, call->kind->kind,
				  call->kind->namespaced ? call->namespace : "", call->name };
	return remove_file(s, &ref, err);
}

/* ---- calls */

static int carry_out(struct store *s, struct arena *a, const struct api_call *call,
		     struct file_answer *answer, int64_t more, struct err *err)
{
	int64_t version;
	if (answer->effect == FILE_NOTHING)
		return 0;
	if (next_version(s, more, &version, err) < 0)
		return -1;
	if (answer->effect == FILE_REMOVE) {
		struct object_ref ref = { call->kind->group, call->kind->version, call->kind->kind,
					  call->kind->namespaced ? call->namespace : "",
					  call->name };
		const struct json *live;
		if (file_object_read(a, &s->folder, &ref, &live, err) < 0)
			return -1;
		return remove_object(s, call, live, err);
	}
	struct json *object = arena_alloc(a, sizeof(*object));
	*object = json_copy(a, answer->object);
	json_set(a, json_edit(a, object, "metadata"), "resourceVersion",
		 json_of_fmt(a, "%" PRId64, version));
	answer->object = object;
	return write_object(s, object, err);
}

static bool changes_kinds(const struct api_call *call, const struct file_answer *answer)
{
	return answer->effect != FILE_NOTHING &&
	       is_kind(call, "apiextensions.k8s.io", "CustomResourceDefinition");
}

/* One call; what the folder does not allow is its error, without an answer. */
static void answer_call(struct store *s, struct arena *a, struct api_call *call, int64_t more)
{
	bool dry_run = call->verb == API_DRY_RUN_APPLY || call->verb == API_DRY_RUN_JSON_PATCH;
	char uid[FILE_UID_TEXT];
	make_uid(uid);
	struct file_request request = { .folder = &s->folder,
					.call = call,
					.now = s->now,
					.uid = dry_run ? file_dry_run_uid : uid };
	struct file_answer answer = { 0 };
	if (file_decide(a, &request, &answer, &call->err) < 0)
		return;
	if (!dry_run && carry_out(s, a, call, &answer, more, &call->err) < 0)
		return;
	if (!dry_run && changes_kinds(call, &answer)) {
		int64_t version = s->folder.resource_version;
		if (file_folder_load(&s->folder, &call->err) < 0)
			return;
		s->folder.resource_version = version; /* the file holds what is reserved */
	}
	file_answer_call(call, &answer);
}

int file_store_write(struct cluster *c, struct api_call *calls, size_t n, api_done_fn *done,
		     void *ctx, struct err *err)
{
	AUTO(store_close) struct store s = { .lock = -1 };
	if (store_open(&s, file_cluster_path(c), err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		AUTO(arena_done) struct arena a = { 0 };
		if (calls[i].withdrawn)
			continue;
		calls[i].left = time_monotonic_ms();
		answer_call(&s, &a, &calls[i], (int64_t)(n - i));
		c->requests++;
		if (done(ctx, &calls[i], err) < 0)
			return -1;
	}
	return 0;
}

/* ---- putting */

static const struct json *stated(const struct json *object, const char *key)
{
	return json_at(object, "metadata", key, NULL);
}

/* What the owner makes of the object that is there. */
static int own(struct store *s, struct arena *a, const struct file_owner *owner,
	       const struct json *live, struct json *object, struct err *err)
{
	bool applied = strcmp(owner->operation, OPERATION_APPLY) == 0;
	struct json given = *object;
	struct merge_request request = {
		.schema = schema_of(&s->folder.schemas, object),
		.live = live,
		.object = &given,
		.manager = owner->manager,
		.subresource = owner->subresource,
		.now = owner->time ? owner->time : s->now,
		.force = true,
	};
	struct object_ref ref = object_ref_of(a, object);
	request.built_in = schema_root(NULL, ref.group, ref.version, ref.kind) != NULL;
	struct merge_result result;
	if ((applied ? merge_apply : merge_update)(a, &request, &result, err) < 0)
		return -1;
	*object = json_copy(a, &result.object);
	return 0;
}

static void fill_in(struct store *s, struct arena *a, const struct json *live, int64_t version,
		    struct json *object)
{
	static const char *const kept[] = { "uid", "creationTimestamp", "generation" };
	struct json *metadata = json_edit(a, object, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (!json_get(metadata, kept[i]) && stated(live, kept[i]))
			json_set(a, metadata, kept[i], *stated(live, kept[i]));
	if (!json_get(metadata, "uid")) {
		char uid[FILE_UID_TEXT];
		make_uid(uid);
		json_set_str(a, metadata, "uid", uid);
	}
	if (!json_get(metadata, "creationTimestamp"))
		json_set_str(a, metadata, "creationTimestamp", s->now);
	if (!json_get(metadata, "resourceVersion") || live)
		json_set(a, metadata, "resourceVersion", json_of_fmt(a, "%" PRId64, version));
}

/* A stated resourceVersion comes from another cluster's counter; ours goes on behind it. */
static int keep_counter_ahead(struct store *s, const struct json *object, struct err *err)
{
	const char *text = json_str(stated(object, "resourceVersion"));
	int64_t version = text ? strtoll(text, NULL, 10) : 0;
	if (version <= s->folder.resource_version || version >= INT64_MAX / 2)
		return 0;
	s->folder.resource_version = s->reserved = version;
	return write_cluster_file(s, version, err);
}

static int put(struct store *s, const struct json *given, const struct file_owner *owner,
	       int64_t more, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	struct object_ref ref = object_ref_of(&a, given);
	if (!*ref.kind || !*ref.name || !*ref.version)
		return err_set(err, ERR_INPUT, "not a Kubernetes object");
	int64_t version;
	if (next_version(s, more, &version, err) < 0)
		return -1;
	const struct json *live;
	if (file_object_read(&a, &s->folder, &ref, &live, err) < 0)
		return -1;
	struct json object = json_copy(&a, given);
	if (owner && owner->manager && own(s, &a, owner, live, &object, err) < 0)
		return err_wrap(err, "%s", object_ref_id(&a, &ref));
	fill_in(s, &a, live, version, &object);
	if (write_object(s, &object, err) < 0 || keep_counter_ahead(s, &object, err) < 0)
		return -1;
	if (strcmp(ref.group, "apiextensions.k8s.io") == 0)
		schema_add_crd(&s->folder.schemas, &object);
	return 0;
}

int file_store_put(const char *dir, const struct json *objects, size_t n,
		   const struct file_owner *owner, struct err *err)
{
	AUTO(store_close) struct store s = { .lock = -1 };
	if (store_open(&s, dir, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put(&s, &objects[i], owner, (int64_t)(n - i), err) < 0)
			return -1;
	return 0;
}
