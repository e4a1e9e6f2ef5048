/* Child processes: run to the end, without a shell, within ceilings. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/buf.h"

struct process {
	const char *const *argv; /* NULL at the end; argv[0] is looked up in PATH */
	const char *const
		*env;       /* "NAME=value" added to or replacing ours; NULL at the end or NULL */
	const char *folder; /* to run in; NULL: ours */
	const char *input;  /* for its stdin, which is empty without */
	size_t input_len;
	unsigned timeout_ms; /* 0: PROCESS_TIMEOUT_MS */
	size_t max_output;   /* of stdout; 0: PROCESS_MAX_OUTPUT */
};

enum {
	PROCESS_TIMEOUT_MS = 60 * 1000,
	PROCESS_MAX_OUTPUT = 1 << 20,   /* more is an error */
	PROCESS_MAX_MESSAGES = 8 << 10, /* of stderr; the rest is read and dropped */
};

struct process_result {
	int status;          /* exit status, 128 + signal where a signal ended it */
	struct buf output;   /* its stdout */
	struct buf messages; /* the start of its stderr */
};

/* Runs a program and waits for its end.  A program that ran and failed is a success here: look at
 * result->status.  ERR_NOT_FOUND where there is no such program, ERR_TIMEOUT, ERR_LIMIT past
 * max_output, ERR_SYSTEM.  After an error the program and all that it started in its process group
 * are dead; `result` is empty. */
int process_run(const struct process *p, struct process_result *result, struct err *err);
void process_result_done(struct process_result *result);

#endif
