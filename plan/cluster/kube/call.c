/* Requests about single objects.  See kube.h and the table "What the API server enforces for us"
 * in the design. */
#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/utf8.h"
#include "plan/cluster/kube/kube.h"
#include "plan/secret.h"

#define APPLY_QUERY "fieldManager=" FIELD_MANAGER "&fieldValidation=Strict"

/* kube_run() looks for "?dryRun=All&" before anything leaves that may only read. */
static const struct verb {
	const char *name, *method, *query, *content_type;
	bool writes;
} verbs[] = {
	[API_GET] = { "get", "GET", "", NULL, false },
	[API_DRY_RUN_APPLY] = { "dry-run", "PATCH", "?dryRun=All&" APPLY_QUERY,
				"application/apply-patch+yaml", false },
	[API_DRY_RUN_JSON_PATCH] = { "dry-run patch", "PATCH",
				     "?dryRun=All&fieldManager=" FIELD_MANAGER,
				     "application/json-patch+json", false },
	[API_APPLY] = { "apply", "PATCH", "?" APPLY_QUERY, "application/apply-patch+yaml", true },
	[API_JSON_PATCH] = { "patch", "PATCH", "?fieldManager=" FIELD_MANAGER,
			     "application/json-patch+json", true },
	[API_DELETE] = { "delete", "DELETE", "", "application/json", true },
};

struct exchange {
	struct kube *kube;
	struct api_call *calls;
	size_t n, next;
	api_done_fn *done;
	void *ctx;
	struct arena scratch; /* of one answer */
	struct err *err;
};

static void exchange_done(struct exchange *x)
{
	arena_done(&x->scratch);
}

/* ---- the question */

/* The server reads what is applied as YAML, which refuses some characters that JSON lets stand,
 * and folds its own line breaks (U+0085, U+2028, U+2029) even within quotes. */
