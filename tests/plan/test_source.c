/* What a revision declares: a row a test. */
#include "tests/lib/fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "plan/source/source.h"

struct file {
	const char *path, *text; /* text "-> x": a link; NULL ends */
};

struct source_case {
	const char *name;
	struct file files[10];
	const char *want; /* a dump, or the error */
	enum err_code code;
	const char *config; /* NULL: application "shop" at shop, namespace "web" */
};

#define CM(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"
#define TOP      "apiVersion: rhumb.dev/v1\nkind: Config\napplications:\n"

static const struct source_case cases[] = {
	{ "YAML and JSON, many documents, comments",
	  { { "shop/a.yaml", "# nothing\n---\n" CM("a") "---\n" CM("b") },
	    { "shop/b.json", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
			     "{\"name\":\"c\"}}" },
	    { "shop/c.yml", "# nothing at all\n" },
	    { "shop/sub/d.yml", CM("d") },
	    { "shop/README.md", "hello" },
	    { "shop/.hidden/e.yaml", "not: an object" },
	    { "other/f.yaml", "not: an object" } },
	  "shop/a.yaml:3:1 0 ConfigMap/web/a\nshop/a.yaml:7:1 1 ConfigMap/web/b\n"
	  "shop/b.json:1:1 0 ConfigMap/web/c\nshop/sub/d.yml:1:1 0 ConfigMap/web/d\n",
	  ERR_NONE,
	  NULL },
	{ "links",
	  { { "shop/a.yaml", "-> ../common/x.txt" },
	    { "shop/sub", "-> ../common" },
	    { "common/x.txt", CM("a") },
	    { "common/y.yaml", CM("b") } },
	  "shop/a.yaml:1:1 0 ConfigMap/web/a\nshop/sub/y.yaml:1:1 0 ConfigMap/web/b\n",
	  ERR_NONE,
	  NULL },
	{ "link out of the repository",
	  { { "shop/a.yaml", "-> /etc/passwd" } },
	  "shop/a.yaml: symbolic link to \"/etc/passwd\", which is absolute and so leaves the "
	  "repository",
	  ERR_INPUT,
	  NULL },
	{ "left out",
	  { { "shop/.rhumbignore", "values.yaml\n/sub/*\n!/sub/keep.yaml\ntemplates/\n" },
	    { "shop/values.yaml", "a: 1" },
	    { "shop/sub/no.yaml", "a: 1" },
	    { "shop/sub/keep.yaml", CM("a") },
	    { "shop/x/templates/t.yaml", "{{ broken" },
	    { "shop/x/.rhumbignore", "z.yaml" },
	    { "shop/x/z.yaml", "a: 1" },
	    { "shop/z.yaml", CM("b") },
	    { "shop/chart/values.yaml", "a: 1" } },
	  "shop/sub/keep.yaml:1:1 0 ConfigMap/web/a\nshop/z.yaml:1:1 0 ConfigMap/web/b\n",
	  ERR_NONE,
	  NULL },
	{ "left out by the configuration",
	  { { "shop/values.yaml", "a: 1" },
	    { "shop/k/kustomization.yaml", "a: 1" },
	    { "shop/broken.yaml", "-> nothing" },
	    { "shop/a.yaml", CM("a") } },
	  "shop/a.yaml:1:1 0 ConfigMap/default/a\n",
	  ERR_NONE,
	  TOP "- {name: shop, path: shop, exclude: [values.yaml, /k/, '**/broken.yaml']}" },
	{ "the root: rhumb's own files are no manifests",
	  { { "rhumb.yaml", "a: 1" },
	    { "policies/p.yaml", "a: 1" },
	    { "rules.yaml", "a: 1" },
	    { ".github/workflows/w.yaml", "a: 1" },
	    { "a.yaml", CM("a") },
	    { "sub/rhumb.yaml", CM("b") } },
	  "a.yaml:1:1 0 ConfigMap/default/a\nsub/rhumb.yaml:1:1 0 ConfigMap/default/b\n",
	  ERR_NONE,
	  "policies: [policies, rules.yaml]\n" TOP "- {name: shop, path: .}" },
	{ "namespaces",
	  { { "shop/a.yaml",
	      "apiVersion: v1\nkind: Namespace\nmetadata: {name: nn}\n---\n"
	      "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: other}\n"
	      "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ''}\n"
	      "---\napiVersion: v1\nkind: Service\nmetadata: {name: p, namespace: }\n"
	      "---\napiVersion: x.io/v1\nkind: Foo\nmetadata: {name: f}\n" } },
	  "shop/a.yaml:1:1 0 Namespace/nn\nshop/a.yaml:9:1 2 Pod/web/p\n"
	  "shop/a.yaml:5:1 1 Secret/other/s\nshop/a.yaml:13:1 3 Service/web/p\n"
	  "shop/a.yaml:17:1 4 x.io/Foo/f\n",
	  ERR_NONE,
	  NULL },
	{ "a CRD tells the scope of its kind",
	  { { "shop/a.yaml",
	      "apiVersion: x.io/v1\nkind: Foo\nmetadata: {name: f}\n---\n"
	      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
	      "metadata: {name: foos.x.io}\nspec: {group: x.io, scope: Namespaced, names: "
	      "{kind: Foo, plural: foos}, versions: [{name: v1, served: true}]}\n" } },
	  "shop/a.yaml:5:1 1 apiextensions.k8s.io/CustomResourceDefinition/foos.x.io\n"
	  "shop/a.yaml:1:1 0 x.io/Foo/web/f\n",
	  ERR_NONE,
	  NULL },
	{ "an old version tells the scope too",
	  { { "shop/a.yaml",
	      "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: f}\n" } },
	  "shop/a.yaml:1:1 0 apps/Deployment/web/f\n",
	  ERR_NONE,
	  NULL },
	{ "Lists",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: List\nitems:\n- "
			     "apiVersion: v1\n  kind: Pod\n"
			     "  metadata: {name: a}\n- apiVersion: v1\n  kind: Pod\n  metadata: "
			     "{name: b}\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n"
			     "- metadata: {name: c}\n---\napiVersion: v1\nkind: List\n---\n"
			     "apiVersion: x.io/v1\nkind: AllowList\nmetadata: {name: d}\n" } },
	  "shop/a.yaml:14:3 1.0 ConfigMap/web/c\nshop/a.yaml:4:3 0.0 Pod/web/a\n"
	  "shop/a.yaml:7:3 0.1 Pod/web/b\nshop/a.yaml:19:1 3 x.io/AllowList/d\n",
	  ERR_NONE,
	  NULL },
	{ "aliases are not mixed up",
	  { { "shop/a.yaml",
	      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n"
	      "  metadata: &m {name: a}\n- apiVersion: v1\n  kind: Pod\n"
	      "  metadata: *m\n" } },
	  "shop/a.yaml:4:3 0.0 Namespace/a\nshop/a.yaml:7:3 0.1 Pod/web/a\n",
	  ERR_NONE,
	  NULL },
	{ "missing folder",
	  { { "x", "" } },
	  "f.yaml:4:3: application \"shop\": shop does not exist at this revision",
	  ERR_NOT_FOUND,
	  TOP "- {name: shop, path: shop}" },
	{ "a file instead of a folder",
	  { { "shop", "" } },
	  "application \"shop\": shop is a file, not a folder",
	  ERR_NOT_FOUND,
	  NULL },

	{ "values file",
	  { { "shop/x/values.yaml", "\na: 1\n" } },
	  "shop/x/values.yaml:2:1: not a Kubernetes object: it has no apiVersion and kind; if it "
	  "is "
	  "no manifest, leave it out with a line \"/x/values.yaml\" in shop/.rhumbignore",
	  ERR_INPUT,
	  NULL },
	{ "values file, with a configuration",
	  { { "values.yaml", "- 1\n" } },
	  "values.yaml:1:1: not a Kubernetes object: it is no mapping of keys to values; if it is "
	  "no "
	  "manifest, leave it out with a line \"/values.yaml\" in .rhumbignore, or under exclude: "
	  "of "
	  "application \"shop\" in f.yaml",
	  ERR_INPUT,
	  TOP "- {name: shop, path: .}" },
	{ "no kind",
	  { { "shop/a.yaml", "apiVersion: v1\n" } },
	  "shop/a.yaml:1:1: not a Kubernetes object: it has no kind; if it is no manifest, leave "
	  "it "
	  "out with a line \"/a.yaml\" in shop/.rhumbignore",
	  ERR_INPUT,
	  NULL },
	{ "Kustomize",
	  { { "shop/a.yaml", CM("a") }, { "shop/k/kustomization.yaml", "resources: []" } },
	  "shop/k/kustomization.yaml: this is a Kustomize folder, and only plain folders of "
	  "manifests "
	  "are supported for now; render it into files, or leave it out with a line \"/k/\" in "
	  "shop/.rhumbignore",
	  ERR_INPUT,
	  NULL },
	{ "Helm, at the top",
	  { { "shop/Chart.yaml", "name: x" } },
	  "shop/Chart.yaml: this is a Helm folder, and only plain folders of manifests are "
	  "supported "
	  "for now; render it into files, or leave it out with a line \"/Chart.yaml\" in "
	  "shop/.rhumbignore",
	  ERR_INPUT,
	  NULL },
	{ "bad YAML", { { "shop/a.yaml", "a: [\n" } }, NULL, ERR_INPUT, NULL },
	{ "no name",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {}\n" } },
	  "shop/a.yaml:4:3: metadata.name is missing",
	  ERR_INPUT,
	  NULL },
	{ "no metadata",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\n" } },
	  "shop/a.yaml:1:1: metadata.name is missing",
	  ERR_INPUT,
	  NULL },
	{ "metadata a text",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: x\n" } },
	  "shop/a.yaml:3:11: metadata has to be keys with values",
	  ERR_INPUT,
	  NULL },
	{ "generateName",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: x-\n" } },
	  "shop/a.yaml:4:17: generateName lets the server choose a name, so the object could not "
	  "be "
	  "found again: give it a metadata.name",
	  ERR_INPUT,
	  NULL },
	{ "generateName of hooks",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: x-\n"
			     "  annotations: {argocd.argoproj.io/hook: PostSync}\n"
			     "---\napiVersion: v1\nkind: Secret\nmetadata:\n  generateName: y-\n"
			     "  annotations: {helm.sh/hook: pre-install}\nstringData: {a: b}\n" } },
	  "shop/a.yaml:1:1 0 Pod/web/x-91d260792a\nshop/a.yaml:7:1 1 Secret/web/y-132dcf0540\n",
	  ERR_NONE,
	  NULL },
	{ "a generateName that is no text",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: 1\n"
			     "  annotations: {argocd.argoproj.io/hook: PostSync}\n" } },
	  "shop/a.yaml:4:17: metadata.generateName has to be a text, not of type integer: put it "
	  "in "
	  "quotes",
	  ERR_INPUT,
	  NULL },
	{ "a number as name",
	  { { "shop/a.yaml", CM("123") } },
	  "shop/a.yaml:3:18: metadata.name has to be a text, not of type integer: put it in quotes",
	  ERR_INPUT,
	  NULL },
	{ "a slash in the name",
	  { { "shop/a.yaml", CM("a/b") } },
	  "shop/a.yaml:3:18: metadata.name must not have \"/\", \"%\", \"..\" or control "
	  "characters "
	  "in it",
	  ERR_INPUT,
	  NULL },
	{ "dots as name",
	  { { "shop/a.yaml", CM("..") } },
	  "shop/a.yaml:3:18: metadata.name must not have \"/\", \"%\", \"..\" or control "
	  "characters "
	  "in it",
	  ERR_INPUT,
	  NULL },
	{ "empty name",
	  { { "shop/a.yaml", CM("''") } },
	  "shop/a.yaml:3:18: metadata.name has 0 bytes: it has to have 1 to 253",
	  ERR_INPUT,
	  NULL },
	{ "a namespace with capitals",
	  { { "shop/a.yaml", CM("a, namespace: Web") } },
	  "shop/a.yaml:3:32: metadata.namespace \"Web\" has to be lower-case letters, digits and "
	  "\"-\" "
	  "within, 63 at most",
	  ERR_INPUT,
	  NULL },
	{ "a namespace up",
	  { { "shop/a.yaml", CM("a, namespace: ../x") } },
	  "shop/a.yaml:3:32: metadata.namespace \"../x\" has to be lower-case letters, digits and "
	  "\"-\" within, 63 at most",
	  ERR_INPUT,
	  NULL },
	{ "three parts in apiVersion",
	  { { "shop/a.yaml", "apiVersion: a/b/c\nkind: Pod\nmetadata: {name: a}\n" } },
	  "shop/a.yaml:1:13: apiVersion \"a/b/c\" has to be of the form \"v1\" or \"group/v1\"",
	  ERR_INPUT,
	  NULL },
	{ "apiVersion without group",
	  { { "shop/a.yaml", "apiVersion: /v1\nkind: Pod\nmetadata: {name: a}\n" } },
	  "shop/a.yaml:1:13: apiVersion \"/v1\" has to be of the form \"v1\" or \"group/v1\"",
	  ERR_INPUT,
	  NULL },
	{ "apiVersion a number",
	  { { "shop/a.yaml", "apiVersion: 1\nkind: Pod\nmetadata: {name: a}\n" } },
	  "shop/a.yaml:1:13: apiVersion has to be a text, not of type integer: put it in quotes",
	  ERR_INPUT,
	  NULL },
	{ "kind in small letters",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: pod\nmetadata: {name: a}\n" } },
	  "shop/a.yaml:2:7: kind \"pod\" has to be a capital letter and letters or digits",
	  ERR_INPUT,
	  NULL },
	{ "a List within a List",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n"
			     "  items: []\n" } },
	  "shop/a.yaml:4:3: a List within a List: put its items into the outer one",
	  ERR_INPUT,
	  NULL },
	{ "items no list",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: List\nitems: {}\n" } },
	  "shop/a.yaml:3:8: items of a List has to be a list",
	  ERR_INPUT,
	  NULL },
	{ "an item no object",
	  { { "shop/a.yaml", "apiVersion: v1\nkind: List\nitems: [1]\n" } },
	  "shop/a.yaml:3:9: not a Kubernetes object: it is no mapping of keys to values; if it is "
	  "no "
	  "manifest, leave it out with a line \"/a.yaml\" in shop/.rhumbignore",
	  ERR_INPUT,
	  NULL },
	{ "a namespace on a cluster-scoped object",
	  { { "shop/a.yaml",
	      "apiVersion: v1\nkind: Namespace\nmetadata: {name: nn, namespace: m}\n" } },
	  "shop/a.yaml:3:33: Namespace is cluster-scoped: \"nn\" cannot be in a namespace; remove "
	  "metadata.namespace",
	  ERR_INPUT,
	  NULL },
	{ "twice",
	  { { "shop/a.yaml", CM("x") "---\n" CM("yy") }, { "shop/b.yaml", "#\n" CM("x") } },
	  "shop/b.yaml:2:1: ConfigMap web/x is declared twice; the first is at shop/a.yaml:1:1",
	  ERR_INPUT,
	  NULL },
	{ "twice, once with its namespace",
	  { { "shop/a.yaml", CM("x, namespace: web") "---\n" CM("x") } },
	  "shop/a.yaml:5:1: ConfigMap web/x is declared twice; the first is at shop/a.yaml:1:1",
	  ERR_INPUT,
	  NULL },
	{ "twice, in two versions",
	  { { "shop/a.yaml", "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n"
			     "metadata: {name: a}\n---\napiVersion: autoscaling/v2\n"
			     "kind: HorizontalPodAutoscaler\nmetadata: {name: a}\n" } },
	  "shop/a.yaml:5:1: HorizontalPodAutoscaler web/a is declared twice; the first is at "
	  "shop/a.yaml:1:1",
	  ERR_INPUT,
	  NULL },
	{ "by two applications",
	  { { "a/a.yaml", CM("x") }, { "b/b.yaml", CM("x") } },
	  "b/b.yaml:1:1: ConfigMap default/x is declared by application \"bb\" and by application "
	  "\"aa\" at a/a.yaml:1:1",
	  ERR_INPUT,
	  TOP "- {name: aa, path: a}\n- {name: bb, path: b}" },
	{ "broken .rhumbignore",
	  { { "shop/.rhumbignore", "-> nowhere" } },
	  "application \"shop\": shop/.rhumbignore goes through a symbolic link that does not "
	  "exist at "
	  "this revision",
	  ERR_INPUT,
	  NULL },
};

