/* Variables, conditions and validations of a policy, as they are written.
 *
 *   rules_read_variables(), rules_read_conditions(), rules_read_validations()
 *
 * read a list of the policy's spec; what is wrong goes to the reader's problem(), and reading goes
 * on, so that all is told.  Strings are those of the document, the rest is in the arena. */
#ifndef POLICY_RULE_RULES_H
#define POLICY_RULE_RULES_H

#include "policy/rule/expression.h"

enum {
	RULES_MAX_CONDITIONS = 64,    /* matchConditions, as in Kubernetes */
	RULES_MAX_MESSAGE = 5 << 10,  /* bytes of an evaluated message, likewise */
	RULES_MAX_EXPRESSIONS = 1000, /* of one policy */
};

struct variable {
	const char *name;
	uint32_t length;
	struct expression value;
};

struct condition {
	const char *name;
	struct expression rule;
};

struct validation {
	struct expression rule, message_expression;
	const char *message; /* NULL: none */
	const char *reason;  /* "Invalid" where none is given */
};

struct rules {
	struct variable *variables;
	uint32_t n_variables;
	struct condition *conditions;
	uint32_t n_conditions;
	struct validation *validations;
	uint32_t n_validations;
	uint32_t n_messages; /* validations with a messageExpression */
};

struct rules_reader {
	struct arena *arena;
	const struct source *source;
	/* What is wrong, at a node of the document; NULL: the document. */
	void (*problem)(void *ctx, const struct json *node, const char *message);
	void *ctx;
};

void rules_problem(const struct rules_reader *r, const struct json *node, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* The text under `key` of v as an expression; `where` names v in problems. */
void rules_read_expression(const struct rules_reader *r, const struct json *v, const char *key,
			   const char *where, bool required, struct expression *out);

/* A name of a form that valid() knows, "" where there is none. */
const char *rules_read_name(const struct rules_reader *r, const struct json *v, const char *key,
			    const char *where, bool (*valid)(const char *), const char *form);

void rules_read_variables(const struct rules_reader *r, const struct json *spec, struct rules *out);
/* false: more than RULES_MAX_CONDITIONS, of which the first are read. */
bool rules_read_conditions(const struct rules_reader *r, const struct json *spec,
			   struct rules *out);
void rules_read_validations(const struct rules_reader *r, const struct json *spec,
			    struct rules *out);

uint32_t rules_count(const struct rules *rules); /* expressions */
void rules_free_programs(struct rules *rules);

/* A field, or where it is absent what it should be in: for positions. */
static inline const struct json *field_or(const struct json *v, const char *key)
{
	const struct json *field = json_get(v, key);
	return field ? field : v;
}

/* A list, an empty one where there is none. */
static inline const struct json *list_of(const struct json *v, const char *key)
{
	static const struct json none = { .type = JSON_ARRAY };
	const struct json *list = json_get(v, key);
	return json_is(list, JSON_ARRAY) ? list : &none;
}

#endif
