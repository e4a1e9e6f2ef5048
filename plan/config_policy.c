/* See config_policy.h. */
#include "plan/config_policy.h"

#include <ctype.h>
#include <string.h>

#include "base/shape.h"

static const char *const enforces[] = { [ENFORCE_ALL] = "all", [ENFORCE_NEW] = "new" };
static const char *const undecideds[] = {
	[UNDECIDED_DENY] = "deny",
	[UNDECIDED_WARN] = "warn",
	[UNDECIDED_ALLOW] = "allow",
};
static const char *const levels[] = {
	[CHECK_OFF] = "off",
	[CHECK_AUDIT] = "audit",
	[CHECK_WARN] = "warn",
	[CHECK_DENY] = "deny",
};

static int find(const char *const *names, size_t n, const char *text)
{
	for (size_t i = 0; text && i < n; i++)
		if (names[i] && strcmp(names[i], text) == 0)
			return (int)i;
	return -1;
}

enum policy_enforce policy_enforce_of(const char *text)
{
	int i = find(enforces, ARRAY_LEN(enforces), text);
	return i < 0 ? ENFORCE_UNSET : (enum policy_enforce)i;
}

enum policy_undecided policy_undecided_of(const char *text)
{
	int i = find(undecideds, ARRAY_LEN(undecideds), text);
	return i < 0 ? UNDECIDED_UNSET : (enum policy_undecided)i;
}

int check_level_of(const char *text)
{
	return find(levels, ARRAY_LEN(levels), text);
}

const char *check_level_name(enum check_level level)
{
	return levels[level];
}

struct reader {
	struct arena *a;
	const char *file;
	struct err *err;
};

static int read_enforce(struct reader *r, const struct json *v, enum policy_enforce *out)
{
	if (!v)
		return 0;
	*out = policy_enforce_of(json_str(v));
	return *out ? 0
		    : err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			     "enforce has to be all or new");
}

static int read_undecided(struct reader *r, const struct json *v, enum policy_undecided *out)
{
	if (!v)
		return 0;
	*out = policy_undecided_of(json_str(v));
	return *out ? 0
		    : err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			     "undecided has to be deny, warn or allow");
}

static int read_setting(struct reader *r, const struct json_member *m, struct policy_setting *out)
{
	static const struct shape_key keys[] = {
		{ "enforce", SHAPE_TEXT, false },
		{ "undecided", SHAPE_TEXT, false },
		{ "params", SHAPE_OBJECT, false },
		{ 0 },
	};
	static const struct shape shape = { "the settings of a policy", keys };
	const struct json *params = json_get(&m->value, "params");
	*out = (struct policy_setting){
		.policy = arena_strdup(r->a, m->key),
		.at = { r->file, m->line, m->col },
	};
	if (shape_check(&m->value, &shape, r->file, r->err) < 0 ||
	    read_enforce(r, json_get(&m->value, "enforce"), &out->enforce) < 0 ||
	    read_undecided(r, json_get(&m->value, "undecided"), &out->undecided) < 0)
		return -1;
	if (params) {
		struct json *copy = arena_alloc(r->a, sizeof(*copy));
		*copy = json_copy(r->a, params);
		out->params = copy;
	}
	return 0;
}

static int read_level(struct reader *r, const struct json_member *m, struct check_setting *out)
{
	/* YAML 1.1 reads a bare `off` as false. */
	bool is_off = m->value.type == JSON_BOOL && !m->value.truth;
	int level = is_off ? CHECK_OFF : check_level_of(json_str(&m->value));
	*out = (struct check_setting){
		.id = arena_strdup(r->a, m->key),
		.level = (enum check_level)level,
		.at = { r->file, m->line, m->col },
	};
	return level >= 0 ? 0
			  : err_at(r->err, ERR_INPUT, json_pos(&m->value, r->file),
				   "the level of a check has to be deny, warn, audit or off");
}

static int map_of(struct reader *r, const struct json *root, const char *key,
		  const struct json **out)
{
	static const struct json none = { .type = JSON_OBJECT };
	*out = json_get(root, key);
	if (!*out)
		*out = &none;
	if ((*out)->type != JSON_OBJECT)
		return err_at(r->err, ERR_INPUT, json_pos(*out, r->file),
			      "%s has to be keys with values", key);
	if ((*out)->n > CONFIG_MAX_POLICY_SETTINGS)
		return err_at(r->err, ERR_LIMIT, json_pos(*out, r->file),
			      "%s has more than %d keys (CONFIG_MAX_POLICY_SETTINGS)", key,
			      CONFIG_MAX_POLICY_SETTINGS);
	return 0;
}

/* "1.36", "v1.36.2": the minor version is what counts. */
static int read_version(struct reader *r, const struct json *v, const char **out)
{
	const char *text = json_str(v);
	if (!v)
		return 0;
	if (text && *text == 'v')
		text++;
	const char *end = text && strncmp(text, "1.", 2) == 0 ? text + 2 : NULL;
	size_t digits = end ? strspn(end, "0123456789") : 0;
	if (!digits || digits > 3 || (end[digits] && end[digits] != '.'))
		return err_at(r->err, ERR_INPUT, json_pos(v, r->file),
			      "kubernetesVersion has to be a version in quotes, such as \"1.36\"");
	*out = arena_strndup(r->a, text, digits + 2);
	return 0;
}

int config_read_policy(struct arena *a, const struct json *root, const char *file,
		       struct policy_config *out, struct err *err)
{
	struct reader r = { a, file, err };
	const struct json *settings, *checks;
	if (read_enforce(&r, json_get(root, "enforce"), &out->enforce) < 0 ||
	    read_version(&r, json_get(root, "kubernetesVersion"), &out->kubernetes_version) < 0 ||
	    map_of(&r, root, "policySettings", &settings) < 0 ||
	    map_of(&r, root, "checks", &checks) < 0)
		return -1;
	out->settings = arena_calloc(a, settings->n, sizeof(*out->settings));
	for (; out->n_settings < settings->n; out->n_settings++)
		if (read_setting(&r, &settings->members[out->n_settings],
				 &out->settings[out->n_settings]) < 0)
			return -1;
	out->checks = arena_calloc(a, checks->n, sizeof(*out->checks));
	for (; out->n_checks < checks->n; out->n_checks++)
		if (read_level(&r, &checks->members[out->n_checks], &out->checks[out->n_checks]) <
		    0)
			return -1;
	return 0;
}

static int compare_policy(const void *key, const void *item)
{
	return strcmp(key, ((const struct policy_setting *)item)->policy);
}

static int compare_check(const void *key, const void *item)
{
	return strcmp(key, ((const struct check_setting *)item)->id);
}

const struct policy_setting *config_policy_setting(const struct policy_config *c,
						   const char *policy)
{
	if (!c->n_settings)
		return NULL;
	return bsearch(policy, c->settings, c->n_settings, sizeof(*c->settings), compare_policy);
}

const struct check_setting *config_check_setting(const struct policy_config *c, const char *id)
{
	if (!c->n_checks)
		return NULL;
	return bsearch(id, c->checks, c->n_checks, sizeof(*c->checks), compare_check);
}
