/* What the files of apply/lock.h share. */
#ifndef APPLY_LOCK_PRIVATE_H
#define APPLY_LOCK_PRIVATE_H

#include "apply/lock.h"
#include "plan/state.h"

/* Who has a lock, for messages; NULL: not known.  free() each. */
struct lock_holder {
	char *name, *since, *plan;
	bool looks_dead;    /* it is worth watching it even if nobody wants to wait */
	int64_t expires_ms; /* from now, if it does not move until then; 0: never */
};
void lock_holder_done(struct lock_holder *h);
/* "held by ci@runner/17 since 2026-01-02T10:42:00Z (plan sha256:7d1f03aa52c0)"; free() */
char *lock_holder_text(const struct lock_holder *h);

/* One Lease. */
struct lease {
	const char *namespace, *name;
	bool held;
	bool made;           /* it was not there before */
	char *uid, *version; /* of our last write */
	char *acquired;      /* its acquireTime */
	int64_t renewed;     /* when that was sent */
	/* of another's, as long as it is watched */
	char *seen; /* what changes when it is renewed */
	int64_t seen_at;
	bool moved; /* it was seen to change */
};

struct lock {
	const struct planned_application *application;
	const char *name; /* "rhumb-shop" */
	bool held;
	bool vanishes; /* the plan deletes its namespace */
	/* lock_lease.c */
	struct lease home, away;
	/* lock_file.c */
	int file; /* -1: none */
};

enum lock_try { LOCK_TAKEN, LOCK_HELD, LOCK_NO_NAMESPACE, LOCK_ERROR = -1 };

struct lock_ops {
	void (*init)(struct locks *l, struct lock *k);
	/* Never LOCK_NO_NAMESPACE.  Fills *who for LOCK_HELD. */
	enum lock_try (*take)(struct locks *l, struct lock *k, struct lock_holder *who,
			      struct err *err);
	/* Optional, both or none.  renew() says with locks_lose() what is lost. */
	bool (*is_due)(const struct locks *l, const struct lock *k);
	void (*renew)(struct locks *l, struct lock *k);
	void (*go_home)(struct locks *l, struct lock *k);
	void (*release)(struct locks *l, struct lock *k);
	void (*done)(struct lock *k);
};

struct locks {
	struct lock_site site;
	const struct lock_ops *ops;
	struct arena arena;
	struct lock *items; /* as plan->applications, which are sorted by name */
	size_t n;
	char *holder;
	char id[33];   /* of this run */
	char *process; /* lock_process_text() */
	int64_t lease_ms;
	int64_t deadline;
	char *lost; /* NULL: nothing is */
};

extern const struct lock_ops lock_lease_ops, lock_file_ops;

int64_t locks_now(const struct locks *l);
void locks_sleep(const struct locks *l, int64_t ms);
/* The first reason stays. */
void locks_lose(struct locks *l, const struct lock *k, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- lock_process.c */
char *lock_default_holder(void); /* "user@host/pid"; free() */
/* This process, so that another on the same machine can tell whether it is dead; free(). */
char *lock_process_text(void);
/* Certain only: a process of another machine or container is not dead. */
bool lock_process_is_dead(const char *text);

#endif
