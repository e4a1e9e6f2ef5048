/* Static checks: a row for what each finds and for what it does not.
 *
 * What a row finds is looked for four times: as it stands; with the check off in rhumb.yaml; with
 * the annotation on the object, at base too; and, of checks that look at objects, with base having
 * the same, which then is `existing`.  A check without a row of either sort fails the last test,
 * and so does one without a section in docs/checks.md. */
#include "tests/lib/check_rows.h"
#include "tests/lib/gate_case.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "policy/checks/checks.h"

/* ---- running */

static char *replaced(const char *text, const char *what, const char *by)
{
	const char *at = text ? strstr(text, what) : NULL;
	if (!at)
		return text ? xstrdup(text) : NULL;
	return xfmt("%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

/* The findings of one check: "[existing ]LINE:COL PATH message", a line each. */
static char *findings(const struct row *row, const char *base, const char *head, const char *more)
{
	const char *home = row->config && *row->config == '@' ? row->config + 1 : "";
	const char *config = row->config && *row->config != '@' ? row->config : "";
	AUTO(auto_free)
	char *yaml = xfmt("apiVersion: rhumb.dev/v1\nkind: Config\n"
			  "applications: [{name: app, path: app%s}]\n%s%s",
			  home, config, more);
	const struct gate_case c = {
		.files = { { "rhumb.yaml", yaml, NULL }, { "app/a.yaml", base, head } },
	};
	AUTO(auto_free) char *text = gate_case_text(&c);
	struct buf out = { 0 };
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			fail_msg("an error: %s", line);
		*end = '\0';
		bool existing = strncmp(strchr(line, ' ') + 1, "existing ", 9) == 0;
		char *id = strchr(line, ' ') + (existing ? 10 : 1);
		char *object = strchr(id, ' '), *rest = object ? strchr(object + 1, ' ') : NULL;
		size_t n = strlen(row->id);
		if (strncmp(id, row->id, n) != 0 || id[n] != ' ' || !rest)
			continue;
		buf_printf(&out, "%s%s", out.len ? "\n" : "", existing ? "existing " : "");
		if (strncmp(rest, " app/a.yaml:", 12) != 0) {
			buf_printf(&out, "-%s", rest);
			continue;
		}
		rest += 12;
		const char *space = strchr(rest, ' ');
		buf_printf(&out, "%.*s%s%s", (int)(space - rest), rest, space[1] == '/' ? "" : " -",
			   space);
	}
	return buf_take(&out);
}

static void expect(const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s: wanted\n%s\ngot\n%s", what, want, got);
}

static void row_run(void **state)
{
	const struct row *row = *state;
	AUTO(auto_free) char *plain = findings(row, row->base, row->head, "");
	expect("as it stands", plain, row->want ? row->want : "");
	if (!row->want)
		return;
	AUTO(auto_free) char *off = xfmt("checks: {%s: off}\n", row->id);
	AUTO(auto_free) char *none = findings(row, row->base, row->head, off);
	expect("off", none, "");
	AUTO(auto_free)
	char *note = xfmt("metadata: {annotations: {rhumb.dev/ignore-checks: 'x, %s'}, ", row->id);
	AUTO(auto_free)
	char *base = replaced(row->base ? row->base : row->head, "metadata: {", note);
	AUTO(auto_free) char *head = replaced(row->head, "metadata: {", note);
	AUTO(auto_free)
	char *touched = replaced(head, "metadata: {", "metadata: {labels: {touched: 'yes'}, ");
	AUTO(auto_free) char *silenced = findings(row, base, touched, "");
	expect("with the annotation", silenced, "");
}

/* Base has the same: only the object's labels change. */
static void existing_run(void **state)
{
	const struct row *row = *state;
	AUTO(auto_free)
	char *head = replaced(row->head, "metadata: {", "metadata: {labels: {touched: 'yes'}, ");
	AUTO(auto_free) char *got = findings(row, row->head, head, "");
	if (strncmp(got, "existing ", 9) != 0)
		fail_msg("not existing: %s", got);
}

/* An annotation that the change itself brings does not silence what denies it. */
static void own_annotation_run(void **state)
{
	(void)state;
	static const struct row deny = { .id = "plain-secret" }, warn = { .id = "url-credentials" };
	AUTO(auto_free)
	char *head = replaced(CM("x", "a: " TOKEN ", b: 'http://me:s3cr3t@db'"), "metadata: {",
			      "metadata: {annotations: {rhumb.dev/ignore-checks: "
			      "'plain-secret,url-credentials'}, ");
	AUTO(auto_free) char *denied = findings(&deny, NULL, head, "");
	AUTO(auto_free) char *warned = findings(&warn, NULL, head, "");
	assert_true(*denied);
	assert_string_equal(warned, "");
}

/* What one check has to say a thousand times leaves room for another, which denies. */
static void ceiling_run(void **state)
{
	(void)state;
	static const struct row deny = { .id = "plain-secret" },
				warn = { .id = "dangling-reference" };
	AUTO(buf_done) struct buf head = { 0 };
	buf_puts(&head, POD(IMAGE "    env:\n"));
	for (int i = 0; i < 1000; i++)
		buf_printf(&head,
			   "    - {name: A%d, valueFrom: {configMapKeyRef: {name: m, key: k%d}}}\n",
			   i, i);
	buf_puts(&head, "    - {name: T, value: " TOKEN "}\n---\n" CM("m", "a: b"));
	AUTO(auto_free) char *denied = findings(&deny, NULL, buf_text(&head), "");
	AUTO(auto_free) char *warned = findings(&warn, NULL, buf_text(&head), "");
	AUTO(auto_free)
	char *touched = replaced(buf_text(&head), "metadata: {", "metadata: {labels: {a: b}, ");
	AUTO(auto_free) char *later = findings(&warn, buf_text(&head), touched, "");
	assert_true(*denied);
	assert_non_null(strstr(warned, "and 800 more of the same sort, not listed"));
	/* Nobody knows whether base had those. */
	const char *rest = strstr(later, "and 800 more");
	assert_non_null(rest);
	while (rest > later && rest[-1] != '\n')
		rest--;
	assert_int_not_equal(strncmp(rest, "existing ", 9), 0);
	assert_int_equal(strncmp(later, "existing ", 9), 0);
}

/* Many deletions are no reason to look at none. */
static void many_go_run(void **state)
{
	(void)state;
	static const char pod[] = POD(IMAGE "    envFrom: [{configMapRef: {name: m}}]\n");
	AUTO(buf_done) struct buf base = { 0 };
	buf_printf(&base, "%s---\n%s", pod, CM("m", "a: b"));
	for (int i = 0; i < 300; i++)
		buf_printf(&base, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%d}\n",
			   i);
	static const struct row with = { .id = "still-referenced" };
	AUTO(auto_free) char *got = findings(&with, buf_text(&base), pod, "");
	expect("many", got, "- Pod default/x still refers to it (app/a.yaml:8)");
}

