/* See ignore.h. */
#include "plan/source/ignore.h"

#include <string.h>

struct ignore_rule {
	const char *folder;  /* whose file it stands in */
	const char *pattern; /* without "!", and without "/" at both ends */
	bool negated;
	bool folders_only;
	bool anchored; /* to its folder; else it is for names at any depth */
};

/* The path below the rule's folder, NULL where it is not below. */
static const char *below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	if (n == 0)
		return path;
	return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/* Spaces at the end do not count, unless the last one is escaped. */
static size_t trimmed(const char *line, size_t n)
{
	size_t end = 0;
	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\\' && i + 1 < n)
			end = ++i + 1;
		else if (line[i] != ' ')
			end = i + 1;
	}
	return end;
}

static int add_rule(struct ignore *ig, bool last, const char *folder, const char *line, size_t n,
		    struct err *err)
{
	struct ignore_rule rule = { .folder = arena_strdup(&ig->arena, folder) };
	if (n && line[n - 1] == '\r')
		n--;
	n = trimmed(line, n);
	if (!n || *line == '#')
		return 0;
	rule.negated = *line == '!';
	line += rule.negated;
	n -= rule.negated;
	rule.folders_only = n && line[n - 1] == '/';
	n -= rule.folders_only;
	rule.anchored = memchr(line, '/', n);
	if (n && *line == '/')
		line++, n--;
	if (!n)
		return 0;
	if (ig->n + ig->n_last == IGNORE_MAX_PATTERNS)
		return err_set(err, ERR_LIMIT, "more than %d patterns (IGNORE_MAX_PATTERNS)",
			       IGNORE_MAX_PATTERNS);
	rule.pattern = arena_strndup(&ig->arena, line, n);
	if (last) {
		GROW(ig->last, ig->n_last, ig->cap_last);
		ig->last[ig->n_last++] = rule;
	} else {
		GROW(ig->rules, ig->n, ig->cap);
		ig->rules[ig->n++] = rule;
	}
	return 0;
}

int ignore_add(struct ignore *ig, const char *folder, const char *text, size_t n, struct err *err)
{
	const char *p = text, *end = text + n;
	if (n > IGNORE_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "more than %d bytes (IGNORE_MAX_BYTES)",
			       IGNORE_MAX_BYTES);
	if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
		p += 3;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		if (add_rule(ig, false, folder, p, (size_t)(stop - p), err) < 0)
			return -1;
		p = stop + 1;
	}
	return 0;
}

int ignore_add_last(struct ignore *ig, const char *folder, const char *pattern, struct err *err)
{
	return add_rule(ig, true, folder, pattern, strlen(pattern), err);
}

void ignore_leave(struct ignore *ig, const char *path)
{
	while (ig->n && !below(path, ig->rules[ig->n - 1].folder))
		ig->n--;
}

static bool rule_matches(const struct ignore_rule *rule, const char *path, bool is_folder)
{
	const char *rest = below(path, rule->folder);
	if (!rest || (rule->folders_only && !is_folder))
		return false;
	const char *slash = strrchr(rest, '/');
	return wildmatch(rule->pattern, slash && !rule->anchored ? slash + 1 : rest);
}

static const struct ignore_rule *decisive(const struct ignore_rule *rules, size_t n,
					  const char *path, bool is_folder)
{
	while (n--)
		if (rule_matches(&rules[n], path, is_folder))
			return &rules[n];
	return NULL;
}

bool ignore_matches(const struct ignore *ig, const char *path, bool is_folder)
{
	const struct ignore_rule *rule = decisive(ig->last, ig->n_last, path, is_folder);
	if (!rule)
		rule = decisive(ig->rules, ig->n, path, is_folder);
	return rule && !rule->negated;
}

void ignore_done(struct ignore *ig)
{
	free(ig->rules);
	free(ig->last);
	arena_done(&ig->arena);
	*ig = (struct ignore){ 0 };
}
