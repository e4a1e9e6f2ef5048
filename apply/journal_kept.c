/* Objects as the journal keeps them, before the first write and after the last: see journal.h. */
#include "apply/journal.h"

#include <string.h>

#include "apply/journal_internal.h"
#include "base/json_parse.h"
#include "base/seal.h"

char *journal_place(const char *plan, const char *id, bool after)
{
	return xfmt("%s %s%s", plan, id, after ? " (after)" : "");
}

struct kept {
	const struct json *object;
	const char *sealed, *note;
	bool after;
};

static int kept_whole(const struct journal_log *log, const char *id, const struct kept *k,
		      const char *key, struct arena *a, struct json *out, struct err *err)
{
	if (k->note)
		return err_set(err, ERR_REFUSED, "%s: %s", id, k->note);
	if (!k->sealed) {
		*out = json_copy(a, k->object);
		return 0;
	}
	if (!key)
		return err_set(err, ERR_REFUSED,
			       "%s is sealed: the RHUMB_KEY of its apply opens it", id);
	AUTO(auto_free) char *place = journal_place(log->plan, id, k->after);
	AUTO(buf_wipe) struct buf plain = { 0 };
	if (unseal(key, place, k->sealed, strlen(k->sealed), &plain, err) < 0 ||
	    json_parse(a, buf_text(&plain), plain.len, id, NULL, out, err) < 0)
		return err_wrap(err, "%s", id);
	return 0;
}

int journal_before(const struct journal_log *log, const struct journal_object *o, const char *key,
		   struct arena *a, struct json *out, struct err *err)
{
	struct kept k = { o->before, o->sealed, o->note, false };
	if (!o->before)
		return err_set(err, ERR_NOT_FOUND, "%s was not there", o->id);
	return kept_whole(log, o->id, &k, key, a, out, err);
}

int journal_after(const struct journal_log *log, const struct journal_object *o, const char *key,
		  struct arena *a, struct json *out, struct err *err)
{
	struct kept k = { o->after, o->after_sealed, o->after_note, true };
	if (!o->after)
		return err_set(err, ERR_NOT_FOUND, "%s was not kept as it was after the write",
			       o->id);
	return kept_whole(log, o->id, &k, key, a, out, err);
}
