/* plan/merge/schema: built-in kinds, CRDs, what is wrong with an object; a row a test. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "plan/merge/fieldset.h"
#include "plan/merge/schema.h"

/* ---- how things merge */

struct node_case {
	const char *name, *group, *version, *kind, *path; /* members and "*" for items, by "/" */
	const char *want; /* "scalar", "atomic map", "map", "atomic list", "set", "list by a,b" */
};

static const struct node_case nodes[] = {
	{ "a scalar", "apps", "v1", "Deployment", "spec/replicas", "scalar" },
	{ "a struct", "apps", "v1", "Deployment", "spec", "map" },
	{ "a label selector", "apps", "v1", "Deployment", "spec/selector", "atomic map" },
	{ "containers", "apps", "v1", "Deployment", "spec/template/spec/containers",
	  "list by name" },
	{ "ports", "apps", "v1", "Deployment", "spec/template/spec/containers/*/ports",
	  "list by containerPort,protocol" },
	{ "tolerations", "", "v1", "Pod", "spec/tolerations", "atomic list" },
	{ "finalizers", "", "v1", "Pod", "metadata/finalizers", "set" },
	{ "owner references", "", "v1", "Pod", "metadata/ownerReferences", "list by uid" },
	{ "a node selector", "", "v1", "Pod", "spec/nodeSelector", "atomic map" },
	{ "an object reference that is granular", "", "v1", "PersistentVolume", "spec/claimRef",
	  "map" },
	{ "rules", "rbac.authorization.k8s.io", "v1", "Role", "rules", "atomic list" },
	{ "CRD versions", "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "spec/versions",
	  "atomic list" },
	{ "an annotation", "", "v1", "ConfigMap", "metadata/annotations/x", "scalar" },
	{ "conditions", "apps", "v1", "Deployment", "status/conditions", "list by type" },
};

static const struct schema_node *descend(const struct schema_node *node, const char *path)
{
	AUTO(auto_free) char *copy = xstrdup(path);
	char *rest = copy;
	for (char *part; (part = strsep(&rest, "/"));) {
		assert_non_null(node);
		node = strcmp(part, "*") == 0 ? schema_items(node) : schema_member(node, part);
	}
	assert_non_null(node);
	return node;
}

static const char *describe(struct arena *a, const struct schema_node *node)
{
	if (node->accepts == SCHEMA_SCALAR)
		return "scalar";
	if (node->accepts == SCHEMA_MAP)
		return schema_map_atomic(node) ? "atomic map" : "map";
	if (node->list == LIST_SET)
		return "set";
	if (node->list == LIST_ATOMIC)
		return "atomic list";
	const char *keys = node->keys[0];
	for (unsigned i = 1; i < node->n_keys; i++)
		keys = arena_fmt(a, "%s,%s", keys, node->keys[i]);
	return arena_fmt(a, "list by %s", keys);
}

static void node_run(void **state)
{
	const struct node_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	const struct schema_node *root = schema_root(NULL, c->group, c->version, c->kind);
	assert_non_null(root);
	assert_string_equal(describe(&a, descend(root, c->path)), c->want);
}

/* ---- what is wrong */

#define CRD                                                                                        \
	"{\"spec\":{\"group\":\"example.com\",\"names\":{\"kind\":\"Widget\"},\"versions\":[{"     \
	"\"name\":\"v1\",\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{"    \
	"\"spec\":{\"type\":\"object\",\"required\":[\"size\",\"items\"],\"properties\":{"         \
	"\"size\":{\"type\":\"integer\"},\"port\":{\"x-kubernetes-int-or-string\":true},"          \
	"\"items\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\","                        \
	"\"x-kubernetes-list-map-keys\":[\"id\",\"kind\"],\"items\":{\"type\":\"object\","         \
	"\"required\":[\"id\"],\"properties\":{\"id\":{\"type\":\"string\"},\"kind\":{\"type\":"   \
	"\"string\",\"default\":\"x\"},\"n\":{\"type\":\"number\"}}}},"                            \
	"\"tags\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\",\"items\":{\"type\":"     \
	"\"string\"}},"                                                                            \
	"\"any\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,"              \
	"\"properties\":{\"known\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"          \
	"\"string\"}}}}},"                                                                         \
	"\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"         \
	"\"atom\":{\"type\":\"object\",\"x-kubernetes-map-type\":\"atomic\",\"properties\":"       \
	"{\"a\":{\"type\":\"string\"}}}}}}}}}]}}"

struct check_case {
	const char *name, *api_version, *kind, *object;
	const char *want; /* "path: message (similar)" lines; after "|" what is missing */
};

