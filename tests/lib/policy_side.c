/* See policy_side.h. */
#include "tests/lib/policy_side.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "plan/cluster/cluster.h"
#include "policy/defaults/defaults.h"
#include "tests/lib/fixture.h"
#include "tests/lib/kube_case.h"

static const char *const packs[] = { "policy/packs/pod-security-baseline",
				     "policy/packs/pod-security-restricted",
				     "policy/packs/good-practice" };

static struct cluster *cluster;
static struct kind_table kinds;

void policy_sides_open(void)
{
	AUTO(err_done) struct err err = { 0 };
	struct kube_options options = { .kubeconfig = getenv("RHUMB_TEST_KUBECONFIG") };
	if (cluster_open_kube(&cluster, &options, &err) < 0)
		fail_msg("%s", err.msg);
	kinds_add_builtin(&kinds);
}

void policy_sides_done(void)
{
	cluster_close(cluster);
	kind_table_done(&kinds);
}

const struct kind *policy_sides_kind(const char *group, const char *version, const char *kind)
{
	return kinds_find(&kinds, group, version, kind);
}

void policy_side_open(struct policy_side *s)
{
	*s = (struct policy_side){ .admission = admission_new() };
}

void policy_side_add(struct policy_side *s, const char *text, const char *file)
{
	AUTO(err_done) struct err err = { 0 };
	if (admission_add_file(s->admission, text, strlen(text), file, &err) < 0)
		fail_msg("%s", err.msg);
	buf_printf(&s->installed, "---\n%s", text);
}

/* Its last document is the binding, whose last key is this. */
static void add_file(struct policy_side *s, const char *path, const char *space, bool only_warns)
{
	static const char actions[] = "  validationActions: [";
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (file_read(path, 0, &text, &err) < 0)
		fail_msg("%s", err.msg);
	char *at = strstr(buf_text(&text), actions);
	if (!at || strcmp(at + sizeof(actions) - 1 + 4, "]\n") != 0)
		fail_msg("%s does not end with its validationActions", path);
	if (only_warns)
		memcpy(at + sizeof(actions) - 1, "Warn", 4);
	buf_printf(&text,
		   "  matchResources: {namespaceSelector: {matchLabels: "
		   "{kubernetes.io/metadata.name: %s}}}\n",
		   space);
	policy_side_add(s, buf_text(&text), path);
}

void policy_side_add_packs(struct policy_side *s, const char *space, bool only_warns)
{
	AUTO(err_done) struct err err = { 0 };
	for (size_t i = 0; i < ARRAY_LEN(packs); i++) {
		char **names;
		size_t n;
		if (!only_warns)
			kube_case_must(KUBECTL(NULL, "create", "--dry-run=server",
					       "--validate=strict", "-f", packs[i]));
		if (dir_names(packs[i], &names, &n, &err) < 0)
			fail_msg("%s", err.msg);
		for (size_t j = 0; j < n; j++) {
			AUTO(auto_free) char *path = path_join(packs[i], names[j]);
			if (strstr(names[j], ".yaml"))
				add_file(s, path, space, only_warns);
		}
		dir_names_free(names, n);
	}
}

bool policy_side_try(struct policy_side *s)
{
	size_t n;
	admission_prepare(s->admission, &(struct admission_world){ &kinds, true, true });
	admission_problems(s->admission, &n);
	s->run = admission_run_new(s->admission);
	return n == 0;
}

void policy_side_prepare(struct policy_side *s)
{
	size_t n;
	if (!policy_side_try(s))
		fail_msg("%s", admission_problems(s->admission, &n)->message);
}

void policy_side_done(struct policy_side *s)
{
	admission_run_free(s->run);
	admission_free(s->admission);
	buf_done(&s->installed);
	arena_done(&s->arena);
}

static struct json namespace_of(struct arena *a, const char *name)
{
	struct json v = json_of_object();
	json_set_str(a, &v, "apiVersion", "v1");
	json_set_str(a, &v, "kind", "Namespace");
	struct json *metadata = json_edit(a, &v, "metadata");
	json_set_str(a, metadata, "name", name);
	json_set_str(a, json_edit(a, metadata, "labels"), "kubernetes.io/metadata.name", name);
	return v;
}

