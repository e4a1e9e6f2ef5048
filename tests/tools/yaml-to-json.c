/* yaml-to-json FILE...: every document as canonical JSON, one a line; `error: ...` for a file
 * that cannot be read, and exit 1 at the end then.  Tests compare it with what kubectl reads. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/yaml.h"

static int print_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)ctx, (void)index, (void)err;
	AUTO(buf_done) struct buf b = { 0 };
	json_write_canonical(&b, document);
	puts(buf_text(&b));
	return 0;
}

static int print_file(const char *path, struct err *err)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	if (file_read(path, 0, &text, err) < 0)
		return -1;
	return yaml_parse(&a, buf_text(&text), text.len, path, NULL, print_document, NULL, err);
}

int main(int argc, char **argv)
{
	int status = 0;
	for (int i = 1; i < argc; i++) {
		AUTO(err_done) struct err err = { 0 };
		if (print_file(argv[i], &err) == 0)
			continue;
		AUTO(auto_free) char *message = err_text(&err);
		printf("error: %s\n", message);
		status = 1;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? status : 1;
}
