/* Defaults as rows: a path, and what stands there where nothing does. */
#ifndef POLICY_DEFAULTS_RULES_H
#define POLICY_DEFAULTS_RULES_H

#include "base/json.h"

enum rule_value {
	VALUE_STRING,
	VALUE_INT,
	VALUE_BOOL,
	VALUE_OBJECT, /* {} */
	VALUE_LIST,   /* one string */
	VALUE_COPY,   /* of the sibling that text names */
	VALUE_RULES,  /* other rows, for every object at the path */
	VALUE_CALL,   /* a function, for every object at the path; "" is the object itself */
};

struct rule {
	/* "a.b[].c": every item of a.b; "a+.b": an absent a is made, as {} */
	const char *path;
	enum rule_value value;
	const char *text;
	const struct rule *rules; /* end with a row without a path */
	void (*call)(struct arena *a, struct json *object);
	/* Only where a sibling has this value; "!" in front: has another one or none; is NULL:
	 * only where there is no such sibling. */
	const char *key, *is;
};

#define RULE_STRING(path, text)                                                                    \
	{                                                                                          \
		path, VALUE_STRING, text, NULL, NULL, NULL, NULL                                   \
	}
#define RULE_INT(path, text)                                                                       \
	{                                                                                          \
		path, VALUE_INT, text, NULL, NULL, NULL, NULL                                      \
	}
#define RULE_BOOL(path, text)                                                                      \
	{                                                                                          \
		path, VALUE_BOOL, text, NULL, NULL, NULL, NULL                                     \
	}
#define RULE_OBJECT(path)                                                                          \
	{                                                                                          \
		path, VALUE_OBJECT, NULL, NULL, NULL, NULL, NULL                                   \
	}
#define RULE_LIST(path, text)                                                                      \
	{                                                                                          \
		path, VALUE_LIST, text, NULL, NULL, NULL, NULL                                     \
	}
#define RULE_COPY(path, sibling)                                                                   \
	{                                                                                          \
		path, VALUE_COPY, sibling, NULL, NULL, NULL, NULL                                  \
	}
#define RULE_RULES(path, rules)                                                                    \
	{                                                                                          \
		path, VALUE_RULES, NULL, rules, NULL, NULL, NULL                                   \
	}
#define RULE_CALL(path, call)                                                                      \
	{                                                                                          \
		path, VALUE_CALL, NULL, NULL, call, NULL, NULL                                     \
	}
#define RULE_IF(path, value, text, key, is)                                                        \
	{                                                                                          \
		path, value, text, NULL, NULL, key, is                                             \
	}
#define RULE_RULES_IF(path, rules, key, is)                                                        \
	{                                                                                          \
		path, VALUE_RULES, NULL, rules, NULL, key, is                                      \
	}
#define RULES_END                                                                                  \
	{                                                                                          \
		NULL, VALUE_OBJECT, NULL, NULL, NULL, NULL, NULL                                   \
	}

void rules_apply(struct arena *a, const struct rule *rules, struct json *object);

/* The rows of a built-in kind, NULL where there are none (tables.c). */
const struct rule *rules_of(const char *group, const char *kind);

/* For editing: a member of an object, NULL where it is absent or of another type. */
struct json *edit_member(struct json *object, const char *key);

#endif
