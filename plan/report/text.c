/* See text.h. */
#include "plan/report/text.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/visible.h"
#include "plan/report/writer.h"

static const struct {
	const char *mark, *many;
	enum style style;
	bool danger;
} looks[] = {
	[ACTION_CONFLICT] = { "!", "conflict", RED, true },
	[ACTION_UNKNOWN] = { "?", "unknown", RED, true },
	[ACTION_REFUSED] = { "×", "refused", RED, true },
	[ACTION_DELETE] = { "-", "delete", RED, true },
	[ACTION_REPLACE] = { "±", "replace", RED, true },
	[ACTION_CREATE] = { "+", "create", GREEN, false },
	[ACTION_UPDATE] = { "~", "update", YELLOW, false },
	[ACTION_ADOPT] = { "=", "adopt", CYAN, false },
};
_Static_assert(ARRAY_LEN(looks) == ACTION_COUNT, "every action needs a look");

/* ---- times */

static const char *ago(struct writer *w, const char *since)
{
	struct timespec then, now;
	if (!since || !w->p->created || !time_parse(since, &then) ||
	    !time_parse(w->p->created, &now) || now.tv_sec < then.tv_sec)
		return "";
	long seconds = (long)(now.tv_sec - then.tv_sec);
	if (seconds < 60)
		return ", seconds ago";
	if (seconds < 3600)
		return arena_fmt(&w->arena, ", %ld min ago", seconds / 60);
	if (seconds < 2 * 86400)
		return arena_fmt(&w->arena, ", %ld h ago", seconds / 3600);
	return arena_fmt(&w->arena, ", %ld days ago", seconds / 86400);
}

/* ---- the head */

static const char *short_commit(struct arena *a, const char *commit)
{
	return *commit ? arena_strndup(a, commit, strnlen(commit, 7)) : "none";
}

static void counts(struct writer *w, bool dangers, const int64_t by_action[ACTION_COUNT],
		   const char *between)
{
	bool first = true;
	for (int i = 0; i < ACTION_COUNT; i++) {
		if (!by_action[i] || looks[i].danger != dangers)
			continue;
		if (!first)
			buf_puts(w->out, between);
		const char *text =
			arena_fmt(&w->arena, "%lld %s", (long long)by_action[i], looks[i].many);
		report_styled(w, dangers ? RED : PLAIN, text);
		first = false;
	}
}

static void hook_count(struct writer *w, int64_t n, const char *before)
{
	if (n)
		report_put(w, arena_fmt(&w->arena, "%s%lld hook%s", before, (long long)n,
					n == 1 ? "" : "s"));
}

static bool any(const int64_t by_action[ACTION_COUNT], bool dangers)
{
	for (int i = 0; i < ACTION_COUNT; i++)
		if (by_action[i] && looks[i].danger == dangers)
			return true;
	return false;
}

static void head(struct writer *w)
{
	const struct plan *p = w->p;
	report_styled(w, BOLD, p->cluster_name);
	if (p->server && *p->server)
		report_put(w, arena_fmt(&w->arena, "  %s", p->server));
	if (*p->cluster_version)
		report_put(w, arena_fmt(&w->arena, " (%s)", p->cluster_version));
	bool differ = false;
	for (size_t i = 1; i < p->n_applications; i++)
		differ = differ || strcmp(p->applications[i].base, p->applications[0].base) != 0;
	if (p->rollback_of)
		report_put(w, arena_fmt(&w->arena, "   rollback of plan %.14s…", p->rollback_of));
	else
		report_put(w, arena_fmt(&w->arena, "   base %s   head %s",
					differ ? "differs by application"
					       : short_commit(&w->arena, p->base),
					short_commit(&w->arena, p->head)));
	if (p->head_subject && *p->head_subject)
		report_put(w, arena_fmt(&w->arena, " \"%s\"", p->head_subject));
	report_newline(w);
	bool dangers = any(p->summary.by_action, true);
	if (dangers || p->summary.denied) {
		report_newline(w);
		report_styled(w, RED, "! ");
		counts(w, true, p->summary.by_action, "   ");
		if (p->summary.denied)
			report_styled(w, RED,
				      arena_fmt(&w->arena, "%s%lld denied by policy",
						dangers ? "   " : "",
						(long long)p->summary.denied));
		report_newline(w);
	}
}

/* ---- one change */

static const char *why_text(struct writer *w, const struct field *f)
{
	bool drift = f->why == WHY_DRIFT || f->why == WHY_BOTH;
	if (!f->owner || !drift)
		return why_name(f->why);
	return arena_fmt(&w->arena, "%s: %s%s", why_name(f->why), f->owner, ago(w, f->since));
}

