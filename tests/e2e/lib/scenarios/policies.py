"""Policies of the repository: what they deny is not applied, and only base's count."""

import json
import os
import shutil

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_ERROR, EXIT_REFUSED, EXIT_USAGE

PINNED = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: $ns
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
    - {apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [configmaps]}
  validations:
  - expression: >-
      request.operation == 'DELETE' ||
      object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))
    message: images have to be pinned
  - expression: request.operation != 'DELETE' || oldObject.data.colour != 'blue'
    message: blue ones stay
  - expression: request.operation == 'DELETE' || object.spec.revisionHistoryLimit == 10
    message: the server's default is there
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: $ns
spec:
  policyName: $ns
  validationActions: [Deny]
"""


def with_policies(s, policies=PINNED):
    """A rolled out application, and a commit whose policies count from the next plan on."""
    s.start()
    s.write("policies/pinned.yaml", policies, s.repo)
    file = os.path.join(s.repo, "rhumb.yaml")
    with open(file, encoding="utf-8") as f:
        config = json.load(f)
    config["policies"] = ["policies"]
    with open(file, "w", encoding="utf-8") as f:
        json.dump(config, f)
    s.commit("policies")


def verdicts(plan):
    return [(v["result"], v["change"].rsplit("/", 1)[1], v["message"]) for v in plan["policy"]
            if v["source"] != "check"]


def line_of(s, file, text):
    lines = s.read(file).splitlines()
    return 1 + next(i for i, line in enumerate(lines) if text in line)


@scenario("policy-denies")
def policy_denies(s):
    """a denial is in the plan with its line, exit 3, and apply writes nothing"""
    with_policies(s)
    base = s.git("rev-parse", "HEAD")
    s.edit("web.yaml", "web:1.4", "web:latest")
    s.remove("flags.yaml")
    s.commit("latest")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.equal(sorted(verdicts(plan)), [("deny", "flags", "blue ones stay"),
                                     ("deny", "web", "images have to be pinned")], "verdicts")
    verdict, = [v for v in plan["policy"] if v["change"].endswith("/web") and v["source"] == "admission"]
    s.equal((verdict["file"], verdict["line"]),
            ("app/web.yaml", line_of(s, "web.yaml", "web:latest")), "the place")
    s.equal(plan["summary"]["denied"], 2, "the count")
    s.contains(plan.text, "! 1 delete   2 denied by policy", "the plan's text")
    s.contains(s.show(plan), "images have to be pinned", "what show prints")
    predicted = s.plan("--base", base, "--verify=predict", expect=EXIT_REFUSED)
    s.equal(predicted["policy"], plan["policy"], "verdicts on what is predicted")
    result = s.apply(plan, expect=EXIT_REFUSED)
    s.equal({o["outcome"] for o in result["objects"]}, {"not-tried"}, "outcomes")
    s.contains(result["stderr"], "denied by policy", "the refusal")
    s.equal(s.cluster.get("ConfigMap", "flags")["data"]["colour"], "blue", "what is there")
    s.edit("web.yaml", "web:latest", "web:1.5")
    s.git("checkout", "-q", base, "--", "app/flags.yaml")
    s.commit("pinned")
    plan = s.plan("--base", base)
    s.equal(plan["policy"], [], "verdicts")
    s.changes(plan, {"Deployment/web": "update"})
    s.apply(plan)


WHAT_IS_ASKED = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: $ns
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps, batch], apiVersions: [v1], operations: ['*'], resources: [deployments, jobs]}
  validations:
  - expression: "false"
    messageExpression: >-
      request.operation + ' of ' + request.resource.resource + ' ' + request.name + ' in ' +
      namespaceObject.metadata.name + ': ' + (object == null ? '-' : object.metadata.name) + ' ' +
      (oldObject == null ? '-' : oldObject.metadata.name)
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: $ns
spec:
  policyName: $ns
  validationActions: [Warn]
"""

HOOK = """apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations:
    rhumb.dev/hook: PreSync
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: migrate:1
"""