/* ---- running them */

struct bench {
	char *dir;
	struct repository *r;
	struct revision head;
	struct config config;
};

static void bench_done(struct bench *b)
{
	repository_free(b->r);
	config_done(&b->config);
	fixture_remove(&b->dir);
}

static struct bench commit_files(const struct file *files, const char *config)
{
	struct bench b = { .dir = fixture_dir() };
	struct err err = { 0 };
	for (; files->path; files++) {
		if (strncmp(files->text, "-> ", 3) == 0)
			fixture_link(b.dir, files->path, files->text + 3);
		else
			fixture_write(b.dir, files->path, files->text);
	}
	free(fixture_commit(b.dir, "x"));
	int rc = config ? config_parse(&b.config, config, strlen(config), "f.yaml", &err)
			: config_for_path(&b.config, "shop", "root", &err);
	if (rc < 0 || repository_open(&b.r, b.dir, &err) < 0 ||
	    repository_resolve(b.r, "HEAD", &b.head, &err) < 0)
		fail_msg("%s", err.msg);
	if (!config)
		b.config.applications[0].namespace = "web";
	return b;
}

static int read_all(const struct bench *b, struct declared_set *set, struct err *err)
{
	AUTO(kind_table_done) struct kind_table kinds = { 0 };
	kinds_add_builtin(&kinds);
	for (size_t i = 0; i < b->config.n_applications; i++)
		if (source_read(b->r, b->head.tree, &b->config.applications[i], false, set, err) <
		    0)
			return -1;
	return source_resolve(set, NULL, &kinds, err);
}

