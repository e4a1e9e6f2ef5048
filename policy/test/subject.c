/* The policies that a PolicyTest names; see internal.h. */
#include "policy/test/internal.h"

#include <string.h>

#include "base/file.h"
#include "base/yaml.h"

static bool is_of(const struct json *v, const char *group, const char *kind)
{
	const char *version = json_get_str(v, "apiVersion"), *k = json_get_str(v, "kind");
	size_t n = strlen(group);
	return version && k && strncmp(version, group, n) == 0 && version[n] == '/' &&
	       strcmp(k, kind) == 0;
}

struct adding {
	struct subject *subject;
	const char *file;
};

static int add_policy(struct adding *adding, const struct json *v, bool of_plan, struct err *err)
{
	struct subject *s = adding->subject;
	const char *name = json_str(json_at(v, "metadata", "name", NULL));
	const struct json *rules = json_at(v, "spec", "validations", NULL);
	if (!name)
		return err_at(err, ERR_INPUT, json_pos(v, adding->file), "a policy needs a name");
	GROW(s->policies, s->n_policies, s->cap_policies);
	s->policies[s->n_policies++] = (struct tested_policy){
		.name = arena_strdup(&s->test->arena, name),
		.at = json_pos(v, adding->file),
		.of_plan = of_plan,
		.n_rules = json_is(rules, JSON_ARRAY) ? rules->n : 0,
	};
	return 0;
}

static int on_document(void *ctx, const struct json *v, unsigned index, struct err *err)
{
	struct adding *adding = ctx;
	struct subject *s = adding->subject;
	(void)index;
	if (is_of(v, "admissionregistration.k8s.io", "ValidatingAdmissionPolicy"))
		return add_policy(adding, v, false, err);
	if (is_of(v, "rhumb.dev", "PlanPolicy"))
		return add_policy(adding, v, true, err);
	if (is_of(v, "admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding")) {
		const char *name = json_str(json_at(v, "spec", "policyName", NULL));
		GROW(s->bound, s->n_bound, s->cap_bound);
		s->bound[s->n_bound++] = arena_strdup(&s->test->arena, name ? name : "");
	} else if (is_of(v, "apiextensions.k8s.io", "CustomResourceDefinition")) {
		struct json *crd = arena_alloc(&s->test->arena, sizeof(*crd));
		*crd = json_copy(&s->test->arena, v);
		kinds_add_crd(&s->kinds, crd, false);
		GROW(s->crds, s->n_crds, s->cap_crds);
		s->crds[s->n_crds++] = crd;
	}
	return 0;
}

/* "packs/tests" to "packs", for a path that people like to read; false where that is not plain. */
static bool step_up(char *dir)
{
	char *slash = strrchr(dir, '/');
	if (!slash || slash == dir || strcmp(slash, "/..") == 0 || strcmp(slash, "/.") == 0)
		return false;
	*slash = '\0';
	return true;
}

static int read_policies(struct subject *s, const struct json *path, struct subject_file *out,
			 struct err *err)
{
	struct arena *a = &s->test->arena;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(arena_done) struct arena scratch = { 0 };
	if (!json_is(path, JSON_STRING) || !path->n)
		return err_at(err, ERR_INPUT, json_pos(path, s->file),
			      "policies has to be a list of files");
	const char *slash = strrchr(s->file, '/');
	AUTO(auto_free)
	char *dir = slash ? xstrndup(s->file, (size_t)(slash - s->file)) : xstrdup(".");
	const char *name = path->text;
	while (strncmp(name, "../", 3) == 0 && step_up(dir))
		name += 3;
	AUTO(auto_free) char *whole = path_join(dir, name);
	if (file_read(whole, YAML_MAX_BYTES, &text, err) < 0)
		return err_locate(err, json_pos(path, s->file));
	*out = (struct subject_file){ arena_strdup(a, whole),
				      arena_strndup(a, buf_text(&text), text.len), text.len };
	struct adding adding = { s, out->path };
	if (yaml_parse(&scratch, out->text, out->n, out->path, NULL, on_document, &adding, err) < 0)
		return -1;
	return plan_policies_add_file(s->plan_policies, out->text, out->n, out->path, err);
}

