/* Waiting for a journal that another process has; see journal.h. */
#include "apply/journal.h"

#include "base/time.h"

enum { POLL_MIN_MS = 100, POLL_MAX_MS = 2000 };

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* false: it is over. */
static bool pause_once(const struct journal_wait *w, int64_t deadline, int64_t *ms)
{
	int64_t left = deadline - time_monotonic_ms();
	if (left <= 0 || (w->interrupted && *w->interrupted))
		return false;
	int64_t some = least(*ms, left);
	time_pause_ms(some);
	*ms = least(2 * *ms, POLL_MAX_MS);
	return true;
}

int journal_open_waiting(struct journal **out, const char *result, const struct plan *p,
			 const char *key, struct journal_wait *w, struct err *err)
{
	int64_t started = time_monotonic_ms(), ms = POLL_MIN_MS;
	int64_t deadline = started + (int64_t)1000 * w->timeout_seconds;
	for (bool said = false;; said = true) {
		AUTO(err_done) struct err why = { 0 };
		int rc = journal_open(out, result, p, key, &why);
		if (rc == 0)
			break;
		if (why.code != ERR_CONFLICT || !w->timeout_seconds)
			return err_move(err, &why);
		if (!said && w->waiting)
			w->waiting(w->ctx, "waiting for another rhumb apply with the same result");
		if (pause_once(w, deadline, &ms))
			continue;
		if (w->interrupted && *w->interrupted)
			return err_set(err, ERR_INTERRUPTED, "interrupted; nothing was written");
		return err_set(err, ERR_CONFLICT, "%s; still so after --lock-timeout", why.msg);
	}
	int64_t waited = (time_monotonic_ms() - started) / 1000;
	w->timeout_seconds -= (unsigned)least(waited, w->timeout_seconds);
	return 0;
}