static bool differs_in_yaml(uint32_t code)
{
	return (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       code == 0xfeff || code == 0xfffe || code == 0xffff;
}

static void write_body(struct buf *b, const struct json *body)
{
	AUTO(buf_done) struct buf text = { 0 };
	json_write_canonical(&text, body);
	size_t plain = 0;
	for (size_t i = 0, step; i < text.len; i += step) {
		uint32_t code = (unsigned char)text.data[i];
		step = code < 0x7f ? 1 : utf8_decode(text.data + i, text.len - i, &code);
		if (!differs_in_yaml(code))
			continue;
		buf_put(b, text.data + plain, i - plain);
		buf_printf(b, "\\u%04x", (unsigned)code);
		plain = i + step;
	}
	buf_put(b, text.data + plain, text.len - plain);
}

static int request_of(struct api_call *call, struct http_request *r)
{
	const struct verb *v = &verbs[call->verb];
	AUTO(buf_done) struct buf path = { 0 };
	const char *namespace = call->kind->namespaced ? call->namespace : NULL;
	if (call->kind->namespaced && (!namespace || !*namespace))
		return err_set(&call->err, ERR_INVALID, "a %s needs a namespace", call->kind->kind);
	if (kube_path(&path, call->kind, namespace, call->name, &call->err) < 0)
		return -1;
	buf_puts(&path, v->query);
	bool apply = call->verb == API_APPLY || call->verb == API_DRY_RUN_APPLY;
	if (apply && call->force)
		buf_puts(&path, "&force=true");
	*r = (struct http_request){
		.method = v->method,
		.path = buf_take(&path),
		.accept = "application/json",
		.content_type = call->body ? v->content_type : NULL,
		.repeatable = !v->writes,
		.max_bytes = KUBE_MAX_OBJECT,
		.user = call,
	};
	if (call->body)
		write_body(&r->body, call->body);
	return 0;
}

/* ---- the answer */

static bool about_a_secret(const struct api_call *call)
{
	return !*call->kind->group && strcmp(call->kind->kind, "Secret") == 0;
}

/* Words of the API that decide what an answer means; a Secret whose value is one letter must not
 * damage them. */
static bool is_word_of_the_api(const char *key, const struct json *v)
{
	static const char *const reasons[] = {
		"AlreadyExists",
		"BadRequest",
		"Conflict",
		"FieldManagerConflict",
		"FieldValueDuplicate",
		"FieldValueForbidden",
		"FieldValueInvalid",
		"FieldValueNotFound",
		"FieldValueNotSupported",
		"FieldValueRequired",
		"FieldValueTypeInvalid",
		"Forbidden",
		"InternalError",
		"Invalid",
		"NotFound",
		"Unauthorized",
	};
	const char *text = json_str(v);
	if (!text || strcmp(key, "reason") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(text, reasons[i]) == 0)
			return true;
	return false;
}

/* The same tree with the Secret's values hidden in every text. */
static struct json scrubbed(struct arena *a, const struct json *secret, const struct json *v)
{
	struct json out = *v;
	if (v->type == JSON_STRING) {
		AUTO(auto_free) char *text = secret_scrub(secret, v->text);
		return json_of_string(a, text);
	}
	if (v->type == JSON_ARRAY) {
		out = json_of_array();
		for (uint32_t i = 0; i < v->n; i++)
			json_append(a, &out, scrubbed(a, secret, &v->items[i]));
	}
	if (v->type == JSON_OBJECT) {
		out = json_of_object();
		for (uint32_t i = 0; i < v->n; i++)
			json_set(a, &out, v->members[i].key,
				 is_word_of_the_api(v->members[i].key, &v->members[i].value)
					 ? v->members[i].value
					 : scrubbed(a, secret, &v->members[i].value));
	}
	return out;
}

/* Servers and webhooks may quote what they were sent. */
static void hide_secret(struct exchange *x, struct api_call *call, struct http_answer *a)
{
	if (!about_a_secret(call) || !call->body)
		return;
	for (size_t i = 0; i < a->n_warnings; i++) {
		char *text = secret_scrub(call->body, a->warnings[i]);
		free(a->warnings[i]);
		a->warnings[i] = text;
	}
	if (call->err.msg) {
		char *text = secret_scrub(call->body, call->err.msg);
		free(call->err.msg);
		call->err.msg = text;
	}
	if (call->failure) {
		struct json *copy = arena_alloc(&x->scratch, sizeof(*copy));
		*copy = scrubbed(&x->scratch, call->body, call->failure);
		call->failure = copy;
	}
}

static int understand(struct exchange *x, struct api_call *call, const struct http_answer *a)
{
	if (!kube_is_json(a->content_type))
		return err_set(&call->err, ERR_SERVER,
			       "the server answers \"%.80s\" where JSON was expected",
			       a->content_type);
	static const struct json_limits limits = { .max_bytes = KUBE_MAX_OBJECT,
						   .max_values = KUBE_MAX_VALUES };
	struct json *object = arena_alloc(&x->scratch, sizeof(*object));
	if (json_parse(&x->scratch, buf_text(&a->body), a->body.len, "answer", &limits, object,
		       &call->err) < 0)
		return -1;
	if (object->type != JSON_OBJECT || !json_get_str(object, "kind"))
		return err_set(&call->err, ERR_SERVER, "the answer is no object");
	call->object = object;
	return 0;
}

/* Hands the answer to the caller and forgets it. */
static int report(struct exchange *x, struct api_call *call, struct err *err)
{
	int rc = x->done(x->ctx, call, err);
	call->object = call->failure = NULL;
	call->warnings = NULL;
	call->n_warnings = 0;
	arena_reset(&x->scratch);
	return rc;
}

static int exchange_answer(void *ctx, struct http_request *r, struct http_answer *a,
			   struct err *err)
{
	struct exchange *x = ctx;
	struct api_call *call = r->user;
	call->status = a->status;
	if (a->err.code)
		err_move(&call->err, &a->err);
	else if (a->status >= 200 && a->status < 300)
		understand(x, call, a);
	else
		kube_refusal(&x->scratch, a->status, a->content_type, &a->body, &call->failure,
			     &call->err);
	hide_secret(x, call, a);
	call->warnings = (const char *const *)a->warnings;
	call->n_warnings = a->n_warnings;
	return report(x, call, err);
}

static bool exchange_next(void *ctx, struct http_request *r)
{
	struct exchange *x = ctx;
	while (x->next < x->n && !x->err->code) {
		struct api_call *call = &x->calls[x->next++];
		if (call->withdrawn)
			continue;
		if (request_of(call, r) == 0) {
			call->left = time_monotonic_ms();
			return true;
		}
		report(x, call, x->err); /* never left; -1 ends the loop through x->err */
	}
	return false;
}

int kube_exchange(struct cluster *c, bool may_write, struct api_call *calls, size_t n,
		  api_done_fn *done, void *ctx, struct err *err)
{
	struct kube *k = (struct kube *)c;
	for (size_t i = 0; i < n; i++)
		if (verbs[calls[i].verb].writes && !may_write)
			return err_set(err, ERR_REFUSED, "%s %s: this cluster is open for reading",
				       verbs[calls[i].verb].name, calls[i].name);
	AUTO(exchange_done)
	struct exchange x = {
		.kube = k, .calls = calls, .n = n, .done = done, .ctx = ctx, .err = err
	};
	unsigned in_flight = may_write ? KUBE_WRITES_IN_FLIGHT : KUBE_CALLS_IN_FLIGHT;
	if (kube_run(k, may_write, in_flight, exchange_next, exchange_answer, &x, err) < 0)
		return -1;
	return err->code ? -1 : 0;
}
