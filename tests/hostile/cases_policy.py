"""Hostile policies and expressions: they end within their limits, and what ends in an error denies."""

from suite import CONFIG_MAP, case

CONFIG = """apiVersion: rhumb.dev/v1
kind: Config
applications:
- {name: a, path: manifests}
policies: [policies]
"""

POLICY = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: hostile}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"]}
  validations:
"""

BINDING = """---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: hostile}
spec: {policyName: hostile, validationActions: [Deny]}
"""


def quoted(expression):
    return "'" + expression.replace("'", "''") + "'"


def plan(h, *expressions, manifest=CONFIG_MAP, **expected):
    """A plan that one policy of these expressions judges."""
    policy = POLICY + "".join(f"  - expression: {quoted(e)}\n" for e in expressions) + BINDING
    h.repository({"rhumb.yaml": CONFIG, "policies/p.yaml": policy, "manifests/a.yaml": manifest})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "none", "--config-from", "head",
            "-o", "plan.json", **expected)


def refused(h, *expressions, says, **more):
    """It does not compile: no plan is made."""
    plan(h, *expressions, status=1, says=["policies/p.yaml:", says], **more)


def denied(h, *expressions, says, **more):
    """It compiles, and its evaluation ends in an error, which denies."""
    plan(h, *expressions, status=3, says=says, **more)


NESTED = "[1,2,3,4,5,6,7,8,9,10].all(x, "


@case
def policy_of_100000_brackets(h):
    refused(h, "(" * 45000 + "true" + ")" * 45000, says="recursion limit")


@case
def policy_of_brackets_that_are_never_closed(h):
    refused(h, "(" * 90000, says="recursion limit")


@case
def policy_of_a_long_sum(h):
    refused(h, "1+" * 40000 + "1 == 1", says="recursion depth")


@case
def policy_of_a_long_conjunction(h):
    plan(h, "true && " * 12000 + "true", status=0)


@case
def policy_longer_than_allowed(h):
    refused(h, "'" + "a" * 3000000 + "' == ''", says="size exceeds limit")


@case
def policy_with_a_huge_number(h):
    refused(h, "9" * 90000 + " == 1", says="invalid int literal")


@case
def policy_of_nested_loops(h):
    denied(h, NESTED * 20 + "true" + ")" * 20, says="cost limit exceeded")


@case
def policy_of_nested_loops_that_build(h):
    denied(h, "[1,2,3,4,5,6,7,8,9,10].map(x, " * 9 + "1" + ")" * 9 + ".size() == 1", says="cost limit exceeded")


@case
def policy_that_doubles_a_text(h):
    denied(h, "['0123456789']" + ".map(x, x + x)" * 40 + ".size() == 2", says="cost limit exceeded")


@case
def policy_that_doubles_a_list(h):
    denied(h, "[[1]]" + ".map(x, x + x)" * 60 + ".size() == 2", says="limit exceeded")


@case
def policy_that_doubles_a_type(h):
    plan(h, "[[]]" + ".map(x, {x: x})" * 100 + ".size() == 1", status=(0, 1, 3))


@case
def policy_that_replaces_ever_more(h):
    denied(h, "'aaaaaaaaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaaaaaaaa')" * 30 + " == ''", says="limit exceeded")


@case
def policy_that_joins_ever_more(h):
    denied(h, "[" + ",".join(["'" + "a" * 100 + "'"] * 100) + "]" +
           ".map(x, [x,x,x,x,x,x,x,x].join(x))" * 12 + ".size() == 2", says="limit exceeded")


@case
def policies_of_catastrophic_patterns(h):
    value = "a" * 100000
    manifest = CONFIG_MAP.replace("value", value)
    patterns = ["(a+)+$b", "(a|a)*b", "(a|aa)+$b", "([a-z]+)*c", "(.*a){20}b", "(a*)*(a*)*(a*)*b", "(x+x+)+y"]
    plan(h, *[f"!object.data.key.matches('{p}')" for p in patterns], manifest=manifest, status=0)


@case
def policy_of_a_pattern_with_huge_counts(h):
    refused(h, "object.metadata.name.matches('((a{1000}){1000}){1000}')", says="invalid matches argument")


@case
def policy_of_a_pattern_of_many_groups(h):
    plan(h, "object.metadata.name.matches('" + "(" * 900 + "a" + ")" * 900 + "')", status=(0, 1, 3))


@case
def policy_with_variables_that_double(h):
    variables = "  variables:\n  - {name: v0, expression: \"'0123456789'\"}\n" + "".join(
        f"  - {{name: v{i}, expression: 'variables.v{i - 1} + variables.v{i - 1}'}}\n" for i in range(1, 60))
    policy = POLICY.replace("  validations:\n", variables + "  validations:\n")
    policy += "  - expression: \"variables.v59 == ''\"\n" + BINDING
    h.repository({"rhumb.yaml": CONFIG, "policies/p.yaml": policy, "manifests/a.yaml": CONFIG_MAP})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "none", "--config-from", "head",
            "-o", "plan.json", status=3, says="limit exceeded")


@case
def eval_of_what_policies_may_not_do(h):
    for expression, says in (("(" * 60000 + "1", "recursion limit"), (NESTED * 20 + "true" + ")" * 20, "cost limit"),
                             ("[[1]]" + ".map(x, x + x)" * 60, "limit exceeded"), ("", "expression"),
                             ("\x1b[31m\x07", "expression"), ("'\\ud800'", "expression"), ("'", "expression")):
        h.rhumb("policy", "eval", expression, status=1, says=says)


PLAN_POLICY = """apiVersion: rhumb.dev/v1
kind: PlanPolicy
metadata: {name: hostile}
spec:
  match: %s
  validations:
