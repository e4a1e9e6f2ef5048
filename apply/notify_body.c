/* What is posted, in each format; see notify.h.
 *
 * Texts of commits and servers are shown as they are: escaped for Slack, as text runs (which know
 * no Markdown) for Teams. */
#include "apply/notify.h"

#include <string.h>

#include "apply/report.h"

/* Bytes of a cluster's name: Slack takes 150 characters as a heading. */
enum { MAX_CLUSTER = 100 };

static const char *const said[] = {
	[APPLY_APPLIED] = "applied",
	[APPLY_FAILED] = "apply failed",
	[APPLY_STALE] = "the plan is stale",
	[APPLY_REFUSED] = "apply refused",
	[APPLY_INTERRUPTED] = "apply interrupted",
};
_Static_assert(ARRAY_LEN(said) == APPLY_OUTCOME_COUNT, "every outcome needs words");

/* At most `max` bytes, cut between characters; no control characters but line breaks. */
static const char *cut_at(struct arena *a, const char *text, size_t max)
{
	size_t n = strlen(text);
	bool cut = n > max;
	if (cut)
		for (n = max; n && ((unsigned char)text[n] & 0xC0) == 0x80;)
			n--;
	char *copy = xfmt("%.*s%s", (int)n, text, cut ? "..." : "");
	for (char *p = copy; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\n') || *p == 127)
			*p = ' ';
	const char *out = arena_strdup(a, copy);
	free(copy);
	return out;
}

static const char *shortened(struct arena *a, const char *text)
{
	return cut_at(a, text, NOTIFY_MAX_TEXT);
}

static const char *title(struct arena *a, const struct notice *n)
{
	const struct apply_result *r = n->result;
	const char *words = said[r->outcome];
	if (r->outcome == APPLY_APPLIED && !result_count(r, OUTCOME_APPLIED))
		words = "nothing to do";
	const char *cluster = *r->cluster_name ? r->cluster_name : "cluster";
	return arena_fmt(a, "%s: %s", cut_at(a, cluster, MAX_CLUSTER), words);
}

const char *notify_text(struct arena *a, const struct notice *n)
{
	const char *counts = result_counts(a, n->result);
	return arena_fmt(a, "%s%s%s", title(a, n), *counts ? ": " : "", counts);
}

/* `9c02e11 "Scale web"`, "" without a commit */
static const char *commit_text(struct arena *a, const struct notice *n)
{
	if (!n->commit || !*n->commit)
		return "";
	const char *id = arena_strndup(a, n->commit, strnlen(n->commit, 7));
	return n->subject && *n->subject ? arena_fmt(a, "%s \"%s\"", id, shortened(a, n->subject))
					 : id;
}

/* Objects that are to be named, most telling first; *n of them in `out`, which has room for
 * `max`; gives the number of those left out. */
static size_t telling(const struct apply_result *r, const struct object_result **out, size_t max,
		      size_t *n)
{
	size_t all = 0;
	*n = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < r->n_objects; i++) {
			const struct object_result *o = &r->objects[i];
			bool tried = o->outcome != OUTCOME_NOT_TRIED;
			if (result_object_is_plain(o) || tried != (pass == 0))
				continue;
			all++;
			if (*n < max)
				out[(*n)++] = o;
		}
	return all - *n;
}

static const char *place(struct arena *a, const struct object_result *o)
{
	if (!o->file)
		return "";
	return o->line ? arena_fmt(a, "%s:%u", shortened(a, o->file), o->line)
		       : shortened(a, o->file);
}

/* ---- generic */

/* The result as in its file; of too many objects, those that are plain go first. */
static struct json whole(struct arena *a, const struct apply_result *r, size_t *omitted)
{
	*omitted = 0;
	if (r->n_objects <= NOTIFY_MAX_OBJECTS)
		return result_to_json(r, a);
	struct apply_result part = *r;
	part.n_objects = 0;
	part.objects = arena_calloc(a, NOTIFY_MAX_OBJECTS, sizeof(*part.objects));
	for (size_t i = 0; i < r->n_objects && part.n_objects < NOTIFY_MAX_OBJECTS; i++)
		if (!result_object_is_plain(&r->objects[i]))
			part.objects[part.n_objects++] = r->objects[i];
	*omitted = r->n_objects - part.n_objects;
	return result_to_json(&part, a);
}

