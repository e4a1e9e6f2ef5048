"""What is easily got wrong: many kinds, moves between applications, forgotten managers, the
server's own changes, things in the middle of being deleted."""

import json
import os
import signal
import subprocess
import time

from ..suite import scenario
from ..scenario import EXIT_ERROR, EXIT_INCOMPLETE, EXIT_PARTIAL, EXIT_REFUSED, EXIT_USAGE, Failed
from .. import objects

MAIN = '/spec/template/spec/containers[name="main"]'


@scenario("gallery")
def gallery(s):
    """many kinds with their defaults: created, changed, adopted"""
    s.cluster.kinds.update({
        "DaemonSet": ("apps/v1", "daemonsets", True), "CronJob": ("batch/v1", "cronjobs", True),
        "Pod": ("v1", "pods", True), "Ingress": ("networking.k8s.io/v1", "ingresses", True),
        "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies", True),
        "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
        "ResourceQuota": ("v1", "resourcequotas", True),
        "LimitRange": ("v1", "limitranges", True),
        "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
        "StorageClass": ("storage.k8s.io/v1", "storageclasses", False),
        "PriorityClass": ("scheduling.k8s.io/v1", "priorityclasses", False)})
    s.start(None, applied=False)
    s.tree("gallery")
    s.commit("first")
    plan = s.plan()
    s.equal(set(plan.actions().values()), {"create"}, "actions")
    # A LimitRange of the same plan gives the Pod defaults that the dry-run could not know.
    s.roll_out(plan)
    s.edit("workloads.yaml", "store:1", "store:2", "agent:1", "agent:2", '"0 3 * * *"', "0 4 * * *",
           "maxUnavailable: 10%", "maxUnavailable: 2", "- key: dedicated", "- key: reserved")
    s.edit("network.yaml", "- {name: dns, port: 53, protocol: UDP}",
           "- {name: dns, port: 5353, protocol: UDP}", "host: web.example.com",
           "host: shop.example.com", "- {port: 5432}", "- {port: 5432}\n    - {port: 5433}")
    s.edit("rest.yaml", "verbs: [get, list]", "verbs: [get, list, watch]", "maxReplicas: 3",
           "maxReplicas: 4", "minAvailable: 50%", "minAvailable: 1", 'pods: "100"', 'pods: "90"',
           "for tests", "for more tests", 'app.properties: |', 'app.yaml: |',
           'more: "1"', 'more: "2"')
    s.commit("change")
    plan = s.plan()
    s.equal(set(plan.actions().values()), {"update"}, "actions")
    s.only_fields(plan, "settings", "/metadata/annotations/example.com~1with.dots-and_more",
                  "/data/app.properties", "/data/app.yaml")
    s.roll_out(plan)
    # Somebody writes to keys with dots, which the server's conflicts do not quote.
    s.cluster.patch("ConfigMap", "settings", {"data": {"app.yaml": "drifted", "a": "drifted"}})
    plan = s.plan()
    s.only_fields(plan, "settings", "/data/a", "/data/app.yaml")
    s.equal({f["owner"] for f in plan.fields("settings").values()}, {"kubectl-edit"}, "owners")
    s.roll_out(plan)


@scenario("move")
def move(s):
    """an object moves from one application to another: it is never deleted"""
    s.cluster.create_namespace(s.ns)
    s.init()
    s.write_config([{"name": "shop", "path": "app", "namespace": s.ns},
                    {"name": "other", "path": "other", "namespace": s.ns}])
    s.tree("shop")
    s.write("one.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n",
            os.path.join(s.repo, "other"))
    s.commit("first")
    s.apply(s.plan())
    uid = s.cluster.need("ConfigMap", "flags")["metadata"]["uid"]
    s.git("mv", "app/flags.yaml", "other/flags.yaml")
    s.commit("move")
    alone = s.plan("shop", expect={0, EXIT_INCOMPLETE})
    plan = s.plan()
    s.check("delete" not in plan.actions().values(), f"a move deletes: {plan.actions()}")
    s.apply(plan)
    live = s.cluster.need("ConfigMap", "flags")
    s.equal(live["metadata"]["uid"], uid, "the object's uid")
    label = {a["name"]: a["applyset"] for a in plan["applications"]}["other"]
    s.equal(live["metadata"]["labels"][objects.LABEL], label, "the ApplySet")
    s.changes(s.plan(), {})
    # A plan of the old application alone may have wanted to prune it: by now it is stale.
    if alone.actions():
        s.apply(alone, expect={3, 5})
        s.check(s.cluster.get("ConfigMap", "flags"), "it was deleted by a stale plan")


@scenario("managers-forgotten")
def managers_forgotten(s):
    """somebody emptied managedFields, or took our label away"""
    s.start()
    s.cluster.patch("ConfigMap", "flags", {"metadata": {"managedFields": [{}]}})
    s.cluster.patch("Service", "web", {"metadata": {"labels": {objects.LABEL: None}}},
                    manager="kubectl-label")
    plan = s.plan()
    s.check(s.id("ConfigMap/flags") in plan.actions(), "the forgotten managers are not seen")
    s.check(s.id("Service/web") in plan.actions(), "the missing label is not seen")
    s.roll_out(plan)
    s.remove("flags.yaml")
    s.write("flags.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: flags\ndata:\n"
                          "  colour: red\n")
    s.commit("drop size")
    plan = s.plan()
    s.only_fields(plan, "flags", "/data/colour", "/data/size")
    s.roll_out(plan, kubectl_but=("ConfigMap/flags",))


