/* See hooks.h. */
#include "plan/diff/hooks.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "plan/diff/prune.h"
#include "plan/state.h"

enum { MAX_NAMED = 3 }; /* objects that a note names */

/* ---- setting aside */

/* Running it again would delete it, and all that is in it or of its kind. */
static bool cannot_run(const struct object_ref *ref)
{
	return (!*ref->group && strcmp(ref->kind, "Namespace") == 0) ||
	       strcmp(ref->kind, "CustomResourceDefinition") == 0;
}

static bool read_head(struct build *b, const struct declared *head, struct hook_declared *says)
{
	AUTO(err_done) struct err err = { 0 };
	if (hook_of(&head->object, head->file, says, &err) < 0) {
		build_problem(b, err.at, "%s", err.msg);
		return false;
	}
	if (says->sort == HOOK_RUNS && cannot_run(&head->ref)) {
		build_problem(b, (struct srcpos){ head->file, head->line, head->col },
			      "%s: a %s cannot be a hook, which is deleted to run again; with the "
			      "annotation rhumb.dev/hook: Sync it is kept",
			      object_ref_label(&b->arena, &head->ref), head->ref.kind);
		return false;
	}
	return says->sort != HOOK_ORDINARY;
}

bool hooks_set_aside(struct build *b, size_t application, const struct declared *head,
		     const struct declared *base)
{
	struct hook_declared says;
	AUTO(err_done) struct err ignored = { 0 };
	if (head ? !read_head(b, head, &says)
		 : hook_of(&base->object, base->file, &says, &ignored) < 0 ||
			    says.sort == HOOK_ORDINARY)
		return false;
	GROW(b->hooks, b->n_hooks, b->cap_hooks);
	b->hooks[b->n_hooks++] = (struct build_hook){
		.declared = head ? head : base,
		.application = application,
		.gone = !head,
		.says = says,
	};
	return true;
}

bool hooks_declare(const struct build *b, const struct object_ref *ref)
{
	for (size_t i = 0; i < b->n_hooks; i++)
		if (!b->hooks[i].gone && object_ref_compare(&b->hooks[i].declared->ref, ref) == 0)
			return true;
	return false;
}

/* ---- notes */

struct named {
	struct buf text;
	size_t n;
};

static void name(struct build *b, struct named *list, const struct build_hook *h, bool why)
{
	if (list->n++ >= MAX_NAMED)
		return;
	buf_printf(&list->text, "%s%s", list->n > 1 ? ", " : "",
		   object_ref_label(&b->arena, &h->declared->ref));
	if (why)
		buf_printf(&list->text, " with %s: %s", h->says.annotation, h->says.value);
}

void hooks_note(struct build *b)
{
	struct named left_out = { 0 }, gone = { 0 };
	for (size_t i = 0; i < b->n_hooks; i++) {
		const struct build_hook *h = &b->hooks[i];
		if (h->gone && h->says.sort == HOOK_RUNS)
			name(b, &gone, h, false);
		else if (!h->gone && h->says.sort == HOOK_LEFT_OUT)
			name(b, &left_out, h, true);
	}
	if (left_out.n)
		build_note(b, "%zu object%s left out (%s%s)", left_out.n,
			   left_out.n == 1 ? " is" : "s are", buf_text(&left_out.text),
			   left_out.n > MAX_NAMED ? ", ..." : "");
	if (gone.n)
		build_note(b,
			   "%zu hook%s not declared any more (%s%s): what the last run left stays",
			   gone.n, gone.n == 1 ? " is" : "s are", buf_text(&gone.text),
			   gone.n > MAX_NAMED ? ", ..." : "");
	buf_done(&left_out.text);
	buf_done(&gone.text);
}

/* ---- which of them run */

static bool has_changes(const struct plan *p, const char *application)
{
	for (size_t i = 0; i < p->n_changes; i++)
		if (action_writes(p->changes[i].action) &&
		    strcmp(p->changes[i].application, application) == 0)
			return true;
	return false;
}

/* An apply that has not run all hooks: apply/applyset.c says so in the record. */
static bool is_unfinished(const struct build_application *app)
{
	return json_at(app->parent, "metadata", "annotations", APPLYSET_UNFINISHED, NULL) != NULL;
}

