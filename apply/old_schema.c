/* A CRD that gets a new field or version in this run is served as it was for a moment longer,
 * though it has been Established all along: nothing that could be watched says when that is over.
 * An object of it that is refused in that moment is sent again.  An embedded cluster serves it at
 * once. */
#include "apply/run.h"

#include <string.h>

#include "apply/exchange.h"

enum { OLD_SCHEMA_SECONDS = 10 };

/* What an API server says of fields, values and versions that its schema does not have.  The 500 is
 * that of server-side apply (k8s.io/apimachinery/pkg/util/managedfields). */
static bool is_about_schema(const struct api_call *call)
{
	switch (call->status) {
	case 400:
	case 404:
	case 422:
		return true;
	case 500:
		return call->err.msg && strstr(call->err.msg, "typed patch object");
	default:
		return false;
	}
}

bool old_schema_answered(struct run *r, struct step *s, const struct api_call *call)
{
	const struct step *crd = run_is_crd(s->change) ? NULL : run_crd_of(r, s->change);
	if (r->cluster->ops->no_controllers || !crd || crd->result->outcome != OUTCOME_APPLIED ||
	    !is_about_schema(call))
		return false;
	int64_t now = time_monotonic_ms();
	if (!s->schema_deadline) {
		int64_t most = now + (int64_t)1000 * OLD_SCHEMA_SECONDS, all = run_deadline(r);
		s->schema_deadline = all < most ? all : most;
	}
	return now < s->schema_deadline && !run_interrupted(r);
}