static struct json generic(struct arena *a, const struct notice *n)
{
	struct json v = json_of_object();
	size_t omitted;
	json_set_str(a, &v, "apiVersion", PLAN_API_VERSION);
	json_set_str(a, &v, "kind", "Notification");
	json_set_str(a, &v, "text", notify_text(a, n));
	if (n->commit && *n->commit)
		json_set_str(a, &v, "commit", n->commit);
	if (n->subject && *n->subject)
		json_set_str(a, &v, "subject", shortened(a, n->subject));
	struct json result = whole(a, n->result, &omitted);
	json_set_int(a, &v, "omitted", (int64_t)omitted);
	json_set(a, &v, "result", result);
	return v;
}

/* ---- Slack */

/* The three characters that mean something to Slack, and backticks, which end a quotation. */
static const char *escaped(struct arena *a, const char *text)
{
	AUTO(buf_done) struct buf b = { 0 };
	for (; *text; text++) {
		if (*text == '&')
			buf_puts(&b, "&amp;");
		else if (*text == '<')
			buf_puts(&b, "&lt;");
		else if (*text == '>')
			buf_puts(&b, "&gt;");
		else
			buf_putc(&b, *text == '`' ? '\'' : *text);
	}
	return arena_strdup(a, buf_text(&b));
}

static struct json slack_text(struct arena *a, const char *type, const char *text)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "type", type);
	json_set_str(a, &v, "text", text);
	if (strcmp(type, "mrkdwn") == 0)
		json_set(a, &v, "verbatim", json_of_bool(true));
	return v;
}

static void slack_section(struct arena *a, struct json *blocks, const char *text)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "type", "section");
	json_set(a, &v, "text", slack_text(a, "mrkdwn", text));
	json_append(a, blocks, v);
}

static void slack_object(struct arena *a, struct json *blocks, const struct object_result *o)
{
	const char *where = escaped(a, place(a, o));
	const char *time =
		o->outcome == OUTCOME_NOT_TRIED ? "" : arena_fmt(a, " %.2f s", o->seconds);
	const char *line = arena_fmt(
		a, "*%s* %s `%s`%s%s%s", result_word(o), action_name(o->action),
		escaped(a, shortened(a, result_label(a, o))), time, *where ? "  " : "", where);
	if (o->message)
		line = arena_fmt(a, "%s\n```%s```", line, escaped(a, shortened(a, o->message)));
	slack_section(a, blocks, line);
}

static struct json slack(struct arena *a, const struct notice *n)
{
	const struct apply_result *r = n->result;
	const struct object_result *named[NOTIFY_MAX_NAMED];
	size_t count, more = telling(r, named, NOTIFY_MAX_NAMED, &count);
	struct json v = json_of_object(), head = json_of_object(), foot = json_of_object();
	struct json blocks = json_of_array(), elements = json_of_array();
	const char *counts = result_counts(a, r), *commit = commit_text(a, n);
	json_set_str(a, &head, "type", "header");
	json_set(a, &head, "text", slack_text(a, "plain_text", title(a, n)));
	json_append(a, &blocks, head);
	slack_section(a, &blocks, *counts ? escaped(a, counts) : "no changes");
	for (size_t i = 0; i < count; i++)
		slack_object(a, &blocks, named[i]);
	for (size_t i = 0; i < r->n_problems && i < NOTIFY_MAX_NAMED; i++)
		slack_section(
			a, &blocks,
			arena_fmt(a, "*problem* %s", escaped(a, shortened(a, r->problems[i]))));
	if (more)
		slack_section(a, &blocks, arena_fmt(a, "and %zu more", more));
	if (*r->next)
		slack_section(a, &blocks, escaped(a, shortened(a, r->next)));
	json_append(a, &elements,
		    slack_text(a, "mrkdwn",
			       arena_fmt(a, "%s%splan `%.19s`   %.2f s   %s", escaped(a, commit),
					 *commit ? "   " : "", r->plan, r->seconds, r->started)));
	json_set_str(a, &foot, "type", "context");
	json_set(a, &foot, "elements", elements);
	json_append(a, &blocks, foot);
	json_set_str(a, &v, "text", escaped(a, notify_text(a, n)));
	json_set(a, &v, "blocks", blocks);
	return v;
}

/* ---- Teams */

