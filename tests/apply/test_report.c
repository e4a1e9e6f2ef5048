/* The text report of an apply: everything that is not plain, and nothing else. */
#include "tests/lib/fixture.h"

#include <string.h>

#include "apply/report.h"

#define HEAD                                                                                       \
	"{\"apiVersion\":\"rhumb.dev/v1\",\"kind\":\"Result\",\"plan\":\"sha256:"                  \
	"0123456789012345678901234567890123456789012345678901234567890123\",\"cluster\":{"         \
	"\"name\":\"prod\",\"uid\":\"u\"},\"started\":\"2026-01-02T03:04:05Z\",\"seconds\":3.5,"
#define OBJECT(id, action, outcome, more)                                                          \
	"{\"id\":\"" id "\",\"action\":\"" action "\",\"outcome\":\"" outcome                      \
	"\",\"seconds\":1.25" more "}"
#define PLAIN    OBJECT("ConfigMap/shop/plain", "create", "applied", ",\"verified\":true")
#define SAME     OBJECT("apps/Deployment/shop/same", "update", "unchanged", "")
#define OPEN(id) OBJECT(id, "create", "not-tried", "")

struct report_case {
	const char *name, *result, *said, *file, *want;
};

static const struct report_case cases[] = {
	{ "all applied",
	  HEAD "\"outcome\":\"applied\",\"objects\":[" PLAIN "," SAME
	       "],\"problems\":[],\"next\":\"Nothing is left to do.\"}",
	  NULL, "r.json",
	  "applied: 1 applied, 1 unchanged   3.50 s\n"
	  "Result in r.json\n"
	  "Nothing is left to do.\n" },
	{ "nothing to do",
	  HEAD "\"outcome\":\"applied\",\"objects\":[" SAME "],\"problems\":[],\"next\":\"\"}",
	  NULL, NULL,
	  "nothing to do: the cluster is as planned\n"
	  "applied: 1 unchanged   3.50 s\n" },
	{ "an empty plan",
	  HEAD "\"outcome\":\"applied\",\"objects\":[],\"problems\":[],\"next\":\"\"}", NULL, NULL,
	  "nothing to do: the cluster is as planned\n"
	  "applied   3.50 s\n" },
	{ "failed, with what was not tried before it",
	  HEAD "\"outcome\":\"failed\",\"objects\":[" PLAIN "," OBJECT(
		  "apps/Deployment/shop/web", "update", "failed",
		  ",\"message\":\"admission said\\nno\\u001b[2J\",\"file\":\"app/"
		  "web.yaml\",\"line\":21") "," OPEN("ConfigMap/shop/b") "," OPEN("Namespace/"
										  "shop") "],"
											  "\"pro"
											  "blems"
											  "\":["
											  "\"the"
											  " pare"
											  "nt "
											  "is "
											  "gone"
											  "\"],"
											  "\"nex"
											  "t\":"
											  "\"Try"
											  " agai"
											  "n."
											  "\"}",
	  NULL, NULL,
	  "not tried   create   ConfigMap shop/b\n"
	  "not tried   create   Namespace shop\n"
	  "failed      update   Deployment shop/web                           1.25 s   "
	  "app/web.yaml:21\n"
	  "            admission said\n"
	  "            no\\x1b[2J\n"
	  "problem     the parent is gone\n"
	  "failed: 1 applied, 1 failed, 2 not tried   3.50 s\n"
	  "Try again.\n" },
	{ "refused whole, told elsewhere",
	  HEAD "\"outcome\":\"refused\",\"objects\":[" OPEN("ConfigMap/shop/a") "," OPEN(
		  "ConfigMap/shop/b") "],\"problems\":[\"no\"],\"next\":\"\"}",
	  "no", NULL,
	  "not tried   all 2 changes\n"
	  "refused: 2 not tried   3.50 s\n" },
	{ "unexpected, stale, rolled back",
	  HEAD "\"outcome\":\"stale\",\"objects\":[" OBJECT(
		  "ConfigMap/shop/a", "create", "applied",
		  ",\"verified\":false,\"message\":\"a webhook\"") "," OBJECT("batch/Job/shop/j",
									      "delete", "stale",
									      "") "," OBJECT("Secre"
											     "t/"
											     "shop/"
											     "s",
											     "updat"
											     "e",
											     "rolle"
											     "d-"
											     "back",
											     ",\"fi"
											     "le\":"
											     "\"s."
											     "yaml"
											     "\"") "],\"problems\":[],\"next\":\"\"}",
	  NULL, NULL,
	  "unexpected  create   ConfigMap shop/a                              1.25 s\n"
	  "            a webhook\n"
	  "stale       delete   Job shop/j                                    1.25 s\n"
	  "rolled back update   Secret shop/s                                 1.25 s   s.yaml\n"
	  "stale: 1 applied, 1 stale, 1 rolled back   3.50 s\n" },
};

static void report(void **state)
{
	const struct report_case *c = *state;
	AUTO(err_done) struct err err = { 0 };
	AUTO(result_done) struct apply_result r = { 0 };
	AUTO(buf_done) struct buf out = { 0 };
	if (result_parse(&r, c->result, strlen(c->result), c->name, &err) < 0)
		fail_msg("%s", err.msg);
	result_report(&out, &r,
		      &(struct result_report_options){ .file = c->file, .said = c->said });
	assert_string_equal(buf_text(&out), c->want);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(cases)];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		tests[i] = fixture_row(cases[i].name, report, &cases[i]);
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
