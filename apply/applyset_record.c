/* See applyset.h. */
#include "apply/applyset.h"

#include <string.h>

#include "apply/applyset_names.h"
#include "plan/state.h"

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

static const char *copy_or_empty(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : "";
}

void applyset_of(struct arena *a, const struct json *parent, struct applyset *out)
{
	const struct json *notes = json_at(parent, "metadata", "annotations", NULL);
	*out = (struct applyset){
		.kinds = copy_or_empty(a, json_get_str(notes, APPLYSET_KINDS)),
		.namespaces = copy_or_empty(a, json_get_str(notes, APPLYSET_NAMESPACES)),
		.record = { .commit = copy(a, json_get_str(notes, APPLYSET_COMMIT)),
			    .repository = copy(a, json_get_str(notes, APPLYSET_REPOSITORY)),
			    .digest = copy(a, json_get_str(notes, APPLYSET_DIGEST)) },
	};
}

static void set(struct arena *a, struct json *v, const char *key, const char *text)
{
	if (text && *text)
		json_set_str(a, v, key, text);
}

struct json applyset_json(struct arena *a, const struct applyset *s)
{
	struct json v = json_of_object();
	set(a, &v, "kinds", s->kinds);
	set(a, &v, "namespaces", s->namespaces);
	set(a, &v, "commit", s->record.commit);
	set(a, &v, "repository", s->record.repository);
	set(a, &v, "digest", s->record.digest);
	return v;
}

void applyset_from_json(struct arena *a, const struct json *v, struct applyset *out)
{
	*out = (struct applyset){
		.kinds = copy_or_empty(a, json_get_str(v, "kinds")),
		.namespaces = copy_or_empty(a, json_get_str(v, "namespaces")),
		.record = { .commit = copy(a, json_get_str(v, "commit")),
			    .repository = copy(a, json_get_str(v, "repository")),
			    .digest = copy(a, json_get_str(v, "digest")) },
	};
}

const char *applyset_journal_id(struct arena *a, const char *application, const char *namespace)
{
	return arena_fmt(a, "ConfigMap/%s/%s (ApplySet)", namespace,
			 applyset_parent_name(a, application));
}

const char **applyset_split(struct arena *a, const char *list, size_t *n)
{
	size_t commas = 0;
	for (const char *p = list; *p; p++)
		commas += *p == ',';
	const char **out = arena_calloc(a, commas + 1, sizeof(*out));
	for (*n = 0; *list; list += *list == ',') {
		size_t len = strcspn(list, ",");
		if (len)
			out[(*n)++] = arena_strndup(a, list, len);
		list += len;
	}
	return out;
}