"""


def judged(h, match, *expressions, objects=1, **expected):
    """A plan that a PlanPolicy judges, with so many new objects."""
    policy = PLAN_POLICY % match + "".join(f"  - expression: {quoted(e)}\n" for e in expressions)
    manifests = "---\n".join(CONFIG_MAP.replace("name: a", f"name: a{i}") for i in range(objects))
    h.repository({"rhumb.yaml": CONFIG, "policies/p.yaml": policy, "manifests/a.yaml": manifests})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "none", "--config-from", "head",
            "-o", "plan.json", **expected)


@case
def plan_policy_of_loops_over_all_changes(h):
    judged(h, "plan", "plan.changes.all(a, plan.changes.all(b, plan.changes.all(c, plan.changes.all(d, true))))",
           objects=300, status=3, says="cost limit exceeded")


@case
def plan_policy_that_doubles_what_changes(h):
    judged(h, "plan", "[plan.changes]" + ".map(x, x + x)" * 40 + ".size() == 2", objects=20, status=3,
           says="limit exceeded")


@case
def plan_policy_for_each_of_many_changes(h):
    judged(h, "change", *[f"change.name != 'b{i}'" for i in range(50)], objects=300, status=0)


@case
def plan_policy_of_100000_brackets(h):
    judged(h, "plan", "(" * 45000 + "true" + ")" * 45000, status=1, says=["policies/p.yaml:", "recursion limit"])


@case
def waivers_of_many_stars(h):
    waiver = "- {policy: %s, object: '*/*/*', reason: r, owner: o, expires: '2100-01-01'}\n" % ("a" + "*a" * 2000)
    h.repository({"rhumb.yaml": CONFIG + "waivers: [w.yaml]\n", "policies/p.yaml": POLICY.replace("hostile", "a" * 200) +
                  "  - expression: 'false'\n" + BINDING.replace("hostile", "a" * 200), "manifests/a.yaml": CONFIG_MAP,
                  "w.yaml": "apiVersion: rhumb.dev/v1\nkind: Waivers\nwaivers:\n" + waiver * 50})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "none", "--config-from", "head",
            "-q", "-o", "plan.json", status=3)


@case
def secrets_in_a_text_of_8_MB(h):
    text = "sk-" * 100000 + "eyJ" * 300000 + "password=" * 300000 + "://:" * 500000
    h.repository({"manifests/a.yaml": CONFIG_MAP.replace("value", "'" + text + "'")})
    h.rhumb("plan", "-C", h.path("repository"), "--cluster", "none", "--base", "none", "--path", "manifests",
            "-o", "plan.json", status=(0, 3))
