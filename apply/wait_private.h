/* Between the files of waiting: wait.c (what is waited for, how it ends), wait_look.c (how it is
 * seen), trouble.c (why it is not ready). */
#ifndef APPLY_WAIT_PRIVATE_H
#define APPLY_WAIT_PRIVATE_H

#include "apply/trouble.h"
#include "apply/wait.h"

#define WAIT_NEVER_MS INT64_MAX

struct wait {
	struct step *step;
	const char *uid, *version; /* as written; "" where it is not known */
	int64_t generation;
	int64_t since, deadline; /* time_monotonic_ms(), as all times here */
	bool asleep;             /* as planned before anything was written; its wave has not come */
	enum readiness state;
	char *why;         /* it is not ready; NULL: nobody says */
	const char *gone;  /* it is not the object that was written any more; NULL: it is */
	char *unseen;      /* why nobody can tell whether it is ready; NULL: we can */
	bool unserved;     /* a CRD: established, its kinds are not served yet */
	int64_t served_at; /* when discovery is looked at again */
	unsigned served_pause;
	/* how it is seen */
	struct follow *follow; /* the watch that tells of it; NULL: it is read again and again */
	bool listed;           /* by the list that is coming in */
	int64_t poll_at;
	unsigned pause;
	/* what keeps it */
	struct trouble_of of;
	char *trouble; /* the last that was found; NULL: none */
	bool stuck;
	int64_t look_at, stuck_since;
	unsigned look_pause;
	/* what was told */
	char *shown;
	int64_t shown_at;
};

/* One watch. */
struct follow {
	struct waits *all;
	const char *group, *kind, *namespace;
	const char *name; /* NULL: all objects */
	bool lost;
};

struct waits {
	struct run *run;
	struct wait **items;
	size_t n, cap;
	struct step *failed;
	struct watch *watch;
	bool unwatchable;
	struct follow **follows;
	size_t n_follows, cap_follows;
	struct arena scratch; /* of one object */
};

/* ---- wait.c */

/* An object that may be the one that is waited for, as it is now. */
void wait_see(struct waits *all, struct wait *w, const struct json *object);
/* It is not there; `last` as it was, NULL where that is not known. */
void wait_see_gone(struct waits *all, struct wait *w, const struct json *last);
void wait_set(char **text, const char *to);
bool wait_is_served(const struct run *r, const struct json *crd);

/* ---- wait_look.c */

/* Everything that can be found out in `ms`, or until something was. */
void wait_look(struct waits *all, unsigned ms);
void wait_unfollow(struct waits *all);

#endif
