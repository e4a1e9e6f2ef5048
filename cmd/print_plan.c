/* See command.h. */
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "plan/report/text.h"
#include "policy/report/report.h"

static struct report_options report_options(const char *file, bool whole_values)
{
	return (struct report_options){
		.color = color_on(STDOUT_FILENO),
		.width = width_of(STDOUT_FILENO),
		.plan_file = file,
		.whole_values = whole_values,
	};
}

static bool is_format(const char *format, const char *name)
{
	return format && strcmp(format, name) == 0;
}

void print_plan(struct plan *plan, const char *format, const char *file, bool whole_values)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct report_options ro = report_options(file, whole_values);
	if (is_format(format, "json")) {
		AUTO(arena_done) struct arena a = { 0 };
		struct json v = plan_to_json(plan, &a);
		json_write_indented(&text, &v);
		buf_putc(&text, '\n');
	} else if (is_format(format, "sarif")) {
		report_sarif(&text, plan);
	} else if (is_format(format, "junit")) {
		report_junit(&text, plan);
	} else {
		report_plan_text(&text, plan, &ro);
	}
	fwrite(text.data, 1, text.len, stdout);
}

/* Of the plan's JSON, what policies said. */
static void policy_json(struct buf *text, struct plan *plan)
{
	static const char *const keys[] = { "policy", "waivers", "summary", "digest", "time" };
	AUTO(arena_done) struct arena a = { 0 };
	struct json whole = plan_to_json(plan, &a), v = json_of_object();
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (json_get(&whole, keys[i]))
			json_set(&a, &v, keys[i], *json_get(&whole, keys[i]));
	json_write_indented(text, &v);
	buf_putc(text, '\n');
}

void print_policy(struct plan *plan, const char *format)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct report_options ro = report_options(NULL, false);
	if (is_format(format, "sarif") || is_format(format, "junit")) {
		print_plan(plan, format, NULL, false);
		return;
	}
	if (is_format(format, "json"))
		policy_json(&text, plan);
	else
		report_policy_text(&text, plan, &ro);
	fwrite(text.data, 1, text.len, stdout);
}
