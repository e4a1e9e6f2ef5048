/* rhumb policy test: the cases of policies. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "cmd/command.h"
#include "policy/test/policy_test.h"

struct options {
	bool coverage;
	const char *format;
};

static void print_case(const struct policy_test_case *c)
{
	print_visible(stdout, "FAILED %s: %s\n       %s:%u:%u\n", c->test, c->name, c->at.file,
		      c->at.line, c->at.col);
	for (const char *line = c->failure; line;) {
		const char *end = strchr(line, '\n');
		print_visible(stdout, "       %.*s\n", end ? (int)(end - line) : (int)strlen(line),
			      line);
		line = end ? end + 1 : NULL;
	}
}

static void print_gap(const struct policy_test_rule *r)
{
	if (r->held && r->failed)
		return;
	const char *what = r->held     ? "fails"
			   : r->failed ? "holds"
				       : "holds, none in which it fails";
	print_visible(stdout, "NO CASE in which validation %u of %s %s (%s:%u)\n", r->validation,
		      r->policy, what, r->at.file, r->at.line);
}

static size_t print_text(const struct policy_test *t, bool coverage)
{
	size_t gaps = coverage ? policy_test_gaps(t) : 0;
	for (size_t i = 0; i < t->n_cases; i++)
		if (t->cases[i].failure)
			print_case(&t->cases[i]);
	for (size_t i = 0; coverage && i < t->n_rules; i++)
		print_gap(&t->rules[i]);
	if (coverage)
		printf("%zu of %zu validations hold in a case and fail in another\n",
		       t->n_rules - gaps, t->n_rules);
	printf("%zu passed, %zu failed, 0 skipped\n", t->n_cases - t->failed, t->failed + gaps);
	return t->failed + gaps;
}

static void set_place(struct arena *a, struct json *v, const struct srcpos *at)
{
	json_set_str(a, v, "file", at->file);
	json_set_int(a, v, "line", at->line);
}

static size_t print_json(const struct policy_test *t, bool coverage)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = json_of_object(), cases = json_of_array(), rules = json_of_array();
	for (size_t i = 0; i < t->n_cases; i++) {
		const struct policy_test_case *c = &t->cases[i];
		struct json *item = json_append(&a, &cases, json_of_object());
		json_set_str(&a, item, "test", c->test);
		json_set_str(&a, item, "case", c->name);
		set_place(&a, item, &c->at);
		json_set(&a, item, "passed", json_of_bool(!c->failure));
		if (c->failure)
			json_set_str(&a, item, "failure", c->failure);
	}
	for (size_t i = 0; coverage && i < t->n_rules; i++) {
		const struct policy_test_rule *r = &t->rules[i];
		struct json *item = json_append(&a, &rules, json_of_object());
		json_set_str(&a, item, "policy", r->policy);
		json_set_int(&a, item, "validation", r->validation);
		set_place(&a, item, &r->at);
		json_set(&a, item, "held", json_of_bool(r->held));
		json_set(&a, item, "failed", json_of_bool(r->failed));
	}
	size_t gaps = coverage ? policy_test_gaps(t) : 0;
	json_set(&a, &v, "cases", cases);
	if (coverage)
		json_set(&a, &v, "coverage", rules);
	json_set_int(&a, &v, "passed", (int64_t)(t->n_cases - t->failed));
	json_set_int(&a, &v, "failed", (int64_t)(t->failed + gaps));
	json_write_indented(&text, &v);
	buf_putc(&text, '\n');
	fwrite(buf_text(&text), 1, text.len, stdout);
	return t->failed + gaps;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(policy_test_done) struct policy_test t = { 0 };
	if (argc < 1)
		return err_set(err, ERR_USAGE, "usage: rhumb policy test DIR... [OPTION...]");
	for (int i = 0; i < argc; i++)
		if (policy_test_run(&t, argv[i], err) < 0)
			return -1;
	bool json = o->format && strcmp(o->format, "json") == 0;
	size_t bad = json ? print_json(&t, o->coverage) : print_text(&t, o->coverage);
	return bad ? EXIT_ERROR : EXIT_DONE;
}

static const struct option_row rows[] = {
	{ "coverage", 0, OPTION_FLAG, offsetof(struct options, coverage), NULL,
	  "fail, too, where a validation has no case in which it holds or none in which it fails" },
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json",
	  "how to print the results (text)" },
	{ 0 },
};

const struct command cmd_policy_test = {
	.name = "policy test",
	.args = "DIR...",
	.summary = "run the cases of policies, documents of kind PolicyTest",
	.details = "Needs no cluster and no Git.  Exit status 1 where a case fails.\n"
		   "The last line is `N passed, N failed, N skipped`.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
