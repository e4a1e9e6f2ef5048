/* What a request would do.  The order of the checks is the API server's, so that of two reasons
 * to refuse the same one is told. */
#include <string.h>

#include "plan/cluster/file/file.h"
#include "plan/merge/apply.h"
#include "plan/secret.h"

static const char object_modified[] = "the object has been modified; please apply your changes to "
				      "the latest version and try again";

struct work {
	struct arena *a;
	const struct file_request *request;
	const struct file_folder *folder;
	const struct api_call *call;
	const struct kind *kind;
	struct object_ref ref;
	const struct schema_node *schema;
	const struct json *live; /* in the version of the request; NULL: absent */
	struct file_answer *out;
};

/* ---- answers */

static int refused(struct work *w, const struct json *failure)
{
	int64_t code = 500;
	json_int64(json_get(failure, "code"), &code);
	*w->out = (struct file_answer){ .status = (int)code, .failure = failure };
	return 0;
}

/* Messages may quote what was sent. */
static const char *clean(struct work *w, const char *message)
{
	if (!object_is_secret(&w->ref) || !w->call->body || w->call->body->type != JSON_OBJECT)
		return message;
	AUTO(auto_free) char *text = secret_scrub(w->call->body, message);
	return arena_strdup(w->a, text);
}

static int bad_request(struct work *w, const char *message)
{
	return refused(w, status_new(w->a, 400, "BadRequest", message));
}

/* "default/web; apps/v1, Kind=Deployment" */
static const char *whole_name(struct work *w)
{
	return arena_fmt(w->a, "%s/%s; %s/%s, Kind=%s", w->ref.namespace, w->ref.name, w->ref.group,
			 w->ref.version, w->ref.kind);
}

static int conflict(struct work *w, const char *why)
{
	return refused(w, status_conflict(w->a, w->ref.group, w->kind->plural, w->ref.name, why));
}

static int invalid(struct work *w, struct file_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		problems->items[i].message = clean(w, problems->items[i].message);
	return refused(w, status_invalid(w->a, w->kind, w->ref.name, problems));
}

static int field_conflict(struct work *w, const struct merge_result *result)
{
	struct json causes = json_of_array(), details = json_of_object();
	for (size_t i = 0; i < result->n_conflicts; i++) {
		const struct merge_conflict *c = &result->conflicts[i];
		struct json cause = json_of_object();
		json_set_str(w->a, &cause, "reason", "FieldManagerConflict");
		json_set_str(w->a, &cause, "message", merge_conflict_cause(w->a, c));
		json_set_str(w->a, &cause, "field", field_path_to_api(w->a, &c->path));
		json_append(w->a, &causes, cause);
	}
	json_set(w->a, &details, "causes", causes);
	struct json *status = arena_alloc(w->a, sizeof(*status));
	*status = *status_new(w->a, 409, "Conflict",
			      merge_conflict_message(w->a, result->conflicts, result->n_conflicts));
	json_set(w->a, status, "details", details);
	return refused(w, status);
}

/* ---- reading */

/* Another version of the kind is the same object; nothing is converted. */
static const struct json *in_version(struct work *w, const struct json *object)
{
	const char *want = object_ref_api_version(w->a, &w->ref);
	const char *is = json_get_str(object, "apiVersion");
	if (is && strcmp(is, want) == 0)
		return object;
	struct json *copy = arena_alloc(w->a, sizeof(*copy));
	*copy = json_copy(w->a, object);
	json_set_str(w->a, copy, "apiVersion", want);
	return copy;
}

static int read_live(struct work *w, struct err *err)
{
	const struct json *object;
	if (file_object_read(w->a, w->folder, &w->ref, &object, err) < 0)
		return -1;
	w->live = object ? in_version(w, object) : NULL;
	return 0;
}

static int decide_get(struct work *w)
{
	if (!w->live)
		return refused(w, status_not_found(w->a, w->kind, w->ref.name));
	*w->out = (struct file_answer){ .status = 200, .object = w->live };
	return 0;
}

/* ---- what apply and patch have in common */

static const char *live_text(struct work *w, const char *key)
{
	const char *text = json_str(json_at(w->live, "metadata", key, NULL));
	return text ? text : "";
}

/* NULL: there is such a namespace, or none is needed. */
static int check_namespace(struct work *w, const struct json **failure, struct err *err)
{
	*failure = NULL;
	if (!w->kind->namespaced)
		return 0;
	static const struct kind namespaces = {
		.kind = "Namespace", .plural = "namespaces", .group = "", .version = "v1"
	};
	struct object_ref ref = { "", "v1", "Namespace", "", w->ref.namespace };
	const struct json *object;
	if (file_object_read(w->a, w->folder, &ref, &object, err) < 0)
		return -1;
	if (!object)
		*failure = status_not_found(w->a, &namespaces, w->ref.namespace);
	return 0;
}

