/* What a delete would do; see decide.h. */
#include <string.h>

#include "plan/cluster/file/decide.h"

static bool may_not_go(struct decision *d)
{
	static const char *const immortal[] = { "default", "kube-system", "kube-public" };
	if (*d->ref.group || strcmp(d->ref.kind, "Namespace") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(immortal); i++)
		if (strcmp(d->ref.name, immortal[i]) == 0)
			return true;
	return false;
}

static int precondition_failed(struct decision *d, const char *why)
{
	return decide_refuse(d, status_conflict(d->a, d->ref.group, d->ref.kind, d->ref.name, why));
}

static int check_preconditions(struct decision *d)
{
	const struct json *preconditions = json_get(d->call->body, "preconditions");
	const char *uid = json_get_str(preconditions, "uid");
	const char *version = json_get_str(preconditions, "resourceVersion");
	const char *is_uid = decide_live(d, "uid"), *is_version = decide_live(d, "resourceVersion");
	if (uid && strcmp(uid, is_uid) != 0)
		return precondition_failed(
			d, arena_fmt(d->a,
				     "the UID in the precondition (%s) does not match the UID in "
				     "record (%s). The object might have been deleted and then "
				     "recreated",
				     uid, is_uid));
	if (version && strcmp(version, is_version) != 0)
		return precondition_failed(
			d, arena_fmt(d->a,
				     "the ResourceVersion in the precondition (%s) does not match "
				     "the ResourceVersion in record (%s). The object might have "
				     "been modified",
				     version, is_version));
	return 1;
}

static int forbidden(struct decision *d, const char *why)
{
	struct json *status = arena_alloc(d->a, sizeof(*status));
	*status = *status_new(
		d->a, 403, "Forbidden",
		arena_fmt(d->a, "%s \"%s\" is forbidden: %s", d->kind->plural, d->ref.name, why));
	json_set(d->a, status, "details",
		 status_details(d->a, d->ref.group, d->kind->plural, d->ref.name));
	return decide_refuse(d, status);
}

/* Marked as to be deleted; whoever put the finalizers there removes them. */
static int wait_for_finalizers(struct decision *d)
{
	if (*decide_live(d, "deletionTimestamp"))
		return decide_unchanged(d);
	struct json *object = arena_alloc(d->a, sizeof(*object));
	*object = json_copy(d->a, d->live);
	struct json *metadata = json_edit(d->a, object, "metadata");
	json_set_str(d->a, metadata, "deletionTimestamp", d->request->now);
	json_set_int(d->a, metadata, "deletionGracePeriodSeconds", 0);
	*d->out = (struct file_answer){ .status = 200, .object = object, .effect = FILE_WRITE };
	return 0;
}

int decide_delete(struct decision *d)
{
	if (!d->live)
		return decide_get(d);
	if (may_not_go(d))
		return forbidden(d, "this namespace may not be deleted");
	if (!check_preconditions(d))
		return 0;
	const struct json *failure =
		file_denied(d->a, d->folder, d->kind, "delete", d->ref.namespace, d->ref.name);
	if (failure)
		return decide_refuse(d, failure);
	const struct json *finalizers = json_at(d->live, "metadata", "finalizers", NULL);
	if (json_is(finalizers, JSON_ARRAY) && finalizers->n)
		return wait_for_finalizers(d);
	*d->out = (struct file_answer){
		.status = 200,
		.object = status_success(d->a, d->kind, d->ref.name, decide_live(d, "uid")),
		.effect = FILE_REMOVE,
	};
	return 0;
}
