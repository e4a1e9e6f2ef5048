/* A plan: what will be done to one cluster, as complete and inert data.
 *
 *   plan_build()    (plan/diff/build.h) makes one from two revisions and a cluster
 *   plan_to_json()  as the file holds it, digest included
 *   plan_write()    saves it (mode 0600, whole or not at all); plan_read() gives back an equal one
 *   plan_done()     releases it
 *
 * `digest` covers what the plan means: all of the file but `digest`, `meta`, the commit ids in
 * `git` (base, head, bases) and positions in files (from, file, line, col), which are for
 * display only and which apply must not read for a decision; and the place of the journal of a
 * rollback: each change says by digest what it reads there.
 *
 * All strings and trees live in the plan's arena. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/digest.h"
#include "plan/hook.h"
#include "plan/object.h"
#include "plan/ready_rule.h"

#define PLAN_API_VERSION "rhumb.dev/v1"

enum {
	PLAN_MAX_BYTES = 64 << 20, /* 10,000 new Deployments and ConfigMaps have 36 MB */
	PLAN_MAX_CHANGES = 100000,
	PLAN_MAX_VERDICTS = 100000,
	PLAN_MAX_WAIVERS = 10000,
	PLAN_MAX_WAIT = 24 * 3600, /* seconds */
};

/* In the order in which people should look at them. */
enum action {
	ACTION_CONFLICT, /* another manager owns a field that Git wants otherwise; not applied */
	ACTION_UNKNOWN,  /* could not be read, verified or understood; not applied */
	ACTION_REFUSED,  /* a deletion that nobody has allowed; not applied */
	ACTION_DELETE,
	ACTION_REPLACE, /* delete and create: an immutable field changes */
	ACTION_CREATE,
	ACTION_UPDATE,
	ACTION_ADOPT, /* exists as declared; only its ownership becomes ours */
	ACTION_COUNT,
};

enum why {
	WHY_GIT,      /* this change */
	WHY_DRIFT,    /* Git is the same at base and head, the cluster moved away */
	WHY_BOTH,     /* Git changed it, and the cluster was not as base said */
	WHY_SERVER,   /* defaulted or mutated by the server as a consequence */
	WHY_ROLLBACK, /* undoes what an apply did */
	WHY_COUNT,
};

enum verified {
	VERIFIED_SERVER,    /* the API server's dry-run */
	VERIFIED_PREDICTED, /* computed here */
	VERIFIED_DEFERRED,  /* its namespace or CRD comes in the same plan */
	VERIFIED_STATIC,    /* base against head, no cluster was asked */
	VERIFIED_COUNT,
};

/* What happens to a value of a Secret. */
enum secret_change { SECRET_NOT, SECRET_ADDED, SECRET_CHANGED, SECRET_REMOVED };

struct field {
	const char *path;          /* text form of plan/merge/field_path.h */
	const struct json *before; /* NULL: absent; NULL too where secret */
	const struct json *after;  /* NULL: removed; NULL too where secret */
	enum secret_change secret;
	enum why why;
	const char *owner; /* manager that holds it now, NULL: nobody or us */
	const char *since; /* RFC 3339, when the owner last wrote; display, in meta */
	unsigned line;     /* in the manifest; display only; 0: nowhere */
};

/* Ownership that apply moves to us before the write, field by field: the JSON patch of the
 * design's table takes `fields` away from the manager's entry and puts them into ours. */
struct takeover {
	const char *manager;
	const char *operation;     /* "Apply" or "Update" */
	const char *subresource;   /* "" for none */
	const struct json *fields; /* FieldsV1 */
};

/* Of a rollback: ownership that goes back, after the write, to a manager whose it was before the
 * apply that is undone. */
struct give_back {
	const char *manager;
	const char *operation;
	const char *api_version;
	const char *subresource;   /* "" for none */
	const char *time;          /* of its entry then; NULL: none */
	const struct json *fields; /* FieldsV1 */
};

struct precondition {
	const char *uid;              /* "": the object must not exist; of a hook: the object of
					 an earlier run, which is deleted first */
	const char *resource_version; /* Secrets without RHUMB_KEY only, else NULL */
	const char *digest;           /* state_digest() of the live object; NULL: uid says it all */
	const struct json *held; /* FieldsV1 that the digest covers too: what goes with an object
				    that is deleted (plan/diff/held.h); NULL: no deletion */
};

/* What goes with an object that is deleted (takes.h): of one kind. */
struct taken_object {
	const char *name; /* of a CRD's, with its namespace: "shop/ark" */
	const char *uid;
	bool foreign; /* not of an application of this plan */
};