@scenario("atomic-drift")
def atomic_drift(s):
    """drift inside values that are replaced as a whole"""
    s.start(applied=False)
    s.edit("web.yaml", "image: proxy:2\n", "image: proxy:2\n        args: [a, b]\n")
    s.commit("args")
    s.apply(s.plan())
    containers = s.cluster.need("Deployment", "web")["spec"]["template"]["spec"]["containers"]
    containers[1]["args"] = ["a", "b", "c"]
    containers.reverse()
    s.cluster.patch("Deployment", "web", {"spec": {"template": {"spec": {
        "containers": containers}}}})
    plan = s.plan()
    s.field(plan, s.id("Deployment/web"), '/spec/template/spec/containers[name="proxy"]/args',
            ["a", "b", "c"], ["a", "b"], why="drift", owner="kubectl-edit")
    s.roll_out(plan)


@scenario("crd-upgrade")
def crd_upgrade(s):
    """a CRD gets a field and a custom resource uses it, in one plan"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    s.apply(s.plan())
    s.edit("crd.yaml", "              size:\n",
           "              weightless:\n                type: boolean\n              size:\n")
    s.edit("widget.yaml", "size: 3", "size: 3\n  weightless: true")
    s.commit("weightless")
    plan = s.plan()
    s.changes(plan, {f"CustomResourceDefinition/widgets.{s.ns}.example.com": "update",
                     "Widget/first": "update"})
    s.field(plan, "first", "/spec/weightless", after=True, why="git")
    s.equal(plan.change("first")["verified"], "deferred", "verified")
    # kubectl cannot know the new field either.
    s.roll_out(plan, kubectl=False)


@scenario("many")
def many(s):
    """enough objects for LISTs instead of GETs, in plan and in apply"""
    s.start(None, applied=False)

    def text(n, value):
        return (f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: many-{n:03}\n"
                f"data:\n  value: \"{value}\"\n")
    s.write("many.yaml", "---\n".join(text(n, 0) for n in range(120)))
    s.commit("first")
    plan = s.plan()
    s.equal(plan["summary"]["create"], 120, "creates")
    s.apply(plan)
    s.cluster.delete("ConfigMap", "many-007")
    s.cluster.patch("ConfigMap", "many-008", {"data": {"value": "drifted"}})
    s.write("many.yaml", "---\n".join(text(n, n % 2) for n in range(100)))
    s.commit("half of them")
    plan = s.plan()
    counted = {k: v for k, v in plan["summary"].items() if v}
    s.equal(counted, {"create": 1, "update": 50, "delete": 20, "unchanged": 49, "drifted": 1},
            "summary")
    s.roll_out(plan)


@scenario("finalizer")
def finalizer(s):
    """an object that its finalizer keeps: deletes, what is being deleted, an interrupted replace"""
    s.start()
    keeper = {"metadata": {"finalizers": ["example.com/keeper"]}}
    s.write("frozen.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: frozen\n"
                           "data:\n  a: '1'\nimmutable: true\n")
    s.commit("frozen")
    s.apply(s.plan())
    for name in ("flags", "frozen"):
        s.cluster.patch("ConfigMap", name, keeper, manager="keeper")
    s.remove("flags.yaml")
    s.commit("drop")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "delete"})
    result = s.apply(plan)
    s.contains(result["objects"][0]["message"], "example.com/keeper", "the message")
    s.check(s.cluster.get("ConfigMap", "flags"), "it is gone in spite of its finalizer")
    s.equal(s.outcomes(s.apply(plan)), {s.id("ConfigMap/flags"): "unchanged"}, "outcomes again")
    # Declared again while it is being deleted: neither there nor absent.
    s.git("-c", "user.name=e2e", "revert", "--no-edit", "HEAD")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.changes(plan, {"ConfigMap/flags": "unknown"})
    s.contains(plan.change("flags")["reason"], "being deleted", "the reason")
    s.cluster.patch("ConfigMap", "flags", {"metadata": {"finalizers": None}}, manager="keeper")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "create"})
    s.roll_out(plan)
    # A replace waits for the old object to go, and can be interrupted.
    s.edit("frozen.yaml", "'1'", "'2'")
    s.commit("thaw")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/frozen": "replace"})
    file = os.path.join(s.dir, "interrupted.json")
    env = {"PATH": os.environ["PATH"], "HOME": s.home, **s.cluster.env}
    apply = subprocess.Popen(
        [os.path.join(s.build, "rhumb"), "apply", *s.cluster.args, "--allow-replace", "-o", file,
         plan.file], cwd=s.repo, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while "deletionTimestamp" not in s.cluster.need("ConfigMap", "frozen")["metadata"]:
        if time.monotonic() > end or apply.poll() is not None:
            raise Failed(f"the old object is not deleted: {apply.communicate()}")
        time.sleep(0.02)
    apply.send_signal(signal.SIGINT)
    stdout, stderr = apply.communicate(timeout=20)
    s.equal(apply.returncode, EXIT_PARTIAL, f"exit status ({stdout} {stderr})")
    with open(file, encoding="utf-8") as f:
        result = json.load(f)
    s.equal(result["outcome"], "interrupted", "outcome")
    s.equal([o["outcome"] for o in result["objects"]], ["failed"], "outcomes")
    s.cluster.patch("ConfigMap", "frozen", {"metadata": {"finalizers": None}}, manager="keeper")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/frozen": "create"})
    s.roll_out(plan)


@scenario("scale", backends=("kube",))
def scale(s):
    """kubectl scale writes through a subresource; it is people, and is undone"""
    s.start()
    s.cluster.run("scale", "deployment", "web", "-n", s.ns, "--replicas=6")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 6, 2, why="drift")
    s.roll_out(plan)


@scenario("mutated", backends=("kube",))
def mutated(s):
    """admission in the cluster adds to what is applied: said so, and not drift afterwards"""
    s.start()
    api = "admissionregistration.k8s.io/v1"
    s.cluster.server_apply(json.dumps({
        "apiVersion": api, "kind": "MutatingAdmissionPolicy", "metadata": {"name": s.ns},
        "spec": {"reinvocationPolicy": "Never", "failurePolicy": "Fail",
                 "matchConstraints": {
                     "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": s.ns}},
                     "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                                        "operations": ["CREATE", "UPDATE"],
                                        "resources": ["configmaps"]}]},
                 "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {
                     "expression": 'Object{data: {"stamped": "yes"}}'}}]}}) + "\n---\n" + json.dumps({
                         "apiVersion": api, "kind": "MutatingAdmissionPolicyBinding",
                         "metadata": {"name": s.ns}, "spec": {"policyName": s.ns}}))
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    path = f"/api/v1/namespaces/{s.ns}/configmaps?dryRun=All"
    end = time.monotonic() + 20
    while "data" not in (s.cluster.server.request("POST", path, probe)[1] or {}):
        if time.monotonic() > end:
            raise Failed("the policy does not become active")
        time.sleep(0.05)
    s.edit("flags.yaml", "blue", "green")
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata:\n  a: b\n")
    s.commit("colour")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update", "ConfigMap/new": "create"})
    s.only_fields(plan, "flags", "/data/colour", "/data/stamped")
    s.field(plan, "flags", "/data/stamped", after="yes", why="server")
    s.roll_out(plan)


@scenario("manifest-errors")
def manifest_errors(s):
    """what cannot be an object: each an error with its place"""
    s.start()
    cases = {
        "generateName": ("metadata:\n  generateName: x-\n", "generateName"),
        "no name": ("metadata: {}\n", "name"),
        "duplicate key": ("metadata:\n  name: x\ndata:\n  a: '1'\n  a: '2'\n", "a"),
        "tab": ("metadata:\n\tname: x\n", ""),
        "wrong type": ("metadata:\n  name: x\ndata:\n  a: 1\n", "data"),
    }
    for name, (text, said) in cases.items():
        s.write("bad.yaml", "apiVersion: v1\nkind: ConfigMap\n" + text)
        s.commit(name)
        done = s.plan(expect=EXIT_ERROR)
        s.contains(done.stderr, "app/bad.yaml:", f"the error about {name}")
        s.contains(done.stderr, said, f"the error about {name}")
    s.write("bad.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: x\n  namespace: y\n")
    s.commit("namespace of a namespace")
    done = s.plan(expect=EXIT_ERROR)
    s.contains(done.stderr, "app/bad.yaml:", "the error")


@scenario("usage", backends=("file",))
def usage(s):
    """wrong command lines, and output that cannot be written"""
    s.start()
    for args in ((), ("frobnicate",), ("plan", "--bogus"), ("plan", "--verify", "maybe"),
                 ("apply",), ("show",), ("show", "a", "b"), ("plan", "--timeout", "soon")):
        done = s.rhumb(*args, expect=EXIT_USAGE)
        s.check(done.stdout or done.stderr, f"{args}: nothing is said")
    s.rhumb("show", "nothing.json", expect=EXIT_ERROR)
    s.plan("--head", "no-such-revision", expect=EXIT_ERROR)
    s.plan("--base", "no-such-revision", expect=EXIT_ERROR)
    s.plan("no-such-application", expect=EXIT_USAGE)
    s.rhumb("plan", *s.cluster.args, "-o", "/nowhere/plan.json", expect=EXIT_ERROR)
    for command in ("plan", "show", "apply", "render"):
        s.contains(s.rhumb(command, "--help").stdout, command, "--help")
    plan = s.plan()
    full = s.run(["sh", "-c", 'exec "$@" >/dev/full', "sh", os.path.join(s.build, "rhumb"), "show",
                  plan.file])
    s.check(full.status != 0, "a report that could not be written is a success")
    s.rhumb("apply", "--cluster", "no-such-cluster", plan.file, expect={EXIT_USAGE, EXIT_REFUSED})
