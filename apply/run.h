/* What the steps of an apply share; only the files of apply.h's list include this. */
#ifndef APPLY_RUN_H
#define APPLY_RUN_H

#include "apply/apply.h"
#include "plan/state.h"

enum step_state {
	STEP_NEW,     /* not looked at */
	STEP_READY,   /* the precondition holds: to be written */
	STEP_WRITTEN, /* written, or as planned already: waited for until it is ready (wait.h) */
	STEP_ENDED,   /* the outcome is in the result */
};

/* The next request of a step. */
enum request {
	REQUEST_NONE,
	REQUEST_READ, /* what is true now? */
	REQUEST_ASK,  /* dry-run: would our write change anything? */
	REQUEST_GONE, /* is a replaced object gone? */
	REQUEST_TAKEOVER,
	REQUEST_APPLY,
	REQUEST_DELETE,
	REQUEST_GIVE_BACK,
};

/* Why a write did not go through, to be settled by a read. */
struct trouble {
	char *message; /* NULL: none */
	bool resend;   /* the write may be sent again if the precondition still holds */
	bool lost;     /* there was no answer: it may have been done */
	bool schema;   /* the schema of its CRD may be new since a moment: old_schema.c */
};

struct step {
	const struct change *change;
	struct object_result *result;
	struct parent *parent;       /* of its application */
	struct step *next_of_parent; /* in the plan's order */
	const struct json *declared; /* desired, a Secret's with its values */
	enum step_state state;
	enum request next;
	bool writing;      /* past the check */
	bool looking;      /* past the check, and looked at once more before the first write */
	bool moved;        /* it had another resourceVersion than at the check */
	bool replaced;     /* the old object is deleted: a create from here on */
	bool going;        /* it is being deleted, by an earlier run */
	bool removing;     /* a hook: what an earlier run has left is deleted first */
	bool cleaned;      /* a hook: its delete policy was carried out, or could not be */
	bool maybe_done;   /* a write without an answer */
	bool sent, polled; /* in this round; at least once */
	unsigned conflicts, losses;
	int64_t started, deadline; /* time_monotonic_ms() */
	int64_t schema_deadline; /* until then it may be refused by an old schema; 0: it was not */
	struct trouble trouble;
	enum outcome written; /* STEP_WRITTEN: how it will end, with ... */
	char *note;           /* ... this message */
	struct wait *wait;    /* STEP_WRITTEN */
	bool must_wait;       /* whatever its application says */
	const char *made;     /* a hook: uid of what its run has created; NULL */
	/* of the last read */
	const char *uid, *resource_version;
	const char *own_version;           /* that our own takeover made */
	const struct json *managed_fields; /* where there are takeovers */
	const struct json *live_secret;    /* only to hide its values in messages */
	bool takeover_pending;
	char makes[DIGEST_TEXT]; /* of the managedFields that a takeover was sent to make, by this
				    run or an earlier one; "": none was */
	bool give_back_pending;  /* values are as planned, ownership is not yet */
	char *why_stale;         /* kept while asking */
	/* of the journal */
	const struct journal_object *past; /* an earlier run has announced a write of it; NULL */
	char *before, *sealed;             /* journal_before_text() of the last read, until it is
					      in the journal */
	bool announced;                    /* in this run */
	enum journal_step last_step;       /* that was */
	char asked[DIGEST_TEXT]; /* the live object, to compare the dry-run's answer with */
};

/* The ApplySet parent of an application; applyset.c. */
struct parent {
	const struct planned_application *application;
	const char *name; /* of the ConfigMap */
	/* in the cluster */
	bool exists;
	const char *uid, *resource_version;
	const char *kinds, *namespaces;           /* as the annotations hold them, "" */
	const char *commit, *repository, *digest; /* NULL: not recorded */
	const char *unfinished;                   /* hooks of that plan are still to run; NULL */
	/* in this run */
	const char *all_kinds, *all_namespaces; /* with those of the changes */
	bool ready;                             /* lists at least what this run needs */
	bool failed; /* could not be written: the application's changes are not tried */
	/* what failed among its changes */
	bool any_failed;
	int64_t failed_wave;                /* the first */
	const struct step *pre_sync_failed; /* a hook that was not done; NULL */
	bool wrote;                         /* something of it was written, or may have been */
	struct step *open; /* the first of its changes that has not ended; execute.c */
	unsigned attempts;
	bool again;     /* to be written once more */
	bool announced; /* in the journal of this run */
};

struct run {
	const struct plan *plan;
	struct cluster *cluster;
	struct repository *repo;
	const struct apply_options *options;
	struct apply_result *result;
	writer_fn *write;
	struct arena arena;   /* lives as long as the run */
	struct arena scratch; /* bodies of one batch */
	struct kind_table kinds;
	struct step *steps;        /* as plan->changes */
	struct parent *parents;    /* as plan->applications */
	struct locks *locks;       /* NULL: none */
	struct journal_log undone; /* of a rollback: read when a Secret needs it */
	size_t n_remarks;          /* problems of the result that are no failure; they come first */
	struct err read_err;       /* the first object that the check could not read */
	const char *stopped;       /* why the rest was not tried, NULL */
	bool wrote;                /* the cluster may have been changed */
	bool journal_failed;
	bool restless; /* many objects of the last batch had moved since the check */
	size_t n_kept; /* changes whose outcome is of an earlier run */
	size_t n_cut;  /* waits that were cut short */
	struct waits *waits;
};

/* ---- run.c */
bool run_interrupted(const struct run *r);
int64_t run_deadline(const struct run *r);
void run_sleep(unsigned ms); /* cut short by a signal */