static struct json run(struct arena *a, const char *text, const char *color, bool bold, bool fixed)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "type", "TextRun");
	json_set_str(a, &v, "text", text);
	if (color)
		json_set_str(a, &v, "color", color);
	if (bold)
		json_set_str(a, &v, "weight", "Bolder");
	if (fixed)
		json_set_str(a, &v, "fontType", "Monospace");
	return v;
}

static void paragraph(struct arena *a, struct json *body, struct json first, const char *rest)
{
	struct json v = json_of_object(), inlines = json_of_array();
	json_append(a, &inlines, first);
	if (rest)
		json_append(a, &inlines, run(a, rest, NULL, false, false));
	json_set_str(a, &v, "type", "RichTextBlock");
	json_set(a, &v, "inlines", inlines);
	json_append(a, body, v);
}

static void teams_object(struct arena *a, struct json *body, const struct object_result *o)
{
	bool tried = o->outcome != OUTCOME_NOT_TRIED;
	const char *where = place(a, o);
	const char *time = tried ? arena_fmt(a, " %.2f s", o->seconds) : "";
	paragraph(a, body, run(a, result_word(o), tried ? "Attention" : NULL, true, false),
		  arena_fmt(a, " %s %s%s%s%s", action_name(o->action),
			    shortened(a, result_label(a, o)), time, *where ? "  " : "", where));
	if (o->message)
		paragraph(a, body, run(a, shortened(a, o->message), NULL, false, true), NULL);
}

static struct json card(struct arena *a, const struct notice *n)
{
	const struct apply_result *r = n->result;
	const struct object_result *named[NOTIFY_MAX_NAMED];
	size_t count, more = telling(r, named, NOTIFY_MAX_NAMED, &count);
	struct json v = json_of_object(), body = json_of_array(), wide = json_of_object();
	const char *counts = result_counts(a, r), *commit = commit_text(a, n);
	struct json head = run(a, shortened(a, title(a, n)),
			       r->outcome == APPLY_APPLIED ? "Good" : "Attention", true, false);
	json_set_str(a, &head, "size", "Large");
	paragraph(a, &body, head, NULL);
	paragraph(a, &body, run(a, *counts ? counts : "no changes", NULL, false, false), NULL);
	for (size_t i = 0; i < count; i++)
		teams_object(a, &body, named[i]);
	for (size_t i = 0; i < r->n_problems && i < NOTIFY_MAX_NAMED; i++)
		paragraph(a, &body, run(a, "problem", "Attention", true, false),
			  arena_fmt(a, " %s", shortened(a, r->problems[i])));
	if (more)
		paragraph(a, &body, run(a, arena_fmt(a, "and %zu more", more), NULL, false, false),
			  NULL);
	if (*r->next)
		paragraph(a, &body, run(a, shortened(a, r->next), NULL, false, false), NULL);
	struct json foot = run(a,
			       arena_fmt(a, "%s%splan %.19s   %.2f s   %s", commit,
					 *commit ? "   " : "", r->plan, r->seconds, r->started),
			       NULL, false, false);
	json_set(a, &foot, "isSubtle", json_of_bool(true));
	json_set_str(a, &foot, "size", "Small");
	paragraph(a, &body, foot, NULL);
	json_set_str(a, &wide, "width", "Full");
	json_set_str(a, &v, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
	json_set_str(a, &v, "type", "AdaptiveCard");
	json_set_str(a, &v, "version", "1.4");
	json_set_str(a, &v, "fallbackText", notify_text(a, n));
	json_set(a, &v, "msteams", wide);
	json_set(a, &v, "body", body);
	return v;
}

static struct json teams(struct arena *a, const struct notice *n)
{
	struct json v = json_of_object(), attachment = json_of_object();
	struct json attachments = json_of_array();
	json_set_str(a, &attachment, "contentType", "application/vnd.microsoft.card.adaptive");
	json_set(a, &attachment, "content", card(a, n));
	json_append(a, &attachments, attachment);
	json_set_str(a, &v, "type", "message");
	json_set(a, &v, "attachments", attachments);
	return v;
}

struct json notify_body(struct arena *a, enum notify_format format, const struct notice *n)
{
	switch (format) {
	case NOTIFY_SLACK:
		return slack(a, n);
	case NOTIFY_TEAMS:
		return teams(a, n);
	case NOTIFY_JSON:
	case NOTIFY_FORMAT_COUNT:
		break;
	}
	return generic(a, n);
}
