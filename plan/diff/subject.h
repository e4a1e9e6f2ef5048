/* What the steps of build.h share; internal to plan/diff.
 *
 * A subject is one object under comparison, with all that becomes known about it on the way. */
#ifndef PLAN_DIFF_SUBJECT_H
#define PLAN_DIFF_SUBJECT_H

#include "plan/diff/build.h"
#include "plan/diff/owners.h"
#include "plan/merge/schema.h"
#include "plan/source/source.h"

enum subject_state {
	SUBJECT_OPEN,      /* not decided yet */
	SUBJECT_UNCHANGED, /* an apply would do nothing */
	SUBJECT_CHANGED,   /* live, after and owned are known */
	SUBJECT_UNKNOWN,   /* reason says why */
	SUBJECT_CONFLICT,  /* conflicts holds the fields of other managers */
	SUBJECT_REPLACE,   /* an immutable field changes */
	SUBJECT_IGNORED,   /* nothing to do: not declared and not there, or not to be pruned */
};

struct subject {
	struct object_ref ref;
	size_t application;          /* index into build.apps */
	int64_t wave;                /* that head declares, else base, else the live object */
	const struct declared *base; /* NULL: not declared there */
	const struct declared *head;
	const struct kind *kind; /* NULL: the cluster does not serve it */
	enum subject_state state;
	bool read;     /* the cluster was asked and answered */
	bool deferred; /* its version of the kind, or its namespace, comes with the plan */
	bool forced;   /* the dry-run is to take over `conflicts` */
	bool removing; /* the dry-run is to show `dropped` gone */
	enum verified verified;
	const struct json *live;       /* NULL: not there */
	const struct json *desired;    /* head's object without what is ignored; NULL: no head */
	const struct json *after;      /* as it will be */
	const struct json *owned;      /* FieldsV1 of ours after the write */
	struct field_set conflicts;    /* fields that others own and head wants otherwise */
	struct field_set dropped;      /* fields that head dropped and others still hold */
	struct owners owners;          /* of live; filled with live */
	const struct build_hook *hook; /* of hooks.h; NULL: an object that is kept */
	const char *earlier;           /* uid of what an earlier run of the hook has left; NULL */
	const char *reason;
	const char **warnings;
	size_t n_warnings;
	unsigned rounds; /* dry-runs so far, without those that came too late: */
	unsigned moves;  /* somebody wrote to it between the read and the dry-run */
};

struct build_application {
	const struct application *config;
	struct revision base;
	char base_tree[GIT_ID_TEXT], head_tree[GIT_ID_TEXT]; /* of its folder; "" not there */
	bool same_tree;
	const char *applyset, *parent_namespace;
	const struct json *parent; /* live parent object, NULL: none */
};

/* What is declared, but not as an object that is kept: see hooks.h. */
struct build_hook {
	const struct declared *declared;
	size_t application;
	bool gone; /* base declared it, head does not */
	struct hook_declared says;
	unsigned phases; /* those of this plan */
};

struct build {
	const struct plan_options *o;
	struct arena arena; /* everything up to the plan, which copies what it keeps */
	struct revision head;
	struct build_application *apps;
	struct declared_set base_set, head_set;
	struct kind_table kinds;
	struct schema_set schemas;
	struct subject *subjects; /* sorted by ref */
	size_t n_subjects, cap_subjects;
	size_t n_paired;     /* the first ones are the pairs; members found by label follow */
	size_t n_same_trees; /* applications that need not be read */
	struct build_hook *hooks;
	size_t n_hooks, cap_hooks;
	const char **notes;
	size_t n_notes, cap_notes;
	struct problems *problems;
	struct json *body; /* scratch */
	/* moved.c: what applications that are not planned declare at head */
	struct declared_set others;
	bool others_read;
	const char *others_unread; /* one that could not be read */
};

/* The steps, in order. */
int build_gather(struct build *b, struct err *err);
int build_pair(struct build *b, struct err *err);
int build_read_live(struct build *b, struct err *err);
int build_verify(struct build *b, struct err *err);
int build_changes(struct build *b, struct plan *out, struct err *err);
/* Of the changes: lists what deletions take along, and refuses those that would take what is to
 * stay (taken.c). */
int build_takes(struct build *b, struct plan *p, struct err *err);

/* What is sent of it: with the label of its ApplySet, or of hooks. */
struct json build_body(const struct build *b, struct arena *a, const struct subject *s);

/* Computes `after` and `owned` here, without the server. */
void build_predict(struct build *b, struct subject *s);
/* Where the CRD of its kind changes in the same plan, what the server says of the object is about
 * the schema of before: predicts it by the one to come, marked deferred.  false: no such CRD. */
bool build_defer_to_crd(struct build *b, struct subject *s);

/* Reports what the kind's schema has against the declared object (unknown fields, wrong types,
 * required fields of CRDs) as problems with their lines.  false where it has nothing. */
bool build_check_manifest(struct build *b, const struct subject *s);
void build_problem(struct build *b, struct srcpos at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Whether a message of validation says that a field may never change. */
bool build_says_immutable(const char *message);

/* NULL where there is none; only among the pairs. */
struct subject *build_find(struct build *b, const struct object_ref *ref);

const struct schema_node *build_schema(struct build *b, const struct subject *s);
void build_note(struct build *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void subject_unknown(struct build *b, struct subject *s, const char *fmt, ...) PRINTF_LIKE(3, 4);
void subject_set_live(struct build *b, struct subject *s, const struct json *live);

#endif