/* "before → after" in `width` columns; what the shorter side leaves is the longer one's. */
static const char *both_sides(struct writer *w, const struct field *f, size_t width)
{
	struct arena *a = &w->arena;
	size_t room = width ? width - 3 : 0, half = room / 2;
	const char *before = report_field_value(a, f, f->before, 0);
	const char *after = f->after ? report_field_value(a, f, f->after, 0) : "(removed)";
	size_t b = report_columns(before), n = report_columns(after);
	if (width && b + n > room) {
		size_t for_after = b < half ? room - b : half,
		       for_before = n < half ? room - n : half;
		before = report_field_value(a, f, f->before, for_before);
		after = f->after ? report_field_value(a, f, f->after, for_after) : after;
	}
	return arena_fmt(a, "%s → %s", before, after);
}

static void field_line(struct writer *w, const struct field *f)
{
	size_t path_width = w->width >= 90 ? 40 : 30, value_width = w->width >= 90 ? 36 : 28;
	struct arena *a = &w->arena;
	bool whole = w->o->whole_values;
	buf_puts(w->out, "      ");
	report_cell(w, PLAIN, report_path(a, f->path, whole ? 0 : path_width), path_width);
	const char *value;
	if (f->secret != SECRET_NOT)
		value = f->secret == SECRET_ADDED     ? "added"
			: f->secret == SECRET_CHANGED ? "changed"
						      : "removed";
	else
		value = both_sides(w, f, whole ? 0 : value_width);
	report_cell(w, BOLD, value, value_width);
	bool drift = f->why == WHY_DRIFT || f->why == WHY_BOTH;
	report_cell(w, drift ? YELLOW : DIM, why_text(w, f), 12);
	if (f->line)
		report_styled(w, DIM, arena_fmt(a, ":%u", f->line));
	report_newline(w);
}

enum { MAX_TAKEN_NAMED = 20 }; /* of a kind; the plan has them all */

static void taken_line(struct writer *w, const struct taken_kind *k, bool foreign)
{
	AUTO(buf_done) struct buf line = { 0 };
	size_t named = 0, n = 0;
	for (size_t i = 0; i < k->n_objects; i++) {
		if (k->objects[i].foreign != foreign)
			continue;
		if (n++ < MAX_TAKEN_NAMED)
			buf_printf(&line, "%s%s", named++ ? ", " : "", k->objects[i].name);
	}
	size_t more = n - named;
	/* Those that the plan does not name: nobody can tell whose they are. */
	if (foreign && (size_t)k->n > k->n_objects)
		more += (size_t)k->n - k->n_objects;
	if (!n)
		return;
	if (more)
		buf_printf(&line, " and %zu more", more);
	report_indented(w, foreign ? RED : PLAIN,
			arena_fmt(&w->arena, "%s %s: %s",
				  foreign ? "  not ours:" : "  ours:", k->kind, buf_text(&line)));
}

static void takes_text(struct writer *w, const struct change *c)
{
	int64_t all = 0;
	if (!c->takes_listed)
		return;
	for (size_t i = 0; i < c->n_takes; i++)
		all += c->takes[i].n;
	if (all)
		report_indented(w, RED,
				arena_fmt(&w->arena, "takes along %lld object%s:", (long long)all,
					  all == 1 ? "" : "s"));
	else
		report_indented(w, PLAIN, "takes nothing else along");
	for (int ours = 0; ours < 2; ours++)
		for (size_t i = 0; i < c->n_takes; i++)
			taken_line(w, &c->takes[i], !ours);
	for (size_t i = 0; i < c->n_takes; i++)
		if (c->takes[i].unread)
			report_indented(
				w, RED,
				arena_fmt(&w->arena,
					  "and what there is of %s, which cannot be listed: %s",
					  c->takes[i].kind, c->takes[i].unread));
}

/* It will run; what cannot is shown as a change that is not applied. */
static bool runs(const struct change *c)
{
	return change_is_hook(c) && action_writes(c->action);
}

/* When its object is deleted. */
static void hook_text(struct writer *w, const struct change *c)
{
	unsigned policy = c->hook.delete_policy;
	bool before = *c->precondition.uid && c->verified != VERIFIED_STATIC;
	bool succeeded = policy & HOOK_SUCCEEDED, failed = policy & HOOK_FAILED;
	const char *after = succeeded && failed ? "is deleted when it has ended"
			    : succeeded         ? "is deleted when it has succeeded"
			    : failed            ? "is deleted when it has failed"
						: "";
	if (before || *after)
		report_indented(w, PLAIN,
				arena_fmt(&w->arena, "%s%s%s",
					  before ? "that of the last run is deleted first" : "",
					  before && *after ? "; " : "", after));
}

