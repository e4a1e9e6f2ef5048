/* See pack_side.h. */
#include "tests/lib/pack_side.h"

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

static struct arena arena_of_namespace;
static struct cluster *cluster;
static struct kind_table kinds;
static struct json namespace;

void pack_sides_open(void)
{
	AUTO(err_done) struct err err = { 0 };
	struct kube_options options = { .kubeconfig = getenv("RHUMB_TEST_KUBECONFIG") };
	if (cluster_open_kube(&cluster, &options, &err) < 0)
		fail_msg("%s", err.msg);
	kinds_add_builtin(&kinds);
	namespace = fixture_json(&arena_of_namespace,
				 "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{"
				 "\"name\":\"" PACK_NAMESPACE
				 "\",\"labels\":{\"kubernetes.io/metadata.name\":\"" PACK_NAMESPACE
				 "\"}}}");
}

void pack_sides_done(void)
{
	cluster_close(cluster);
	kind_table_done(&kinds);
	arena_done(&arena_of_namespace);
}

static void add_file(struct pack_side *s, const char *path, bool only_warns)
{
	static const char deny[] = "[Deny]";
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (file_read(path, 0, &text, &err) < 0)
		fail_msg("%s", err.msg);
	char *at = strstr(buf_text(&text), deny);
	if (only_warns && at)
		memcpy(at, "[Warn]", sizeof(deny) - 1);
	if (admission_add_file(s->admission, buf_text(&text), text.len, path, &err) < 0)
		fail_msg("%s", err.msg);
	buf_printf(&s->installed, "---\n%s", buf_text(&text));
}

void pack_side_open(struct pack_side *s, bool only_warns)
{
	AUTO(err_done) struct err err = { 0 };
	*s = (struct pack_side){ .admission = admission_new() };
	for (size_t i = 0; i < ARRAY_LEN(packs); i++) {
		char **names;
		size_t n;
		if (dir_names(packs[i], &names, &n, &err) < 0)
			fail_msg("%s", err.msg);
		for (size_t j = 0; j < n; j++) {
			AUTO(auto_free) char *path = path_join(packs[i], names[j]);
			if (strstr(names[j], ".yaml"))
				add_file(s, path, only_warns);
		}
		dir_names_free(names, n);
	}
	admission_prepare(s->admission, &(struct admission_world){ &kinds, true, true });
	size_t problems;
	admission_problems(s->admission, &problems);
	assert_int_equal(problems, 0);
	s->run = admission_run_new(s->admission);
}

void pack_side_done(struct pack_side *s)
{
	admission_run_free(s->run);
	admission_free(s->admission);
	buf_done(&s->installed);
	arena_done(&s->arena);
}

const struct admission_verdict *pack_ask_here(struct pack_side *s, const struct pack_question *q)
{
	struct json *object = arena_calloc(&s->arena, 1, sizeof(*object));
	*object = json_copy(&s->arena, q->object);
	json_set_str(&s->arena, json_edit(&s->arena, object, "metadata"), "namespace",
		     PACK_NAMESPACE);
	assert_true(defaults_apply(&s->arena, NULL, object));
	return admission_evaluate(
		s->run, &(struct admission_change){
				.operation = q->operation,
				.group = q->group,
				.version = q->version,
				.kind = q->kind,
				.resource = kinds_find(&kinds, q->group, q->version, q->kind),
				.subresource = q->subresource,
				.namespace = PACK_NAMESPACE,
				.name = PACK_OBJECT_NAME,
				.object = object,
				.old_object = q->old,
				.namespace_object = &namespace,
				.dry_run = true,
			});
}

static int answered(void *ctx, struct api_call *call, struct err *err)
{
	struct pack_answer *all = ctx;
	struct pack_answer *a = &all[(size_t)call->user];
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

struct pack_answer *pack_ask_there(const struct pack_object *items, size_t n, const char *name,
				   const char *space)
{
	AUTO(arena_done) struct arena arena = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(auto_free) struct api_call *calls = xcalloc(n, sizeof(*calls));
	struct json *bodies = arena_calloc(&arena, n, sizeof(*bodies));
	struct pack_answer *answers = xcalloc(n, sizeof(*answers));
	for (size_t i = 0; i < n; i++) {
		bodies[i] = json_copy(&arena, &items[i].object);
		struct json *metadata = json_edit(&arena, &bodies[i], "metadata");
		json_set_str(&arena, metadata, "namespace", space);
		json_set_str(&arena, metadata, "name", name);
		calls[i] = (struct api_call){
			.verb = API_DRY_RUN_APPLY,
			.kind = kinds_find(&kinds, items[i].group, items[i].version, items[i].kind),
			.namespace = space,
			.name = name,
			.body = &bodies[i],
			.user = (void *)i,
		};
	}
	if (cluster->ops->call(cluster, calls, n, answered, answers, &err) < 0)
		fail_msg("%s", err.msg);
	return answers;
}

void pack_answers_free(struct pack_answer *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < all[i].n; j++)
			free(all[i].warnings[j]);
		free(all[i].warnings);
		free(all[i].message);
	}
	free(all);
}

static void take_warnings(struct pack_answer *out, const char *text)
{
	static const char mark[] = "Warning: ";
	size_t cap = 0;
	for (const char *at = text; (at = strstr(at, mark)) != NULL;) {
		at += sizeof(mark) - 1;
		GROW(out->warnings, out->n, cap);
		out->warnings[out->n++] = xstrndup(at, strcspn(at, "\n"));
	}
}

void pack_ask_ephemeral(struct pack_answer *out, const struct json *pod)
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
	*out = (struct pack_answer){ .message = xstrdup(said) };
	out->status = result.status == 0 ? 200 : strstr(said, "(Forbidden)") ? 403 : 422;
	take_warnings(out, said);
	process_result_done(&result);
}
