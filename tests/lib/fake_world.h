/* A fake cluster with a plan for it, and an apply of that: what tests of apply/ share. */
#ifndef TESTS_LIB_FAKE_WORLD_H
#define TESTS_LIB_FAKE_WORLD_H

#include "apply/apply.h"
#include "tests/lib/fake_cluster.h"
#include "tests/lib/fake_plan.h"
#include "tests/lib/fixture.h"

#define CONFIG(ns, name, value)                                                                    \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"namespace\":\"" ns          \
	"\",\"name\":\"" name "\"},\"data\":{\"k\":\"" value "\"}}"
#define NAMESPACE(name)                                                                            \
	"{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" name "\"}}"
#define ACCOUNT(ns, name)                                                                          \
	"{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"namespace\":\"" ns     \
	"\",\"name\":\"" name "\"}}"
#define CRD                                                                                        \
	"{\"apiVersion\":\"apiextensions.k8s.io/v1\",\"kind\":\"CustomResourceDefinition\","       \
	"\"metadata\":{\"name\":\"boats.sea.io\"},\"spec\":{\"group\":\"sea.io\",\"names\":{"      \
	"\"kind\":\"Boat\",\"plural\":\"boats\"},\"scope\":\"Namespaced\",\"versions\":[{"         \
	"\"name\":\"v1\",\"served\":true,\"storage\":true}]}}"
#define BOAT                                                                                       \
	"{\"apiVersion\":\"sea.io/v1\",\"kind\":\"Boat\",\"metadata\":{\"namespace\":\"shop\","    \
	"\"name\":\"ark\"},\"spec\":{\"length\":300}}"

struct world {
	struct fake_cluster f;
	struct plan p; /* one application "shop" with its parent in namespace shop */
	struct apply_options options;
	struct repository *repo; /* the test's; NULL */
	struct apply_result result;
	struct err err;
};

void world_init(struct world *w);
void world_done(struct world *w);
void world_replan(struct world *w); /* an empty plan */
struct change *world_plan(struct world *w, enum action action, const char *object);
void world_planned(struct world *w); /* after the last: from now on it is FAKE_NOW */

int world_apply(struct world *w);
void world_apply_ok(struct world *w);
/* It fails with this code (ERR_NONE: any), and its message has this part. */
void world_apply_fails(struct world *w, enum err_code code, const char *part);

const struct object_result *world_result(const struct world *w, const char *id);
void world_expect(const struct world *w, const char *id, enum outcome want);

#endif
