/* SARIF 2.1.0 (OASIS, sarif-v2.1.0-os); see report.h.
 *
 * Columns count code points, which the run says (columnKind).  A fingerprint names the policy, the
 * object and the place in it, not the line and not the words, so that a finding stays the same one
 * while the file around it changes. */
#include <string.h>

#include "base/digest.h"
#include "base/json_write.h"
#include "policy/checks/checks.h"
#include "policy/report/report.h"

struct rule {
	const struct policy_verdict *first;
	const char *id;
	enum policy_result worst;
};

struct sarif {
	struct arena a;
	const struct plan *p;
	struct rule *rules; /* sorted by id */
	size_t n_rules;
};

static const char *const levels[] = {
	[POLICY_DENY] = "error",
	[POLICY_UNDECIDED] = "error",
	[POLICY_WARN] = "warning",
	[POLICY_AUDIT] = "note",
};
_Static_assert(ARRAY_LEN(levels) == POLICY_COUNT, "every result needs a level");

static void set_text(struct arena *a, struct json *v, const char *key, const char *text)
{
	json_set_str(a, json_edit(a, v, key), "text", text);
}

/* ---- rules */

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct rule *)a)->id, ((const struct rule *)b)->id);
}

static void find_rules(struct sarif *s)
{
	const struct plan *p = s->p;
	size_t n = 0;
	s->rules = arena_calloc(&s->a, p->n_verdicts, sizeof(*s->rules));
	for (size_t i = 0; i < p->n_verdicts; i++)
		s->rules[i] = (struct rule){ &p->verdicts[i], p->verdicts[i].policy,
					     p->verdicts[i].result };
	if (p->n_verdicts)
		qsort(s->rules, p->n_verdicts, sizeof(*s->rules), by_id);
	for (size_t i = 0; i < p->n_verdicts; i++) {
		if (n && strcmp(s->rules[n - 1].id, s->rules[i].id) == 0) {
			if (s->rules[i].worst < s->rules[n - 1].worst)
				s->rules[n - 1].worst = s->rules[i].worst;
			continue;
		}
		s->rules[n++] = s->rules[i];
	}
	s->n_rules = n;
}

static int64_t rule_index(const struct sarif *s, const char *id)
{
	struct rule key = { .id = id };
	const struct rule *found = bsearch(&key, s->rules, s->n_rules, sizeof(key), by_id);
	return found ? found - s->rules : -1;
}

static struct json rule_json(struct sarif *s, const struct rule *rule)
{
	static const char *const sources[] = {
		[POLICY_FROM_ADMISSION] = "ValidatingAdmissionPolicy",
		[POLICY_FROM_PLAN] = "PlanPolicy",
		[POLICY_FROM_CHECK] = "static check",
	};
	struct json v = json_of_object();
	const struct check_info *check =
		rule->first->source == POLICY_FROM_CHECK ? checks_find(rule->id) : NULL;
	json_set_str(&s->a, &v, "id", rule->id);
	set_text(&s->a, &v, "shortDescription",
		 check ? check->title
		       : arena_fmt(&s->a, "%s %s", sources[rule->first->source], rule->id));
	if (check) {
		set_text(&s->a, &v, "fullDescription", check->reason);
		set_text(&s->a, &v, "help", arena_fmt(&s->a, "docs/checks.md#%s", rule->id));
	}
	json_set_str(&s->a, json_edit(&s->a, &v, "defaultConfiguration"), "level",
		     levels[rule->worst]);
	return v;
}

/* ---- results */

/* A path as a relative URI: every byte that has a meaning there is escaped. */
static const char *uri_of(struct arena *a, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";
	AUTO(buf_done) struct buf uri = { 0 };
	for (; *path; path++) {
		if (strchr(plain, *path))
			buf_putc(&uri, *path);
		else
			buf_printf(&uri, "%%%02X", (unsigned char)*path);
	}
	return arena_strdup(a, buf_text(&uri));
}

static struct json location_json(struct sarif *s, const struct policy_verdict *v)
{
	struct json location = json_of_object();
	const char *file = v->file ? v->file : v->rule.file ? v->rule.file : "rhumb.yaml";
	unsigned line = v->file ? v->line : v->rule.line, col = v->file ? v->col : v->rule.col;
	struct json *physical = json_edit(&s->a, &location, "physicalLocation");
	struct json *artifact = json_edit(&s->a, physical, "artifactLocation");
	json_set_str(&s->a, artifact, "uri", uri_of(&s->a, file));
	json_set_str(&s->a, artifact, "uriBaseId", "%SRCROOT%");
	if (line) {
		struct json *region = json_edit(&s->a, physical, "region");
		json_set_int(&s->a, region, "startLine", line);
		if (col)
			json_set_int(&s->a, region, "startColumn", col);
	}
	struct json logical = json_of_array();
	json_set_str(&s->a, json_append(&s->a, &logical, json_of_object()), "fullyQualifiedName",
		     v->change ? v->change : "plan");
	json_set(&s->a, &location, "logicalLocations", logical);
	return location;
}

/* `ordinal`: of those that are the same in all that counts. */
static const char *fingerprint(struct sarif *s, const struct policy_verdict *v, unsigned ordinal)
{
	char digest[DIGEST_TEXT];
	struct json parts = json_of_array();
	const char *const texts[] = { policy_source_name(v->source), v->policy,
				      v->binding ? v->binding : "",  v->param ? v->param : "",
				      v->change ? v->change : "",    v->path ? v->path : "" };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_append(&s->a, &parts, json_of_string(&s->a, texts[i]));
	json_append(&s->a, &parts, json_of_int(&s->a, ordinal));
	digest_json(&parts, digest);
	return arena_strdup(&s->a, digest);
}

