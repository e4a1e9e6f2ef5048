/* rhumb policy list: the policies, waivers and checks that a revision has. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json_write.h"
#include "base/time.h"
#include "cmd/make_plan.h"
#include "policy/checks/checks.h"
#include "policy/gate.h"

struct options {
	struct target_options target;
	const char *revision, *format, *time;
};

static const char *kind_of(const struct gate_policy *p)
{
	return p->source == POLICY_FROM_PLAN ? "PlanPolicy" : "ValidatingAdmissionPolicy";
}

static const char *const enforces[] = {
	[ENFORCE_UNSET] = "all", [ENFORCE_ALL] = "all", [ENFORCE_NEW] = "new"
};
static const char *const undecideds[] = { [UNDECIDED_UNSET] = "deny",
					  [UNDECIDED_DENY] = "deny",
					  [UNDECIDED_WARN] = "warn",
					  [UNDECIDED_ALLOW] = "allow" };

static int days_left(const char *expires, time_t now)
{
	time_t end;
	return time_parse_end(expires, &end) ? (int)((end - now) / 86400) : 0;
}

/* ---- text */

static void print_policies(const struct gate *gate)
{
	struct gate_policy p;
	for (size_t i = 0; gate_policy(gate, i, &p); i++) {
		char actions[32];
		snprintf(actions, sizeof(actions), "%s%s%s", p.denies ? " deny" : "",
			 p.warns ? " warn" : "", p.audits ? " audit" : "");
		print_visible(stdout, "%-34s %-26s%-12s %s:%u\n", p.name, kind_of(&p),
			      *actions ? actions : " no binding: decides nothing", p.at.file,
			      p.at.line);
		if (p.enforce == ENFORCE_NEW)
			printf("    denies only what base does not have\n");
		if (p.undecided == UNDECIDED_WARN || p.undecided == UNDECIDED_ALLOW)
			printf("    what is not known: %s\n", undecideds[p.undecided]);
	}
}

static void print_waivers(const struct gate *gate, time_t now)
{
	struct plan_waiver w;
	for (size_t i = 0; gate_waiver(gate, i, &w); i++) {
		int days = days_left(w.expires, now);
		if (i == 0)
			printf("\nwaivers\n");
		print_visible(stdout, "%s on %s, until %s, of %s: %s  %s:%u\n", w.policy, w.object,
			      w.expires, w.owner, w.reason, w.at.file, w.at.line);
		if (w.state == WAIVER_EXPIRED)
			printf("    expired\n");
		else
			printf("    %d day%s left\n", days, days == 1 ? "" : "s");
	}
}

static void print_checks(const struct policy_config *config)
{
	printf("\nchecks\n");
	for (size_t i = 0; i < checks_count(); i++) {
		const struct check_info *check = checks_info(i);
		enum check_level level = checks_level(config, check);
		printf("%-24s %-6s %s\n", check->id, check_level_name(level), check->title);
	}
}

/* ---- JSON */

static struct json policy_json(struct arena *a, const struct gate_policy *p)
{
	struct json v = json_of_object(), actions = json_of_array();
	json_set_str(a, &v, "name", p->name);
	json_set_str(a, &v, "kind", kind_of(p));
	json_set_str(a, &v, "file", p->at.file);
	json_set_int(a, &v, "line", p->at.line);
	if (p->denies)
		json_append(a, &actions, json_of_string(a, "deny"));
	if (p->warns)
		json_append(a, &actions, json_of_string(a, "warn"));
	if (p->audits)
		json_append(a, &actions, json_of_string(a, "audit"));
	json_set(a, &v, "actions", actions);
	if (p->source == POLICY_FROM_ADMISSION)
		json_set_int(a, &v, "bindings", p->bindings);
	json_set_int(a, &v, "validations", p->validations);
	json_set_str(a, &v, "enforce", enforces[p->enforce]);
	json_set_str(a, &v, "undecided", undecideds[p->undecided]);
	return v;
}

