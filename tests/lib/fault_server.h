/* tests/tools/fault-server for the length of a test program: a server that misbehaves as the path
 * says.  Tests run in the root of the repository. */
#ifndef TESTS_LIB_FAULT_SERVER_H
#define TESTS_LIB_FAULT_SERVER_H

#include <sys/types.h>

struct fault_server {
	pid_t pid;
	int input; /* it ends when this is closed, so also when we crash */
	unsigned port;
};

/* 0, or -1 where there is no python3. */
int fault_server_start(struct fault_server *s);
void fault_server_stop(struct fault_server *s);

#endif
