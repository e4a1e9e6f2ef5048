/* yaml-to-json FILE...: every document as canonical JSON, one a line; `error: ...` for a file
 * that cannot be read, and exit 1 at the end then.
 * -y: YAML instead, each document after a line with ---.
 * Without arguments paths are read from standard input, a line each, and after each file's
 * documents comes a line "end PATH", as from tests/yaml-oracle, which tests compare it with. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/yaml.h"

static bool as_yaml;

static int print_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	(void)ctx, (void)index, (void)err;
	AUTO(buf_done) struct buf b = { 0 };
	if (as_yaml) {
		buf_puts(&b, "---\n");
		yaml_write(&b, document);
	} else {
		json_write_canonical(&b, document);
		buf_putc(&b, '\n');
	}
	fputs(buf_text(&b), stdout);
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

static int convert(const char *path)
{
	AUTO(err_done) struct err err = { 0 };
	if (print_file(path, &err) == 0)
		return 0;
	AUTO(auto_free) char *message = err_text(&err);
	printf("error: %s\n", message);
	return 1;
}

static int convert_listed(void)
{
	AUTO(auto_free) char *line = NULL;
	size_t cap = 0;
	int status = 0;
	for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		status |= convert(line);
		printf("end %s\n", line);
		fflush(stdout);
	}
	return status;
}

int main(int argc, char **argv)
{
	int status = 0;
	int first = 1;
	if (argc > 1 && strcmp(argv[1], "-y") == 0) {
		as_yaml = true;
		first++;
	}
	if (argc == first)
		status = convert_listed();
	for (int i = first; i < argc; i++)
		status |= convert(argv[i]);
	return fflush(stdout) == 0 && !ferror(stdout) ? status : 1;
}
