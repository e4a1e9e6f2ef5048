/* See text.h. */
#include "plan/report/text.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/visible.h"

enum style { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, CYAN };

static const char *const codes[] = {
	[PLAIN] = "",         [BOLD] = "\033[1m",    [DIM] = "\033[2m",   [RED] = "\033[31m",
	[GREEN] = "\033[32m", [YELLOW] = "\033[33m", [CYAN] = "\033[36m",
};

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

struct writer {
	struct buf *out;
	const struct plan *p;
	const struct report_options *o;
	struct arena arena;
	size_t width;
	size_t policy_width; /* of the column of policies' names */
};

/* All that is not our own constant text goes through here or styled(): manifests, servers and plan
 * files must not drive the terminal or break lines. */
static void put(struct writer *w, const char *text)
{
	visible_put(w->out, text, strlen(text), "");
}

static void styled(struct writer *w, enum style style, const char *text)
{
	bool color = w->o->color && style != PLAIN;
	if (color)
		buf_puts(w->out, codes[style]);
	put(w, text);
	if (color)
		buf_puts(w->out, "\033[0m");
}

static size_t columns(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += (*s & 0xC0) != 0x80;
	return n;
}

/* Text in a column: padded to `n`, and always followed by a space. */
static void cell(struct writer *w, enum style style, const char *text, size_t n)
{
	styled(w, style, text);
	size_t used = columns(text);
	do
		buf_putc(w->out, ' ');
	while (++used < n + 1);
}

static void newline(struct writer *w)
{
	while (w->out->len && w->out->data[w->out->len - 1] == ' ')
		w->out->data[--w->out->len] = '\0';
	buf_putc(w->out, '\n');
}

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
		styled(w, dangers ? RED : PLAIN, text);
		first = false;
	}
}

static void hook_count(struct writer *w, int64_t n, const char *before)
{
	if (n)
		put(w,
		    arena_fmt(&w->arena, "%s%lld hook%s", before, (long long)n, n == 1 ? "" : "s"));
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
	styled(w, BOLD, p->cluster_name);
	if (p->server && *p->server)
		put(w, arena_fmt(&w->arena, "  %s", p->server));
	if (*p->cluster_version)
		put(w, arena_fmt(&w->arena, " (%s)", p->cluster_version));
	bool differ = false;
	for (size_t i = 1; i < p->n_applications; i++)
		differ = differ || strcmp(p->applications[i].base, p->applications[0].base) != 0;
	if (p->rollback_of)
		put(w, arena_fmt(&w->arena, "   rollback of plan %.14s…", p->rollback_of));
	else
		put(w,
		    arena_fmt(&w->arena, "   base %s   head %s",
			      differ ? "differs by application" : short_commit(&w->arena, p->base),
			      short_commit(&w->arena, p->head)));
	if (p->head_subject && *p->head_subject)
		put(w, arena_fmt(&w->arena, " \"%s\"", p->head_subject));
	newline(w);
	bool dangers = any(p->summary.by_action, true);
	if (dangers || p->summary.denied) {
		newline(w);
		styled(w, RED, "! ");
		counts(w, true, p->summary.by_action, "   ");
		if (p->summary.denied)
			styled(w, RED,
			       arena_fmt(&w->arena, "%s%lld denied by policy", dangers ? "   " : "",
					 (long long)p->summary.denied));
		newline(w);
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
	size_t b = columns(before), n = columns(after);
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
	cell(w, PLAIN, report_path(a, f->path, whole ? 0 : path_width), path_width);
	const char *value;
	if (f->secret != SECRET_NOT)
		value = f->secret == SECRET_ADDED     ? "added"
			: f->secret == SECRET_CHANGED ? "changed"
						      : "removed";
	else
		value = both_sides(w, f, whole ? 0 : value_width);
	cell(w, BOLD, value, value_width);
	bool drift = f->why == WHY_DRIFT || f->why == WHY_BOTH;
	cell(w, drift ? YELLOW : DIM, why_text(w, f), 12);
	if (f->line)
		styled(w, DIM, arena_fmt(a, ":%u", f->line));
	newline(w);
}

static void indented(struct writer *w, enum style style, const char *text)
{
	/* Messages of servers are long: broken at spaces. */
	size_t room = w->width > 40 ? w->width - 8 : 60;
	while (*text) {
		size_t n = strcspn(text, "\n"), cut = n;
		if (n > room) {
			for (cut = room; cut > room / 2 && text[cut] != ' ';)
				cut--;
			if (text[cut] != ' ')
				cut = room;
			while (cut < n && (text[cut] & 0xC0) == 0x80)
				cut++;
		}
		buf_puts(w->out, "      ");
		styled(w, style, arena_strndup(&w->arena, text, cut));
		newline(w);
		text += cut;
		text += strspn(text, " \n");
	}
}

/* ---- what a deletion takes along */

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
	indented(w, foreign ? RED : PLAIN,
		 arena_fmt(&w->arena, "%s %s: %s", foreign ? "  not ours:" : "  ours:", k->kind,
			   buf_text(&line)));
}