static bool is_last_finalizer_gone(const struct json *object)
{
	const struct json *metadata = json_get(object, "metadata");
	const struct json *finalizers = json_get(metadata, "finalizers");
	return json_get_str(metadata, "deletionTimestamp") && (!finalizers || !finalizers->n);
}

static void uid_problem(struct work *w, const char *uid, struct file_problems *problems)
{
	const char *message = arena_fmt(w->a, "Invalid value: \"%s\": field is immutable", uid);
	/* The API server says so twice. */
	file_problem_add(problems, "FieldValueInvalid", "metadata.uid", message);
	file_problem_add(problems, "FieldValueInvalid", "metadata.uid", message);
}

static void validate(struct work *w, const struct json *object, struct file_problems *problems)
{
	const struct json *crd = file_crd_of(w->folder, w->kind);
	if (!w->live)
		file_validate_name(w->a, w->kind, w->ref.name, problems);
	if (crd)
		file_validate_custom(w->a, crd, w->kind, object, problems);
	else
		file_validate(w->a, w->kind, w->live, object, problems);
}

/* `object` is what the request makes of the live one; uid is what it states, "" for nothing. */
static int store(struct work *w, const struct json *object, const char *uid, struct err *err)
{
	const char *conversion = file_conversion_problem(w->a, w->schema, w->kind, object);
	if (conversion)
		return refused(w, status_new(w->a, 500, NULL,
					     arena_fmt(w->a,
						       "failed to convert new object (%s) to "
						       "proper version: %s",
						       whole_name(w), clean(w, conversion))));
	if (!w->live && *uid)
		return conflict(w, arena_fmt(w->a,
					     "uid mismatch: the provided object specified uid %s, "
					     "and no existing object was found",
					     uid));
	const struct json *failure = NULL;
	bool named = json_str(json_at(w->call->body, "metadata", "name", NULL));
	if (!w->live && !named)
		return bad_request(w, arena_fmt(w->a,
						"the name of the object (%s based on URL) was "
						"undeterminable: name must be provided",
						w->ref.name));
	if (!w->live && check_namespace(w, &failure, err) < 0)
		return -1;
	if (failure)
		return refused(w, failure);
	struct json *whole = arena_alloc(w->a, sizeof(*whole));
	*whole = json_copy(w->a, object);
	file_prepare(w->a, w->request, w->live, whole);
	struct file_problems problems = { 0 };
	if (w->live && *uid && strcmp(uid, live_text(w, "uid")) != 0)
		uid_problem(w, uid, &problems);
	validate(w, whole, &problems);
	if (problems.n)
		return invalid(w, &problems);
	failure = file_denied(w->a, w->folder, w->kind, w->live ? "update" : "create",
			      w->ref.namespace, w->ref.name);
	if (failure)
		return refused(w, failure);
	*w->out = (struct file_answer){ .status = w->live ? 200 : 201,
					.object = whole,
					.effect = FILE_WRITE };
	if (w->live && is_last_finalizer_gone(whole))
		w->out->effect = FILE_REMOVE;
	return 0;
}

/* ---- apply */

/* What a manifest may state and only the server decides. */
static const char *const server_fields[] = {
	"uid",          "resourceVersion",   "generation",
	"selfLink",     "creationTimestamp", "deletionTimestamp",
	"managedFields"
};

static struct json normalised(struct work *w)
{
	struct json body = json_copy(w->a, w->call->body);
	struct json *metadata = json_edit(w->a, &body, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(server_fields); i++)
		json_remove(metadata, server_fields[i]);
	json_set_str(w->a, metadata, "name", w->ref.name);
	if (w->kind->namespaced)
		json_set_str(w->a, metadata, "namespace", w->ref.namespace);
	return body;
}

/* 1: the body is about this very object; 0: refused. */
static int check_body(struct work *w)
{
	const struct json *body = w->call->body;
	struct object_ref is = object_ref_of(w->a, body);
	const struct json *managed = json_at(body, "metadata", "managedFields", NULL);
	if (strcmp(is.group, w->ref.group) != 0 || strcmp(is.version, w->ref.version) != 0 ||
	    strcmp(is.kind, w->ref.kind) != 0)
		return bad_request(w, arena_fmt(w->a, "invalid object type: %s/%s, Kind=%s",
						is.group, is.version, is.kind));
	if (managed && managed->type != JSON_NULL)
		return bad_request(w, "metadata.managedFields must be nil");
	if (*is.name && strcmp(is.name, w->ref.name) != 0)
		return bad_request(w, arena_fmt(w->a,
						"the name of the object (%s) does not match the "
						"name on the URL (%s)",
						is.name, w->ref.name));
	if (*is.namespace && strcmp(is.namespace, w->ref.namespace) != 0)
		return bad_request(w, "the namespace of the provided object does not match the "
				      "namespace sent on the request");
	return 1;
}

