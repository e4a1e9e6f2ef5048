/* What a case expects, and what came; which validations cases have shown.  See internal.h. */
#include "policy/test/internal.h"

#include <string.h>

#include "base/buf.h"
#include "base/shape.h"
#include "base/suggest.h"

static const struct shape_key keys[] = {
	{ "result", SHAPE_TEXT, true },
	{ "message", SHAPE_TEXT, false },
	{ "path", SHAPE_TEXT, false },
	{ 0 },
};

static bool is_result(const char *text)
{
	static const char *const known[] = { "allow", "audit", "warn", "undecided", "deny" };
	for (size_t i = 0; text && i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], text) == 0)
			return true;
	return false;
}

static const char *result_of(const struct json *v)
{
	return json_is(v, JSON_OBJECT) ? json_get_str(v, "result") : json_str(v);
}

static int unknown_policy(const struct subject *s, const struct json_member *m, struct err *err)
{
	AUTO(auto_free) const char **names = xcalloc(s->n_policies, sizeof(*names));
	for (size_t i = 0; i < s->n_policies; i++)
		names[i] = s->policies[i].name;
	AUTO(auto_free) char *hint = suggest_text(m->key, names, s->n_policies);
	return err_at(err, ERR_INPUT, (struct srcpos){ s->file, m->line, m->col },
		      "no file of \"policies\" has a policy \"%s\"%s", m->key, hint);
}

int expect_check(const struct subject *s, const struct json *expect, struct err *err)
{
	static const struct shape shape = { "an expected result", keys };
	for (uint32_t i = 0; i < expect->n; i++) {
		const struct json_member *m = &expect->members[i];
		if (!subject_policy(s, m->key))
			return unknown_policy(s, m, err);
		if (m->value.type == JSON_OBJECT &&
		    shape_check(&m->value, &shape, s->file, err) < 0)
			return -1;
		if (!is_result(result_of(&m->value)))
			return err_at(err, ERR_INPUT, json_pos(&m->value, s->file),
				      "a result is one of allow, audit, warn, undecided, deny");
	}
	return 0;
}

static void compare_text(struct buf *out, const char *what, const char *policy, const char *want,
			 const char *got, bool whole)
{
	bool same = got && (whole ? strcmp(got, want) == 0 : strstr(got, want) != NULL);
	if (!same)
		buf_printf(out, "%s: expected the %s \"%s\", got %s%s%s\n", policy, what, want,
			   got ? "\"" : "none", got ? got : "", got ? "\"" : "");
}

static void compare(struct buf *out, const struct tested_policy *p, const struct json *want,
		    const struct outcome *got)
{
	const char *result = want ? result_of(want) : "allow";
	if (strcmp(result, got->result) != 0) {
		buf_printf(out, "%s: expected %s, got %s%s%s", p->name, result, got->result,
			   got->message ? ": " : "", got->message ? got->message : "");
		if (got->rule.file)
			buf_printf(out, " (%s:%u:%u)", got->rule.file, got->rule.line,
				   got->rule.col);
		buf_putc(out, '\n');
		return;
	}
	const char *message = json_get_str(want, "message"), *path = json_get_str(want, "path");
	if (message)
		compare_text(out, "message", p->name, message, got->message, false);
	if (path)
		compare_text(out, "path", p->name, path, got->path, true);
}

const char *expect_compare(struct arena *a, const struct subject *s, const struct json *expect,
			   const struct outcome *outcomes)
{
	AUTO(buf_done) struct buf text = { 0 };
	for (size_t i = 0; i < s->n_policies; i++)
		compare(&text, &s->policies[i], json_get(expect, s->policies[i].name),
			&outcomes[i]);
	return text.len ? arena_strndup(a, buf_text(&text), text.len - 1) : NULL;
}

struct policy_test_rule *policy_test_rule(struct policy_test *t, const struct tested_policy *p,
					  unsigned validation)
{
	for (size_t i = 0; i < t->n_rules; i++) {
		struct policy_test_rule *r = &t->rules[i];
		if (r->validation == validation && r->at.line == p->at.line &&
		    strcmp(r->at.file, p->at.file) == 0 && strcmp(r->policy, p->name) == 0)
			return r;
	}
	GROW(t->rules, t->n_rules, t->cap_rules);
	t->rules[t->n_rules] = (struct policy_test_rule){
		.policy = p->name,
		.validation = validation,
		.at = p->at,
	};
	return &t->rules[t->n_rules++];
}
