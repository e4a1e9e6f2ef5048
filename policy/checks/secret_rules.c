/* See secret_rules.h.  A literal that every text of a format has is looked for first, so that the
 * patterns run where there is something to find only. */
#include "policy/checks/secret_rules.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/regex.h"

struct format {
	const char *what, *literal, *pattern;
};

static const struct format formats[] = {
	{ "an AWS access key", "AKIA", "\\bAKIA[A-Z2-7]{16}\\b" },
	{ "a temporary AWS access key", "ASIA", "\\bASIA[A-Z2-7]{16}\\b" },
	{ "a GitHub token", "gh", "\\bgh[pousr]_[A-Za-z0-9]{36,251}\\b" },
	{ "a GitHub token", "github_pat_", "\\bgithub_pat_[A-Za-z0-9_]{60,}\\b" },
	{ "a GitLab token", "glpat-", "\\bglpat-[A-Za-z0-9_-]{20,}" },
	{ "a GitLab token", "gldt-", "\\bgldt-[A-Za-z0-9_-]{20,}" },
	{ "a Slack token", "xox", "\\bxox[abposr]-[A-Za-z0-9-]{10,}" },
	{ "a Slack webhook", "hooks.slack.com",
	  "https://hooks\\.slack\\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}" },
	{ "a Discord webhook", "/api/webhooks/",
	  "discord(?:app)?\\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{60,}" },
	{ "a Google API key", "AIza", "\\bAIza[A-Za-z0-9_-]{35}\\b" },
	{ "a Stripe key", "k_live_", "\\b[sr]k_live_[A-Za-z0-9]{16,}" },
	{ "a SendGrid key", "SG.", "\\bSG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}\\b" },
	{ "an npm token", "npm_", "\\bnpm_[A-Za-z0-9]{36}\\b" },
	{ "a PyPI token", "pypi-", "\\bpypi-AgE[A-Za-z0-9_-]{50,}" },
	{ "a Docker Hub token", "dckr_pat_", "\\bdckr_pat_[A-Za-z0-9_-]{20,}" },
	{ "a Twilio key", "SK", "\\bSK[0-9a-f]{32}\\b" },
	{ "a Telegram bot's token", ":AA", "\\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\\b" },
	{ "a DigitalOcean token", "_v1_", "\\bdo[opr]_v1_[0-9a-f]{64}\\b" },
	{ "a Vault token", "hvs.", "\\bhvs\\.[A-Za-z0-9_-]{24,}" },
	{ "a Terraform token", ".atlasv1.", "\\b[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,}" },
	{ "a Shopify token", "shp", "\\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\\b" },
	{ "an Azure storage key", "AccountKey=", "AccountKey=[A-Za-z0-9+/]{86}==" },
	{ "an API key", "sk-", "\\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,}" },
	{ "a JSON Web Token", "eyJ",
	  "\\beyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}" },
	{ "a private key", "PRIVATE KEY-----", "-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----" },
	{ "a registry's password", "\"auths\"",
	  "\"auths\"\\s*:\\s*\\{[^}]{0,1000}?\"auth\"\\s*:\\s*\"[A-Za-z0-9+/]{8,1000}={0,2}\"" },
};

/* scheme://user:password@host */
static const char url_pattern[] = "\\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\\s/:@'\"<>]{0,256}:([^\\s/"
				  "@'\"<>]{1,256})@[A-Za-z0-9\\[]";

struct secret_rules {
	struct regex *formats[sizeof(formats) / sizeof(formats[0])];
	struct regex *url;
};

static struct regex *compile(const char *pattern)
{
	struct regex *re;
	AUTO(err_done) struct err err = { 0 };
	if (regex_compile(pattern, strlen(pattern), 0, &re, &err) < 0)
		abort(); /* a row of ours is wrong */
	return re;
}

struct secret_rules *secret_rules_new(void)
{
	struct secret_rules *rules = xcalloc(1, sizeof(*rules));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		rules->formats[i] = compile(formats[i].pattern);
	rules->url = compile(url_pattern);
	return rules;
}

void secret_rules_free(struct secret_rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		regex_free(rules->formats[i]);
	regex_free(rules->url);
	free(rules);
}

static bool has_word(const char *text, size_t n, const char *word)
{
	size_t w = strlen(word);
	for (size_t i = 0; i + w <= n; i++)
		if (strncasecmp(text + i, word, w) == 0)
			return true;
	return false;
}

bool secret_is_placeholder(const char *v, size_t n)
{
	static const char *const words[] = { "example",     "changeme", "change-me", "change_me",
					     "placeholder", "redacted", "dummy",     "hidden",
					     "your-",       "your_",    "yourpass",  "insert",
					     "replace",     "todo",     "fixme",     "xxxx",
					     "****",        "...." };
	if (!n || memchr(v, '$', n) || memchr(v, '<', n) || has_word(v, n, "{{") ||
	    has_word(v, n, "%s"))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (has_word(v, n, words[i]))
			return true;
	/* One character over and over. */
	size_t same = 1;
	while (same < n && v[same] == v[0])
		same++;
	return same == n;
}

