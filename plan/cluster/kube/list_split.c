/* Cutting a list into objects without holding it: see kube.h.
 *
 *     {"kind":"PodList","metadata":{...},"items":[ {...} , {...} ]}
 *      ^envelope                                  ^item   ^item  ^envelope
 *
 * Only braces and strings are looked at here.  It is strict all the same: every item and the
 * envelope around them go through json_parse(), and between items nothing but one comma and white
 * space is let through. */
#include <string.h>

#include "plan/cluster/kube/kube.h"

enum { MAX_ENVELOPE = 1 << 20 };

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int broken(struct err *err)
{
	return err_set(err, ERR_INPUT, "the answer is not a list in JSON");
}

/* Moves over a string; p is behind its opening quote or somewhere inside. */
static const char *skip_string(struct kube_split *s, const char *p, const char *end)
{
	while (p < end) {
		if (s->escaped) {
			s->escaped = false;
			p++;
			continue;
		}
		while (p < end && *p != '"' && *p != '\\')
			p++;
		if (p == end)
			break;
		s->escaped = *p == '\\';
		s->in_string = s->escaped;
		p++;
		if (!s->in_string)
			break;
	}
	return p;
}

/* Up to the end of the item that is being read, or of the input. */
static const char *skip_item(struct kube_split *s, const char *p, const char *end)
{
	while (p < end) {
		if (s->in_string) {
			p = skip_string(s, p, end);
			continue;
		}
		char c = *p++;
		if (c == '"') {
			s->in_string = true;
		} else if (c == '{' || c == '[') {
			s->depth++;
		} else if ((c == '}' || c == ']') && --s->depth == 0) {
			break;
		}
	}
	return p;
}

static int feed_item(struct kube_split *s, const char **p, const char *end, struct err *err)
{
	const char *from = *p;
	*p = skip_item(s, from, end);
	size_t n = (size_t)(*p - from);
	bool whole = s->depth == 0 && !s->in_string;
	if (s->text.len + n > KUBE_MAX_OBJECT)
		return err_set(err, ERR_LIMIT, "an object of more than %d bytes", KUBE_MAX_OBJECT);
	if (!whole) {
		buf_put(&s->text, from, n);
		return 0;
	}
	s->state = SPLIT_NEXT;
	if (!s->text.len)
		return s->item(s->ctx, from, n, err);
	buf_put(&s->text, from, n);
	int rc = s->item(s->ctx, s->text.data, s->text.len, err);
	buf_reset(&s->text);
	return rc;
}

/* The character after '[', after an item, after a comma. */
static int between(struct kube_split *s, const char **p, struct err *err)
{
	char c = **p;
	if (c == '{' && s->state != SPLIT_NEXT) {
		s->state = SPLIT_ITEM; /* which starts with this brace */
		return 0;
	}
	(*p)++;
	if (is_space(c))
		return 0;
	if (c == ',' && s->state == SPLIT_NEXT) {
		s->state = SPLIT_COMMA;
		return 0;
	}
	if (c == ']' && s->state != SPLIT_COMMA) {
		buf_putc(&s->envelope, ']');
		s->depth = 1;
		s->state = SPLIT_TAIL;
		return 0;
	}
	return broken(err);
}

static bool last_string_is_items(const struct kube_split *s)
{
	static const char items[] = "items\"";
	size_t n = sizeof(items) - 1;
	return s->envelope.len - s->string_at == n &&
	       memcmp(s->envelope.data + s->string_at, items, n) == 0;
}

/* Everything around the items; it is kept, and json_parse() has the last word on it. */
static void envelope_char(struct kube_split *s, char c)
{
	buf_putc(&s->envelope, c);
	if (s->in_string) {
		if (s->escaped) {
			s->escaped = false;
		} else if (c == '\\') {
			s->escaped = true;
		} else if (c == '"') {
			s->in_string = false;
			s->key_is_items = s->depth == 1 && last_string_is_items(s);
		}
		return;
	}
	if (is_space(c))
		return;
	bool items = s->want_items;
	s->want_items = c == ':' && s->key_is_items;
	s->key_is_items = false;
	if (c == '"') {
		s->in_string = true;
		s->string_at = s->envelope.len;
	} else if (c == '{' || c == '[') {
		if (c == '[' && items && s->depth == 1 && s->state == SPLIT_ENVELOPE) {
			s->state = SPLIT_FIRST;
			s->depth = 0;
			return;
		}
		s->depth++;
	} else if ((c == '}' || c == ']') && s->depth) {
		s->depth--;
	}
}

int kube_split_feed(struct kube_split *s, const char *p, size_t n, struct err *err)
{
	const char *end = p + n;
	while (p < end) {
		int rc = 0;
		switch (s->state) {
		case SPLIT_ENVELOPE:
		case SPLIT_TAIL:
			if (s->envelope.len >= MAX_ENVELOPE)
				return err_set(err, ERR_LIMIT,
					       "a list with more than %d bytes around its items",
					       MAX_ENVELOPE);
			/* Another kind of text would only be found out at its end. */
			if (!s->envelope.len && !is_space(*p) && *p != '{')
				return broken(err);
			envelope_char(s, *p++);
			break;
		case SPLIT_ITEM:
			rc = feed_item(s, &p, end, err);
			break;
		case SPLIT_FIRST:
		case SPLIT_NEXT:
		case SPLIT_COMMA:
			rc = between(s, &p, err);
			break;
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

int kube_split_end(struct kube_split *s, struct err *err)
{
	bool between_items = s->state != SPLIT_ENVELOPE && s->state != SPLIT_TAIL;
	if (between_items || s->depth || s->in_string || !s->envelope.len)
		return err_set(err, ERR_INPUT, "the answer ends in the middle of the list");
	return 0;
}

void kube_split_restart(struct kube_split *s)
{
	buf_reset(&s->envelope);
	buf_reset(&s->text);
	*s = (struct kube_split){
		.item = s->item, .ctx = s->ctx, .envelope = s->envelope, .text = s->text
	};
}

void kube_split_done(struct kube_split *s)
{
	buf_done(&s->envelope);
	buf_done(&s->text);
}
