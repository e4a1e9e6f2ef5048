/* Objects judged by the shipped packs here, and by a real API server.
 *
 *   pack_sides_open()        reads the kinds and connects; kube_case.h says to which server
 *   pack_side_open()         the packs, as shipped or only warning
 *   pack_ask_here()          what they say of a request
 *   pack_ask_there()         what the server answers to a dry-run of many
 *   pack_side_done(), pack_sides_done()
 *
 * Everything here fails the running test where it cannot do its work. */
#ifndef TESTS_LIB_PACK_SIDE_H
#define TESTS_LIB_PACK_SIDE_H

#include "base/buf.h"
#include "policy/admission/admission.h"
#include "tests/lib/pack_objects.h"

struct pack_side {
	struct arena arena;
	struct admission *admission;
	struct admission_run *run;
	struct buf installed; /* the files, for kubectl */
};

void pack_sides_open(void);
void pack_sides_done(void);

/* only_warns: every binding says Warn instead of Deny. */
void pack_side_open(struct pack_side *s, bool only_warns);
void pack_side_done(struct pack_side *s);

#define PACK_NAMESPACE "packs"

struct pack_question {
	const char *name, *operation, *subresource;
	const char *group, *version, *kind;
	const struct json *object, *old;
};

/* In PACK_NAMESPACE, with defaults.  Valid until the next call. */
const struct admission_verdict *pack_ask_here(struct pack_side *s, const struct pack_question *q);

struct pack_answer {
	int status;
	char *message;
	char **warnings;
	size_t n;
};

/* An apply of each, as an object of that name and namespace.  The caller frees. */
struct pack_answer *pack_ask_there(const struct pack_object *items, size_t n, const char *name,
				   const char *space);
void pack_answers_free(struct pack_answer *all, size_t n);

/* Adds a container to the Pod, through its subresource. */
void pack_ask_ephemeral(struct pack_answer *out, const struct json *pod);

#endif
