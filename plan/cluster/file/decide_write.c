/* What an apply or a patch would write; see decide.h. */
#include <string.h>

#include "plan/cluster/file/decide.h"
#include "plan/merge/apply.h"

static const char object_modified[] = "the object has been modified; please apply your changes to "
				      "the latest version and try again";

/* ---- answers */

/* "default/web; apps/v1, Kind=Deployment" */
static const char *whole_name(struct decision *d)
{
	return arena_fmt(d->a, "%s/%s; %s/%s, Kind=%s", d->ref.namespace, d->ref.name, d->ref.group,
			 d->ref.version, d->ref.kind);
}

static int invalid(struct decision *d, struct file_problems *problems)
{
	for (size_t i = 0; i < problems->n; i++)
		problems->items[i].message = decide_clean(d, problems->items[i].message);
	return decide_refuse(d, status_invalid(d->a, d->kind, d->ref.name, problems));
}

static int field_conflict(struct decision *d, const struct merge_result *result)
{
	struct json causes = json_of_array(), details = json_of_object();
	for (size_t i = 0; i < result->n_conflicts; i++) {
		const struct merge_conflict *c = &result->conflicts[i];
		struct json cause = json_of_object();
		json_set_str(d->a, &cause, "reason", "FieldManagerConflict");
		json_set_str(d->a, &cause, "message", merge_conflict_cause(d->a, c));
		json_set_str(d->a, &cause, "field", field_path_to_api(d->a, &c->path));
		json_append(d->a, &causes, cause);
	}
	json_set(d->a, &details, "causes", causes);
	struct json *status = arena_alloc(d->a, sizeof(*status));
	*status = *status_new(d->a, 409, "Conflict",
			      merge_conflict_message(d->a, result->conflicts, result->n_conflicts));
	json_set(d->a, status, "details", details);
	return decide_refuse(d, status);
}

/* ---- what apply and patch have in common */

/* NULL: there is such a namespace, or none is needed. */
static int check_namespace(struct decision *d, const struct json **failure, struct err *err)
{
	*failure = NULL;
	if (!d->kind->namespaced)
		return 0;
	static const struct kind namespaces = {
		.kind = "Namespace", .plural = "namespaces", .group = "", .version = "v1"
	};
	struct object_ref ref = { "", "v1", "Namespace", "", d->ref.namespace };
	const struct json *object;
	if (file_object_read(d->a, d->folder, &ref, &object, err) < 0)
		return -1;
	if (!object)
		*failure = status_not_found(d->a, &namespaces, d->ref.namespace);
	return 0;
}

static bool is_last_finalizer_gone(const struct json *object)
{
	const struct json *metadata = json_get(object, "metadata");
	const struct json *finalizers = json_get(metadata, "finalizers");
	return json_get_str(metadata, "deletionTimestamp") && (!finalizers || !finalizers->n);
}

static void uid_problem(struct decision *d, const char *uid, struct file_problems *problems)
{
	const char *message = arena_fmt(d->a, "Invalid value: \"%s\": field is immutable", uid);
	/* The API server says so twice. */
	file_problem_add(problems, "FieldValueInvalid", "metadata.uid", message);
	file_problem_add(problems, "FieldValueInvalid", "metadata.uid", message);
}

static void validate(struct decision *d, const struct json *object, struct file_problems *problems)
{
	const struct json *crd = file_crd_of(d->folder, d->kind);
	if (!d->live)
		file_validate_name(d->a, d->kind, d->ref.name, problems);
	if (crd)
		file_validate_custom(d->a, crd, d->kind, object, problems);
	else
		file_validate(d->a, d->kind, d->live, object, problems);
}

/* `object` is what the request makes of the live one; uid is what it states, "" for nothing. */
static int store(struct decision *d, const struct json *object, const char *uid, struct err *err)
{
	const char *conversion = file_conversion_problem(d->a, d->schema, d->kind, object);
	if (conversion)
		return decide_refuse(
			d, status_new(d->a, 500, NULL,
				      arena_fmt(d->a,
						"failed to convert new object (%s) to "
						"proper version: %s",
						whole_name(d), decide_clean(d, conversion))));
	if (!d->live && *uid)
		return decide_conflict(
			d, arena_fmt(d->a,
				     "uid mismatch: the provided object specified uid %s, "
				     "and no existing object was found",
				     uid));
	const struct json *failure = NULL;
	bool named = json_str(json_at(d->call->body, "metadata", "name", NULL));
	if (!d->live && !named)
		return decide_bad_request(d,
					  arena_fmt(d->a,
						    "the name of the object (%s based on URL) was "
						    "undeterminable: name must be provided",
						    d->ref.name));
	if (!d->live && check_namespace(d, &failure, err) < 0)
		return -1;
	if (failure)
		return decide_refuse(d, failure);
	struct json *whole = arena_alloc(d->a, sizeof(*whole));
	*whole = json_copy(d->a, object);
	file_prepare(d->a, d->request, d->live, whole);
	struct file_problems problems = { 0 };
	if (d->live && *uid && strcmp(uid, decide_live(d, "uid")) != 0)
		uid_problem(d, uid, &problems);
	validate(d, whole, &problems);
	if (problems.n)
		return invalid(d, &problems);
	failure = file_denied(d->a, d->folder, d->kind, d->live ? "update" : "create",
			      d->ref.namespace, d->ref.name);
	if (failure)
		return decide_refuse(d, failure);
	*d->out = (struct file_answer){ .status = d->live ? 200 : 201,
					.object = whole,
					.effect = FILE_WRITE };
	if (d->live && is_last_finalizer_gone(whole))
		d->out->effect = FILE_REMOVE;
	return 0;
}

/* ---- apply */