static struct merge_request merge_request_of(struct work *w, const struct json *object)
{
	return (struct merge_request){
		.schema = w->schema,
		.live = w->live,
		.object = object,
		.manager = FIELD_MANAGER,
		.now = w->request->now,
		.force = w->call->force,
		.built_in = !file_crd_of(w->folder, w->kind),
		.keeps_status = file_keeps_status(w->folder, w->kind),
	};
}

static bool version_moved(struct work *w, const char *stated)
{
	return w->live && stated && *stated && strcmp(stated, live_text(w, "resourceVersion")) != 0;
}

static int unchanged(struct work *w)
{
	*w->out = (struct file_answer){ .status = 200, .object = w->live };
	return 0;
}

static int decide_apply(struct work *w, struct err *err)
{
	if (!json_is(w->call->body, JSON_OBJECT))
		return bad_request(w, "error decoding YAML: the body is no object");
	if (!check_body(w))
		return 0;
	const struct json *stated = json_get(w->call->body, "metadata");
	const char *uid = json_get_str(stated, "uid");
	const char *version = json_get_str(stated, "resourceVersion");
	struct json body = normalised(w);
	struct merge_request request = merge_request_of(w, &body);
	struct merge_result result;
	AUTO(err_done) struct err why = { 0 };
	if (merge_apply(w->a, &request, &result, &why) < 0)
		return refused(w, status_new(w->a, 500, NULL,
					     arena_fmt(w->a,
						       "failed to create typed patch object "
						       "(%s): %s",
						       whole_name(w), clean(w, why.msg))));
	if (result.n_conflicts)
		return field_conflict(w, &result);
	if (version_moved(w, version))
		return conflict(w, object_modified);
	bool same_uid = !uid || !w->live || strcmp(uid, live_text(w, "uid")) == 0;
	if (w->live && !result.changed && same_uid)
		return unchanged(w);
	return store(w, &result.object, uid ? uid : "", err);
}

/* ---- JSON patch */

static int decide_patch(struct work *w, struct err *err)
{
	if (!w->live)
		return decide_get(w);
	if (!json_is(w->call->body, JSON_ARRAY))
		return bad_request(w, "error decoding patch: json: cannot unmarshal object into Go "
				      "value of type []handlers.jsonPatchOp");
	struct json patched;
	AUTO(err_done) struct err why = { 0 };
	struct json no_details = json_of_object();
	struct json *rejected = arena_alloc(w->a, sizeof(*rejected));
	*rejected = *status_new(w->a, 422, "Invalid",
				"the server rejected our request due to an error in our request");
	json_set(w->a, rejected, "details", no_details);
	if (json_patch_apply(w->a, w->live, w->call->body, &patched, &why) < 0 ||
	    !json_is(&patched, JSON_OBJECT))
		return refused(w, rejected);
	const struct json *metadata = json_get(&patched, "metadata");
	const char *uid = json_get_str(metadata, "uid");
	const char *version = json_get_str(metadata, "resourceVersion");
	struct object_ref is = object_ref_of(w->a, &patched);
	if (object_ref_compare(&is, &w->ref) != 0)
		return bad_request(w, "the object of the patch is another one");
	if (version_moved(w, version ? arena_strdup(w->a, version) : NULL))
		return conflict(w, object_modified);
	/* Only the server moves these. */
	struct json *edited = json_edit(w->a, &patched, "metadata");
	json_set_str(w->a, edited, "resourceVersion", live_text(w, "resourceVersion"));
	json_set_str(w->a, edited, "uid", live_text(w, "uid"));
	struct merge_request request = merge_request_of(w, &patched);
	struct merge_result result;
	if (merge_update(w->a, &request, &result, &why) < 0)
		return refused(w, rejected);
	if (!result.changed)
		return unchanged(w);
	return store(w, &result.object, uid ? uid : "", err);
}

/* ---- delete */

static bool may_not_go(struct work *w)
{
	static const char *const immortal[] = { "default", "kube-system", "kube-public" };
	if (*w->ref.group || strcmp(w->ref.kind, "Namespace") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(immortal); i++)
		if (strcmp(w->ref.name, immortal[i]) == 0)
			return true;
	return false;
}

static int precondition_failed(struct work *w, const char *why)
{
	return refused(w, status_conflict(w->a, w->ref.group, w->ref.kind, w->ref.name, why));
}

