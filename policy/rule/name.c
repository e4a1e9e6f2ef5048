/* See name.h. */
#include "policy/rule/name.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

enum { QUALIFIED_NAME_MAX = 63, SUBDOMAIN_MAX = 253 };

static bool is_reserved(const char *name)
{
	static const char *const words[] = {
		"as",       "break",   "const",  "continue", "else", "false", "for",
		"function", "if",      "import", "in",       "let",  "loop",  "namespace",
		"null",     "package", "return", "true",     "var",  "void",  "while",
	};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return false;
}

bool is_cel_identifier(const char *name)
{
	if (!isalpha((unsigned char)name[0]) && name[0] != '_')
		return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return !is_reserved(name);
}

/* n characters: letters, digits and `inner`, the latter not at an end. */
static bool is_word(const char *s, size_t n, const char *inner, bool capitals)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = islower(c) || isdigit(c) || (capitals && isupper(c));
		if (!plain && (i == 0 || i + 1 == n || !strchr(inner, s[i])))
			return false;
	}
	return n > 0;
}

static bool is_subdomain(const char *s, size_t n)
{
	const char *end = s + n;
	while (n <= SUBDOMAIN_MAX) {
		const char *dot = memchr(s, '.', (size_t)(end - s));
		if (!is_word(s, (size_t)((dot ? dot : end) - s), "-", false))
			return false;
		if (!dot)
			return true;
		s = dot + 1;
	}
	return false;
}

bool is_qualified_name(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;
	size_t n = strlen(name);
	return n <= QUALIFIED_NAME_MAX && is_word(name, n, "-_.", true) &&
	       (!slash || is_subdomain(s, (size_t)(slash - s)));
}

bool is_dns_subdomain(const char *name)
{
	return is_subdomain(name, strlen(name));
}