@scenario("policy-requests")
def policy_requests(s):
    """a replacement is a deletion and a creation, a hook a creation; warnings refuse nothing"""
    with_policies(s, WHAT_IS_ASKED)
    base = s.git("rev-parse", "HEAD")
    text = s.read("web.yaml").replace("      app: web\n", "      app: front\n")
    s.write("web.yaml", text)
    s.write("migrate.yaml", HOOK)
    s.commit("other selector")
    plan = s.plan("--base", base)
    s.equal(plan.change("web")["action"], "replace", "the action")
    s.equal(verdicts(plan), [
        ("warn", "migrate (PreSync)", f"CREATE of jobs migrate in {s.ns}: migrate -"),
        ("warn", "web", f"DELETE of deployments web in {s.ns}: - web"),
        ("warn", "web", f"CREATE of deployments web in {s.ns}: web -")], "verdicts")
    s.equal(plan["summary"]["warned"], 4, "the count, with the downtime of a replacement")
    s.apply(plan, "--allow-replace")


@scenario("policy-from-base")
def policy_from_base(s):
    """a change that weakens, breaks or removes a policy is still judged by it"""
    with_policies(s)
    base = s.git("rev-parse", "HEAD")
    s.edit("web.yaml", "web:1.4", "web:latest")
    denied = [("deny", "web", "images have to be pinned")]
    file = os.path.join(s.repo, "policies", "pinned.yaml")
    with open(file, "w", encoding="utf-8") as f:
        f.write(s.fill(PINNED).replace("[Deny]", "[Warn]"))
    s.commit("weaken")
    s.equal(verdicts(s.plan("--base", base, expect=EXIT_REFUSED)), denied, "when weakened")
    plan = s.plan("--base", base, "--config-from", "head")
    s.equal(verdicts(plan), [("warn", "web", "images have to be pinned")], "by head's")
    s.equal((plan["summary"]["denied"], plan["summary"]["warned"]), (0, 1), "the counts")
    with open(file, "w", encoding="utf-8") as f:
        f.write(s.fill(PINNED).replace("request.operation", "request.operatoin"))
    broken = s.commit("break")
    s.equal(verdicts(s.plan("--base", base, expect=EXIT_REFUSED)), denied, "when broken")
    s.git("rm", "-rq", "policies")
    s.write_config()
    s.commit("remove")
    s.equal(verdicts(s.plan("--base", base, expect=EXIT_REFUSED)), denied, "when removed")
    done = s.plan("--base", broken, expect=EXIT_ERROR)
    s.contains(done.stderr, "policies/pinned.yaml:", "the place of the error")
    s.contains(done.stderr, "operatoin", "the error")
    s.plan("--base", broken, "--config-from", "head", expect=EXIT_DONE)


WAIVER = """apiVersion: rhumb.dev/v1
kind: Waivers
waivers:
- {policy: $ns, object: apps/Deployment/*/web, reason: a move, owner: shop@example.com, expires: %s}
- {policy: $ns, object: apps/Deployment/*/none, reason: a move, owner: shop@example.com, expires: 2100-01-01}
"""


def configure(s, **keys):
    """Sets keys of rhumb.yaml."""
    file = os.path.join(s.repo, "rhumb.yaml")
    with open(file, encoding="utf-8") as f:
        config = json.load(f)
    config.update(keys)
    with open(file, "w", encoding="utf-8") as f:
        json.dump(config, f)