static struct json waiver_json(struct arena *a, const struct plan_waiver *w, time_t now)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "policy", w->policy);
	json_set_str(a, &v, "object", w->object);
	json_set_str(a, &v, "reason", w->reason);
	json_set_str(a, &v, "owner", w->owner);
	json_set_str(a, &v, "expires", w->expires);
	json_set(a, &v, "expired", json_of_bool(w->state == WAIVER_EXPIRED));
	json_set_int(a, &v, "daysLeft", days_left(w->expires, now));
	json_set_str(a, &v, "file", w->at.file);
	json_set_int(a, &v, "line", w->at.line);
	return v;
}

static void print_json(const struct gate *gate, const struct policy_config *config, time_t now)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v = json_of_object(), policies = json_of_array(), waivers = json_of_array();
	struct json checks = json_of_array();
	struct gate_policy p;
	struct plan_waiver w;
	for (size_t i = 0; gate_policy(gate, i, &p); i++)
		json_append(&a, &policies, policy_json(&a, &p));
	for (size_t i = 0; gate_waiver(gate, i, &w); i++)
		json_append(&a, &waivers, waiver_json(&a, &w, now));
	for (size_t i = 0; i < checks_count(); i++) {
		struct json *check = json_append(&a, &checks, json_of_object());
		const struct check_info *info = checks_info(i);
		json_set_str(&a, check, "id", info->id);
		json_set_str(&a, check, "level", check_level_name(checks_level(config, info)));
		json_set_str(&a, check, "title", info->title);
		json_set_str(&a, check, "reason", info->reason);
	}
	json_set(&a, &v, "policies", policies);
	json_set(&a, &v, "waivers", waivers);
	json_set(&a, &v, "checks", checks);
	json_write_indented(&text, &v);
	buf_putc(&text, '\n');
	fwrite(text.data, 1, text.len, stdout);
}

/* ---- */

static int list(const struct options *o, const struct target *t, struct err *err)
{
	AUTO(gate_free_p) struct gate *gate = NULL;
	AUTO(problems_done) struct problems problems = { 0 };
	struct gate_options go = { .repository = t->repository,
				   .tree = t->config_at.tree,
				   .config = &t->config };
	if (make_plan_time(o->time, &go.now, err) < 0 || gate_load(&gate, &go, err) < 0)
		return -1;
	int rc = gate_prepare(gate, &problems, err);
	for (size_t i = 0; i < problems.n; i++)
		say_error(&problems.items[i]);
	if (rc < 0)
		return -1;
	if (o->format && strcmp(o->format, "json") == 0) {
		print_json(gate, &t->config.policy, go.now);
		return EXIT_DONE;
	}
	print_policies(gate);
	print_waivers(gate, go.now);
	print_checks(&t->config.policy);
	return EXIT_DONE;
}

static int run(void *options, int argc, const char **argv, struct err *err)
{
	const struct options *o = options;
	AUTO(target_done) struct target t = { 0 };
	if (argc)
		return err_set(err, ERR_USAGE, "usage: rhumb policy list [OPTION...]");
	if (target_open_revision(&t, &o->target, o->revision ? o->revision : "HEAD", 0, argv, err) <
	    0)
		return -1;
	return list(o, &t, err);
}

static const struct option_row rows[] = {
	{ "rev", 0, OPTION_TEXT, offsetof(struct options, revision), "REV",
	  "the revision to look at; else HEAD" },
	{ "format", 0, OPTION_CHOICE, offsetof(struct options, format), "text|json",
	  "of what is printed" },
	{ "time", 0, OPTION_TEXT, offsetof(struct options, time), "TIME",
	  "what is now, for waivers (RFC 3339)" },
	{ "directory", 'C', OPTION_TEXT, offsetof(struct options, target.directory), "DIR",
	  "work on the repository that DIR is in" },
	{ 0 },
};

const struct command cmd_policy_list = {
	.name = "policy list",
	.args = "",
	.summary = "the policies, waivers and static checks of a revision",
	.details = "What is wrong with the policies is told, too, with exit status 1.",
	.options = rows,
	.options_size = sizeof(struct options),
	.run = run,
};