static unsigned line_of(const char *text, size_t at)
{
	unsigned line = 1;
	for (const char *p = text; (p = memchr(p, '\n', (size_t)(text + at - p))) != NULL; p++)
		line++;
	return line;
}

struct finder {
	const char *text;
	size_t n, found;
	void (*each)(void *ctx, const struct secret_found *found);
	void *ctx;
};

static void tell(struct finder *f, enum secret_kind kind, const char *what, size_t at, size_t end)
{
	struct secret_found found = { kind, what, at, end - at, line_of(f->text, at) };
	f->found++;
	f->each(f->ctx, &found);
}

static void find_format(struct finder *f, struct regex *re, const struct format *format)
{
	size_t from = 0, start, end;
	if (!memmem(f->text, f->n, format->literal, strlen(format->literal)))
		return;
	while (f->found < SECRET_MAX_FOUND &&
	       regex_find(re, f->text, f->n, from, &start, &end) == REGEX_MATCH) {
		if (!secret_is_placeholder(f->text + start, end - start))
			tell(f, SECRET_TOKEN, format->what, start, end);
		from = end > from ? end : from + 1;
	}
}

/* Within a match: behind the last colon before the "@". */
static void find_urls(struct finder *f, struct regex *re)
{
	size_t from = 0, start, end;
	if (!memmem(f->text, f->n, "://", 3))
		return;
	while (f->found < SECRET_MAX_FOUND &&
	       regex_find(re, f->text, f->n, from, &start, &end) == REGEX_MATCH) {
		const char *user = memmem(f->text + start, end - start, "://", 3);
		const char *at = memrchr(user, '@', (size_t)(f->text + end - user));
		const char *colon = user ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;
		bool variable = colon && (memchr(colon, '(', (size_t)(at - colon)) != NULL);
		if (colon && !variable &&
		    !secret_is_placeholder(colon + 1, (size_t)(at - colon - 1)))
			tell(f, SECRET_URL, "a password", start, end);
		from = end > from ? end : from + 1;
	}
}

void secret_find(struct secret_rules *rules, const char *text, size_t n,
		 void (*each)(void *ctx, const struct secret_found *found), void *ctx)
{
	struct finder f = { text, n < SECRET_MAX_TEXT ? n : SECRET_MAX_TEXT, 0, each, ctx };
	/* Not within a character: the patterns want valid UTF-8. */
	while (f.n < n && f.n && ((unsigned char)text[f.n] & 0xc0) == 0x80)
		f.n--;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		find_format(&f, rules->formats[i], &formats[i]);
	find_urls(&f, rules->url);
}

/* ---- by name */

static bool ends_with(const char *text, size_t n, const char *end)
{
	size_t e = strlen(end);
	return n >= e && strncasecmp(text + n - e, end, e) == 0;
}

static bool is_secret_name(const char *name, size_t n)
{
	static const char *const ends[] = {
		"password",   "passwd",          "passphrase",        "secret",      "token",
		"apikey",     "api_key",         "api-key",           "secretkey",   "secret_key",
		"secret-key", "secretaccesskey", "secret_access_key", "private_key", "credentials"
	};
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (ends_with(name, n, ends[i]))
			return true;
	return false;
}

/* Bits for each character, of the characters that are there. */
static double entropy_of(const char *v, size_t n)
{
	size_t counts[256] = { 0 };
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		counts[(unsigned char)v[i]]++;
	for (size_t i = 0; i < 256; i++)
		if (counts[i]) {
			double p = (double)counts[i] / (double)n;
			sum -= p * log2(p);
		}
	return sum;
}

/* "shop-tls-2024": words and numbers, as names are made of; a part of both is none. */
static bool is_like_a_name(const char *v, size_t n)
{
	bool parted = false, letters = false, digits = false;
	for (size_t i = 0; i < n; i++) {
		if (v[i] == '-' || v[i] == '.' || v[i] == '_') {
			parted = true;
			letters = digits = false;
			continue;
		}
		letters |= islower((unsigned char)v[i]) != 0;
		digits |= isdigit((unsigned char)v[i]) != 0;
		if ((letters && digits) || isupper((unsigned char)v[i]) ||
		    !isalnum((unsigned char)v[i]))
			return false;
	}
	return parted;
}

bool secret_is_likely(const char *name, size_t name_n, const char *v, size_t n)
{
	enum { SHORTEST = 8, LONGEST = 512 };
	static const double least = 2.75;
	bool digits = false, letters = false;
	if (!is_secret_name(name, name_n) || n < SHORTEST || n > LONGEST ||
	    secret_is_placeholder(v, n) || v[0] == '/' || v[0] == '.' || memmem(v, n, "://", 3) ||
	    is_like_a_name(v, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (isspace((unsigned char)v[i]) || v[i] == '(' || v[i] == '{')
			return false;
		digits |= isdigit((unsigned char)v[i]) || ispunct((unsigned char)v[i]) ||
			  (i && isupper((unsigned char)v[i]));
		letters |= isalpha((unsigned char)v[i]) != 0;
	}
	return digits && letters && entropy_of(v, n) >= least;
}
