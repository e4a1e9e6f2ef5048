/* See gate_case.h. */
#include "tests/lib/gate_case.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/time.h"
#include "policy/gate.h"

static void write_files(const char *dir, const struct gate_case *c, bool at_head)
{
	bool configured = false, has_policies = false;
	for (size_t i = 0; i < GATE_CASE_FILES && c->files[i].path; i++) {
		const struct gate_case_file *f = &c->files[i];
		const char *text = at_head && f->head ? f->head : f->base;
		configured |= strcmp(f->path, "rhumb.yaml") == 0;
		has_policies |= strncmp(f->path, "policies/", 9) == 0 && f->base;
		AUTO(auto_free) char *path = path_join(dir, f->path);
		if (text && *text)
			fixture_write(dir, f->path, text);
		else
			remove(path);
	}
	AUTO(auto_free)
	char *config = xfmt("apiVersion: rhumb.dev/v1\nkind: Config\n"
			    "applications: [{name: app, path: app}]\n%s",
			    has_policies ? "policies: [policies]\n" : "");
	if (!configured)
		fixture_write(dir, "rhumb.yaml", config);
	fixture_write(dir, "app/.keep", at_head ? "head" : "base");
}

struct planned {
	struct repository *r;
	struct gate *gate;
	struct config config;
	struct problems problems;
	struct plan plan;
};

static void planned_done(struct planned *w)
{
	repository_free(w->r);
	gate_free(w->gate);
	config_done(&w->config);
	problems_done(&w->problems);
	plan_done(&w->plan);
}

static int read_config(struct planned *w, const char *tree, struct err *err)
{
	char id[GIT_ID_TEXT];
	AUTO(buf_done) struct buf text = { 0 };
	if (repository_find_file(w->r, tree, "rhumb.yaml", id, err) < 0 ||
	    repository_read(w->r, id, GIT_MAX_FILE, &text, err) < 0)
		return -1;
	return config_parse(&w->config, buf_text(&text), text.len, "rhumb.yaml", err);
}

static int make_plan(struct planned *w, const char *dir, struct err *err)
{
	struct revision base;
	struct timespec now;
	assert_true(time_parse(GATE_CASE_TIME, &now));
	if (repository_open(&w->r, dir, err) < 0 ||
	    repository_resolve(w->r, "HEAD~1", &base, err) < 0 ||
	    read_config(w, base.tree, err) < 0)
		return -1;
	struct gate_options go = {
		.repository = w->r, .tree = base.tree, .config = &w->config, .now = now.tv_sec
	};
	if (gate_load(&w->gate, &go, err) < 0)
		return -1;
	const struct application *app = &w->config.applications[0];
	const char *from = "HEAD~1";
	struct plan_options o = {
		.repository = w->r,
		.config = &w->config,
		.applications = &app,
		.n_applications = 1,
		.head = "HEAD",
		.bases = &from,
		.default_namespace = "default",
		.created = GATE_CASE_TIME,
		.judge = gate_judge,
		.judge_ctx = w->gate,
	};
	return plan_build(&o, &w->plan, &w->problems, err);
}

static void dump(struct buf *out, const struct plan *p)
{
	for (size_t i = 0; i < p->n_verdicts; i++) {
		const struct policy_verdict *v = &p->verdicts[i];
		buf_printf(out, "%s%s%s%s %s %s", policy_result_name(v->result),
			   v->existing ? " existing" : "", v->pass ? " passes:" : "",
			   policy_pass_name(v->pass), v->policy, v->change ? v->change : "plan");
		if (v->file)
			buf_printf(out, " %s:%u:%u", v->file, v->line, v->col);
		if (v->path && v->source == POLICY_FROM_CHECK)
			buf_printf(out, " %s", v->path);
		buf_printf(out, " %s\n", v->message);
	}
	for (size_t i = 0; i < p->n_waivers; i++)
		buf_printf(out, "waiver %s %s %s\n", waiver_state_name(p->waivers[i].state),
			   p->waivers[i].policy, p->waivers[i].object);
	for (size_t i = 0; i < p->n_notes; i++)
		buf_printf(out, "note %s\n", p->notes[i]);
}

/* What is written is read back as it was. */
static void round_trip(struct plan *p)
{
	AUTO(plan_done) struct plan read = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *path = path_join(dir, "plan.json");
	assert_int_equal(plan_write(p, path, &err), 0);
	if (plan_read(&read, path, &err) < 0)
		fail_msg("the plan cannot be read back: %s", err.msg);
	assert_int_equal(read.n_verdicts, p->n_verdicts);
	assert_int_equal(read.n_waivers, p->n_waivers);
	assert_int_equal(read.summary.denied, p->summary.denied);
	assert_string_equal(read.digest, p->digest);
}

char *gate_case_text(const struct gate_case *c)
{
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(planned_done) struct planned w = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct buf out = { 0 };
	write_files(dir, c, false);
	free(fixture_commit(dir, "base"));
	write_files(dir, c, true);
	free(fixture_commit(dir, "head"));
	if (make_plan(&w, dir, &err) < 0)
		return err_text(w.problems.n ? &w.problems.items[0] : &err);
	dump(&out, &w.plan);
	round_trip(&w.plan);
	return buf_take(&out);
}

void gate_case_run(void **state)
{
	const struct gate_case *c = *state;
	AUTO(auto_free) char *got = gate_case_text(c);
	size_t n = strlen(c->want);
	bool begins = n && c->want[n - 1] == ' ';
	if (begins ? strncmp(got, c->want, n) != 0 : strcmp(got, c->want) != 0)
		fail_msg("wanted\n%s\ngot\n%s", c->want, got);
}