static void dump(struct buf *out, struct arena *a, const struct declared_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct declared *d = &set->items[i];
		const char *namespace =
			json_str(json_at(&d->object, "metadata", "namespace", NULL));
		assert_string_equal(namespace ? namespace : "", d->ref.namespace);
		assert_ptr_equal(declared_find(set, &d->ref), d);
		buf_printf(out, "%s:%u:%u %u", d->file, d->line, d->col, d->document);
		if (d->item >= 0)
			buf_printf(out, ".%d", d->item);
		buf_printf(out, " %s\n", object_ref_id(a, &d->ref));
	}
}

/* Each object again, from its blob. */
static void reload_all(const struct bench *b, struct arena *a, const struct declared_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct declared *d = &set->items[i];
		struct json again;
		struct err err = { 0 };
		if (source_reload(b->r, a, d->blob, d->document, d->item, d->ref.namespace, &again,
				  &err) < 0)
			fail_msg("%s", err.msg);
		assert_true(json_equal(&again, &d->object));
	}
}

static void source_case_run(void **state)
{
	const struct source_case *c = *state;
	AUTO(bench_done) struct bench b = commit_files(c->files, c->config);
	AUTO(declared_set_done) struct declared_set set = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	if (read_all(&b, &set, &err) == 0) {
		dump(&got, &a, &set);
		reload_all(&b, &a, &set);
	}
	AUTO(auto_free) char *message = err_text(&err);
	if (c->want)
		assert_string_equal(err.code ? message : buf_text(&got), c->want);
	assert_int_equal(err.code, c->code);
}

