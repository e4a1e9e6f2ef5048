/* What a request would do; see file.h and decide.h. */
#include <string.h>

#include "plan/cluster/file/decide.h"
#include "plan/secret.h"

/* ---- answers */

int decide_refuse(struct decision *d, const struct json *failure)
{
	int64_t code = 500;
	json_int64(json_get(failure, "code"), &code);
	*d->out = (struct file_answer){ .status = (int)code, .failure = failure };
	return 0;
}

/* Messages may quote what was sent. */
const char *decide_clean(struct decision *d, const char *message)
{
	if (!object_is_secret(&d->ref) || !d->call->body || d->call->body->type != JSON_OBJECT)
		return message;
	AUTO(auto_free) char *text = secret_scrub(d->call->body, message);
	return arena_strdup(d->a, text);
}

int decide_bad_request(struct decision *d, const char *message)
{
	return decide_refuse(d, status_new(d->a, 400, "BadRequest", message));
}

int decide_conflict(struct decision *d, const char *why)
{
	return decide_refuse(
		d, status_conflict(d->a, d->ref.group, d->kind->plural, d->ref.name, why));
}

/* ---- reading */

/* Another version of the kind is the same object; nothing is converted. */
static const struct json *in_version(struct decision *d, const struct json *object)
{
	const char *want = object_ref_api_version(d->a, &d->ref);
	const char *is = json_get_str(object, "apiVersion");
	if (is && strcmp(is, want) == 0)
		return object;
	struct json *copy = arena_alloc(d->a, sizeof(*copy));
	*copy = json_copy(d->a, object);
	json_set_str(d->a, copy, "apiVersion", want);
	return copy;
}

static int read_live(struct decision *d, struct err *err)
{
	const struct json *object;
	if (file_object_read(d->a, d->folder, &d->ref, &object, err) < 0)
		return -1;
	d->live = object ? in_version(d, object) : NULL;
	return 0;
}

int decide_get(struct decision *d)
{
	if (!d->live)
		return decide_refuse(d, status_not_found(d->a, d->kind, d->ref.name));
	*d->out = (struct file_answer){ .status = 200, .object = d->live };
	return 0;
}

const char *decide_live(const struct decision *d, const char *key)
{
	const char *text = json_str(json_at(d->live, "metadata", key, NULL));
	return text ? text : "";
}

int decide_unchanged(struct decision *d)
{
	*d->out = (struct file_answer){ .status = 200, .object = d->live };
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
	struct decision d = {
		.a = a,
		.request = request,
		.folder = request->folder,
		.call = call,
		.kind = kind,
		.ref = { kind->group, kind->version, kind->kind,
			 kind->namespaced && call->namespace ? call->namespace : "", call->name },
		.out = out,
	};
	if (!is_served(d.folder, kind))
		return decide_refuse(
			&d, status_new(a, 404, "NotFound",
				       "the server could not find the requested resource"));
	if (kind->namespaced && !*d.ref.namespace)
		return decide_bad_request(&d, arena_fmt(a, "a %s needs a namespace", kind->kind));
	const struct json *failure = file_forbidden(a, d.folder, kind, rbac_verb(call->verb),
						    d.ref.namespace, d.ref.name);
	if (failure)
		return decide_refuse(&d, failure);
	d.schema = schema_root(&d.folder->schemas, kind->group, kind->version, kind->kind);
	if (read_live(&d, err) < 0)
		return -1;
	switch (call->verb) {
	case API_GET:
		return decide_get(&d);
	case API_DRY_RUN_APPLY:
	case API_APPLY:
		return decide_apply(&d, err);
	case API_DRY_RUN_JSON_PATCH:
	case API_JSON_PATCH:
		return decide_patch(&d, err);
	case API_DELETE:
		return decide_delete(&d);
	}
	return 0;
}