@scenario("policy-waivers")
def policy_waivers(s):
    """a waiver of base lets pass what it names, until it expires; one that the change brings does not"""
    with_policies(s)
    base = s.git("rev-parse", "HEAD")
    s.edit("web.yaml", "web:1.4", "web:latest")
    s.write("waivers.yaml", WAIVER % "2100-01-01", s.repo)
    configure(s, waivers=["waivers.yaml"], enforce="new")
    s.commit("a change that waives itself")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.equal(plan.get("waivers"), None, "waivers of the change")
    s.git("reset", "-q", "--hard", base)
    s.write("waivers.yaml", WAIVER % "2100-01-01", s.repo)
    configure(s, waivers=["waivers.yaml"])
    base = s.commit("a waiver")
    s.edit("web.yaml", "web:1.4", "web:latest")
    s.commit("latest")
    plan = s.plan("--base", base)
    verdict, = plan["policy"]
    s.equal((verdict["result"], verdict["pass"], verdict["waiver"]), ("deny", "waived", 0), "the verdict")
    s.equal([w["state"] for w in plan["waivers"]], ["used", "unused"], "waivers")
    s.contains(plan.text, "waived until 2100-01-01 by shop@example.com: images have to be pinned", "the text")
    s.contains(plan.text, "waiver unused", "the text")
    waived = plan
    s.git("reset", "-q", "--hard", base)
    s.write("waivers.yaml", WAIVER % "2020-01-01", s.repo)
    base = s.commit("it expires")
    s.edit("web.yaml", "web:1.4", "web:latest")
    s.commit("latest")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.contains(plan.text, "the waiver of shop@example.com expired on 2020-01-01", "the text")
    s.apply(waived)


@scenario("policy-enforce-new")
def policy_enforce_new(s):
    """what stands at base passes where only new violations are enforced"""
    with_policies(s)
    s.edit("web.yaml", "web:1.4", "web:latest")
    base = s.commit("latest")
    s.edit("web.yaml", "web:latest", "web:latest\n        tty: true")
    s.commit("more")
    verdict, = s.plan("--base", base, expect=EXIT_REFUSED)["policy"]
    s.equal(verdict.get("existing"), True, "existing")
    s.git("reset", "-q", "--hard", base)
    configure(s, policySettings={s.ns: {"enforce": "new"}})
    base = s.commit("only new ones")
    s.edit("web.yaml", "web:latest", "web:latest\n        tty: true")
    s.commit("more")
    plan = s.plan("--base", base)
    verdict, = plan["policy"]
    s.equal((verdict["existing"], verdict["pass"]), (True, "existing"), "the verdict")
    s.apply(plan)


PACKS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 4, "policy", "packs")


@scenario("policy-packs")
def policy_packs(s):
    """the shipped packs as they are: deletions, a freeze window, drift, privileges; then a change that passes"""
    with_policies(s)
    for pack in sorted(os.listdir(PACKS)):
        if os.path.isdir(os.path.join(PACKS, pack)):
            shutil.copytree(os.path.join(PACKS, pack), os.path.join(s.repo, "policies", pack))
    os.remove(os.path.join(s.repo, "policies", "pinned.yaml"))
    window = {"from": "2026-12-23T18:00:00Z", "until": "2027-01-02T06:00:00Z"}
    settings = {"freeze": {"params": {"windows": [window]}}, "registries": {"params": {"registries": ["web:"]}},
                "few-deletions": {"params": {"deletions": 1, "percent": 100}}}
    settings |= {p: {"enforce": "new"} for p in (
        "restricted-capabilities", "restricted-privilege-escalation", "restricted-run-as-non-root",
        "restricted-seccomp")}
    configure(s, policySettings=settings)
    base = s.commit("packs")
    web = s.read("web.yaml")
    s.edit("web.yaml", "web:1.4", "docker.io/web:latest")
    s.edit("web.yaml", "    spec:", "    spec:\n      hostNetwork: true")
    s.remove("flags.yaml")
    s.remove("db.yaml")
    s.commit("much at once")
    plan = s.plan("--base", base, "--time", "2026-12-24T12:00:00Z", expect=EXIT_REFUSED)
    denied = {v["policy"]: v for v in plan["policy"] if v["result"] == "deny" and "pass" not in v}
    s.equal(sorted(denied), ["baseline-host-namespaces", "few-deletions", "freeze", "good-practice-images-pinned",
                             "privileges", "registries"], "who denies")
    s.equal(denied["few-deletions"].get("change"), None, "the object")
    s.equal(denied["registries"]["line"], line_of(s, "web.yaml", "docker.io"), "the line")
    s.equal(plan["time"], "2026-12-24T12:00:00Z", "the time")
    s.contains(plan.text, "the whole plan", "the text")
    s.equal(s.plan("--base", base, "--time", "2026-12-24T12:00:00Z", expect=EXIT_REFUSED)["digest"], plan["digest"],
            "the digest of the same plan")
    s.git("reset", "-q", "--hard", base)
    s.write("web.yaml", web.replace("web:1.4", "web:1.5"))
    s.commit("a change like others")
    plan = s.plan("--base", base, "--time", "2027-01-02T06:00:00Z")
    s.equal({v["pass"] for v in plan["policy"] if v["result"] == "deny"}, {"existing"}, "what passes")
    s.apply(plan)