static void unknown_id_run(void **state)
{
	(void)state;
	const struct gate_case c = {
		.files = { { "rhumb.yaml",
			     "apiVersion: rhumb.dev/v1\nkind: Config\n"
			     "applications: [{name: app, path: app}]\nchecks: {plain-secrets: "
			     "off}\n",
			     NULL },
			   { "app/a.yaml", NULL, CM("x", "a: b") } },
	};
	AUTO(auto_free) char *text = gate_case_text(&c);
	assert_string_equal(text, "rhumb.yaml:4:10: there is no check \"plain-secrets\" (did you "
				  "mean \"plain-secret\"?): `rhumb policy list` has them all");
}

static void levels_run(void **state)
{
	(void)state;
	const struct gate_case c = {
		.files = { { "rhumb.yaml",
			     "apiVersion: rhumb.dev/v1\nkind: Config\nenforce: new\n"
			     "applications: [{name: app, path: app}]\n"
			     "checks: {duplicate-port: deny}\n",
			     NULL },
			   { "app/a.yaml", NULL, SERVICE("  ports: [{port: 80}, {port: 80}]\n") } },
	};
	AUTO(auto_free) char *text = gate_case_text(&c);
	if (strncmp(text, "deny duplicate-port Service/default/web app/a.yaml:", 51) != 0)
		fail_msg("%s", text);
}

