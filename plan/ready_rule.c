/* See ready_rule.h. */
#include "plan/ready_rule.h"

#include <string.h>

#include "plan/merge/field_path.h"
#include "plan/object.h"

int ready_rule_check(const struct ready_rule *rule, struct err *err)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(err_done) struct err why = { 0 };
	struct field_path path;
	if (field_path_parse(&scratch, rule->path, &path, &why) < 0 || !path.n)
		return err_set(
			err, ERR_INPUT,
			"path \"%s\" has to be the path of a field, such as /status/phase or "
			"/status/conditions[type=\"Ready\"]/status",
			rule->path);
	for (size_t i = 0; i < path.n; i++)
		if (path.elements[i].type == PATH_FIELD && strcmp(path.elements[i].name, "*") == 0)
			return err_set(err, ERR_INPUT,
				       "path \"%s\" has to name one field, without *", rule->path);
	if (object_is_secret(&(struct object_ref){ .group = rule->group, .kind = rule->kind }))
		return err_set(err, ERR_INPUT, "a Secret is ready when it is there");
	return 0;
}
