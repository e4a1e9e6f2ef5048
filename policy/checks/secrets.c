/* Secrets in the clear; secret_rules.h knows them.  No message has a value. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/secret_rules.h"
#include "policy/checks/subjects.h"

struct looking {
	struct check_run *r;
	enum secret_kind wanted;
	const struct json *node;
};

static struct secret_rules *rules_of(struct check_run *r)
{
	if (!r->secrets)
		r->secrets = secret_rules_new();
	return r->secrets;
}

static void on_found(void *ctx, const struct secret_found *found)
{
	struct looking *l = ctx;
	if (found->kind != l->wanted)
		return;
	AUTO(auto_free)
	char *line = memchr(l->node->text, '\n', l->node->n)
			     ? xfmt(", in line %u of the text", found->line)
			     : xstrdup("");
	if (found->kind == SECRET_URL)
		complain(l->r, l->node,
			 "a URL has a password in it%s: put it into a Secret that is "
			 "not in Git",
			 line);
	else
		complain(l->r, l->node,
			 "this looks like %s (%zu characters%s): put it into a Secret that is not "
			 "in "
			 "Git, and make a new one",
			 found->what, found->n, line);
}

/* All texts of an object. */
static void look(struct looking *l, const struct json *v)
{
	if (v->type == JSON_STRING) {
		l->node = v;
		secret_find(rules_of(l->r), v->text, v->n, on_found, l);
	}
	for (uint32_t i = 0; v->type == JSON_ARRAY && i < v->n; i++)
		look(l, &v->items[i]);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		look(l, &v->members[i].value);
}

static bool is_secret(const struct checked *o)
{
	return object_is_secret(o->ref);
}

/* Of a Secret only what is not meant to be secret. */
static void look_at(struct check_run *r, const struct checked *o, enum secret_kind wanted)
{
	struct looking l = { .r = r, .wanted = wanted };
	if (!is_secret(o))
		look(&l, o->object);
	else if (json_get(o->object, "metadata"))
		look(&l, json_get(o->object, "metadata"));
}

void check_plain_secret(struct check_run *r, const struct checked *o)
{
	look_at(r, o, SECRET_TOKEN);
}

void check_url_credentials(struct check_run *r, const struct checked *o)
{
	look_at(r, o, SECRET_URL);
}

/* ---- by name */

static void by_name(struct check_run *r, const char *name, size_t n, const struct json *node,
		    const char *value, size_t value_n)
{
	if (secret_is_likely(name, n, value, value_n))
		complain(
			r, node,
			"\"%.*s\" looks like a secret in the clear (%zu characters): put it into a "
			"Secret that is not in Git",
			(int)n, name, value_n);
}

/* "key: value" and "key = value", a line each, as in the usual configuration files. */
static void lines(struct check_run *r, const struct json *node)
{
	static const char quotes[] = "'\"";
	const char *p = node->text,
		   *end = p + (node->n < SECRET_MAX_TEXT ? node->n : SECRET_MAX_TEXT);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		size_t n = (size_t)(stop - p), indent = strspn(p, " \t\"'-");
		size_t key = indent < n ? strcspn(p + indent, " \t=:\"'\n") : 0;
		const char *value = p + indent + key;
		size_t gap = indent + key < n ? strspn(value, " \t=:\"'") : 0;
		if (key && gap && indent + key + gap < n) {
			size_t length = n - indent - key - gap;
			value += gap;
			while (length && strchr(" \t\r,;", value[length - 1]))
				length--;
			if (length && strchr(quotes, value[length - 1]))
				length--;
			by_name(r, p + indent, key, node, value, length);
		}
		p = stop + 1;
	}
}

static void environment(void *ctx, const struct json *container, const char *list)
{
	const struct json *env = list_in(container, "env");
	(void)list;
	for (uint32_t i = 0; i < env->n; i++) {
		const char *name = json_get_str(&env->items[i], "name");
		const struct json *value = json_get(&env->items[i], "value");
		if (name && json_is(value, JSON_STRING))
			by_name(ctx, name, strlen(name), value, value->text, value->n);
	}
}

void check_likely_secret(struct check_run *r, const struct checked *o)
{
	const struct json *data = json_get(o->object, "data");
	pod_containers(pod_spec_of(o->object, NULL), environment, r);
	if (*o->ref->group || strcmp(o->ref->kind, "ConfigMap") != 0 || !json_is(data, JSON_OBJECT))
		return;
	for (uint32_t i = 0; i < data->n; i++) {
		const struct json_member *m = &data->members[i];
		if (m->value.type != JSON_STRING)
			continue;
		by_name(r, m->key, strlen(m->key), &m->value, m->value.text, m->value.n);
		if (memchr(m->value.text, '\n', m->value.n))
			lines(r, &m->value);
	}
}

/* ---- Secrets in Git */

static bool is_encrypted(const struct json *value)
{
	return !json_is(value, JSON_STRING) || !value->n || strncmp(value->text, "ENC[", 4) == 0 ||
	       secret_is_placeholder(value->text, value->n);
}

void check_secret_manifest(struct check_run *r, const struct checked *o)
{
	static const char *const parts[] = { "data", "stringData" };
	if (!is_secret(o) || json_get(o->object, "sops"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const struct json *part = json_get(o->object, parts[i]);
		for (uint32_t k = 0; json_is(part, JSON_OBJECT) && k < part->n; k++)
			if (!is_encrypted(&part->members[k].value)) {
				complain(r, part,
					 "the values of this Secret are in Git for everybody who "
					 "can "
					 "read it: encrypt them, or keep them elsewhere");
				return;
			}
	}
}