/* A pipe with both ends: a saved schema knows what the built-in one does not. */
static void saved_run(void **state)
{
	(void)state;
	const struct gate_case c = {
		.files = { { "rhumb.yaml",
			     "apiVersion: rhumb.dev/v1\nkind: Config\nschema: [schema.json]\n"
			     "applications: [{name: app, path: app}]\n",
			     NULL },
			   { "schema.json",
			     "{\"components\":{\"schemas\":{\"a.CM\":{\"type\":\"object\","
			     "\"x-kubernetes-group-version-kind\":[{\"group\":\"\",\"version\":"
			     "\"v1\","
			     "\"kind\":\"ConfigMap\"}],\"required\":[\"data\"],\"properties\":{"
			     "\"data\":{\"allOf\":[{\"$ref\":\"#/components/schemas/b\"}]},"
			     "\"immutable\":{\"type\":\"boolean\"}}},\"b\":{\"type\":\"object\","
			     "\"additionalProperties\":{\"type\":\"string\",\"enum\":[\"b\"]}},"
			     "\"loop\":{\"$ref\":\"#/components/schemas/loop\"}}}}",
			     NULL },
			   { "app/a.yaml", NULL,
			     CM("x", "a: c") "immutable: 'yes'\nother: 1\n---\n"
					     "apiVersion: v1\nkind: ConfigMap\n" META("z") } },
	};
	AUTO(auto_free) char *text = gate_case_text(&c);
	assert_string_equal(
		text,
		"deny invalid-value ConfigMap/default/x app/a.yaml:4:11 /data/a \"c\" is none "
		"of b\n"
		"warn unknown-field ConfigMap/default/x app/a.yaml:6:8 /other unknown field "
		"\"other\"\n"
		"deny wrong-type ConfigMap/default/x app/a.yaml:5:12 /immutable expected type "
		"boolean, got string\n"
		"deny missing-field ConfigMap/default/z app/a.yaml:8:1  field \"data\" is "
		"missing\n");
}

/* ---- nothing is left out */

static void complete_run(void **state)
{
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	(void)state;
	assert_int_equal(file_read("docs/checks.md", 0, &text, &err), 0);
	for (size_t i = 0; i < checks_count(); i++) {
		const struct check_info *info = checks_info(i);
		bool finds = false, misses = false;
		AUTO(auto_free) char *section = xfmt("\n### %s\n", info->id);
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			bool its = strcmp(rows[k].id, info->id) == 0;
			finds |= its && rows[k].want;
			misses |= its && !rows[k].want;
		}
		if (!finds || !misses)
			fail_msg("no row for %s that %s", info->id, finds ? "misses" : "finds");
		if (!strstr(buf_text(&text), section))
			fail_msg("docs/checks.md has no section for %s", info->id);
		if (i && strcmp(checks_info(i - 1)->id, info->id) >= 0)
			fail_msg("%s is out of order", info->id);
	}
}

static bool is_of_changes(const char *id)
{
	static const char *const ids[] = { "data-loss",        "downtime",  "immutable-field",
					   "network-exposure", "privilege", "still-referenced" };
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

int main(void)
{
	struct CMUnitTest tests[2 * ARRAY_LEN(rows) + 7];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		tests[n++] = fixture_row(rows[i].name, row_run, &rows[i]);
		if (rows[i].want && !rows[i].base && !is_of_changes(rows[i].id))
			tests[n++] = fixture_row(rows[i].name, existing_run, &rows[i]);
	}
	tests[n++] = fixture_row("an annotation of the change's own", own_annotation_run, NULL);
	tests[n++] = fixture_row("a ceiling for each check", ceiling_run, NULL);
	tests[n++] = fixture_row("three hundred deletions", many_go_run, NULL);
	tests[n++] = fixture_row("an id that is none", unknown_id_run, NULL);
	tests[n++] = fixture_row("levels", levels_run, NULL);
	tests[n++] = fixture_row("a saved schema", saved_run, NULL);
	tests[n++] = fixture_row("rows and docs for each", complete_run, NULL);
	return _cmocka_run_group_tests("checks", tests, n, NULL, NULL);
}