@scenario("policy-check")
def policy_check(s):
    """what policies say, of a plan file and of a revision: the same, with the plan's exit status"""
    with_policies(s)
    base = s.git("rev-parse", "HEAD")
    s.edit("web.yaml", "web:1.4", "web:latest")
    head = s.commit("latest")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    of_plan = s.rhumb("policy", "check", plan.file, "--format", "json", expect=EXIT_REFUSED)
    target = ["-C", s.repo, "--base", base, *s.cluster.args]
    of_revision = s.rhumb("policy", "check", head, *target, "--format", "json", expect=EXIT_REFUSED)
    s.equal(json.loads(of_plan.stdout)["policy"], plan["policy"], "verdicts of the plan")
    s.equal(json.loads(of_revision.stdout), json.loads(of_plan.stdout), "verdicts of the revision")
    text = s.rhumb("policy", "check", *target, expect=EXIT_REFUSED).stdout
    s.contains(text, "images have to be pinned", "the text")
    s.contains(text, "1 change: 1 denied, 0 warned of, 0 noted, 0 let pass", "the counts")
    s.contains(s.rhumb("policy", "check", plan.file, "--format", "junit", expect=EXIT_REFUSED).stdout,
               'failures="1"', "JUnit")
    s.contains(s.rhumb("policy", "check", base, *target).stdout, "0 changes: 0 denied", "of the base")
    s.rhumb("policy", "check", "none-such", *target, expect=EXIT_ERROR)
    s.rhumb("policy", "check", "a", "b", expect=EXIT_USAGE)


@scenario("policy-list")
def policy_list(s):
    """policies with bindings and settings, waivers with the days that are left, checks with levels"""
    with_policies(s)
    s.write("policies/few.yaml", """apiVersion: rhumb.dev/v1
kind: PlanPolicy
metadata: {name: few}
spec: {action: warn, validations: [{expression: plan.summary.delete < 5}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: unbound}
spec:
  matchConstraints: {resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"]}]}
  validations: [{expression: "true"}]
""", s.repo)
    s.write("waivers.yaml", WAIVER % "2026-12-31", s.repo)
    configure(s, waivers=["waivers.yaml"], checks={"plain-secret": "warn", "downtime": "off"},
              policySettings={"few": {"enforce": "new", "undecided": "allow"}})
    base = s.commit("more")
    done = s.rhumb("policy", "list", "-C", s.repo, "--time", "2026-12-30T12:00:00Z")
    s.contains(done.stdout, "1 day left", "the days")
    s.contains(done.stdout, "no binding: decides nothing", "what has no binding")
    listed = json.loads(s.rhumb("policy", "list", "-C", s.repo, "--format", "json", "--time",
                                "2027-01-01T00:00:00Z").stdout)
    by_name = {p["name"]: p for p in listed["policies"]}
    s.equal(by_name[s.ns]["actions"], ["deny"], "actions")
    s.equal((by_name[s.ns]["file"], by_name[s.ns]["line"]), ("policies/pinned.yaml", 1), "the place")
    s.equal((by_name["few"]["enforce"], by_name["few"]["undecided"], by_name["few"]["actions"]),
            ("new", "allow", ["warn"]), "settings")
    s.equal(by_name["unbound"]["bindings"], 0, "bindings")
    s.equal([w["expired"] for w in listed["waivers"]], [True, False], "waivers")
    levels = {c["id"]: c["level"] for c in listed["checks"]}
    s.equal((levels["plain-secret"], levels["downtime"], levels["wrong-type"]), ("warn", "off", "deny"), "levels")
    s.edit("web.yaml", "web:1.4", "web:1.5")
    s.commit("a change")
    s.contains(s.plan("--base", base).text, "unbound (policies/few.yaml:6) has no binding: it decides nothing", "the note")
    s.write("policies/few.yaml", s.fill(PINNED).replace("request.operation", "request.operatoin"), s.repo)
    s.commit("broken")
    done = s.rhumb("policy", "list", "-C", s.repo, expect=EXIT_ERROR)
    s.contains(done.stderr, "policies/few.yaml:", "the place of what is wrong")


