/* A journal that can be read can be read as far as it had been written at any time before: its
 * beginnings are journals.  And what is torn off at the end is never more than a line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "apply/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool read_first(struct journal_log *log, const char *text, size_t n)
{
	AUTO(err_done) struct err err = { 0 };
	if (journal_parse(log, text, n, "fuzz", &err) < 0)
		return false;
	if (log->whole > n || memchr(text + log->whole, '\n', n - log->whole))
		abort();
	return true;
}

static void check_objects(const struct journal_log *log)
{
	AUTO(arena_done) struct arena a = { 0 };
	for (size_t i = 0; i < log->n_objects; i++) {
		const struct journal_object *o = &log->objects[i];
		AUTO(err_done) struct err err = { 0 };
		struct json v;
		if (journal_find(log, o->id) != o ||
		    (o->ended && o->result.outcome >= OUTCOME_COUNT))
			abort();
		if (journal_before(log, o, "key", &a, &v, &err) == 0 && !o->before)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!n)
		return 0;
	const char *text = (const char *)data + 1;
	AUTO(journal_log_done) struct journal_log all = { 0 }, some = { 0 };
	if (!read_first(&all, text, n - 1))
		return 0;
	check_objects(&all);
	size_t cut = (n - 1) * data[0] / 255;
	if (!read_first(&some, text, cut) || some.records > all.records ||
	    some.n_objects > all.n_objects)
		abort();
	return 0;
}