static void change_text(struct writer *w, const struct change *c)
{
	struct arena *a = &w->arena;
	buf_puts(w->out, "  ");
	report_styled(w, runs(c) ? CYAN : looks[c->action].style,
		      runs(c) ? ">" : looks[c->action].mark);
	buf_putc(w->out, ' ');
	report_cell(w, BOLD, change_label(a, c), w->width >= 90 ? 44 : 34);
	const char *verified = c->verified == VERIFIED_PREDICTED  ? "predicted"
			       : c->verified == VERIFIED_DEFERRED ? "deferred check"
								  : "";
	report_cell(w, DIM, verified, w->width >= 90 ? 22 : 14);
	if (c->file)
		report_styled(w, DIM, arena_fmt(a, "%s:%u", c->file, c->line));
	if (c->was_file)
		report_styled(w, DIM, arena_fmt(a, ", was in %s", c->was_file));
	report_newline(w);
	if (c->reason)
		report_indented(w, looks[c->action].danger ? RED : PLAIN, c->reason);
	takes_text(w, c);
	if (runs(c))
		hook_text(w, c);
	for (int drift = 0; drift < 2; drift++)
		for (size_t i = 0; i < c->n_fields; i++)
			if ((c->fields[i].why == WHY_DRIFT) == drift)
				field_line(w, &c->fields[i]);
	for (size_t i = 0; i < c->n_takeovers; i++)
		report_indented(w, CYAN,
				arena_fmt(a, "takes fields over from %s", c->takeovers[i].manager));
	for (size_t i = 0; i < c->n_give_backs; i++)
		report_indented(w, CYAN,
				arena_fmt(a, "gives fields back to %s", c->give_backs[i].manager));
	for (size_t i = 0; i < c->n_warnings; i++)
		report_indented(w, YELLOW,
				arena_fmt(a, "%s: %s",
					  w->p->rollback_of ? "warning" : "server warns",
					  c->warnings[i]));
}

/* ---- applications */

static bool only_drift(const struct change *c)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (c->fields[i].why != WHY_DRIFT && c->fields[i].why != WHY_SERVER)
			return false;
	return c->n_fields && c->action == ACTION_UPDATE;
}

static void changes_of(struct writer *w, const char *application, bool drift)
{
	const struct plan *p = w->p;
	bool titled = !drift;
	for (int action = 0; action < ACTION_COUNT; action++) {
		for (size_t i = 0; i < p->n_changes; i++) {
			const struct change *c = &p->changes[i];
			if ((int)c->action != action || only_drift(c) != drift || runs(c) ||
			    strcmp(c->application, application) != 0)
				continue;
			if (!titled) {
				report_styled(w, YELLOW,
					      "  drift, not from this change, is undone:");
				report_newline(w);
			}
			titled = true;
			change_text(w, c);
		}
	}
}

/* In the order in which they run. */
static void hooks_of(struct writer *w, const char *application)
{
	bool titled = false;
	for (size_t i = 0; i < w->p->n_changes; i++) {
		const struct change *c = &w->p->changes[i];
		if (!runs(c) || strcmp(c->application, application) != 0)
			continue;
		if (!titled) {
			report_styled(w, CYAN, "  hooks, which run with these changes:");
			report_newline(w);
		}
		titled = true;
		change_text(w, c);
	}
}

static void application(struct writer *w, const struct planned_application *app)
{
	int64_t by_action[ACTION_COUNT] = { 0 }, hooks = 0;
	bool found = false;
	for (size_t i = 0; i < w->p->n_changes; i++) {
		if (strcmp(w->p->changes[i].application, app->name) != 0)
			continue;
		bool hook = runs(&w->p->changes[i]);
		by_action[w->p->changes[i].action] += !hook;
		hooks += hook;
		found = true;
	}
	if (!found)
		return;
	report_newline(w);
	report_cell(w, BOLD, app->name, w->width >= 90 ? 60 : 40);
	counts(w, true, by_action, "  ");
	if (any(by_action, true) && any(by_action, false))
		buf_puts(w->out, "  ");
	counts(w, false, by_action, "  ");
	bool others = any(by_action, true) || any(by_action, false);
	hook_count(w, hooks, others ? "  " : "");
	report_newline(w);
	changes_of(w, app->name, false);
	changes_of(w, app->name, true);
	hooks_of(w, app->name);
}

/* ---- the end */

