/* See command.h. */
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_write.h"
#include "plan/report/text.h"
#include "policy/report/report.h"

void print_plan(struct plan *plan, const char *format, const char *file, bool whole_values)
{
	AUTO(buf_done) struct buf text = { 0 };
	struct report_options ro = {
		.color = color_on(STDOUT_FILENO),
		.width = width_of(STDOUT_FILENO),
		.plan_file = file,
		.whole_values = whole_values,
	};
	if (format && strcmp(format, "json") == 0) {
		AUTO(arena_done) struct arena a = { 0 };
		struct json v = plan_to_json(plan, &a);
		json_write_indented(&text, &v);
		buf_putc(&text, '\n');
	} else if (format && strcmp(format, "sarif") == 0) {
		report_sarif(&text, plan);
	} else if (format && strcmp(format, "junit") == 0) {
		report_junit(&text, plan);
	} else {
		report_plan_text(&text, plan, &ro);
	}
	fwrite(text.data, 1, text.len, stdout);
}
