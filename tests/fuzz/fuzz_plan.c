/* A plan file of any bytes is refused or comes back equal, and can be shown.  The digest that
 * guards a plan would keep a fuzzer out, so it is set right before the second reading. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/json_parse.h"
#include "base/json_write.h"
#include "plan/plan_json.h"
#include "plan/report/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_plan(struct plan *p)
{
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(plan_done) struct plan again = { 0 };
	AUTO(err_done) struct err err = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(buf_done) struct buf shown = { 0 };
	struct json v = plan_to_json(p, &a);
	json_write_canonical(&text, &v);
	if (plan_parse(&again, text.data, text.len, "again", &err) < 0)
		abort();
	report_plan_text(&shown, &again, &(struct report_options){ .color = true, .width = 60 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(plan_done) struct plan raw = { 0 };
	AUTO(plan_done) struct plan signed_plan = { 0 };
	AUTO(err_done) struct err raw_err = { 0 };
	AUTO(err_done) struct err json_err = { 0 };
	AUTO(err_done) struct err plan_err = { 0 };
	AUTO(arena_done) struct arena a = { 0 };
	AUTO(buf_done) struct buf text = { 0 };
	struct json v;
	if (plan_parse(&raw, (const char *)data, len, "raw", &raw_err) == 0)
		check_plan(&raw);
	if (json_parse(&a, (const char *)data, len, "json", NULL, &v, &json_err) < 0 ||
	    v.type != JSON_OBJECT)
		return 0;
	char digest[DIGEST_TEXT];
	plan_json_digest(&v, digest);
	json_set_str(&a, &v, "digest", digest);
	json_write_canonical(&text, &v);
	if (plan_parse(&signed_plan, text.data, text.len, "plan", &plan_err) == 0)
		check_plan(&signed_plan);
	return 0;
}