static int check_preconditions(struct work *w)
{
	const struct json *preconditions = json_get(w->call->body, "preconditions");
	const char *uid = json_get_str(preconditions, "uid");
	const char *version = json_get_str(preconditions, "resourceVersion");
	const char *is_uid = live_text(w, "uid"), *is_version = live_text(w, "resourceVersion");
	if (uid && strcmp(uid, is_uid) != 0)
		return precondition_failed(
			w, arena_fmt(w->a,
				     "the UID in the precondition (%s) does not match the UID in "
				     "record (%s). The object might have been deleted and then "
				     "recreated",
				     uid, is_uid));
	if (version && strcmp(version, is_version) != 0)
		return precondition_failed(
			w, arena_fmt(w->a,
				     "the ResourceVersion in the precondition (%s) does not match "
				     "the ResourceVersion in record (%s). The object might have "
				     "been modified",
				     version, is_version));
	return 1;
}

static int forbidden(struct work *w, const char *why)
{
	struct json *status = arena_alloc(w->a, sizeof(*status));
	*status = *status_new(
		w->a, 403, "Forbidden",
		arena_fmt(w->a, "%s \"%s\" is forbidden: %s", w->kind->plural, w->ref.name, why));
	json_set(w->a, status, "details",
		 status_details(w->a, w->ref.group, w->kind->plural, w->ref.name));
	return refused(w, status);
}

/* Marked as to be deleted; whoever put the finalizers there removes them. */
static int wait_for_finalizers(struct work *w)
{
	if (*live_text(w, "deletionTimestamp"))
		return unchanged(w);
	struct json *object = arena_alloc(w->a, sizeof(*object));
	*object = json_copy(w->a, w->live);
	struct json *metadata = json_edit(w->a, object, "metadata");
	json_set_str(w->a, metadata, "deletionTimestamp", w->request->now);
	json_set_int(w->a, metadata, "deletionGracePeriodSeconds", 0);
	*w->out = (struct file_answer){ .status = 200, .object = object, .effect = FILE_WRITE };
	return 0;
}

static int decide_delete(struct work *w)
{
	if (!w->live)
		return decide_get(w);
	if (may_not_go(w))
		return forbidden(w, "this namespace may not be deleted");
	if (!check_preconditions(w))
		return 0;
	const struct json *failure =
		file_denied(w->a, w->folder, w->kind, "delete", w->ref.namespace, w->ref.name);
	if (failure)
		return refused(w, failure);
	const struct json *finalizers = json_at(w->live, "metadata", "finalizers", NULL);
	if (json_is(finalizers, JSON_ARRAY) && finalizers->n)
		return wait_for_finalizers(w);
	*w->out = (struct file_answer){
		.status = 200,
		.object = status_success(w->a, w->kind, w->ref.name, live_text(w, "uid")),
		.effect = FILE_REMOVE,
	};
	return 0;
}

/* ---- all of them */

/* Whether the kind is (still) served, in this version. */
static bool is_served(const struct file_folder *folder, const struct kind *kind)
{
	if (schema_root(NULL, kind->group, kind->version, kind->kind))
		return true;
	const struct json *crd = file_crd_of(folder, kind);
	struct kind_table kinds = { 0 };
	if (crd)
		kinds_add_crd(&kinds, crd, false);
	bool served = kinds_find(&kinds, kind->group, kind->version, kind->kind) != NULL;
	kind_table_done(&kinds);
	return served;
}

static const char *rbac_verb(enum api_verb verb)
{
	return verb == API_GET ? "get" : verb == API_DELETE ? "delete" : "patch";
}

int file_decide(struct arena *a, const struct file_request *request, struct file_answer *out,
		struct err *err)
{
	const struct api_call *call = request->call;
	const struct kind *kind = call->kind;
	struct work w = {
		.a = a,
		.request = request,
		.folder = request->folder,
		.call = call,
		.kind = kind,
		.ref = { kind->group, kind->version, kind->kind,
			 kind->namespaced && call->namespace ? call->namespace : "", call->name },
		.out = out,
	};
	if (!is_served(w.folder, kind))
		return refused(&w, status_new(a, 404, "NotFound",
					      "the server could not find the requested resource"));
	if (kind->namespaced && !*w.ref.namespace)
		return bad_request(&w, arena_fmt(a, "a %s needs a namespace", kind->kind));
	const struct json *failure = file_forbidden(a, w.folder, kind, rbac_verb(call->verb),
						    w.ref.namespace, w.ref.name);
	if (failure)
		return refused(&w, failure);
	w.schema = schema_root(&w.folder->schemas, kind->group, kind->version, kind->kind);
	if (read_live(&w, err) < 0)
		return -1;
	switch (call->verb) {
	case API_GET:
		return decide_get(&w);
	case API_DRY_RUN_APPLY:
	case API_APPLY:
		return decide_apply(&w, err);
	case API_DRY_RUN_JSON_PATCH:
	case API_JSON_PATCH:
		return decide_patch(&w, err);
	case API_DELETE:
		return decide_delete(&w);
	}
	return 0;
}
