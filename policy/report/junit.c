/* JUnit's XML, as CIs read it; see report.h.  A suite for each policy and check, a test case for
 * each verdict: what denies is a failure, what passes is skipped, a warning passes with its text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/report/report.h"

struct junit {
	struct buf *out;
	const struct plan *p;
	size_t *order; /* verdicts by policy, each in the order of the plan */
};

/* XML 1.0 has no control characters but tab and the ends of lines, and no U+FFFE and U+FFFF. */
static void put(struct buf *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool none = p[0] == 0xef && p[1] == 0xbf && (p[2] == 0xbe || p[2] == 0xbf);
		if (*p == '<')
			buf_puts(out, "&lt;");
		else if (*p == '>')
			buf_puts(out, "&gt;");
		else if (*p == '&')
			buf_puts(out, "&amp;");
		else if (*p == '"')
			buf_puts(out, "&quot;");
		else if (*p == '\n' || *p == '\t' || *p == '\r')
			buf_printf(out, "&#%u;", *p);
		else if (*p < 0x20 || none)
			buf_puts(out, "\xef\xbf\xbd");
		else
			buf_putc(out, (char)*p);
		p += none ? 2 : 0;
	}
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, " %s=\"", name);
	put(out, value);
	buf_putc(out, '"');
}

static bool fails(const struct policy_verdict *v)
{
	return verdict_denies(v);
}

struct counts {
	size_t tests, failures, skipped;
};

static void count(struct counts *c, const struct policy_verdict *v)
{
	c->tests++;
	c->failures += fails(v);
	c->skipped += v->pass != POLICY_PASS_NOT;
}

static void put_counts(struct buf *out, const struct counts *c)
{
	buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", c->tests,
		   c->failures, c->skipped);
}

static void put_case(struct junit *j, const struct policy_verdict *v)
{
	struct buf *out = j->out;
	const char *result = policy_result_name(v->result);
	buf_puts(out, "    <testcase");
	attribute(out, "name", v->change ? v->change : "plan");
	attribute(out, "classname", v->policy);
	if (v->file) {
		attribute(out, "file", v->file);
		buf_printf(out, " line=\"%u\"", v->line);
	}
	buf_puts(out, ">\n");
	if (v->pass) {
		buf_puts(out, "      <skipped");
		attribute(out, "message", policy_pass_name(v->pass));
		buf_puts(out, "/>\n");
	}
	if (fails(v)) {
		buf_puts(out, "      <failure");
		attribute(out, "type", result);
		attribute(out, "message", v->message);
		buf_puts(out, ">");
	} else {
		buf_printf(out, "      <system-out>%s: ", result);
	}
	put(out, v->message);
	if (v->file) {
		buf_puts(out, " (");
		put(out, v->file);
		buf_printf(out, ":%u:%u)", v->line, v->col);
	}
	buf_puts(out, fails(v) ? "</failure>\n" : "</system-out>\n");
	buf_puts(out, "    </testcase>\n");
}

static int by_policy(const void *a, const void *b, void *plan)
{
	const struct plan *p = plan;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int d = strcmp(p->verdicts[x].policy, p->verdicts[y].policy);
	return d ? d : (x > y) - (x < y);
}

static void put_suite(struct junit *j, size_t from, size_t to)
{
	const struct policy_verdict *all = j->p->verdicts;
	struct counts c = { 0 };
	for (size_t i = from; i < to; i++)
		count(&c, &all[j->order[i]]);
	buf_puts(j->out, "  <testsuite");
	attribute(j->out, "name", all[j->order[from]].policy);
	put_counts(j->out, &c);
	for (size_t i = from; i < to; i++)
		put_case(j, &all[j->order[i]]);
	buf_puts(j->out, "  </testsuite>\n");
}

void report_junit(struct buf *out, const struct plan *p)
{
	AUTO(auto_free) size_t *order = xcalloc(p->n_verdicts, sizeof(*order));
	struct junit j = { out, p, order };
	struct counts all = { 0 };
	for (size_t i = 0; i < p->n_verdicts; i++) {
		order[i] = i;
		count(&all, &p->verdicts[i]);
	}
	if (p->n_verdicts)
		qsort_r(order, p->n_verdicts, sizeof(*order), by_policy, (void *)(uintptr_t)p);
	all.tests += !p->n_verdicts;
	buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rhumb\"");
	put_counts(out, &all);
	for (size_t i = 0, k; i < p->n_verdicts; i = k) {
		for (k = i + 1; k < p->n_verdicts && strcmp(p->verdicts[order[i]].policy,
							    p->verdicts[order[k]].policy) == 0;)
			k++;
		put_suite(&j, i, k);
	}
	/* A report without a test is an error to most that read it. */
	if (!p->n_verdicts)
		buf_puts(out,
			 "  <testsuite name=\"policy\" tests=\"1\" failures=\"0\" errors=\"0\" "
			 "skipped=\"0\">\n"
			 "    <testcase name=\"plan\" classname=\"policy\"/>\n"
			 "  </testsuite>\n");
	buf_puts(out, "</testsuites>\n");
}