static void missing_is_empty(void **state)
{
	(void)state;
	static const struct file files[] = { { "x", "" }, { NULL, NULL } };
	AUTO(bench_done) struct bench b = commit_files(files, NULL);
	AUTO(declared_set_done) struct declared_set set = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct application app = { .name = "a", .path = "shop" };
	struct object_ref ref = { "", "v1", "Pod", "a", "b" };
	assert_int_equal(source_read(b.r, b.head.tree, &app, true, &set, &err), 0);
	assert_int_equal(set.n, 0);
	assert_null(declared_find(&set, &ref));
	/* A file is not a missing folder. */
	app.path = "x";
	assert_int_equal(source_read(b.r, b.head.tree, &app, true, &set, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

/* A second application that fails leaves the first one's objects alone. */
static void failure_leaves_the_set(void **state)
{
	(void)state;
	static const struct file files[] = { { "a/a.yaml", CM("a") },
					     { "b/a.yaml", CM("b") },
					     { "b/b.yaml", "x: 1" },
					     { NULL, NULL } };
	AUTO(bench_done) struct bench b = commit_files(files, NULL);
	AUTO(declared_set_done) struct declared_set set = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct application one = { .name = "a", .path = "a" }, two = { .name = "b", .path = "b" };
	assert_int_equal(source_read(b.r, b.head.tree, &one, false, &set, &err), 0);
	assert_int_equal(source_read(b.r, b.head.tree, &two, false, &set, &err), -1);
	assert_int_equal(set.n, 1);
	assert_string_equal(set.items[0].ref.name, "a");
}

static void submodules_are_noted(void **state)
{
	(void)state;
	AUTO(fixture_remove) char *dir = fixture_dir();
	AUTO(auto_free) char *lib = xfmt("%s/shop/lib", dir);
	fixture_write(dir, "shop/a.yaml", CM("a"));
	fixture_write(dir, "shop/lib/b.yaml", CM("b"));
	free(fixture_git(lib, "init", "-q", NULL));
	free(fixture_commit(lib, "lib"));
	free(fixture_commit(dir, "x"));
	AUTO(repository_free_p) struct repository *r = NULL;
	AUTO(err_done) struct err err = { 0 };
	struct revision head;
	assert_int_equal(repository_open(&r, dir, &err), 0);
	assert_int_equal(repository_resolve(r, "HEAD", &head, &err), 0);
	AUTO(declared_set_done) struct declared_set set = { 0 };
	struct application app = { .name = "a", .path = "shop" };
	assert_int_equal(source_read(r, head.tree, &app, false, &set, &err), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.n_notes, 1);
	assert_string_equal(set.notes[0], "shop/lib: submodule, not read");
}

/* ---- normalising */

struct normalise_case {
	const char *name, *object, *want; /* canonical, or the error */
	enum err_code code;
};

#define SECRET     "{\"apiVersion\":\"v1\",\"kind\":\"Secret\","
#define SECRET_OUT "{\"apiVersion\":\"v1\","
#define SECRET_END "\"kind\":\"Secret\",\"metadata\":{}}"

static const struct normalise_case normalise_cases[] = {
	{ "what the server writes",
	  "{\"kind\":\"A\",\"status\":{\"x\":1},\"metadata\":{\"uid\":\"1\",\"name\":\"a\","
	  "\"managedFields\":[],\"resourceVersion\":\"1\",\"generation\":3,\"creationTimestamp\":"
	  "null,"
	  "\"labels\":{\"uid\":\"stays\"}}}",
	  "{\"kind\":\"A\",\"metadata\":{\"labels\":{\"uid\":\"stays\"},\"name\":\"a\"}}",
	  ERR_NONE },
	{ "null timestamps within",
	  "{\"metadata\":{},\"spec\":{\"l\":[{\"metadata\":{\"creationTimestamp\":null,\"a\":1}}],"
	  "\"creationTimestamp\":null,\"t\":{\"metadata\":{\"creationTimestamp\":\"x\"}}}}",
	  "{\"metadata\":{},\"spec\":{\"creationTimestamp\":null,\"l\":[{\"metadata\":{\"a\":1}}],"
	  "\"t\":{\"metadata\":{\"creationTimestamp\":\"x\"}}}}",
	  ERR_NONE },
	{ "stringData", SECRET "\"stringData\":{\"a\":\"hunter2\"}}",
	  SECRET_OUT "\"data\":{\"a\":\"aHVudGVyMg==\"}," SECRET_END, ERR_NONE },
	{ "stringData over data",
	  SECRET "\"data\":{\"a\":\"AAAA\",\"b\":\"AAAA\"},\"stringData\":{\"a\":\"x\"}}",
	  SECRET_OUT "\"data\":{\"a\":\"eA==\",\"b\":\"AAAA\"}," SECRET_END, ERR_NONE },
	{ "base64 in lines", SECRET "\"data\":{\"a\":\"AA\\nAA\\n\"}}",
	  SECRET_OUT "\"data\":{\"a\":\"AAAA\"}," SECRET_END, ERR_NONE },
	{ "null values", SECRET "\"data\":{\"a\":null},\"stringData\":{\"b\":null}}",
	  SECRET_OUT "\"data\":{\"a\":\"\",\"b\":\"\"}," SECRET_END, ERR_NONE },
	{ "null maps", SECRET "\"data\":null,\"stringData\":null}", SECRET_OUT SECRET_END,
	  ERR_NONE },
	{ "empty map", SECRET "\"data\":{}}", SECRET_OUT "\"data\":{}," SECRET_END, ERR_NONE },
	{ "a Secret of another group",
	  "{\"apiVersion\":\"x.io/v1\",\"kind\":\"Secret\",\"stringData\":{\"a\":1}}",
	  "{\"apiVersion\":\"x.io/"
	  "v1\",\"kind\":\"Secret\",\"metadata\":{},\"stringData\":{\"a\":1}}",
	  ERR_NONE },
	{ "not base64", SECRET "\n\"data\":{\"a\":\"hunter2!\"}}",
	  "f:2:13: data.a of the Secret is not base64; a plain text goes under stringData",
	  ERR_INPUT },
	{ "a number in data", SECRET "\"data\":{\"a\":12345}}",
	  "f:1:48: data.a of the Secret has to be a text, not of type integer: put it in quotes",
	  ERR_INPUT },
	{ "a boolean in stringData", SECRET "\"stringData\":{\"a\":true}}",
	  "f:1:54: stringData.a of the Secret has to be a text, not of type boolean: put it in "
	  "quotes",
	  ERR_INPUT },
	{ "data a text", SECRET "\"data\":\"hunter2\"}",
	  "f:1:43: data of the Secret has to be keys with values", ERR_INPUT },
};

static void normalise_case_run(void **state)
{
	const struct normalise_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	struct json object = fixture_json(&a, c->object), before = json_copy(&a, &object);
	struct json given = object;
	source_normalise(&a, &object, "f", &err);
	assert_true(json_equal(&given, &before)); /* what is shared was not edited */
	json_write_canonical(&got, &object);
	AUTO(auto_free) char *message = err_text(&err);
	assert_string_equal(err.code ? message : buf_text(&got), c->want);
	assert_int_equal(err.code, c->code);
	if (err.code) {
		assert_null(strstr(message, "hunter2"));
		assert_null(strstr(message, "12345"));
	}
}

static void positions_stay(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct json object = fixture_json(
		&a, SECRET "\n\"stringData\":{\n\"a\":\"x\"},\n\"data\":{\"b\":\"\"}}");
	assert_int_equal(source_normalise(&a, &object, "f", &err), 0);
	const struct json *data = json_get(&object, "data");
	assert_int_equal(json_get(data, "a")->line, 3);
	assert_int_equal(json_get(data, "b")->line, 4);
	assert_int_equal(data->line, 4);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases) + ARRAY_LEN(normalise_cases) + 4];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[n++] = fixture_row(cases[i].name, source_case_run, &cases[i]);
	for (size_t i = 0; i < ARRAY_LEN(normalise_cases); i++)
		tests[n++] = fixture_row(normalise_cases[i].name, normalise_case_run,
					 &normalise_cases[i]);
	tests[n++] = fixture_row("missing is empty", missing_is_empty, NULL);
	tests[n++] = fixture_row("failure leaves the set", failure_leaves_the_set, NULL);
	tests[n++] = fixture_row("submodules are noted", submodules_are_noted, NULL);
	tests[n++] = fixture_row("positions stay", positions_stay, NULL);
	return _cmocka_run_group_tests("source", tests, n, NULL, NULL);
}
