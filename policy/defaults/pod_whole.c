/* What of a pod is made of several of its parts: its requests, and AppArmor profiles that are still
 * written as annotations. */
#include "policy/defaults/pod.h"

#include <string.h>

#include "policy/cel/quantity.h"

/* ---- requests of the whole pod, where it has limits */

struct amount {
	bool known;
	struct quantity q;
};

/* false: it has more digits than there may be. */
static bool amount_add(struct arena *a, struct amount *x, const struct amount *y)
{
	AUTO(err_done) struct err err = { 0 };
	if (!x->known)
		*x = *y;
	else if (y->known && quantity_add(a, &x->q, &y->q, false, &x->q, &err) < 0)
		return false;
	return true;
}

static void amount_raise(struct amount *x, const struct amount *y)
{
	if (!x->known || (y->known && quantity_compare(&y->q, &x->q) > 0))
		*x = *y;
}

static struct amount request_of(struct arena *a, const struct json *container, const char *key)
{
	AUTO(err_done) struct err err = { 0 };
	struct amount out = { 0 };
	const struct json *v = json_at(container, "resources", "requests", key, NULL);
	out.known = json_is(v, JSON_STRING) && quantity_parse(a, v->text, v->n, &out.q, &err) == 0;
	return out;
}

/* What the containers need at once: those that run side by side, sidecars among them, or an init
 * container with the sidecars that were started before, whichever is more. */
static struct amount needed_by_containers(struct arena *a, const struct json *spec, const char *key)
{
	static const struct amount unknown = { 0 };
	const struct json *containers = json_get(spec, "containers");
	const struct json *inits = json_get(spec, "initContainers");
	struct amount running = unknown, sidecars = unknown, most = unknown;
	for (uint32_t i = 0; json_is(containers, JSON_ARRAY) && i < containers->n; i++) {
		struct amount one = request_of(a, &containers->items[i], key);
		if (!amount_add(a, &running, &one))
			return unknown;
	}
	for (uint32_t i = 0; json_is(inits, JSON_ARRAY) && i < inits->n; i++) {
		const char *policy = json_get_str(&inits->items[i], "restartPolicy");
		struct amount one = request_of(a, &inits->items[i], key);
		if (policy && strcmp(policy, "Always") == 0) {
			if (!amount_add(a, &running, &one) || !amount_add(a, &sidecars, &one))
				return unknown;
			continue;
		}
		if (!amount_add(a, &one, &sidecars))
			return unknown;
		amount_raise(&most, &one);
	}
	amount_raise(&running, &most);
	return running;
}

void pod_requests(struct arena *a, struct json *spec)
{
	static const char *const summed[] = { "cpu", "memory" };
	struct json *resources = edit_member(spec, "resources");
	const struct json *limits = json_get(resources, "limits");
	if (!json_is(limits, JSON_OBJECT) || !limits->n)
		return;
	struct json all = json_copy(a, limits);
	struct json *requests = json_edit(a, resources, "requests");
	for (size_t i = 0; i < ARRAY_LEN(summed); i++) {
		struct amount needed = needed_by_containers(a, spec, summed[i]);
		AUTO(buf_done) struct buf text = { 0 };
		if (json_get(requests, summed[i]) || !needed.known)
			continue;
		quantity_text(&needed.q, &text);
		json_set_str(a, requests, summed[i], buf_text(&text));
	}
	for (uint32_t i = 0; i < all.n; i++)
		if (!json_get(requests, all.members[i].key))
			json_set(a, requests, all.members[i].key, all.members[i].value);
}

/* ---- AppArmor */

#define APP_ARMOR_ANNOTATION "container.apparmor.security.beta.kubernetes.io/"
#define LOCALHOST            "localhost/"
enum { PROFILE_MAX = 4095 };

/* A name that the server takes: not empty, without blanks around it. */
static bool is_profile_name(const char *name)
{
	static const char blank[] = " \t\n\v\f\r";
	size_t n = strlen(name);
	return n && n <= PROFILE_MAX && !strchr(blank, name[0]) && !strchr(blank, name[n - 1]);
}

static bool profile_of(struct arena *a, const char *annotation, struct json *out)
{
	*out = json_of_object();
	if (strcmp(annotation, "unconfined") == 0)
		json_set_str(a, out, "type", "Unconfined");
	else if (strcmp(annotation, "runtime/default") == 0)
		json_set_str(a, out, "type", "RuntimeDefault");
	else if (strncmp(annotation, LOCALHOST, sizeof(LOCALHOST) - 1) == 0 &&
		 is_profile_name(annotation + sizeof(LOCALHOST) - 1)) {
		json_set_str(a, out, "type", "Localhost");
		json_set_str(a, out, "localhostProfile", annotation + sizeof(LOCALHOST) - 1);
	} else
		return false;
	return true;
}

static void app_armor_of(struct arena *a, const struct json *annotations, const struct json *of_pod,
			 struct json *containers)
{
	for (uint32_t i = 0; json_is(containers, JSON_ARRAY) && i < containers->n; i++) {
		struct json *c = &containers->items[i], profile;
		const char *name = json_get_str(c, "name");
		if (!name || json_at(c, "securityContext", "appArmorProfile", NULL))
			continue;
		AUTO(auto_free) char *key = xfmt("%s%s", APP_ARMOR_ANNOTATION, name);
		const char *annotation = json_get_str(annotations, key);
		if (annotation && profile_of(a, annotation, &profile) &&
		    !json_equal(&profile, of_pod))
			json_set(a, json_edit(a, c, "securityContext"), "appArmorProfile", profile);
	}
}

void pod_app_armor(struct arena *a, struct json *pod)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	struct json *spec = edit_member(pod, "spec");
	const struct json *annotations = json_at(pod, "metadata", "annotations", NULL);
	const struct json *of_pod = json_at(spec, "securityContext", "appArmorProfile", NULL);
	const char *os = json_get_str(json_get(spec, "os"), "name");
	if (!annotations || (os && strcmp(os, "windows") == 0))
		return;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		app_armor_of(a, annotations, of_pod, edit_member(spec, lists[i]));
}
