/* The table is kept sorted at every addition: a few hundred kinds at most come in runs of one
 * group, and lookups are many. */
#include "plan/cluster/kinds.h"

#include <ctype.h>
#include <string.h>

/* How Kubernetes ranks versions: "v2" over "v1" over "v1beta2" over "v1beta1" over "v1alpha1"
 * over everything that has another form. */
struct rank {
	int stage; /* 3: v1, 2: v1beta1, 1: v1alpha1, 0: another form */
	unsigned long major, minor;
};

static struct rank rank_of(const char *version)
{
	static const struct {
		const char *word;
		int stage;
	} stages[] = { { "beta", 2 }, { "alpha", 1 } };
	struct rank none = { 0 }, r = { .stage = 3 };
	if (version[0] != 'v' || !isdigit((unsigned char)version[1]))
		return none;
	char *end;
	r.major = strtoul(version + 1, &end, 10);
	if (!*end)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		size_t n = strlen(stages[i].word);
		if (strncmp(end, stages[i].word, n) != 0 || !isdigit((unsigned char)end[n]))
			continue;
		r.stage = stages[i].stage;
		r.minor = strtoul(end + n, &end, 10);
		return *end ? none : r;
	}
	return none;
}

static int descending(unsigned long a, unsigned long b)
{
	return (a < b) - (a > b);
}

/* The newest version first. */
static int compare_versions(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return 0;
	struct rank x = rank_of(a), y = rank_of(b);
	int d = y.stage - x.stage;
	if (!d)
		d = descending(x.major, y.major);
	if (!d)
		d = descending(x.minor, y.minor);
	return d ? d : strcmp(a, b);
}

/* version NULL stands before all versions of the kind. */
static int compare_to(const struct kind *k, const char *group, const char *kind,
		      const char *version)
{
	int d = strcmp(k->group, group);
	if (!d)
		d = strcmp(k->kind, kind);
	if (!d)
		d = version ? compare_versions(k->version, version) : 1;
	return d;
}

static size_t lower_bound(const struct kind_table *t, const char *group, const char *kind,
			  const char *version)
{
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (compare_to(&t->items[mid], group, kind, version) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void kinds_add(struct kind_table *t, const struct kind *kind)
{
	size_t at = lower_bound(t, kind->group, kind->kind, kind->version);
	if (at < t->n && compare_to(&t->items[at], kind->group, kind->kind, kind->version) == 0)
		return;
	GROW(t->items, t->n, t->cap);
	struct kind *k = t->items + at;
	memmove(k + 1, k, (t->n - at) * sizeof(*k));
	t->n++;
	*k = *kind;
	k->group = arena_strdup(&t->arena, kind->group);
	k->version = arena_strdup(&t->arena, kind->version);
	k->kind = arena_strdup(&t->arena, kind->kind);
	k->plural = arena_strdup(&t->arena, kind->plural);
}

const struct kind *kinds_find(const struct kind_table *t, const char *group, const char *version,
			      const char *kind)
{
	size_t at = lower_bound(t, group, kind, version);
	bool found = at < t->n && compare_to(&t->items[at], group, kind, version) == 0;
	return found ? &t->items[at] : NULL;
}

static bool is_kind(const struct kind *k, const char *group, const char *kind)
{
	return strcmp(k->group, group) == 0 && strcmp(k->kind, kind) == 0;
}

const struct kind *kinds_find_any(const struct kind_table *t, const char *group, const char *kind)
{
	const struct kind *best = NULL;
	for (size_t i = lower_bound(t, group, kind, NULL);
	     i < t->n && is_kind(&t->items[i], group, kind); i++) {
		const struct kind *k = &t->items[i];
		/* One that is served now, then the preferred one, then the highest version. */
		if (!best || (best->deferred && !k->deferred) ||
		    (best->deferred == k->deferred && !best->preferred && k->preferred))
			best = k;
	}
	return best;
}

/* The API server prefers the served version that ranks highest. */
static const char *preferred_version(const struct json *versions)
{
	const char *best = NULL;
	for (uint32_t i = 0; i < versions->n; i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (name && json_true(json_get(&versions->items[i], "served")) &&
		    (!best || compare_versions(name, best) < 0))
			best = name;
	}
	return best;
}

void kinds_add_crd(struct kind_table *t, const struct json *crd, bool deferred)
{
	const struct json *spec = json_get(crd, "spec"), *versions = json_get(spec, "versions");
	const char *group = json_get_str(spec, "group");
	const char *scope = json_get_str(spec, "scope");
	const char *kind = json_str(json_at(spec, "names", "kind", NULL));
	const char *plural = json_str(json_at(spec, "names", "plural", NULL));
	if (!group || !scope || !kind || !plural || !json_is(versions, JSON_ARRAY))
		return; /* the server will refuse it; its objects stay of an unknown kind */
	const char *preferred = preferred_version(versions);
	for (uint32_t i = 0; i < versions->n; i++) {
		const char *name = json_get_str(&versions->items[i], "name");
		if (!name || !json_true(json_get(&versions->items[i], "served")))
			continue;
		kinds_add(t, &(struct kind){
				     .group = group,
				     .version = name,
				     .kind = kind,
				     .plural = plural,
				     .namespaced = strcmp(scope, "Namespaced") == 0,
				     .listable = true,
				     .appliable = true,
				     .preferred = strcmp(name, preferred) == 0,
				     .deferred = deferred,
			     });
	}
}

void kind_table_done(struct kind_table *t)
{
	free(t->items);
	free(t->stale);
	arena_done(&t->arena);
	*t = (struct kind_table){ 0 };
}
