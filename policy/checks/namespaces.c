/* Objects outside the namespace that their application has. */
#include <string.h>

#include "policy/checks/check.h"
#include "policy/checks/subjects.h"

static const struct planned_application *application_of(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_applications; i++)
		if (strcmp(p->applications[i].name, name) == 0)
			return &p->applications[i];
	return NULL;
}

/* Where the application states one; base had the same. */
static const char *home_of(const struct check_run *r, const struct checked *o)
{
	const struct declared *d = declared_find(r->scene->view->head, o->ref);
	return d && application_of(r->scene->plan, d->application) ? d->home : NULL;
}

void check_namespace_mismatch(struct check_run *r, const struct checked *o)
{
	const struct json *node = json_at(o->object, "metadata", "namespace", NULL);
	const char *stated = json_str(node), *home = home_of(r, o);
	if (stated && *stated && home && strcmp(stated, home) != 0)
		complain(r, node, "the object is in namespace %s, its application %s in %s", stated,
			 o->change->application, home);
}
