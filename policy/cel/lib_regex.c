/* Regular expressions: matches, of the standard library, and Kubernetes' find and findAll. */
#include "policy/cel/lib.h"

static struct cel_value limit_reached(void)
{
	return cel_unknown("a regular expression needs more steps than are allowed");
}

static struct cel_value matches(struct cel_call *c)
{
	struct cel_value text = c->args[0], why;
	struct re2 *re = cel_re2_of(c, c->args[1], "", &why);
	if (!re)
		return why;
	enum regex_result found = re2_test(re, text.text, text.n);
	bool paid = cel_re2_pay(c, re);
	cel_re2_done(c, re);
	if (!paid)
		return cel_stop(c);
	return found == REGEX_LIMIT ? limit_reached() : cel_bool(found == REGEX_MATCH);
}

static struct cel_value find(struct cel_call *c)
{
	struct cel_value text = c->args[0], why;
	struct re2 *re = cel_re2_of(c, c->args[1], "Illegal regex: ", &why);
	size_t start = 0, end = 0;
	if (!re)
		return why;
	enum regex_result found = re2_find(re, text.text, text.n, 0, &start, &end);
	bool paid = cel_re2_pay(c, re);
	cel_re2_done(c, re);
	if (!paid)
		return cel_stop(c);
	if (found == REGEX_LIMIT)
		return limit_reached();
	return found == REGEX_MATCH ? cel_string(text.text + start, end - start) : cel_text("");
}

static size_t next_point(struct cel_value s, size_t at)
{
	at++;
	while (at < s.n && ((unsigned char)s.text[at] & 0xC0) == 0x80)
		at++;
	return at;
}

/* At most `most` matches; negative: all.  An empty match right behind another is none. */
static struct cel_value collect(struct cel_call *c, struct re2 *re, int64_t most)
{
	struct cel_value text = c->args[0];
	struct cel_vector matches_found = { 0 };
	size_t start, end, from = 0, last = SIZE_MAX;
	while ((most < 0 || matches_found.n < most) && from <= text.n) {
		enum regex_result found = re2_find(re, text.text, text.n, from, &start, &end);
		if (!cel_re2_pay(c, re))
			return cel_stop(c);
		if (found == REGEX_LIMIT)
			return limit_reached();
		if (found == REGEX_NO_MATCH)
			break;
		struct cel_value match = cel_string(text.text + start, end - start);
		if ((start != end || start != last) && !cel_push(c, &matches_found, match))
			return cel_stop(c);
		last = end;
		from = start != end ? end : next_point(text, end);
	}
	return cel_list(matches_found.items, matches_found.n);
}

static struct cel_value find_most(struct cel_call *c, int64_t most)
{
	struct cel_value why;
	struct re2 *re = cel_re2_of(c, c->args[1], "Illegal regex: ", &why);
	if (!re)
		return why;
	struct cel_value found = collect(c, re, most);
	cel_re2_done(c, re);
	return found;
}

static struct cel_value find_all(struct cel_call *c)
{
	return find_most(c, -1);
}

static struct cel_value find_all_n(struct cel_call *c)
{
	return find_most(c, c->args[2].i);
}

/* A literal pattern has to be one.  What is too large to be run here is found out when it runs. */
static bool is_pattern(struct cel_call *c, const struct cel_literal *args,
		       struct cel_complaint *where, struct cel_value *why)
{
	const struct cel_value *pattern = args[1].value;
	AUTO(buf_done) struct buf text = { 0 };
	AUTO(err_done) struct err err = { 0 };
	if (!pattern || pattern->kind != CEL_STRING ||
	    re2_translate(pattern->text, pattern->n, &text, &err) == 0 || err.code == ERR_LIMIT)
		return true;
	where->argument = 1;
	*why = cel_fail(c, "%s", err.msg);
	return false;
}

static bool is_matches_pattern(struct cel_call *c, const struct cel_literal *args,
			       struct cel_complaint *where, struct cel_value *why)
{
	if (is_pattern(c, args, where, why))
		return true;
	*why = cel_fail(c, "invalid matches argument");
	return false;
}

#define S "string"
static const struct cel_overload overloads[] = {
	{ "matches", "matches", "(" S ", " S ") -> bool", .call = matches,
	  .check = is_matches_pattern, .mismatch = CEL_SAY_ONLY },
	{ "matches", "matches_string", S ".(" S ") -> bool", .call = matches,
	  .cost = cel_cost_regex, .check = is_matches_pattern, .mismatch = CEL_SAY_ONLY },
	{ "find", "string_find_string", S ".(" S ") -> " S, .call = find, .cost = cel_cost_regex,
	  .check = is_pattern },
	{ "findAll", "string_find_all_string", S ".(" S ") -> list(" S ")", .call = find_all,
	  .cost = cel_cost_regex, .check = is_pattern },
	{ "findAll", "string_find_all_string_int", S ".(" S ", int) -> list(" S ")",
	  .call = find_all_n, .cost = cel_cost_regex, .check = is_pattern },
};
const struct cel_library cel_regex = { .name = "regex",
				       .overloads = overloads,
				       .n_overloads = ARRAY_LEN(overloads) };
