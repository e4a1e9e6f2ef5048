/* The --notify options: parsed before anything is done, posted when all is over. */
#ifndef CMD_NOTIFY_H
#define CMD_NOTIFY_H

#include "apply/notify.h"
#include "cmd/command.h"

/* A part of the options struct of a command. */
struct notify_settings {
	struct text_list urls; /* URL, or env:NAME */
	const char *format;    /* NULL: by the host */
	const char *on;        /* "always" or "failure"; NULL: always */
};

struct notify_targets {
	struct notify_target *items;
	size_t n;
};

/* ERR_USAGE for what cannot be a webhook; no message has the URL. */
int notify_prepare(struct notify_targets *out, const struct notify_settings *s, struct err *err);

/* Posts to all.  What could not be told becomes a problem of the result; gives how many those
 * are. */
size_t notify_all(const struct notify_targets *t, const struct notify_settings *s,
		  const struct plan *p, struct apply_result *r, bool ended_well);

void notify_targets_done(struct notify_targets *t);

#endif
