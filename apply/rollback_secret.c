/* The values of a Secret that a rollback writes: sealed in the journal of the apply that it undoes.
 * They are in memory only; see rollback.h. */
#include "apply/run.h"

#include <string.h>

#include "base/digest.h"

/* The plan has null where a value is to be. */
static void fill(struct arena *a, struct json *declared, const struct json *whole)
{
	for (uint32_t i = 0; declared->type == JSON_OBJECT && i < declared->n; i++) {
		struct json *v = &declared->members[i].value;
		const struct json *was = json_get(whole, declared->members[i].key);
		if (v->type == JSON_NULL && was)
			*v = json_copy(a, was);
		else if (v->type == JSON_OBJECT)
			fill(a, v, was);
	}
}

static int open_journal(struct run *r, struct err *err)
{
	const struct plan *p = r->plan;
	if (r->undone.records)
		return 0;
	if (journal_read(&r->undone, p->rollback_journal, err) < 0)
		return -1;
	if (!r->undone.records || strcmp(r->undone.plan, p->rollback_of) != 0)
		return err_set(err, ERR_INPUT, "%s is not the journal of plan %s any more",
			       p->rollback_journal, p->rollback_of);
	return 0;
}

int rollback_load_secret(struct run *r, struct step *s, struct err *err)
{
	const struct change *c = s->change;
	AUTO(arena_wipe) struct arena a = { 0 };
	struct json before;
	if (!c->source_sealed)
		return err_set(err, ERR_INPUT, "the plan does not say where its values are");
	if (!r->options->key)
		return err_set(
			err, ERR_USAGE,
			"its values are sealed: set the RHUMB_KEY of the apply that is undone");
	if (open_journal(r, err) < 0)
		return err_wrap(err, "its values are in the journal of the apply that is undone");
	const struct journal_object *o = journal_find(&r->undone, c->id);
	char digest[DIGEST_TEXT] = "";
	if (o && o->sealed)
		digest_bytes(o->sealed, strlen(o->sealed), digest);
	if (strcmp(digest, c->source_sealed) != 0)
		return err_set(err, ERR_INPUT, "%s does not have its values as the plan says",
			       r->plan->rollback_journal);
	if (journal_before(&r->undone, o, r->options->key, &a, &before, err) < 0)
		return -1;
	struct json *whole = arena_calloc(&r->arena, 1, sizeof(*whole));
	*whole = json_copy(&r->arena, c->desired);
	fill(&r->arena, whole, &before);
	s->declared = whole;
	return 0;
}
