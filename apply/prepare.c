/* What every change needs before it can be checked: step 2 of apply.h.
 *
 * A plan has no values of Secrets.  They are read again from the Git object that it pins, which
 * has to declare exactly what the plan says but for the values. */
#include "apply/run.h"

#include <string.h>

#include "plan/source/source.h"

static void forget_values(struct arena *a, struct json *secret, const char *key)
{
	if (!json_get(secret, key))
		return;
	struct json *data = json_edit(a, secret, key);
	for (uint32_t i = 0; i < data->n; i++)
		data->members[i].value = json_of_null();
}

/* Members of the data that the plan leaves to whoever holds them. */
static void leave_out_ignored(struct json *whole, const struct json *planned)
{
	struct json *data = (struct json *)json_get(whole, "data");
	const struct json *wanted = json_get(planned, "data");
	for (uint32_t i = json_is(data, JSON_OBJECT) ? data->n : 0; i-- > 0;)
		if (!json_get(wanted, data->members[i].key))
			json_remove(data, data->members[i].key);
}

static int load_secret(struct run *r, struct step *s, struct err *err)
{
	const struct change *c = s->change;
	if (!c->source_blob)
		return err_set(err, ERR_INPUT, "the plan does not say where its values are");
	if (!r->repo)
		return err_set(err, ERR_USAGE,
			       "its values are in the Git repository: run where it is");
	struct json *whole = arena_calloc(&r->arena, 1, sizeof(*whole));
	if (source_reload(r->repo, &r->arena, c->source_blob, c->source_document,
			  (int)c->source_item, c->ref.namespace, whole, err) < 0) {
		if (err->code != ERR_INPUT)
			err_wrap(err,
				 "its values could not be read from Git (if this repository lacks "
				 "them: fetch commit %s)",
				 r->plan->head);
		return -1;
	}
	leave_out_ignored(whole, c->desired);
	struct json seen = json_copy(&r->scratch, whole);
	struct json planned = json_copy(&r->scratch, c->desired);
	forget_values(&r->scratch, &seen, "data");
	forget_values(&r->scratch, &planned, "data");
	bool same = json_equal(&seen, &planned);
	arena_reset(&r->scratch);
	if (!same)
		return err_set(err, ERR_INPUT,
			       "Git object %s (document %u) does not declare what the plan says",
			       c->source_blob, c->source_document);
	s->declared = whole;
	return 0;
}

static int compare_name(const void *name, const void *parent)
{
	return strcmp(name, ((const struct parent *)parent)->application->name);
}

static int prepare_step(struct run *r, struct step *s, struct err *err)
{
	const struct change *c = s->change;
	s->parent = bsearch(c->application, r->parents, r->plan->n_applications,
			    sizeof(*r->parents), compare_name);
	if (!s->parent)
		return err_set(err, ERR_INPUT, "the plan has no application `%s`", c->application);
	if (!action_writes(c->action))
		return 0;
	if ((c->action == ACTION_DELETE) != (c->desired == NULL))
		return err_set(err, ERR_INPUT, "the plan does not say what to write");
	if (c->action != ACTION_CREATE && !*c->precondition.uid)
		return err_set(err, ERR_INPUT, "the plan does not say which object it means");
	s->declared = c->desired;
	if (!object_is_secret(&c->ref))
		return 0;
	if (c->precondition.digest && !c->precondition.resource_version && !r->options->key)
		return err_set(err, ERR_USAGE,
			       "the plan was made with a RHUMB_KEY, which is needed "
			       "to apply it");
	if (!c->desired)
		return 0;
	return r->plan->rollback_of ? rollback_load_secret(r, s, err) : load_secret(r, s, err);
}

int prepare(struct run *r, struct err *err)
{
	if (r->cluster->ops->kinds(r->cluster, &r->kinds, err) < 0)
		return err_wrap(err, "read the kinds that the cluster serves");
	for (size_t i = 0; i < r->plan->n_changes; i++)
		if (prepare_step(r, &r->steps[i], err) < 0)
			return err_wrap(err, "%s", step_label(r, &r->steps[i]));
	return 0;
}