struct taken_kind {
	const char *kind; /* "Deployment.apps", "ConfigMap" */
	int64_t n;        /* all of them; the first by name are: */
	struct taken_object *objects;
	size_t n_objects;
	const char *unread; /* why they could not be listed; NULL: they were */
};

/* Both sides of a change, for a judge (plan/diff/build.h). */
struct change_sides {
	const struct json
		*before;          /* what is there: live, without a cluster base's; NULL: nothing */
	const struct json *after; /* as it will be; NULL: deleted, or not known */
	const struct json *declared; /* head's manifest, with positions; NULL: not declared */
	const struct json *base;     /* base's manifest; NULL: not declared there */
};

struct change {
	const char *id; /* hook_id() */
	enum action action;
	const char *application;
	int64_t wave;
	struct hook hook; /* see change_is_hook() */
	struct object_ref ref;
	const char *file; /* display only; NULL: none */
	unsigned line, col;
	const char *was_file;   /* display only: base declared it there; NULL: in the same */
	const char *moved_from; /* the application that had it, "" where its ApplySet is not known;
				   NULL: it does not move */
	const char *pair; /* id of the deletion or creation that is the same object under another
			     name; NULL: none */
	enum verified verified;
	struct field *fields;
	size_t n_fields;
	struct takeover *takeovers;
	size_t n_takeovers;
	struct precondition precondition;
	const struct json *desired; /* as declared, without our ApplySet label; NULL: delete.  A
				       Secret's values are null: see source_blob.  Of a rollback
				       exactly what is sent, label included */
	const struct json *owned; /* FieldsV1 of ours after the write, label included; NULL: delete,
				     unknown */
	const struct json *keeps; /* of a rollback: FieldsV1 that stay ours once give_backs are
				     done, another write; NULL: all of owned, without one */
	struct give_back *give_backs;
	size_t n_give_backs;
	const char *source_blob; /* Secrets only: the Git object to read values from, with ... */
	unsigned source_document;
	int64_t source_item;       /* ... source_reload() */
	const char *source_sealed; /* Secrets of a rollback: digest of the sealed object in the
				      journal, instead of source_blob */
	const char *expect;        /* state_digest() of the object after the write; NULL: not known
				      (deferred, replace) */
	bool takes_listed;         /* it was found out what goes with the object: */
	struct taken_kind *takes;
	size_t n_takes;
	const char *reason;    /* conflict, unknown, delete, replace: why, for people */
	const char **warnings; /* of the server */
	size_t n_warnings;
	const struct change_sides *sides; /* while the plan is made; never in its file */
};

/* In the order in which people should look at them. */
enum policy_result {
	POLICY_DENY,
	POLICY_UNDECIDED, /* what cannot be known decides; counts as denied */
	POLICY_WARN,
	POLICY_AUDIT,
	POLICY_COUNT,
};

enum policy_source {
	POLICY_FROM_ADMISSION, /* a ValidatingAdmissionPolicy */
	POLICY_FROM_PLAN,      /* a PlanPolicy */
	POLICY_FROM_CHECK,     /* a static check */
	POLICY_FROM_COUNT,
};

/* Why a result is not held against the change. */
enum policy_pass {
	POLICY_PASS_NOT,
	POLICY_PASS_EXISTING,  /* it stands at base already, and only new ones are enforced */
	POLICY_PASS_WAIVED,    /* a waiver, which the verdict names */
	POLICY_PASS_UNDECIDED, /* the configuration lets pass what cannot be known */
	POLICY_PASS_COUNT,
};

/* What a policy has to say of a change, or of the whole plan. */
struct policy_verdict {
	enum policy_source source;
	const char *policy;  /* its name; of a static check its id */
	const char *binding; /* NULL: the policy as a whole */
	const char *param;   /* "namespace/name"; NULL: none */
	const char *change;  /* its id; NULL: the plan as a whole */
	enum policy_result result;
	bool existing; /* the same stands at base */
	enum policy_pass pass;
	int64_t waiver; /* of POLICY_PASS_WAIVED: its index in the plan's waivers */
	const char *message;
	const char *path; /* a JSON pointer into the object; NULL: not known */
	const char *file; /* display only: of the manifest; NULL: none */
	unsigned line, col;
	struct srcpos rule; /* display only: in the policy's file; file NULL: none */
};

enum waiver_state {
	WAIVER_USED,
	WAIVER_UNUSED,
	WAIVER_EXPIRED, /* lets nothing pass any more */
	WAIVER_COUNT,
};