/* What a manifest may state and only the server decides. */
static const char *const server_fields[] = {
	"uid",          "resourceVersion",   "generation",
	"selfLink",     "creationTimestamp", "deletionTimestamp",
	"managedFields"
};

static struct json normalised(struct decision *d)
{
	struct json body = json_copy(d->a, d->call->body);
	struct json *metadata = json_edit(d->a, &body, "metadata");
	for (size_t i = 0; i < ARRAY_LEN(server_fields); i++)
		json_remove(metadata, server_fields[i]);
	json_set_str(d->a, metadata, "name", d->ref.name);
	if (d->kind->namespaced)
		json_set_str(d->a, metadata, "namespace", d->ref.namespace);
	return body;
}

/* 1: the body is about this very object; 0: refused. */
static int check_body(struct decision *d)
{
	const struct json *body = d->call->body;
	struct object_ref is = object_ref_of(d->a, body);
	const struct json *managed = json_at(body, "metadata", "managedFields", NULL);
	if (strcmp(is.group, d->ref.group) != 0 || strcmp(is.version, d->ref.version) != 0 ||
	    strcmp(is.kind, d->ref.kind) != 0)
		return decide_bad_request(d, arena_fmt(d->a, "invalid object type: %s/%s, Kind=%s",
						       is.group, is.version, is.kind));
	if (managed && managed->type != JSON_NULL)
		return decide_bad_request(d, "metadata.managedFields must be nil");
	if (*is.name && strcmp(is.name, d->ref.name) != 0)
		return decide_bad_request(
			d, arena_fmt(d->a,
				     "the name of the object (%s) does not match the "
				     "name on the URL (%s)",
				     is.name, d->ref.name));
	if (*is.namespace && strcmp(is.namespace, d->ref.namespace) != 0)
		return decide_bad_request(d,
					  "the namespace of the provided object does not match the "
					  "namespace sent on the request");
	return 1;
}

static struct merge_request merge_request_of(struct decision *d, const struct json *object)
{
	return (struct merge_request){
		.schema = d->schema,
		.live = d->live,
		.object = object,
		.manager = FIELD_MANAGER,
		.now = d->request->now,
		.force = d->call->force,
		.built_in = !file_crd_of(d->folder, d->kind),
		.keeps_status = file_keeps_status(d->folder, d->kind),
	};
}

static bool version_moved(struct decision *d, const char *stated)
{
	return d->live && stated && *stated &&
	       strcmp(stated, decide_live(d, "resourceVersion")) != 0;
}

int decide_apply(struct decision *d, struct err *err)
{
	if (!json_is(d->call->body, JSON_OBJECT))
		return decide_bad_request(d, "error decoding YAML: the body is no object");
	if (!check_body(d))
		return 0;
	const struct json *stated = json_get(d->call->body, "metadata");
	const char *uid = json_get_str(stated, "uid");
	const char *version = json_get_str(stated, "resourceVersion");
	struct json body = normalised(d);
	struct merge_request request = merge_request_of(d, &body);
	struct merge_result result;
	AUTO(err_done) struct err why = { 0 };
	if (merge_apply(d->a, &request, &result, &why) < 0)
		return decide_refuse(
			d, status_new(d->a, 500, NULL,
				      arena_fmt(d->a,
						"failed to create typed patch object "
						"(%s): %s",
						whole_name(d), decide_clean(d, why.msg))));
	if (result.n_conflicts)
		return field_conflict(d, &result);
	if (version_moved(d, version))
		return decide_conflict(d, object_modified);
	bool same_uid = !uid || !d->live || strcmp(uid, decide_live(d, "uid")) == 0;
	if (d->live && !result.changed && same_uid)
		return decide_unchanged(d);
	return store(d, &result.object, uid ? uid : "", err);
}

/* ---- JSON patch */

int decide_patch(struct decision *d, struct err *err)
{
	if (!d->live)
		return decide_get(d);
	if (!json_is(d->call->body, JSON_ARRAY))
		return decide_bad_request(
			d, "error decoding patch: json: cannot unmarshal object into Go "
			   "value of type []handlers.jsonPatchOp");
	struct json patched;
	AUTO(err_done) struct err why = { 0 };
	struct json no_details = json_of_object();
	struct json *rejected = arena_alloc(d->a, sizeof(*rejected));
	*rejected = *status_new(d->a, 422, "Invalid",
				"the server rejected our request due to an error in our request");
	json_set(d->a, rejected, "details", no_details);
	if (json_patch_apply(d->a, d->live, d->call->body, &patched, &why) < 0 ||
	    !json_is(&patched, JSON_OBJECT))
		return decide_refuse(d, rejected);
	const struct json *metadata = json_get(&patched, "metadata");
	const char *uid = json_get_str(metadata, "uid");
	const char *version = json_get_str(metadata, "resourceVersion");
	struct object_ref is = object_ref_of(d->a, &patched);
	if (object_ref_compare(&is, &d->ref) != 0)
		return decide_bad_request(d, "the object of the patch is another one");
	if (version_moved(d, version ? arena_strdup(d->a, version) : NULL))
		return decide_conflict(d, object_modified);
	/* Only the server moves these. */
	struct json *edited = json_edit(d->a, &patched, "metadata");
	json_set_str(d->a, edited, "resourceVersion", decide_live(d, "resourceVersion"));
	json_set_str(d->a, edited, "uid", decide_live(d, "uid"));
	struct merge_request request = merge_request_of(d, &patched);
	struct merge_result result;
	if (merge_update(d->a, &request, &result, &why) < 0)
		return decide_refuse(d, rejected);
	if (!result.changed)
		return decide_unchanged(d);
	return store(d, &result.object, uid ? uid : "", err);
}
