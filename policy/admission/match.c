/* Which changes a policy or a binding selects, as k8s.io/apiserver decides it.
 *
 * Every question has three answers.  "No" to one of them settles it; else what cannot be known
 * makes the whole a "maybe". */
#include "policy/admission/internal.h"

#include <string.h>

#define NAMESPACE_NAME_LABEL "kubernetes.io/metadata.name"

static const struct matched no = { MATCH_NO, NULL, false }, yes = { MATCH_YES, NULL, false };

static struct matched maybe(const char *reason)
{
	return (struct matched){ MATCH_MAYBE, reason, false };
}

/* Most differ in their first character: that spares the call. */
static inline bool is(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}

static inline bool is_star(const char *text)
{
	return text[0] == '*' && !text[1];
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* ---- what is never matched */

bool never_matched(const struct admission_change *change)
{
	static const char *const policies[] = {
		"ValidatingAdmissionPolicy",
		"ValidatingAdmissionPolicyBinding",
		"MutatingAdmissionPolicy",
		"MutatingAdmissionPolicyBinding",
	};
	static const struct {
		const char *group, *kind;
	} reviews[] = {
		{ "authentication.k8s.io", "SelfSubjectReview" },
		{ "authentication.k8s.io", "TokenReview" },
		{ "authorization.k8s.io", "LocalSubjectAccessReview" },
		{ "authorization.k8s.io", "SelfSubjectAccessReview" },
		{ "authorization.k8s.io", "SelfSubjectRulesReview" },
		{ "authorization.k8s.io", "SubjectAccessReview" },
	};
	for (size_t i = 0; i < ARRAY_LEN(policies); i++)
		if (is(change->group, ADMISSION_GROUP) && is(change->kind, policies[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(reviews); i++)
		if (is(change->group, reviews[i].group) && is(change->kind, reviews[i].kind))
			return true;
	return false;
}

/* ---- selectors */

static bool is_namespace(const struct admission_change *change)
{
	return is(change->group, "") && is(change->kind, "Namespace");
}

static const struct json *labels_of(const struct json *object)
{
	return json_at(object, "metadata", "labels", NULL);
}

/* The labels by which a namespaceSelector selects; false where they are not known. */
static bool namespace_labels(const struct admission_change *change, const struct json **labels)
{
	const struct json *object = change->namespace_object;
	if (is_namespace(change) && !*or_empty(change->subresource))
		object = is(change->operation, "DELETE") ? change->old_object : change->object;
	*labels = labels_of(object);
	return object != NULL;
}

static struct matched match_namespace(const struct selector *s,
				      const struct admission_change *change)
{
	const char *name = or_empty(change->namespace);
	if (!s->n || (!*name && !is_namespace(change)))
		return yes;
	const struct json *labels;
	bool known = namespace_labels(change, &labels), sure = true;
	if (is_namespace(change))
		name = or_empty(change->name);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct requirement *r = &s->requirements[i];
		const char *value = json_get_str(labels, r->key);
		/* Every namespace has this one: the server sets it. */
		if (is(r->key, NAMESPACE_NAME_LABEL))
			value = name;
		else if (!known) {
			sure = false;
			continue;
		}
		if (!requirement_matches(r, value))
			return no;
	}
	return sure ? yes : maybe("the labels of the namespace are not known");
}

static struct matched match_object(const struct selector *s, const struct admission_change *change)
{
	bool selected = !s->n;
	if (!selected && change->object)
		selected = selector_matches(s, labels_of(change->object));
	if (!selected && change->old_object)
		selected = selector_matches(s, labels_of(change->old_object));
	return selected ? yes : no;
}

/* ---- rules */

static bool has(const struct texts *t, const char *text)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (is_star(t->items[i]) || is(t->items[i], text))
			return true;
	return false;
}

static bool in_scope(const struct resource_rule *r, const struct admission_change *change)
{
	bool namespaced = !is_namespace(change) && *or_empty(change->namespace);
	return r->scope == SCOPE_ANY || (r->scope == SCOPE_NAMESPACED) == namespaced;
}

/* plural NULL: not known. */
static struct matched match_resource(const struct texts *resources, const char *plural,
				     const char *subresource)
{
	bool unsure = false;
	for (uint32_t i = 0; i < resources->n; i++) {
		const char *text = resources->items[i], *slash = strchr(text, '/');
		const char *sub = slash ? slash + 1 : "";
		size_t n = slash ? (size_t)(slash - text) : strlen(text);
		if (!is_star(sub) && !is(sub, subresource))
			continue;
		if (n == 1 && *text == '*')
			return yes;
		if (!plural)
			unsure = true;
		else if (strlen(plural) == n && memcmp(plural, text, n) == 0)
			return yes;
	}
	return unsure ? maybe("the kind is not known here, nor the name of its resource") : no;
}

static bool names_match(const struct resource_rule *r, const struct admission_change *change)
{
	const char *name = or_empty(change->name);
	bool found = !r->names.n;
	for (uint32_t i = 0; i < r->names.n && !found; i++)
		found = is(r->names.items[i], name);
	return found;
}

/* All but group, version and resource. */
static bool rest_matches(const struct resource_rule *r, const struct admission_change *change,
			 unsigned operation)
{
	return (r->operations & operation) && in_scope(r, change) && names_match(r, change);
}

/* The same objects in another group: events were moved. */
static const char *other_group(const char *group, const char *kind)
{
	if (!is(kind, "Event"))
		return NULL;
	return is(group, "") ? "events.k8s.io" : is(group, "events.k8s.io") ? "" : NULL;
}

/* Whether a kind of the table is the change's resource under another version or group. */
static bool is_equivalent(const struct kind *k, const struct admission_change *change)
{
	const char *other = other_group(change->group, change->kind);
	if (!is(k->kind, change->kind))
		return false;
	return is(k->group, change->group) ? !is(k->version, change->version)
					   : other && is(k->group, other);
}

static struct matched converted(const struct kind *k)
{
	(void)k;
	struct matched m = maybe("it selects another version of the resource: the API server would "
				 "convert the object, which cannot be done here");
	m.converted = true;
	return m;
}

static struct matched match_equivalents(const struct admission *a, const struct resource_rule *r,
					const struct admission_change *change)
{
	const struct kind_table *t = a->world.kinds;
	const char *sub = or_empty(change->subresource);
	for (size_t i = 0; t && i < t->n; i++) {
		const struct kind *k = &t->items[i];
		if (is_equivalent(k, change) && has(&r->groups, k->group) &&
		    has(&r->versions, k->version) &&
		    match_resource(&r->resources, k->plural, sub).match == MATCH_YES)
			return converted(k);
	}
	/* Of a kind that is not known, other versions may be served. */
	if (!change->resource && has(&r->groups, change->group) &&
	    !has(&r->versions, change->version) &&
	    match_resource(&r->resources, NULL, sub).match != MATCH_NO)
		return maybe("the kind is not known here, nor its other versions");
	return no;
}

static struct matched match_rules(const struct admission *a, const struct constraints *c,
				  const struct resource_rule *rules, uint32_t n,
				  const struct admission_change *change)
{
	unsigned operation = operation_bit(change->operation);
	const char *sub = or_empty(change->subresource);
	const char *plural = change->resource ? change->resource->plural : NULL;
	struct matched best = no;
	for (uint32_t i = 0; i < n; i++) {
		const struct resource_rule *r = &rules[i];
		if (!has(&r->groups, change->group) || !has(&r->versions, change->version) ||
		    !rest_matches(r, change, operation))
			continue;
		struct matched m = match_resource(&r->resources, plural, sub);
		if (m.match == MATCH_YES)
			return m;
		if (m.match == MATCH_MAYBE)
			best = m;
	}
	for (uint32_t i = 0; i < n && !c->exact && best.match == MATCH_NO; i++)
		if (rest_matches(&rules[i], change, operation))
			best = match_equivalents(a, &rules[i], change);
	return best;
}

static struct matched both(struct matched x, struct matched y)
{
	if (x.match == MATCH_NO || y.match == MATCH_NO)
		return no;
	if (x.match == MATCH_MAYBE && (x.converted || y.match == MATCH_YES))
		return x;
	return y;
}

struct matched constraints_match(const struct admission *a, const struct constraints *c,
				 const struct admission_change *change)
{
	struct matched m = yes;
	if (c->n_rules)
		m = match_rules(a, c, c->rules, c->n_rules, change);
	if (m.match != MATCH_NO)
		m = both(m, match_object(&c->objects, change));
	if (m.match != MATCH_NO)
		m = both(m, match_namespace(&c->namespaces, change));
	if (m.match == MATCH_NO || !c->n_excluded)
		return m;
	struct matched out = match_rules(a, c, c->excluded, c->n_excluded, change);
	/* Excluded as another version: nothing has to be converted for that. */
	if (out.match == MATCH_YES || out.converted)
		return no;
	return out.match == MATCH_NO ? m : both(m, out);
}
