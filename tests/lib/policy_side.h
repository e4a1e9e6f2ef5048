/* Objects judged by the same policies here and by a real API server.
 *
 *   policy_sides_open()        connects; kube_case.h says to which server
 *   policy_side_open(), policy_side_add...(), policy_side_prepare()
 *                              policies: here at once, there once `installed` is applied
 *   policy_ask_here()          what they say of a request
 *   policy_ask_there()         what the server answers to a dry-run of many
 *   policy_compare()           whether that is the same
 *   policy_side_done(), policy_sides_done()
 *
 * Everything here fails the running test where it cannot do its work. */
#ifndef TESTS_LIB_POLICY_SIDE_H
#define TESTS_LIB_POLICY_SIDE_H

#include "base/buf.h"
#include "policy/admission/admission.h"
#include "tests/lib/pack_objects.h"

struct policy_side {
	struct arena arena;
	struct admission *admission;
	struct admission_run *run;
	struct buf installed; /* the policies, for kubectl */
};

void policy_sides_open(void);
void policy_sides_done(void);

/* Which kinds there are; after policy_sides_open(). */
const struct kind *policy_sides_kind(const char *group, const char *version, const char *kind);

void policy_side_open(struct policy_side *s);
void policy_side_add(struct policy_side *s, const char *text, const char *file);
/* The shipped packs of ValidatingAdmissionPolicies, which the server is shown to take as they are.
 * Their bindings get a selector of one namespace, since other tests use the server too. only_warns:
 * every binding says Warn instead of Deny. */
void policy_side_add_packs(struct policy_side *s, const char *space, bool only_warns);
void policy_side_prepare(struct policy_side *s);
bool policy_side_try(struct policy_side *s); /* the same; false where they have problems */
void policy_side_done(struct policy_side *s);

struct policy_question {
	const char *name; /* for messages */
	const char *operation, *subresource;
	const char *group, *version, *kind;
	const char *namespace;
	const struct json *object, *old;
};

/* With defaults.  Valid until the next call. */
const struct admission_verdict *policy_ask_here(struct policy_side *s,
						const struct policy_question *q);

struct policy_answer {
	int status;
	char *message;
	char **warnings;
	size_t n;
};

/* An apply of each, as an object of that name and namespace; name NULL: its own.  The caller
 * frees. */
struct policy_answer *policy_ask_there(const struct pack_object *items, size_t n, const char *name,
				       const char *space);
void policy_answers_free(struct policy_answer *all, size_t n);

/* Adds a container to the Pod, through its subresource. */
void policy_ask_ephemeral(struct policy_answer *out, const struct json *pod);

/* Adds what differs to `out`: the warnings, and the denial, which has to be one of those that there
 * are here. */
void policy_compare(struct buf *out, struct policy_side *s, const struct policy_question *q,
		    const struct policy_answer *a);

/* Fails where something differs. */
void policy_compare_report(const struct buf *differences);

#endif