static const struct check_case checks[] = {
	{ "all is well", "apps/v1", "Deployment",
	  "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"replicas\":1,\"template\":{\"spec\":"
	  "{\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":80}]}]}}}}",
	  "" },
	{ "an unknown field", "apps/v1", "Deployment", "{\"spec\":{\"replica\":1}}",
	  "/spec/replica: field not declared in schema (replicas)\n" },
	{ "case matters", "apps/v1", "Deployment",
	  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"c\",\"imagepullpolicy\":"
	  "\"x\"}]}}}}",
	  "/spec/template/spec/containers[name=\"c\"]/imagepullpolicy: field not declared in "
	  "schema "
	  "(imagePullPolicy)\n" },
	{ "nothing similar", "v1", "ConfigMap", "{\"frobnicate\":1}",
	  "/frobnicate: field not declared in schema\n" },
	{ "several", "v1", "ConfigMap", "{\"dat\":{},\"metadata\":{\"nam\":\"x\"}}",
	  "/dat: field not declared in schema (data)\n"
	  "/metadata/nam: field not declared in schema (name)\n" },
	{ "a number for a string", "v1", "ConfigMap", "{\"data\":{\"a\":80}}",
	  "/data/a: expected string, got &value.valueUnstructured{Value:80}\n" },
	{ "a string for a number", "apps/v1", "Deployment", "{\"spec\":{\"replicas\":\"x\"}}",
	  "/spec/replicas: expected numeric (int or float), got string\n" },
	{ "a string for a boolean", "apps/v1", "Deployment", "{\"spec\":{\"paused\":\"x\"}}",
	  "/spec/paused: expected boolean, got &{x}\n" },
	{ "a list for a map", "v1", "ConfigMap", "{\"data\":[1,\"a\"]}",
	  "/data: expected map, got &{[1 a]}\n" },
	{ "a map for a list", "v1", "Pod", "{\"spec\":{\"containers\":{\"a\":null}}}",
	  "/spec/containers: expected list, got &{map[a:<nil>]}\n" },
	{ "null in a set", "v1", "Pod", "{\"metadata\":{\"finalizers\":[\"a\",null]}}",
	  "/metadata/finalizers: element 1: associative list without keys has an element that's an "
	  "explicit null\n" },
	{ "items that are no maps", "v1", "Pod", "{\"spec\":{\"containers\":[1]}}",
	  "/spec/containers: element 0: associative list with keys may not have non-map "
	  "elements\n" },
	{ "an item twice", "v1", "Pod",
	  "{\"spec\":{\"containers\":[{\"name\":\"x\"},{\"name\":\"x\"}]}}",
	  "/spec/containers: duplicate entries for key [name=\"x\"]\n" },
	{ "below an atomic list", "rbac.authorization.k8s.io/v1", "Role",
	  "{\"rules\":[{},{\"verb\":[]}]}",
	  "/rules[1]/verb: field not declared in schema (verbs)\n" },
	{ "int or string", "v1", "Service",
	  "{\"spec\":{\"ports\":[{\"port\":1,\"targetPort\":\"x\"},{\"port\":2,\"targetPort\":2}]}"
	  "}",
	  "" },
	{ "quantity", "v1", "Pod",
	  "{\"spec\":{\"containers\":[{\"name\":\"x\",\"resources\":{\"limits\":{\"cpu\":1.5}}}]}}",
	  "" },
	{ "null anywhere", "v1", "ConfigMap", "{\"data\":null,\"metadata\":{\"labels\":null}}",
	  "" },
	{ "a kind that nobody knows", "x/v1", "Y", "{\"a\":{\"b\":1}}", "" },
	{ "CRD: well", "example.com/v1", "Widget",
	  "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"size\":1,\"port\":\"x\",\"items\":[{\"id\":"
	  "\"a\"},{\"id\":\"a\",\"kind\":\"y\"}],\"labels\":{\"a\":\"b\"},\"any\":{\"x\":{\"y\":1},"
	  "\"known\":{\"b\":1}}}}",
	  "" },
	{ "CRD: unknown", "example.com/v1", "Widget",
	  "{\"spec\":{\"sise\":1,\"size\":1,\"items\":[]},\"statu\":{}}",
	  "/spec/sise: field not declared in schema (size)\n"
	  "/statu: field not declared in schema\n" },
	{ "CRD: types", "example.com/v1", "Widget",
	  "{\"spec\":{\"size\":\"1\",\"items\":[],\"labels\":{\"a\":1},\"metadata\":1}}",
	  "/spec/size: expected numeric (int or float), got string\n"
	  "/spec/labels/a: expected string, got &value.valueUnstructured{Value:1}\n"
	  "/spec/metadata: field not declared in schema\n" },
	{ "CRD: missing", "example.com/v1", "Widget", "{\"spec\":{\"items\":[{\"kind\":\"x\"}]}}",
	  "|/spec/size: Required value\n/spec/items[kind=\"x\"]/id: Required value\n" },
	{ "CRD: defaulted keys twice", "example.com/v1", "Widget",
	  "{\"spec\":{\"size\":1,\"items\":[{\"id\":\"a\"},{\"id\":\"a\",\"kind\":\"x\"}]}}",
	  "/spec/items: duplicate entries for key [id=\"a\",kind=\"x\"]\n" },
};

