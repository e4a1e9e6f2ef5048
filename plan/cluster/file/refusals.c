/* What the cluster refuses whatever is asked: stands for RBAC and admission in tests, and when
 * people rehearse.  DIR/refusals.json:
 *
 *   {"rules": [
 *     {"verbs": ["list"], "kinds": ["Secret"], "code": 403},
 *     {"verbs": ["create", "update"], "kinds": ["Deployment.apps"], "namespaces": ["shop"],
 *      "names": ["web"], "code": 422, "message": "ValidatingAdmissionPolicy 'x' ... denied ..."}]}
 *
 * A list that is not there matches everything.  403 (the default) is decided first, by the verbs
 * of RBAC (get, list, patch, delete); 422 last, by the operations of admission (create, update,
 * delete).  A list over all namespaces is forbidden where one in some namespace is. */
#include <string.h>

#include "plan/cluster/file/file.h"

static const char *const lists[] = { "kinds", "names", "namespaces", "verbs" };

static int check_rule(const struct json *rule, struct srcpos at, struct err *err)
{
	if (rule->type != JSON_OBJECT)
		return err_at(err, ERR_INPUT, at, "a rule is an object");
	for (uint32_t i = 0; i < rule->n; i++) {
		const struct json_member *m = &rule->members[i];
		bool list = false;
		for (size_t k = 0; k < ARRAY_LEN(lists); k++)
			list |= strcmp(m->key, lists[k]) == 0;
		if (list && m->value.type != JSON_ARRAY)
			return err_at(err, ERR_INPUT, at, "`%s` is a list", m->key);
		if (!list && strcmp(m->key, "code") != 0 && strcmp(m->key, "message") != 0 &&
		    strcmp(m->key, "reason") != 0)
			return err_at(err, ERR_INPUT, at, "unknown key `%s`", m->key);
	}
	int64_t code = 403;
	if (json_get(rule, "code") &&
	    (!json_int64(json_get(rule, "code"), &code) || (code != 403 && code != 422)))
		return err_at(err, ERR_INPUT, at, "`code` is 403 or 422");
	return 0;
}

int file_refusals_check(const struct json *rules, const char *file, struct err *err)
{
	struct srcpos at = { file, 0, 0 };
	if (!json_is(rules, JSON_ARRAY))
		return err_at(err, ERR_INPUT, at, "`rules` is a list");
	for (uint32_t i = 0; i < rules->n; i++)
		if (check_rule(&rules->items[i], at, err) < 0)
			return -1;
	return 0;
}

static bool holds(const struct json *rule, const char *list, const char *value)
{
	const struct json *values = json_get(rule, list);
	for (uint32_t i = 0; values && i < values->n; i++) {
		const char *s = json_str(&values->items[i]);
		if (s && (strcmp(s, value) == 0 || strcmp(s, "*") == 0))
			return true;
	}
	return !values;
}

static bool holds_kind(struct arena *a, const struct json *rule, const struct kind *kind)
{
	if (!*kind->group)
		return holds(rule, "kinds", kind->kind);
	return holds(rule, "kinds", arena_fmt(a, "%s.%s", kind->kind, kind->group));
}

/* namespace NULL: a list over all; name NULL: any list. */
static const struct json *find(struct arena *a, const struct file_folder *folder, int64_t code,
			       const struct kind *kind, const char *verb, const char *namespace,
			       const char *name)
{
	for (uint32_t i = 0; i < folder->refusals.n; i++) {
		const struct json *rule = &folder->refusals.items[i];
		int64_t of_rule = 403;
		json_int64(json_get(rule, "code"), &of_rule);
		if (of_rule == code && holds(rule, "verbs", verb) && holds_kind(a, rule, kind) &&
		    (!namespace || holds(rule, "namespaces", namespace)) &&
		    (!name || holds(rule, "names", name)))
			return rule;
	}
	return NULL;
}

static const struct json *refusal(struct arena *a, const struct kind *kind, int code,
				  const char *reason, const char *name, const char *why)
{
	const char *resource = kind->plural;
	if (*kind->group)
		resource = arena_fmt(a, "%s.%s", kind->plural, kind->group);
	const char *quoted = name ? arena_fmt(a, " \"%s\"", name) : "";
	struct json *s = arena_alloc(a, sizeof(*s));
	*s = *status_new(a, code, reason,
			 arena_fmt(a, "%s%s is forbidden: %s", resource, quoted, why));
	struct json details = status_details(a, kind->group, kind->plural, name ? name : "");
	if (code == 422) {
		struct json causes = json_of_array(), cause = json_of_object();
		json_set_str(a, &cause, "message", why);
		json_append(a, &causes, cause);
		json_set(a, &details, "causes", causes);
	}
	json_set(a, s, "details", details);
	return s;
}

const struct json *file_forbidden(struct arena *a, const struct file_folder *folder,
				  const struct kind *kind, const char *verb, const char *namespace,
				  const char *name)
{
	const struct json *rule = find(a, folder, 403, kind, verb, namespace, name);
	if (!rule)
		return NULL;
	const char *why = json_get_str(rule, "message");
	bool somewhere = namespace && *namespace;
	if (!why)
		why = arena_fmt(a,
				"User \"" FIELD_MANAGER "\" cannot %s resource \"%s\" in API group "
				"\"%s\" %s%s%s",
				verb, kind->plural, kind->group,
				somewhere ? "in the namespace \"" : "at the cluster scope",
				somewhere ? namespace : "", somewhere ? "\"" : "");
	return refusal(a, kind, 403, "Forbidden", name, why);
}

const struct json *file_denied(struct arena *a, const struct file_folder *folder,
			       const struct kind *kind, const char *verb, const char *namespace,
			       const char *name)
{
	const struct json *rule = find(a, folder, 422, kind, verb, namespace, name);
	if (!rule)
		return NULL;
	const char *why = json_get_str(rule, "message");
	const char *reason = json_get_str(rule, "reason");
	return refusal(a, kind, 422, reason ? reason : "Invalid", name,
		       why ? why : "denied by " FIELD_MANAGER "'s refusals.json");
}
