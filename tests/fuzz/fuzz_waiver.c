/* Any text as a file of waivers: an error with a message, or waivers that have all that is needed;
 * asking whom they cover ends. */
#include <stdint.h>
#include <stdlib.h>

#include "base/yaml.h"
#include "policy/waiver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct reading {
	struct arena arena;
	struct waivers waivers;
};

static int on_document(void *ctx, const struct json *document, unsigned index, struct err *err)
{
	struct reading *r = ctx;
	(void)index;
	return waivers_add(&r->waivers, &r->arena, document, "w.yaml", 1780000000, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena_done) struct arena scratch = { 0 };
	AUTO(err_done) struct err err = { 0 };
	struct reading r = { 0 };
	int rc = yaml_parse(&scratch, (const char *)data, len, "w.yaml", NULL, on_document, &r,
			    &err);
	if ((rc < 0) != (err.msg != NULL))
		abort();
	for (size_t i = 0; i < r.waivers.n; i++) {
		const struct plan_waiver *w = &r.waivers.items[i];
		if (!*w->policy || !*w->object || !*w->reason || !*w->owner || !*w->expires ||
		    !w->at.line)
			abort();
		waiver_covers(w, "good-practice-probes", "apps/Deployment/shop/web");
	}
	waivers_done(&r.waivers);
	arena_done(&r.arena);
	return 0;
}