static bool same_subject(const struct policy_verdict *a, const struct policy_verdict *b)
{
	const char *const x[] = { a->policy, a->binding, a->param, a->change, a->path };
	const char *const y[] = { b->policy, b->binding, b->param, b->change, b->path };
	for (size_t i = 0; i < ARRAY_LEN(x); i++)
		if (strcmp(x[i] ? x[i] : "", y[i] ? y[i] : "") != 0)
			return false;
	return a->source == b->source;
}

/* Verdicts on one object stand together. */
static unsigned ordinal_of(const struct plan *p, size_t i)
{
	unsigned n = 0;
	for (size_t k = i; k-- > 0;) {
		const char *x = p->verdicts[k].change, *y = p->verdicts[i].change;
		if (strcmp(x ? x : "", y ? y : "") != 0)
			break;
		n += same_subject(&p->verdicts[k], &p->verdicts[i]);
	}
	return n;
}

static void suppress(struct sarif *s, struct json *result, const struct policy_verdict *v)
{
	struct json list = json_of_array();
	struct json *one = json_append(&s->a, &list, json_of_object());
	json_set_str(&s->a, one, "kind", "external");
	json_set_str(&s->a, one, "status", "accepted");
	if (v->pass == POLICY_PASS_WAIVED) {
		const struct plan_waiver *w = &s->p->waivers[v->waiver];
		json_set_str(&s->a, one, "justification",
			     arena_fmt(&s->a, "waived by %s until %s: %s", w->owner, w->expires,
				       w->reason));
	} else {
		json_set_str(&s->a, one, "justification",
			     v->pass == POLICY_PASS_EXISTING ? "stands at base already"
							     : "what is not known is let pass");
	}
	json_set(&s->a, result, "suppressions", list);
}

static struct json result_json(struct sarif *s, size_t i, const struct change *c)
{
	const struct policy_verdict *v = &s->p->verdicts[i];
	struct json result = json_of_object(), locations = json_of_array();
	json_set_str(&s->a, &result, "ruleId", v->policy);
	json_set_int(&s->a, &result, "ruleIndex", rule_index(s, v->policy));
	json_set_str(&s->a, &result, "level", levels[v->result]);
	set_text(&s->a, &result, "message", v->message);
	json_append(&s->a, &locations, location_json(s, v));
	json_set(&s->a, &result, "locations", locations);
	json_set_str(&s->a, json_edit(&s->a, &result, "partialFingerprints"), "rhumb/v1",
		     fingerprint(s, v, ordinal_of(s->p, i)));
	json_set_str(&s->a, &result, "baselineState", v->existing ? "unchanged" : "new");
	struct json *properties = json_edit(&s->a, &result, "properties");
	json_set_str(&s->a, properties, "result", policy_result_name(v->result));
	if (v->pass)
		json_set_str(&s->a, properties, "pass", policy_pass_name(v->pass));
	if (c)
		json_set_str(&s->a, properties, "action", action_name(c->action));
	if (v->path)
		json_set_str(&s->a, properties, "path", v->path);
	if (v->pass)
		suppress(s, &result, v);
	return result;
}

/* ---- the run */

static struct json invocations_json(struct sarif *s)
{
	struct json list = json_of_array();
	struct json *v = json_append(&s->a, &list, json_of_object());
	json_set(&s->a, v, "executionSuccessful", json_of_bool(true));
	if (s->p->n_verdicts <= SARIF_MAX_RESULTS)
		return list;
	struct json said = json_of_array();
	struct json *one = json_append(&s->a, &said, json_of_object());
	json_set_str(&s->a, one, "level", "warning");
	set_text(&s->a, one, "message",
		 arena_fmt(&s->a, "%zu results are left out: a run has at most %d",
			   s->p->n_verdicts - SARIF_MAX_RESULTS, SARIF_MAX_RESULTS));
	json_set(&s->a, v, "toolExecutionNotifications", said);
	return list;
}

static struct json run_json(struct sarif *s)
{
	struct json run = json_of_object(), rules = json_of_array(), results = json_of_array();
	struct verdict_walk walk = { s->p, 0 };
	find_rules(s);
	for (size_t i = 0; i < s->n_rules; i++)
		json_append(&s->a, &rules, rule_json(s, &s->rules[i]));
	for (size_t i = 0; i < s->p->n_verdicts && i < SARIF_MAX_RESULTS; i++)
		json_append(&s->a, &results, result_json(s, i, verdict_change(&walk, i)));
	struct json *driver = json_edit(&s->a, json_edit(&s->a, &run, "tool"), "driver");
	json_set_str(&s->a, driver, "name", "rhumb");
	json_set_str(&s->a, driver, "version", RHUMB_VERSION);
	json_set(&s->a, driver, "rules", rules);
	json_set_str(&s->a, &run, "columnKind", "unicodeCodePoints");
	json_set(&s->a, &run, "invocations", invocations_json(s));
	json_set(&s->a, &run, "results", results);
	json_set_str(
		&s->a, json_edit(&s->a, &run, "automationDetails"), "id",
		arena_fmt(&s->a, "rhumb/%s", s->p->cluster_name ? s->p->cluster_name : "none"));
	json_set_str(&s->a, json_edit(&s->a, &run, "properties"), "plan", s->p->digest);
	return run;
}

void report_sarif(struct buf *out, const struct plan *p)
{
	struct sarif s = { .p = p };
	struct json v = json_of_object(), runs = json_of_array();
	json_append(&s.a, &runs, run_json(&s));
	json_set_str(&s.a, &v, "$schema",
		     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/"
		     "sarif-schema-2.1.0.json");
	json_set_str(&s.a, &v, "version", "2.1.0");
	json_set(&s.a, &v, "runs", runs);
	json_write_indented(out, &v);
	buf_putc(out, '\n');
	arena_done(&s.a);
}
