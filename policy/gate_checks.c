/* Static checks on the changes, with saved schemas; see gate_internal.h. */
#include "policy/checks/checks.h"
#include "policy/gate_internal.h"

int gate_checks(struct gate *g, struct scene *scene, struct findings *findings, struct err *err)
{
	return checks_run(g->config, g->documents, g->n_documents, scene, findings, err);
}