/* Nothing of the application is there yet, hooks aside. */
static bool is_install(const struct build *b, size_t application)
{
	for (size_t i = 0; i < b->n_subjects; i++) {
		const struct subject *s = &b->subjects[i];
		if (s->application == application && !s->hook &&
		    (s->live || s->state == SUBJECT_UNCHANGED))
			return false;
	}
	return true;
}

static void add_subject(struct build *b, const struct build_hook *h)
{
	const struct object_ref *ref = &h->declared->ref;
	const struct kind *kind = kinds_find(&b->kinds, ref->group, ref->version, ref->kind);
	GROW(b->subjects, b->n_subjects, b->cap_subjects);
	b->subjects[b->n_subjects++] = (struct subject){
		.ref = *ref,
		.application = h->application,
		.wave = h->says.wave,
		.head = h->declared,
		.desired = &h->declared->object,
		.hook = h,
		.kind = kind,
		.deferred = kind && kind->deferred,
	};
}

static void add_subjects(struct build *b, const struct plan *p)
{
	for (size_t i = 0; i < b->o->n_applications; i++) {
		const struct build_application *app = &b->apps[i];
		if (!has_changes(p, app->config->name) && !is_unfinished(app))
			continue;
		bool install = is_install(b, i);
		for (size_t k = 0; k < b->n_hooks; k++) {
			struct build_hook *h = &b->hooks[k];
			h->phases = install ? h->says.at_install : h->says.at_upgrade;
			if (h->application == i && !h->gone && h->says.sort == HOOK_RUNS &&
			    h->phases)
				add_subject(b, h);
		}
	}
}

/* ---- what an earlier run has left */

static const char *why_not_ours(struct build *b, const struct subject *s)
{
	struct arena *a = &b->arena;
	const char *of = json_str(json_at(s->live, "metadata", "labels", HOOK_LABEL, NULL));
	for (size_t i = 0; of && i < b->o->n_applications; i++)
		if (i != s->application && strcmp(b->apps[i].applyset, of) == 0)
			return arena_fmt(a, "a hook of application %s has this name",
					 b->apps[i].config->name);
	if (s->owners.n)
		return arena_fmt(a,
				 "an object of this name is there that no hook of this application "
				 "has made (%s has)",
				 s->owners.items[0].manager);
	return "an object of this name is there that no hook of this application has made";
}

/* Only what is ours is deleted, and only if the policy says so. */
static void judge(struct build *b, struct subject *s)
{
	struct arena *a = &b->arena;
	const char *uid = json_str(json_at(s->live, "metadata", "uid", NULL));
	if (!hook_is_ours(s->live, b->apps[s->application].applyset)) {
		s->state = SUBJECT_CONFLICT;
		s->reason =
			arena_fmt(a,
				  "%s: it is neither deleted nor overwritten; delete it, or give "
				  "the hook another name",
				  why_not_ours(b, s));
	} else if (!(s->hook->says.delete_policy & HOOK_BEFORE_CREATION)) {
		s->state = SUBJECT_CONFLICT;
		s->reason = "what an earlier run has left is there, and the delete policy lets it "
			    "stay: delete it, or add BeforeHookCreation to the policy";
	} else {
		/* It is as if it were not there, but the server would compare with it. */
		s->earlier = uid;
		s->live = NULL;
		s->owners = (struct owners){ 0 };
		if (build_check_manifest(b, s))
			subject_unknown(b, s, "the manifest is wrong");
		else
			build_predict(b, s);
	}
}

static int look(struct build *b, size_t first, struct err *err)
{
	if (hooks_read(b, first, err) < 0)
		return -1;
	for (size_t i = first; i < b->n_subjects; i++) {
		struct subject *s = &b->subjects[i];
		s->desired = &s->head->object; /* nothing is left to others: it is made anew */
		if (s->live && s->state == SUBJECT_OPEN)
			judge(b, s);
	}
	return build_verify(b, err);
}

int hooks_add(struct build *b, struct plan *p, struct err *err)
{
	size_t first = b->n_subjects;
	add_subjects(b, p);
	if (b->o->cluster && b->n_subjects > first && look(b, first, err) < 0)
		return -1;
	for (size_t i = first; i < b->n_subjects; i++) {
		const struct subject *s = &b->subjects[i];
		for (int phase = HOOK_NONE + 1; phase < HOOK_PHASE_COUNT; phase++)
			if (s->hook->phases & HOOK_BIT(phase))
				p->changes[p->n_changes++] =
					hooks_change(b, s, (enum hook_phase)phase);
	}
	return 0;
}