const struct admission_verdict *policy_ask_here(struct policy_side *s,
						const struct policy_question *q)
{
	struct json *object = arena_calloc(&s->arena, 1, sizeof(*object));
	struct json space = namespace_of(&s->arena, q->namespace);
	*object = json_copy(&s->arena, q->object);
	json_set_str(&s->arena, json_edit(&s->arena, object, "metadata"), "namespace",
		     q->namespace);
	defaults_apply(&s->arena, NULL, object);
	return admission_evaluate(
		s->run, &(struct admission_change){
				.operation = q->operation,
				.group = q->group,
				.version = q->version,
				.kind = q->kind,
				.resource = kinds_find(&kinds, q->group, q->version, q->kind),
				.subresource = q->subresource,
				.namespace = q->namespace,
				.name = json_get_str(json_get(object, "metadata"), "name"),
				.object = object,
				.old_object = q->old,
				.namespace_object = &space,
				.dry_run = true,
			});
}

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	struct policy_answer *all = ctx;
	struct policy_answer *a = &all[(size_t)call->user];
	(void)err;
	a->status = call->status;
	a->message = xstrdup(call->err.msg ? call->err.msg : "");
	a->n = call->n_warnings;
	a->warnings = xcalloc(a->n + 1, sizeof(*a->warnings));
	for (size_t i = 0; i < a->n; i++)
		a->warnings[i] = xstrdup(call->warnings[i]);
	err_done(&call->err);
	return 0;
}

struct policy_answer *policy_ask_there(const struct pack_object *items, size_t n, const char *name,
				       const char *space)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	struct json *bodies = arena_calloc(&arena, n, sizeof(*bodies));
	struct policy_answer *answers = xcalloc(n, sizeof(*answers));
	for (size_t i = 0; i < n; i++) {
		bodies[i] = json_copy(&arena, &items[i].object);
		struct json *metadata = json_edit(&arena, &bodies[i], "metadata");
		json_set_str(&arena, metadata, "namespace", space);
		if (name)
			json_set_str(&arena, metadata, "name", name);
		calls[i] = (struct api_call){
			.verb = API_DRY_RUN_APPLY,
			.kind = kinds_find(&kinds, items[i].group, items[i].version, items[i].kind),
			.namespace = space,
			.name = json_get_str(json_get(&bodies[i], "metadata"), "name"),
			.body = &bodies[i],
			.user = (void *)i,
		};
	}
	if (cluster->ops->call(cluster, calls, n, answered, answers, &err) < 0)
		fail_msg("%s", err.msg);
	return answers;
}

void policy_answers_free(struct policy_answer *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < all[i].n; j++)
			free(all[i].warnings[j]);
		free(all[i].warnings);
		free(all[i].message);
	}
	free(all);
}

static void take_warnings(struct policy_answer *out, const char *text)
{
	static const char mark[] = "Warning: ";
	size_t cap = 0;
	for (const char *at = text; (at = strstr(at, mark)) != NULL;) {
		at += sizeof(mark) - 1;
		GROW(out->warnings, out->n, cap);
		out->warnings[out->n++] = xstrndup(at, strcspn(at, "\n"));
	}
}

void policy_ask_ephemeral(struct policy_answer *out, const struct json *pod)
{
	const struct json *metadata = json_get(pod, "metadata");
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(auto_free)
	char *path = xfmt("/api/v1/namespaces/%s/pods/%s/ephemeralcontainers?dryRun=All",
			  json_get_str(metadata, "namespace"), json_get_str(metadata, "name"));
	json_write_canonical(&text, pod);
	struct process_result result =
		KUBECTL(buf_text(&text), "replace", "--raw", path, "-f", "-");
	const char *said = buf_text(&result.messages);
	*out = (struct policy_answer){ .message = xstrdup(said) };
	out->status = result.status == 0 ? 200 : strstr(said, "(Forbidden)") ? 403 : 422;
	take_warnings(out, said);
	process_result_done(&result);
}