INSTALLED = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: $ns-live}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: $ns}}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments]}]
  validations: [{expression: "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))", message: not latest}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: $ns-live}
spec: {policyName: $ns-live, validationActions: [Audit]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: limits}
data: {replicas: "2"}
"""

LIMITED = """apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: $ns}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: ["*"], resources: [deployments]}]
  validations: [{expression: "object.spec.replicas <= int(params.data.replicas)", message: too many}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: $ns}
spec:
  policyName: $ns
  validationActions: [Deny]
  paramRef: {name: limits, parameterNotFoundAction: Deny}
"""


@scenario("policy-of-the-cluster")
def policy_of_the_cluster(s):
    """policies that are installed judge where that is asked for; params come from the cluster"""
    with_policies(s, LIMITED)
    s.cluster.server_apply(s.fill(INSTALLED))
    base = s.git("rev-parse", "HEAD")
    s.edit("web.yaml", "web:1.4", "web:latest")
    s.edit("web.yaml", "replicas: 2", "replicas: 3")
    s.commit("more")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.equal([(v["result"], v["message"], v["param"]) for v in plan["policy"] if v["source"] == "admission"],
            [("deny", "too many", f"{s.ns}/limits")], "with a param of the cluster")
    plan = s.plan("--base", base, "--cluster-policies", expect=EXIT_REFUSED)
    installed, = [v for v in plan["policy"] if v["policy"] == f"{s.ns}-live"]
    s.equal((installed["result"], installed["message"], "rule" in installed), ("audit", "not latest", False),
            "a policy of the cluster")
    s.equal(installed["line"], line_of(s, "web.yaml", "web:latest"), "the line")
    s.contains(s.rhumb("plan", "-C", s.repo, "--cluster", "none", "--base", base, "--cluster-policies",
                       expect=EXIT_USAGE).stderr, "--cluster-policies needs a cluster", "without one")
    s.cluster.delete("ConfigMap", "limits")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.contains(str(plan["policy"]), "no params found", "without the param")
    for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
        s.cluster.delete(kind, f"{s.ns}-live", "")


@scenario("policy-eval")
def policy_eval(s):
    """an expression on a manifest, while a rule is written"""
    s.init()
    s.tree("shop")
    file = os.path.join(s.app, "flags.yaml")
    done = s.rhumb("policy", "eval", "object.data.colour + '!'", "-f", file)
    s.equal(done.stdout, "string blue!\n", "the value")
    done = s.rhumb("policy", "eval", "object.data.colour != oldObject.data.size", "-f", file,
                   "--old", file)
    s.equal(done.stdout, "bool true\n", "of both sides")
    done = s.rhumb("policy", "eval", "object.date", "-f", file, expect=EXIT_ERROR)
    s.equal(done.stdout, "", "of an error")
    s.contains(done.stderr, "expression:1:7: no such key: date\n | object.date\n | ......^",
               "the error")
    s.rhumb("policy", "eval", "1", "-f", os.path.join(s.app, "none.yaml"), expect=EXIT_ERROR)
    done = s.rhumb("policy", "evil", "1", expect=EXIT_USAGE)
    s.contains(done.stderr, '"policy evil" (did you mean "eval"?); see rhumb policy --help',
               "a part that there is not")
    s.rhumb("policy", "eval", "1", "2", expect=EXIT_USAGE)
    s.contains(s.rhumb("policy", expect=EXIT_USAGE).stdout, "rhumb policy eval [EXPRESSION]",
               "the parts")
    s.contains(s.rhumb("policy", "--help").stdout, "rhumb policy eval [EXPRESSION]", "the parts")
    for args in (("policy", "eval", "--help"), ("help", "policy", "eval")):
        s.contains(s.rhumb(*args).stdout, "--params FILE", "help of a part")
