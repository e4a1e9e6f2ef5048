/* See waiver.h. */
#include "policy/waiver.h"

#include <string.h>
#include <time.h>

#include "base/shape.h"
#include "base/time.h"
#include "plan/source/ignore.h"

bool waiver_covers(const struct plan_waiver *w, const char *policy, const char *object)
{
	return wildmatch(w->policy, policy) && wildmatch(w->object, object);
}

static int add(struct waivers *w, struct arena *a, const struct json *v, const char *file,
	       time_t now, struct err *err)
{
	const char *expires = json_get_str(v, "expires");
	time_t end;
	if (!time_parse_end(expires, &end))
		return err_at(err, ERR_INPUT, json_pos(json_get(v, "expires"), file),
			      "expires has to be a day such as 2026-12-31, or a time of RFC 3339");
	if (w->n == PLAN_MAX_WAIVERS)
		return err_at(err, ERR_LIMIT, json_pos(v, file),
			      "more than %d waivers (PLAN_MAX_WAIVERS)", PLAN_MAX_WAIVERS);
	GROW(w->items, w->n, w->cap);
	w->items[w->n++] = (struct plan_waiver){
		.policy = arena_strdup(a, json_get_str(v, "policy")),
		.object = arena_strdup(a, json_get_str(v, "object")),
		.reason = arena_strdup(a, json_get_str(v, "reason")),
		.owner = arena_strdup(a, json_get_str(v, "owner")),
		.expires = arena_strdup(a, expires),
		.state = now > end ? WAIVER_EXPIRED : WAIVER_UNUSED,
		.at = json_pos(v, arena_strdup(a, file)),
	};
	return 0;
}

int waivers_add(struct waivers *w, struct arena *a, const struct json *document, const char *file,
		time_t now, struct err *err)
{
	static const struct shape_key document_keys[] = {
		{ "apiVersion", SHAPE_TEXT, true },
		{ "kind", SHAPE_TEXT, true },
		{ "metadata", SHAPE_OBJECT, false },
		{ "waivers", SHAPE_LIST, true },
		{ 0 },
	};
	static const struct shape_key keys[] = {
		{ "policy", SHAPE_TEXT, true },  { "object", SHAPE_TEXT, true },
		{ "reason", SHAPE_TEXT, true },  { "owner", SHAPE_TEXT, true },
		{ "expires", SHAPE_TEXT, true }, { 0 },
	};
	static const struct shape document_shape = { "a file of waivers", document_keys };
	static const struct shape shape = { "a waiver", keys };
	const char *version = json_get_str(document, "apiVersion");
	const char *kind = json_get_str(document, "kind");
	if (!version || !kind || strcmp(version, "rhumb.dev/v1") != 0 ||
	    strcmp(kind, "Waivers") != 0)
		return err_at(err, ERR_INPUT, json_pos(document, file),
			      "a file of waivers has apiVersion rhumb.dev/v1 and kind Waivers");
	const struct json *list = json_get(document, "waivers");
	if (shape_check(document, &document_shape, file, err) < 0 ||
	    shape_check_items(list, &shape, file, err) < 0)
		return -1;
	for (uint32_t i = 0; i < list->n; i++)
		if (add(w, a, &list->items[i], file, now, err) < 0)
			return -1;
	return 0;
}

void waivers_done(struct waivers *w)
{
	free(w->items);
	*w = (struct waivers){ 0 };
}