/* What somebody has vouched for, until a day. */
struct plan_waiver {
	const char *policy; /* a name or the id of a check; "*" stands for any text */
	const char *object; /* the id of a change, "plan" for the whole; likewise */
	const char *reason, *owner;
	const char *expires; /* "2026-12-31": until the end of that day, UTC */
	enum waiver_state state;
	struct srcpos at; /* display only */
};

/* What an ApplySet parent records as applied; NULL: nothing. */
struct applied_record {
	const char *commit, *repository, *digest;
};

struct planned_application {
	const char *name;
	const char *path;
	const char *tree;      /* Git tree id at head, "" where it is not there */
	const char *base;      /* commit that this application was compared from, "" for none */
	const char *namespace; /* of its ApplySet parent */
	const char *applyset;  /* ApplySet id (KEP-3659) */
	const char **kinds;    /* "Deployment.apps", "ConfigMap": all that head declares; sorted */
	size_t n_kinds;
	const char **namespaces; /* of all that head declares, without the parent's; sorted */
	size_t n_namespaces;
	bool wait;             /* until what was written is ready */
	unsigned wait_seconds; /* for one object at most */
	struct ready_rule *ready;
	size_t n_ready;
	struct applied_record record; /* of a rollback: what the parent is to say again */
};

struct plan_summary {
	int64_t by_action[ACTION_COUNT]; /* without the hooks that will run: */
	int64_t hooks;
	int64_t unchanged;
	int64_t drifted;        /* changes with a field whose `why` is drift or both */
	int64_t denied, warned; /* verdicts that do not pass: deny and undecided; warn */
};

struct plan {
	struct arena arena;
	char digest[DIGEST_TEXT];
	/* meta, display only */
	const char *created, *tool;
	double duration;
	int64_t requests;
	/* git */
	const char *repository, *base, *head; /* commits; base "" for none or where they differ */
	const char *head_subject;             /* display; in meta */
	const char *server;                   /* URL or file:DIR; display; in meta; may be NULL */
	/* cluster; uid "" for `--cluster none` */
	const char *cluster_name, *cluster_uid, *cluster_version;
	struct planned_application *applications; /* sorted by name */
	size_t n_applications;
	struct change *changes; /* in the order in which they will be applied */
	size_t n_changes;
	struct plan_summary summary;
	struct policy_verdict *verdicts; /* of the whole plan; then in the order of the changes */
	size_t n_verdicts;
	struct plan_waiver
		*waivers; /* all that were in force or had expired, as they were written */
	size_t n_waivers;
	const char *time;   /* RFC 3339: what policies were told, where one has asked; else NULL */
	const char **notes; /* what people should know: folders not read, stale API groups */
	size_t n_notes;
	/* of a rollback (apply/rollback.h), else NULL */
	const char *rollback_of;      /* digest of the plan whose apply it undoes */
	const char *rollback_journal; /* where the journal of that apply is; not in the digest */
};

/* Counts by_action, hooks and drifted from the changes, denied and warned from the verdicts. */
void plan_summarise(struct plan *p);

/* The whole file as a tree in `a`; fills p->digest. */
struct json plan_to_json(struct plan *p, struct arena *a);

int plan_write(struct plan *p, const char *path, struct err *err);

/* ERR_INPUT with what is wrong for a file that is cut short, altered (digest), of another
 * version, or has unknown or missing keys; ERR_LIMIT past PLAN_MAX_*. */
int plan_read(struct plan *out, const char *path, struct err *err);
int plan_parse(struct plan *out, const char *text, size_t n, const char *name, struct err *err);

void plan_done(struct plan *p);

const char *action_name(enum action a);               /* "create" */
const char *why_name(enum why w);                     /* "git" */
const char *verified_name(enum verified v);           /* "server" */
const char *policy_result_name(enum policy_result r); /* "deny" */
const char *policy_source_name(enum policy_source s); /* "admission" */
const char *policy_pass_name(enum policy_pass p);     /* "existing"; of POLICY_PASS_NOT "" */
const char *waiver_state_name(enum waiver_state s);   /* "used" */

/* Whether the plan is denied because of it. */
bool verdict_denies(const struct policy_verdict *v);

/* Made with --cluster none.  A plan for a cluster may have no uid either, where nobody could read
 * it: it cannot be applied, for another reason. */
bool plan_is_static(const struct plan *p);

/* Whether anything is to be written to the cluster by this change. */
bool action_writes(enum action a);

/* It runs an object instead of keeping it (plan/hook.h): always a create, in place of what an
 * earlier run has left; never undone. */
static inline bool change_is_hook(const struct change *c)
{
	return c->hook.phase != HOOK_NONE;
}

/* "Deployment shop/web", "Job shop/migrate (PreSync)": as people say it; in the arena. */
const char *change_label(struct arena *a, const struct change *c);

#endif