static void verified_counts(struct writer *w)
{
	static const char *const names[] = {
		[VERIFIED_SERVER] = "server-verified",
		[VERIFIED_PREDICTED] = "predicted",
		[VERIFIED_DEFERRED] = "deferred",
		[VERIFIED_STATIC] = "not checked with a cluster",
	};
	size_t by[VERIFIED_COUNT] = { 0 };
	for (size_t i = 0; i < w->p->n_changes; i++)
		if (w->p->changes[i].action != ACTION_UNKNOWN)
			by[w->p->changes[i].verified]++;
	const char *between = "; ";
	for (int i = 0; i < VERIFIED_COUNT; i++) {
		if (!by[i])
			continue;
		buf_printf(w->out, "%s%zu %s", between, by[i], names[i]);
		between = ", ";
	}
}

static void totals(struct writer *w)
{
	const struct plan *p = w->p;
	const struct plan_summary *s = &p->summary;
	report_newline(w);
	if (!p->n_changes)
		buf_puts(w->out, "nothing to do");
	counts(w, true, s->by_action, ", ");
	if (any(s->by_action, true) && any(s->by_action, false))
		buf_puts(w->out, ", ");
	counts(w, false, s->by_action, ", ");
	bool others = any(s->by_action, true) || any(s->by_action, false);
	hook_count(w, s->hooks, others ? ", " : "");
	buf_printf(w->out, ", %lld unchanged", (long long)s->unchanged);
	if (s->drifted)
		buf_printf(w->out, ", %lld with drift undone", (long long)s->drifted);
	if (s->denied)
		buf_printf(w->out, ", %lld denied", (long long)s->denied);
	if (s->warned)
		buf_printf(w->out, ", %lld warned of", (long long)s->warned);
	verified_counts(w);
	if (!plan_is_static(p))
		buf_printf(w->out, "   %.2f s, %lld requests", p->duration, (long long)p->requests);
	report_newline(w);
	buf_printf(w->out, "%s Plan %.14s…",
		   !plan_is_static(p) ? "Nothing was written to the cluster."
				      : "No cluster was asked.",
		   p->digest);
	if (w->o->plan_file)
		report_put(w, arena_fmt(&w->arena, " in %s", w->o->plan_file));
	report_newline(w);
}

static void next_apply(struct writer *w, bool replaces)
{
	const char *server = w->p->server;
	bool in_folder = server && strncmp(server, "file:", 5) == 0;
	report_put(w, arena_fmt(&w->arena, "Next: rhumb apply %s%s%s%s", w->o->plan_file,
				replaces ? " --allow-replace" : "", in_folder ? " --cluster " : "",
				in_folder ? server : ""));
	report_newline(w);
}

static void next(struct writer *w)
{
	const struct plan_summary *s = &w->p->summary;
	if (s->denied)
		buf_puts(w->out, "Next: change what policy denies above, then plan again.\n");
	else if (w->p->rollback_of &&
		 (s->by_action[ACTION_CONFLICT] || s->by_action[ACTION_UNKNOWN] ||
		  s->by_action[ACTION_REFUSED]))
		buf_puts(w->out,
			 "Next: settle what stands in the way above and roll back again, or "
			 "roll back the rest:\n      rhumb apply --allow-partial\n");
	else if (s->by_action[ACTION_CONFLICT] || s->by_action[ACTION_UNKNOWN])
		buf_puts(w->out,
			 "Next: settle the conflicts and unknowns above, then plan again.\n");
	else if (s->by_action[ACTION_REFUSED])
		buf_puts(w->out, "Next: allow what is refused above, or keep it in Git, then plan "
				 "again.\n");
	else if (plan_is_static(w->p))
		buf_puts(w->out,
			 "Next: plan against a cluster to get a plan that can be applied.\n");
	else if (w->p->n_changes && w->o->plan_file)
		next_apply(w, s->by_action[ACTION_REPLACE] > 0);
	else if (w->p->n_changes)
		buf_puts(w->out, "Next: rhumb plan -o PLAN, then rhumb apply PLAN\n");
}

void report_plan_text(struct buf *out, const struct plan *p, const struct report_options *o)
{
	struct writer w = { .out = out, .p = p, .o = o, .width = o->width ? o->width : 100 };
	head(&w);
	for (size_t i = 0; i < p->n_applications; i++)
		application(&w, &p->applications[i]);
	report_verdicts(&w);
	report_waivers(&w);
	if (p->n_notes)
		report_newline(&w);
	for (size_t i = 0; i < p->n_notes; i++) {
		report_put(&w, arena_fmt(&w.arena, "note: %s", p->notes[i]));
		report_newline(&w);
	}
	totals(&w);
	next(&w);
	arena_done(&w.arena);
}
