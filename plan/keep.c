/* See keep.h. */
#include "plan/keep.h"

#include <string.h>

#include "base/mem.h"

/* What people of other tools have written on objects that are never to be deleted.  Argo's
 * Prune=confirm asks a person first; nobody is asked here, so it stays. */
static const struct {
	const char *key;
	const char *value; /* NULL: any */
	bool in_list;      /* the value is one of several, between commas */
} keeping[] = {
	{ "rhumb.dev/prune", "false", false },
	{ "argocd.argoproj.io/sync-options", "Prune=false", true },
	{ "argocd.argoproj.io/sync-options", "Prune=confirm", true },
	{ "argocd.argoproj.io/sync-options", "Delete=false", true },
	{ "argocd.argoproj.io/sync-options", "Delete=confirm", true },
	{ "cli-utils.sigs.k8s.io/on-remove", "keep", false },
	{ "client.lifecycle.config.k8s.io/deletion", "detach", false },
	{ "helm.sh/resource-policy", "keep", false },
	{ "kapp.k14s.io/delete-strategy", "orphan", false },
	{ "kluctl.io/skip-delete", "true", false },
	{ "kustomize.toolkit.fluxcd.io/prune", "disabled", false },
};

static bool is_among(const char *list, const char *word)
{
	size_t n = strlen(word);
	while (*list) {
		list += strspn(list, ", ");
		size_t len = strcspn(list, ", ");
		if (len == n && strncasecmp(list, word, n) == 0)
			return true;
		list += len;
	}
	return false;
}

const char *keep_annotation(struct arena *a, const struct json *object)
{
	const struct json *all = json_at(object, "metadata", "annotations", NULL);
	for (size_t i = 0; i < ARRAY_LEN(keeping); i++) {
		const char *value = json_get_str(all, keeping[i].key);
		if (!value)
			continue;
		if (keeping[i].in_list ? is_among(value, keeping[i].value)
				       : strcasecmp(value, keeping[i].value) == 0)
			return arena_fmt(a, "%s: %s", keeping[i].key, keeping[i].value);
	}
	return NULL;
}
