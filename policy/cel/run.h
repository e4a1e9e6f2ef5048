/* The state of an evaluation; for the evaluator and the helpers of libraries. */
#ifndef POLICY_CEL_RUN_H
#define POLICY_CEL_RUN_H

#include "policy/cel/cel.h"

struct cel_run {
	struct arena arena;
	size_t memory;        /* most bytes of the arena */
	uint64_t cost, limit; /* of the running cel_eval() */
	bool stopped;         /* a limit was reached: stop is the result, nothing absorbs it */
	struct cel_error stop, stop_inside;
	struct cel_value *slots; /* of variables */
	uint32_t n_slots;
	struct cel_value *frame; /* of the running program: its iteration variables */
	unsigned nested;         /* levels of the programs that wait for the running one */
	uint64_t inside;         /* cost of those */
	/* The parts of documents that were read last, a ring; n_read counts all of them. */
	const struct json *read[CEL_READ_MAX];
	uint32_t n_read;
	struct cel_reads *watch; /* NULL: only the last ones */
};

void cel_watch(struct cel_run *run, struct cel_read read);

/* A watched run looks for a key in a part of a document. */
void cel_watch_key(struct cel_run *run, const struct json *map, struct cel_value key,
		   bool presence);

static inline void cel_run_note_last(struct cel_run *run, const struct json *node)
{
	run->read[run->n_read++ % CEL_READ_MAX] = node;
}

static inline void cel_run_note(struct cel_run *run, const struct json *node)
{
	cel_run_note_last(run, node);
	if (run->watch)
		cel_watch(run, (struct cel_read){ node, CEL_READ_VALUE, NULL });
}

/* A member was looked for: NULL where there is none. */
static inline void cel_run_note_member(struct cel_run *run, const struct json *within,
				       const char *key, const struct json *there)
{
	cel_run_note_last(run, there ? there : within);
	if (run->watch && there)
		cel_watch(run, (struct cel_read){ there, CEL_READ_PRESENT, NULL });
	else if (run->watch)
		cel_watch(run, (struct cel_read){ within, CEL_READ_ABSENT, key });
}

/* A value that is a part of a document. */
static inline void cel_run_note_value(struct cel_run *run, struct cel_value v)
{
	if ((v.kind == CEL_LIST || v.kind == CEL_MAP) && v.store == CEL_STORE_JSON)
		cel_run_note(run, v.json);
}

/* Stops the run with a reason and gives the error. */
struct cel_value cel_run_stop(struct cel_run *run, const char *why);

/* NULL past the memory limit; the run is stopped then. */
static inline void *cel_run_alloc(struct cel_run *run, size_t n)
{
	n = (n + 7) & ~(size_t)7; /* as the arena counts */
	if (n > run->memory || run->arena.used > run->memory - n) {
		cel_run_stop(run, "operation cancelled: memory limit exceeded");
		return NULL;
	}
	return arena_alloc(&run->arena, n);
}

#endif