int subject_refuse_problems(const struct subject *s, struct err *err)
{
	size_t n;
	const struct plan_policy_problem *p = plan_policies_problems(s->plan_policies, &n);
	if (!n)
		return 0;
	return err_at(err, ERR_INPUT, p->at, "%s%s%s", p->message, p->excerpt ? "\n" : "",
		      p->excerpt ? p->excerpt : "");
}

static void bind(struct subject *s)
{
	for (size_t i = 0; i < s->n_policies; i++)
		for (size_t k = 0; k < s->n_bound; k++)
			s->policies[i].bound |= strcmp(s->policies[i].name, s->bound[k]) == 0;
}

int subject_read(struct subject *s, const struct json *document, struct err *err)
{
	const struct json *paths = json_get(document, "policies");
	kinds_add_builtin(&s->kinds);
	s->plan_policies = plan_policies_new();
	s->files = arena_calloc(&s->test->arena, paths->n, sizeof(*s->files));
	for (; s->n_files < paths->n; s->n_files++)
		if (read_policies(s, &paths->items[s->n_files], &s->files[s->n_files], err) < 0)
			return -1;
	if (!s->n_policies)
		return err_at(err, ERR_INPUT, json_pos(paths, s->file),
			      "there is no policy in these files");
	bind(s);
	plan_policies_prepare(s->plan_policies);
	return subject_refuse_problems(s, err);
}

const struct tested_policy *subject_policy(const struct subject *s, const char *name)
{
	for (size_t i = 0; i < s->n_policies; i++)
		if (strcmp(s->policies[i].name, name) == 0)
			return &s->policies[i];
	return NULL;
}

static int add_binding(struct admission *admission, struct arena *a, const char *policy,
		       struct err *err)
{
	struct json *v = arena_alloc(a, sizeof(*v));
	*v = json_of_object();
	json_set_str(a, v, "apiVersion", "admissionregistration.k8s.io/v1");
	json_set_str(a, v, "kind", "ValidatingAdmissionPolicyBinding");
	json_set_str(a, json_edit(a, v, "metadata"), "name", policy);
	struct json *spec = json_edit(a, v, "spec"), actions = json_of_array();
	json_set_str(a, spec, "policyName", policy);
	json_append(a, &actions, json_of_string(a, "Deny"));
	json_set(a, spec, "validationActions", actions);
	return admission_add_object(admission, v, NULL, err);
}

static int refuse_problems(const struct admission *a, struct err *err)
{
	size_t n;
	const struct admission_problem *p = admission_problems(a, &n);
	if (!n)
		return 0;
	return err_at(err, ERR_INPUT, p->at, "%s%s%s", p->message, p->excerpt ? "\n" : "",
		      p->excerpt ? p->excerpt : "");
}

static int fill(const struct subject *s, const struct json *params, struct admission *admission,
		struct err *err)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (admission_add_file(admission, s->files[i].text, s->files[i].n, s->files[i].path,
				       err) < 0)
			return -1;
	for (size_t i = 0; i < s->n_policies; i++)
		if (!s->policies[i].bound &&
		    add_binding(admission, &s->test->arena, s->policies[i].name, err) < 0)
			return -1;
	for (uint32_t i = 0; params && i < params->n; i++)
		if (admission_add_object(admission, &params->items[i], s->file, err) < 0)
			return -1;
	struct admission_world world = { &s->kinds, false, true };
	admission_prepare(admission, &world);
	return refuse_problems(admission, err);
}

int subject_admission(const struct subject *s, const struct json *params, struct admission **out,
		      struct err *err)
{
	*out = admission_new();
	return fill(s, params, *out, err);
}

void subject_done(struct subject *s)
{
	free(s->policies);
	free(s->bound);
	free(s->crds);
	plan_policies_free(s->plan_policies);
	kind_table_done(&s->kinds);
}
