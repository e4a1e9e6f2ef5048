/* See notify.h. */
#include "cmd/notify.h"

#include <string.h>
#include <time.h>

static int prepare_one(struct notify_target *out, const char *text, const char *format,
		       struct err *err)
{
	const char *url = text;
	if (strncmp(text, "env:", 4) == 0) {
		url = getenv(text + 4);
		if (!url || !*url)
			return err_set(err, ERR_USAGE, "--notify %s: this variable is not set",
				       text);
	}
	AUTO(err_done) struct err why = { 0 };
	if (notify_target_parse(out, url, format, &why) < 0)
		return err_set(err, ERR_USAGE, "--notify: %s", why.msg);
	return 0;
}

int notify_prepare(struct notify_targets *out, const struct notify_settings *s, struct err *err)
{
	if (s->urls.n > NOTIFY_MAX_TARGETS)
		return err_set(err, ERR_USAGE, "more than %d times --notify (NOTIFY_MAX_TARGETS)",
			       NOTIFY_MAX_TARGETS);
	AUTO(notify_targets_done)
	struct notify_targets all = { .items = xcalloc(s->urls.n + 1, sizeof(*all.items)) };
	for (; all.n < s->urls.n; all.n++)
		if (prepare_one(&all.items[all.n], s->urls.items[all.n], s->format, err) < 0)
			return -1;
	*out = all;
	all = (struct notify_targets){ 0 };
	return 0;
}

size_t notify_all(const struct notify_targets *t, const struct notify_settings *s,
		  const struct plan *p, struct apply_result *r, bool ended_well)
{
	if (ended_well && s->on && strcmp(s->on, "failure") == 0)
		return 0;
	struct notice n = { .result = r, .commit = p->head, .subject = p->head_subject };
	struct notify_options o = { .key = getenv("RHUMB_NOTIFY_KEY"), .now = time(NULL) };
	struct err failed[NOTIFY_MAX_TARGETS] = { 0 };
	size_t n_failed = 0;
	for (size_t i = 0; i < t->n; i++)
		if (notify_send(&t->items[i], &n, &o, &failed[n_failed]) < 0)
			n_failed++;
	/* Not before all are told: one webhook is not to hear of the others. */
	for (size_t i = 0; i < n_failed; i++) {
		result_problem(r, "%s", failed[i].msg);
		err_done(&failed[i]);
	}
	return n_failed;
}

void notify_targets_done(struct notify_targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		notify_target_done(&t->items[i]);
	free(t->items);
	*t = (struct notify_targets){ 0 };
}
