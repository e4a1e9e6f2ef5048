/* Runs a fuzz harness over the files given, without a fuzzer: one TAP line a file.  Each file has
 * a process of its own, so that a crash is one failed test. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum { CORPUS_FILE_MAX = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay(const char *path)
{
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	if (file_read(path, CORPUS_FILE_MAX, &text, &err) < 0) {
		printf("# %s\n", err.msg);
		return 1;
	}
	return LLVMFuzzerTestOneInput((const uint8_t *)buf_text(&text), text.len);
}

int main(int argc, char **argv)
{
	int failed = 0;
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			int rc = replay(argv[i]);
			fflush(stdout);
			return rc;
		}
		int status = 1;
		bool ok = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
		failed += !ok;
		printf("%s %d - %s\n", ok ? "ok" : "not ok", i, argv[i]);
	}
	return failed > 0;
}