/* The kind that a change's requests go to, NULL where it is not served (yet). */
const struct kind *run_kind(const struct run *r, const struct change *c);
/* Whether a CRD of the same plan brings the kind; its step. */
struct step *run_crd_of(const struct run *r, const struct change *c);
/* The change of the plan that is the Namespace `name`; NULL. */
struct step *run_namespace(const struct run *r, const char *name);
bool run_is_crd(const struct change *c);

/* create, and a replacement whose old object is deleted */
bool step_creates(const struct step *s);
const char *step_label(struct run *r, const struct step *s); /* "Deployment shop/web" */
/* The id of the ApplySet of which a write of the step is to make a member; NULL: as its body says.
 */
const char *step_applyset(const struct run *r, const struct step *s);

/* A field's path as people write it: "spec.replicas"; in the arena. */
const char *field_said(struct arena *a, const char *path);

/* The outcome is known; message may be NULL, is cleaned for display, values of a Secret hidden,
 * and is not freed. */
void step_end(struct run *r, struct step *s, enum outcome outcome, const char *message);
/* state_digest() gives `want`; a plan may be made without the RHUMB_KEY that apply has. */
bool step_state_is(const struct run *r, const struct step *s, const struct json *object,
		   enum state_side side, const char *want);
bool step_failed(const struct step *s); /* failed or stale */

/* ---- resume.c: before anything else */
void resume(struct run *r);
/* An earlier run has changed it, or may have. */
bool resume_may_be_done(const struct step *s);
/* An earlier run of a rollback has written the values of this very object; its ownership may be
 * left to be given back. */
bool resume_has_values(const struct step *s, const struct json *live);
/* Whether the object that is there now (NULL: none) shows that the announced write of an earlier
 * run is done; of a replacement also how far it came. */
bool resume_is_done(struct step *s, const struct json *live);

/* ---- announce.c: the journal, where there is one */
void announce_before(struct run *r, struct step *s, const struct json *live);
/* false: it is not announced and must not be sent; err says why. */
bool announce_write(struct run *r, struct step *s, const struct api_call *call, struct err *err);
bool announce_parent(struct run *r, struct parent *p, const struct api_call *call, struct err *err);
bool announce_sync(struct run *r, struct err *err);
void announce_answer(struct run *r, const struct step *s, const struct api_call *call);
/* A read shows that the write that was announced last is done. */
void announce_found(struct run *r, const struct step *s, const struct json *live);
void announce_parent_answer(struct run *r, const struct parent *p, const struct api_call *call);
void announce_end(struct run *r, const struct step *s);

/* ---- guard.c */
int guard_check(struct run *r, struct err *err);

/* ---- prepare.c */
int prepare(struct run *r, struct err *err);

/* ---- rollback_secret.c: s->declared of a Secret that a rollback writes */
int rollback_load_secret(struct run *r, struct step *s, struct err *err);

/* ---- check.c */
enum verdict {
	VERDICT_READY, /* the precondition holds */
	VERDICT_DONE,  /* the object is as planned already */
	VERDICT_STALE,
	VERDICT_ASK, /* perhaps it is: only the server can tell */
};

/* live NULL: absent.  Notes uid, resourceVersion, ... in the step; for STALE and ASK *why (the
 * caller frees). */
enum verdict check_object(struct run *r, struct step *s, const struct json *live, char **why);
/* Whether the answer to REQUEST_ASK is the object that check_object() saw. */
bool check_same_as_asked(const struct step *s, const struct json *answer);
/* ---- check_all.c: all steps, before the first write */
int check_all(struct run *r, struct err *err);

/* ---- along.c: *why the deletion would take along more than the plan says (the caller frees),
 * NULL: it would not.  -1: nobody could tell */
int along_check(struct run *r, const struct step *s, char **why, struct err *err);
/* Ends the steps among these whose next request is such a deletion. */
void along_drop(struct run *r, struct step **steps, size_t n);

/* ---- stale.c: "was changed by kubectl-edit at ... (/spec/replicas)"; the caller frees */
char *stale_reason(const struct step *s, const struct json *live);

/* ---- takeover.c */
bool takeover_is_pending(const struct change *c, const struct json *live);
/* Our entry in managedFields as FieldsV1, NULL where there is none. */
const struct json *takeover_own_fields(const struct json *live);
/* Whether the object is as the patch left it, and nobody has taken a field since.  What our patch
 * was answered may be lost, or be known to an earlier run alone. */
bool takeover_was_done(const struct step *s, const struct json *live);
/* The patch that moves the fields to us; notes what it makes. */
struct json takeover_patch(struct arena *a, struct step *s);

/* ---- give_back.c: of a rollback, after the values are as planned */
bool give_back_is_pending(const struct change *c, const struct json *live);
/* Notes what give_back_patch() needs; false where nothing is to be given back. */
bool give_back_prepare(struct run *r, struct step *s, const struct json *live);
struct json give_back_patch(struct arena *a, const struct step *s);

/* ---- exchange.c: sends the next requests of the steps, in rounds, until none has one */
void exchange(struct run *r, struct step **steps, size_t n);
/* Sets the first writing request of a step that is ready. */
void exchange_start(struct run *r, struct step *s);
/* An object was read (NULL: absent): sets the next request, or ends the step. */
void exchange_judge(struct run *r, struct step *s, const struct json *live);

/* ---- execute.c: every step that is ready */
void execute(struct run *r);

/* ---- wait.c: see wait.h */

/* ---- applyset.c */
int parents_read(struct run *r, struct err *err);
/* Before members of these steps are written. */
void parents_prepare(struct run *r, struct step **steps, size_t n);
void parents_finish(struct run *r);

#endif