static void takes_text(struct writer *w, const struct change *c)
{
	int64_t all = 0;
	if (!c->takes_listed)
		return;
	for (size_t i = 0; i < c->n_takes; i++)
		all += c->takes[i].n;
	if (all)
		indented(w, RED,
			 arena_fmt(&w->arena, "takes along %lld object%s:", (long long)all,
				   all == 1 ? "" : "s"));
	else
		indented(w, PLAIN, "takes nothing else along");
	for (int ours = 0; ours < 2; ours++)
		for (size_t i = 0; i < c->n_takes; i++)
			taken_line(w, &c->takes[i], !ours);
	for (size_t i = 0; i < c->n_takes; i++)
		if (c->takes[i].unread)
			indented(w, RED,
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
		indented(w, PLAIN,
			 arena_fmt(&w->arena, "%s%s%s",
				   before ? "that of the last run is deleted first" : "",
				   before && *after ? "; " : "", after));
}

static void change_text(struct writer *w, const struct change *c)
{
	struct arena *a = &w->arena;
	buf_puts(w->out, "  ");
	styled(w, runs(c) ? CYAN : looks[c->action].style, runs(c) ? ">" : looks[c->action].mark);
	buf_putc(w->out, ' ');
	cell(w, BOLD, change_label(a, c), w->width >= 90 ? 44 : 34);
	const char *verified = c->verified == VERIFIED_PREDICTED  ? "predicted"
			       : c->verified == VERIFIED_DEFERRED ? "deferred check"
								  : "";
	cell(w, DIM, verified, w->width >= 90 ? 22 : 14);
	if (c->file)
		styled(w, DIM, arena_fmt(a, "%s:%u", c->file, c->line));
	if (c->was_file)
		styled(w, DIM, arena_fmt(a, ", was in %s", c->was_file));
	newline(w);
	if (c->reason)
		indented(w, looks[c->action].danger ? RED : PLAIN, c->reason);
	takes_text(w, c);
	if (runs(c))
		hook_text(w, c);
	for (int drift = 0; drift < 2; drift++)
		for (size_t i = 0; i < c->n_fields; i++)
			if ((c->fields[i].why == WHY_DRIFT) == drift)
				field_line(w, &c->fields[i]);
	for (size_t i = 0; i < c->n_takeovers; i++)
		indented(w, CYAN,
			 arena_fmt(a, "takes fields over from %s", c->takeovers[i].manager));
	for (size_t i = 0; i < c->n_give_backs; i++)
		indented(w, CYAN,
			 arena_fmt(a, "gives fields back to %s", c->give_backs[i].manager));
	for (size_t i = 0; i < c->n_warnings; i++)
		indented(w, YELLOW,
			 arena_fmt(a, "%s: %s", w->p->rollback_of ? "warning" : "server warns",
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
				styled(w, YELLOW, "  drift, not from this change, is undone:");
				newline(w);
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
			styled(w, CYAN, "  hooks, which run with these changes:");
			newline(w);
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
	newline(w);
	cell(w, BOLD, app->name, w->width >= 90 ? 60 : 40);
	counts(w, true, by_action, "  ");
	if (any(by_action, true) && any(by_action, false))
		buf_puts(w->out, "  ");
	counts(w, false, by_action, "  ");
	bool others = any(by_action, true) || any(by_action, false);
	hook_count(w, hooks, others ? "  " : "");
	newline(w);
	changes_of(w, app->name, false);
	changes_of(w, app->name, true);
	hooks_of(w, app->name);
}

/* ---- policy */

static const struct {
	const char *mark;
	enum style style;
} results[] = {
	[POLICY_DENY] = { "x", RED },
	[POLICY_UNDECIDED] = { "?", RED },
	[POLICY_WARN] = { "!", YELLOW },
	[POLICY_AUDIT] = { "i", DIM },
};
_Static_assert(ARRAY_LEN(results) == POLICY_COUNT, "every result needs a look");

static void verdict_text(struct writer *w, const struct policy_verdict *v, const struct change *c)
{
	struct arena *a = &w->arena;
	buf_puts(w->out, "  ");
	cell(w, results[v->result].style,
	     arena_fmt(a, "%s %s", results[v->result].mark, policy_result_name(v->result)), 7);
	cell(w, BOLD, v->policy, w->policy_width);
	cell(w, PLAIN, c ? change_label(a, c) : "the whole plan", w->width >= 90 ? 34 : 24);
	if (v->file)
		styled(w, DIM, arena_fmt(a, "%s:%u:%u", v->file, v->line, v->col));
	newline(w);
	const char *message =
		v->param ? arena_fmt(a, "%s (param %s)", v->message, v->param) : v->message;
	if (v->pass == POLICY_PASS_WAIVED)
		message =
			arena_fmt(a, "waived until %s by %s: %s", w->p->waivers[v->waiver].expires,
				  w->p->waivers[v->waiver].owner, message);
	else if (v->pass)
		message = arena_fmt(a, "%s: %s", policy_pass_name(v->pass), message);
	else if (v->existing)
		message = arena_fmt(a, "existing: %s", message);
	indented(w, v->pass ? DIM : results[v->result].style, message);
}

/* Of the longest name, within reason. */
static size_t policy_width(const struct writer *w)
{
	enum { LEAST = 24, MOST = 34, NARROW = 16 };
	size_t width = LEAST;
	for (size_t i = 0; i < w->p->n_verdicts; i++) {
		size_t n = strlen(w->p->verdicts[i].policy);
		width = n > width ? n : width;
	}
	return w->width < 90 ? NARROW : width < MOST ? width : MOST;
}

static void verdicts(struct writer *w)
{
	const struct plan *p = w->p;
	if (!p->n_verdicts)
		return;
	w->policy_width = policy_width(w);
	newline(w);
	styled(w, BOLD, "policy");
	newline(w);
	for (int result = 0; result < POLICY_COUNT; result++) {
		size_t of = 0;
		for (size_t i = 0; i < p->n_verdicts; i++) {
			const struct policy_verdict *v = &p->verdicts[i];
			while (v->change && of < p->n_changes &&
			       strcmp(p->changes[of].id, v->change) != 0)
				of++;
			if ((int)v->result == result && (!v->change || of < p->n_changes))
				verdict_text(w, v, v->change ? &p->changes[of] : NULL);
		}
	}
}

/* Used ones stand with their verdicts; those that are of no use any more are to be removed. */
static void waivers(struct writer *w)
{
	const struct plan *p = w->p;
	bool any = false;
	for (size_t i = 0; i < p->n_waivers; i++) {
		const struct plan_waiver *v = &p->waivers[i];
		if (v->state == WAIVER_USED)
			continue;
		if (!any)
			newline(w);
		any = true;
		styled(w, v->state == WAIVER_EXPIRED ? YELLOW : DIM,
		       arena_fmt(&w->arena, "waiver %s: %s on %s, until %s, of %s",
				 waiver_state_name(v->state), v->policy, v->object, v->expires,
				 v->owner));
		if (v->at.file)
			styled(w, DIM, arena_fmt(&w->arena, "  %s:%u", v->at.file, v->at.line));
		newline(w);
	}
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
	newline(w);
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
	newline(w);
	buf_printf(w->out, "%s Plan %.14s…",
		   !plan_is_static(p) ? "Nothing was written to the cluster."
				      : "No cluster was asked.",
		   p->digest);
	if (w->o->plan_file)
		put(w, arena_fmt(&w->arena, " in %s", w->o->plan_file));
	newline(w);
}

static void next_apply(struct writer *w, bool replaces)
{
	const char *server = w->p->server;
	bool in_folder = server && strncmp(server, "file:", 5) == 0;
	put(w, arena_fmt(&w->arena, "Next: rhumb apply %s%s%s%s", w->o->plan_file,
			 replaces ? " --allow-replace" : "", in_folder ? " --cluster " : "",
			 in_folder ? server : ""));
	newline(w);
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
	verdicts(&w);
	waivers(&w);
	if (p->n_notes)
		newline(&w);
	for (size_t i = 0; i < p->n_notes; i++) {
		put(&w, arena_fmt(&w.arena, "note: %s", p->notes[i]));
		newline(&w);
	}
	totals(&w);
	next(&w);
	arena_done(&w.arena);
}

void report_policy_text(struct buf *out, const struct plan *p, const struct report_options *o)
{
	struct writer w = { .out = out, .p = p, .o = o, .width = o->width ? o->width : 100 };
	size_t audited = 0, passed = 0;
	verdicts(&w);
	waivers(&w);
	if (p->n_verdicts || p->n_waivers)
		newline(&w);
	for (size_t i = 0; i < p->n_verdicts; i++) {
		passed += p->verdicts[i].pass != POLICY_PASS_NOT;
		audited += p->verdicts[i].result == POLICY_AUDIT && !p->verdicts[i].pass;
	}
	buf_printf(out, "%zu change%s: %lld denied, %lld warned of, %zu noted, %zu let pass\n",
		   p->n_changes, p->n_changes == 1 ? "" : "s", (long long)p->summary.denied,
		   (long long)p->summary.warned, audited, passed);
	arena_done(&w.arena);
}