static void write_problems(struct arena *a, const struct schema_problems *problems, struct buf *b)
{
	for (size_t i = 0; i < problems->n; i++) {
		const struct schema_problem *p = &problems->items[i];
		buf_printf(b, "%s: %s", field_path_text(a, &p->path), p->message);
		if (p->similar)
			buf_printf(b, " (%s)", p->similar);
		buf_putc(b, '\n');
	}
}

static void check_run(void **state)
{
	const struct check_case *c = *state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(schema_set_done) struct schema_set set = { 0 };
	struct json crd = fixture_json(&a, CRD);
	schema_add_crd(&set, &crd);
	schema_add_crd(&set, &crd);
	assert_int_equal(set.n, 1);
	struct json object = fixture_json(&a, c->object);
	json_set_str(&a, &object, "apiVersion", c->api_version);
	json_set_str(&a, &object, "kind", c->kind);
	struct schema_problems wrong = { 0 }, missing = { 0 };
	AUTO(buf_done) struct buf got = { 0 };
	schema_check(&a, schema_of(&set, &object), &object, &wrong);
	write_problems(&a, &wrong, &got);
	if (strncmp(c->api_version, "example", 7) == 0)
		schema_missing(&a, schema_of(&set, &object), &object, &missing);
	if (missing.n)
		buf_putc(&got, '|');
	write_problems(&a, &missing, &got);
	assert_string_equal(buf_text(&got), c->want);
}

/* A CRD's atomic map, set and keyed list own as such. */
static void crd_ownership(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(schema_set_done) struct schema_set set = { 0 };
	struct json crd = fixture_json(&a, CRD);
	schema_add_crd(&set, &crd);
	struct json object = fixture_json(
		&a, "{\"spec\":{\"atom\":{\"a\":\"b\"},\"tags\":[\"t\"],\"items\":[{\"id\":\"a\"}],"
		    "\"any\":{\"x\":{\"y\":1},\"known\":{\"a\":\"b\"}}}}");
	struct field_set s =
		field_set_of(&a, schema_root(&set, "example.com", "v1", "Widget"), &object);
	struct json got = field_set_json(&a, &s);
	struct json want = fixture_json(
		&a,
		"{\"f:spec\":{\"f:any\":{\"f:x\":{\".\":{},\"f:y\":{}},\"f:known\":{\"f:a\":{}}},"
		"\"f:atom\":{},\"f:tags\":{\"v:\\\"t\\\"\":{}},\"f:items\":"
		"{\"k:{\\\"id\\\":\\\"a\\\",\\\"kind\\\":\\\"x\\\"}\":{\".\":{},\"f:id\":{}}}}}");
	assert_true(json_equal(&got, &want));
}

/* Time and memory stay in proportion for a list that was made to be slow. */
static void many_items(void **state)
{
	(void)state;
	AUTO(arena_done) struct arena a = { 0 };
	struct json list = json_of_array();
	for (int i = 0; i < 100000; i++) {
		struct json item = json_of_object();
		json_set(&a, &item, "name", json_of_fmt(&a, "n%d", (i * 7919) % 100003));
		json_append(&a, &list, item);
	}
	struct json object = json_of_object();
	json_set(&a, json_edit(&a, &object, "spec"), "containers", list);
	const struct schema_node *root = schema_root(NULL, "", "v1", "Pod");
	struct schema_problems problems = { 0 };
	schema_check(&a, root, &object, &problems);
	assert_int_equal(problems.n, 0);
	struct field_set s = field_set_of(&a, root, &object);
	assert_int_equal(field_set_size(&s), 200000);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(nodes) + ARRAY_LEN(checks) + 2];
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		tests[n++] = fixture_row(nodes[i].name, node_run, &nodes[i]);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		tests[n++] = fixture_row(checks[i].name, check_run, &checks[i]);
	tests[n++] = fixture_row("ownership in a CRD", crd_ownership, NULL);
	tests[n++] = fixture_row("many items", many_items, NULL);
	return _cmocka_run_group_tests("schema", tests, n, NULL, NULL);
}
