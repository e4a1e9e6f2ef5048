/* Status objects, worded as the API server words them; see file.h. */
#include <string.h>

#include "plan/cluster/file/file.h"

static struct json *status_of(struct arena *a, const char *status)
{
	struct json *s = arena_alloc(a, sizeof(*s));
	*s = json_of_object();
	json_set_str(a, s, "apiVersion", "v1");
	json_set_str(a, s, "kind", "Status");
	json_set(a, s, "metadata", json_of_object());
	json_set_str(a, s, "status", status);
	return s;
}

static struct json *failure(struct arena *a, int code, const char *reason, const char *message)
{
	struct json *s = status_of(a, "Failure");
	json_set_int(a, s, "code", code);
	if (reason)
		json_set_str(a, s, "reason", reason);
	json_set_str(a, s, "message", message);
	return s;
}

const struct json *status_new(struct arena *a, int code, const char *reason, const char *message)
{
	return failure(a, code, reason, message);
}

struct json status_details(struct arena *a, const char *group, const char *kind, const char *name)
{
	struct json details = json_of_object();
	if (*name)
		json_set_str(a, &details, "name", name);
	if (*group)
		json_set_str(a, &details, "group", group);
	json_set_str(a, &details, "kind", kind);
	return details;
}

/* "deployments.apps" */
static const char *qualified(struct arena *a, const char *resource, const char *group)
{
	return *group ? arena_fmt(a, "%s.%s", resource, group) : resource;
}

const struct json *status_not_found(struct arena *a, const struct kind *kind, const char *name)
{
	struct json *s = failure(
		a, 404, "NotFound",
		arena_fmt(a, "%s \"%s\" not found", qualified(a, kind->plural, kind->group), name));
	json_set(a, s, "details", status_details(a, kind->group, kind->plural, name));
	return s;
}

const struct json *status_conflict(struct arena *a, const char *group, const char *resource,
				   const char *name, const char *why)
{
	struct json *s = failure(a, 409, "Conflict",
				 arena_fmt(a, "Operation cannot be fulfilled on %s \"%s\": %s",
					   qualified(a, resource, group), name, why));
	json_set(a, s, "details", status_details(a, group, resource, name));
	return s;
}

/* The message tells the same thing once, the causes as often as it was found. */
static bool seen_before(const struct file_problems *problems, size_t index)
{
	const struct file_problem *p = &problems->items[index];
	for (size_t i = 0; i < index; i++)
		if (strcmp(problems->items[i].field, p->field) == 0 &&
		    strcmp(problems->items[i].message, p->message) == 0)
			return true;
	return false;
}

const struct json *status_invalid(struct arena *a, const struct kind *kind, const char *name,
				  const struct file_problems *problems)
{
	AUTO(buf_done) struct buf text = { 0 };
	size_t different = 0;
	for (size_t i = 0; i < problems->n; i++)
		different += !seen_before(problems, i);
	buf_printf(&text, "%s \"%s\" is invalid: %s", qualified(a, kind->kind, kind->group), name,
		   different > 1 ? "[" : "");
	struct json causes = json_of_array();
	for (size_t i = 0; i < problems->n; i++) {
		const struct file_problem *p = &problems->items[i];
		if (!seen_before(problems, i))
			buf_printf(&text, "%s%s: %s", i ? ", " : "", p->field, p->message);
		struct json cause = json_of_object();
		json_set_str(a, &cause, "reason", p->reason);
		json_set_str(a, &cause, "message", p->message);
		json_set_str(a, &cause, "field", p->field);
		json_append(a, &causes, cause);
	}
	buf_puts(&text, different > 1 ? "]" : "");
	struct json *s = failure(a, 422, "Invalid", buf_text(&text));
	struct json details = status_details(a, kind->group, kind->kind, name);
	json_set(a, &details, "causes", causes);
	json_set(a, s, "details", details);
	return s;
}

const struct json *status_success(struct arena *a, const struct kind *kind, const char *name,
				  const char *uid)
{
	struct json *s = status_of(a, "Success");
	struct json details = status_details(a, kind->group, kind->plural, name);
	json_set_str(a, &details, "uid", uid);
	json_set(a, s, "details", details);
	return s;
}

/* ---- an answer as a call holds it */

static enum err_code code_of(int status, const char *message)
{
	static const struct {
		int status;
		enum err_code code;
	} codes[] = {
		{ 400, ERR_INVALID }, { 403, ERR_FORBIDDEN }, { 404, ERR_NOT_FOUND },
		{ 405, ERR_INVALID }, { 409, ERR_CONFLICT },  { 422, ERR_INVALID },
	};
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	/* Server-side apply answers 500 to an object that does not fit its schema. */
	return strncmp(message, "failed to c", strlen("failed to c")) == 0 ? ERR_INVALID
									   : ERR_SERVER;
}

void file_answer_call(struct api_call *call, const struct file_answer *answer)
{
	call->status = answer->status;
	call->object = answer->failure ? NULL : answer->object;
	call->failure = answer->failure;
	if (!answer->failure)
		return;
	const char *message = json_get_str(answer->failure, "message");
	err_set(&call->err, code_of(answer->status, message), "%s", message);
}
