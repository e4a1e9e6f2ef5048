/* The checker: the types that it deduces, and what it refuses. */
#include "tests/lib/cel_fixture.h"

static const struct cel_row rows[] = {
	{ "1 + 2", "int", NULL },
	{ "object.a", "dyn", NULL },
	{ "object.a + 1", "int", NULL },
	{ "object.a == 1", "bool", NULL },
	{ "object.a && true", "bool", NULL },
	{ "[1, 2]", "list(int)", NULL },
	{ "[[], [1]]", "list(list(int))", NULL },
	{ "[]", "list(dyn)", NULL },
	{ "{'a': [1u]}", "map(string,list(uint))", NULL },
	{ "{'a': 1}.a", "int", NULL },
	{ "{'a': 1}['b']", "int", NULL },
	{ "object.list[0]", "dyn", NULL },
	{ "true ? 1 : dyn('a')", "dyn", NULL },
	{ "null", "null_type", NULL },
	{ "int", "type(int)", NULL },
	{ "type(1)", "type(int)", NULL },
	{ "google.protobuf.Duration", "type(duration)", NULL },
	{ "timestamp('2024-01-01T00:00:00Z') - duration('1s')", "timestamp", NULL },
	{ "timestamp('2024-01-01T00:00:00Z') - timestamp('2024-01-01T00:00:00Z')", "duration",
	  NULL },
	{ "[1, 2].map(x, string(x))", "list(string)", NULL },
	{ "[1, 2].filter(x, x > 1)", "list(int)", NULL },
	{ "object.map(x, x)", "list(dyn)", NULL },
	{ "{'a': 1}.map(k, k)", "list(string)", NULL },
	{ "{'a': 1}.transformMap(k, v, [v])", "map(string,list(int))", NULL },
	{ "['a'].transformMapEntry(i, v, {v: i})", "map(string,int)", NULL },
	{ "[1].transformList(i, v, {i: v})", "list(map(int,int))", NULL },
	{ "object.?a.b", "optional_type(dyn)", NULL },
	{ "object.?a.orValue('x')", "dyn", NULL },
	{ "optional.none()", "optional_type(dyn)", NULL },
	{ "[1].first().optMap(x, x > 0)", "optional_type(bool)", NULL },
	{ "[?optional.of('a')]", "list(string)", NULL },
	{ "optional.of([1])[0]", "optional_type(int)", NULL },
	{ "authorizer.path('/x').check('get').allowed()", "bool", NULL },
	{ "1 < 2.5", "bool", NULL },
	/* refused */
	{ "1 + 1.0", "check 1:3 found no matching overload for '_+_' applied to '(int, double)'",
	  NULL },
	{ "1 == 'a'", "check 1:3 found no matching overload for '_==_' applied to '(int, string)'",
	  NULL },
	{ "null == 1", "check 1:6 found no matching overload for '_==_' applied to '(null, int)'",
	  NULL },
	{ "true ? 1 : 'a'",
	  "check 1:6 found no matching overload for '_?_:_' applied to '(bool, int, string)'",
	  NULL },
	{ "true && 'x'", "check 1:9 expected type 'bool' but found 'string'", NULL },
	{ "[1, 'a']", "check 1:5 expected type 'int' but found 'string'", NULL },
	{ "[dyn(1), 'a']", "check 1:10 expected type 'dyn' but found 'string'", NULL },
	{ "{'a': 1, 'b': 'c'}", "check 1:15 expected type 'int' but found 'string'", NULL },
	{ "{'a': 1, 2: 3}", "check 1:10 expected type 'string' but found 'int'", NULL },
	{ "[?1]", "check 1:3 expected type 'optional_type(int)' but found 'int'", NULL },
	{ "'a'.b", "check 1:4 type 'string' does not support field selection", NULL },
	{ "startsWith('a', 'b')",
	  "check 1:11 found no matching overload for 'startsWith' applied to '(string, string)'",
	  NULL },
	{ "'a'.size(1)",
	  "check 1:9 found no matching overload for 'size' applied to 'string.(int)'", NULL },
	{ "nothing(1)", "check 1:8 undeclared reference to 'nothing' (in container '')", NULL },
	{ "object.nothing()", "check 1:15 undeclared reference to 'nothing' (in container '')",
	  NULL },
	{ "1.all(x, true)",
	  "check 1:1 expression of type 'int' cannot be range of a comprehension (must be list, "
	  "map, or dynamic)",
	  NULL },
	{ "[1].all(x, x)", "check 1:12 expected type 'bool' but found 'int'", NULL },
	{ "[1].filter(x, x)",
	  "check 1:11 found no matching overload for '_?_:_' applied to '(int, list(int), "
	  "list(int))'",
	  NULL },
	{ "1.optMap(x, x)",
	  "check 1:9 found no matching overload for 'hasValue' applied to 'int.()'", NULL },
	{ "nul || gone", "check 1:1 undeclared reference to 'nul' (in container '')", NULL },
	{ "Some.Thing{a: 1}", "check 1:11 undeclared reference to 'Some.Thing' (in container '')",
	  NULL },
	/* literals are tried */
	{ "duration('1 day')", "check 1:10 invalid duration argument", NULL },
	{ "timestamp('2023-02-29T00:00:00Z')", "check 1:11 invalid timestamp argument", NULL },
	{ "false && timestamp('x') == timestamp(0)", "check 1:20 invalid timestamp argument",
	  NULL },
	/* and conversions of constants are made when the program is built */
	{ "true || int('x') == 1", "program 1:12 type conversion error from 'string' to 'int'",
	  NULL },
	{ "{'a': 1}[null]",
	  "check 1:9 found no matching overload for '_[_]' applied to "
	  "'(map(string, int), null)'",
	  NULL },
	{ "{'a': 1}[dyn(null)]", "program 1:13 invalid qualifier type: types.Null", NULL },
};

static void run(void **state)
{
	const struct cel_row *r = *state;
	AUTO(auto_free) char *got = cel_fixture_type(r->expression);
	assert_string_equal(got, r->expected);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[i] = fixture_row(rows[i].expression, run, &rows[i]);
	return _cmocka_run_group_tests("cel check", tests, ARRAY_LEN(rows), NULL, NULL);
}
