/* An expression in a file of policies: where it stands, what it has to give, its program.
 *
 * What policies in CEL share, whatever their kind, is in this folder:
 *
 *   expression.h   one expression: its place in the file, compiled
 *   rules.h        variables, conditions and validations as they are written
 *   variables.h    `variables`, each evaluated when first asked for
 *   message.h      what is told of a validation that does not hold
 *   name.h         the forms of names */
#ifndef POLICY_RULE_EXPRESSION_H
#define POLICY_RULE_EXPRESSION_H

#include "policy/cel/cel.h"

/* The text of a file, for positions within an expression. */
struct source {
	const char *name;
	const char *text; /* NULL: an object without a file */
	size_t n;
};

enum expression_result { RESULT_BOOL, RESULT_STRING, RESULT_STRING_OR_NULL, RESULT_ANY };

struct expression {
	const char *text; /* as written; NULL: there is none */
	size_t n;
	const struct json *node; /* of which it is the text */
	struct srcpos at;
	struct cel_program *program; /* NULL: does not compile */
	const char *failure;         /* why not, as Kubernetes words it */
};

/* Where in its file an expression has line `line`, column `col` (from 1, in code points). */
struct srcpos expression_position(const struct source *source, const struct expression *e,
				  unsigned line, unsigned col);

/* Why an expression does not compile; all in the arena. */
struct expression_issue {
	struct srcpos at;
	const char *message;
	const char *excerpt; /* its line and a caret below it; NULL: about the whole */
};

/* Fills e->program, or e->failure and *issue: false.  Nothing is done where there is no text. */
bool expression_compile(struct arena *a, const struct source *source, struct expression *e,
			const struct cel_env *env, enum expression_result want,
			struct expression_issue *issue);

#endif
