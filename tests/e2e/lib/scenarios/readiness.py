"""What was written becomes ready, or does not: the real controllers, with simulated nodes.

No pod of a Deployment or Job whose nodeSelector no node has ever runs, until a node gets the label
(`open_gate`); its status is whatever a scenario writes into it.
"""

import json
import os
import re
import signal

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_PARTIAL
from .locks import Started, wait_until
from .notify import on_terminal
from .refusals import user

WORKLOAD = """\
apiVersion: {api}
kind: {kind}
metadata:
  name: {name}
  annotations: {{rhumb.dev/sync-wave: "{wave}"}}
spec:{spec}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      restartPolicy: {restart}
      nodeSelector: {gate}
      containers: [{{name: main, image: "{name}:1"}}]
---
"""
BOAT = """\
apiVersion: $ns.sea.io/v1
kind: Boat
metadata: {name: ark, annotations: {rhumb.dev/sync-wave: "1"}}
spec: {length: 300}
---
"""
BOATS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.$ns.sea.io}
spec:
  group: $ns.sea.io
  names: {kind: Boat, plural: boats, singular: boat, listKind: BoatList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
---
"""
# rhumb's own requests in its trace, and those that only wait
REQUEST = re.compile(r"rhumb: (GET|PATCH|DELETE) (\S+)")


def deployment(name, wave=0, replicas=1, gate=False):
    spec = f"\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: {name}}}}}"
    return WORKLOAD.format(api="apps/v1", kind="Deployment", name=name, wave=wave, spec=spec,
                           restart="Always", gate="{gate-$ns: open}" if gate else "{}")


def job(name, wave=0, gate=False):
    return WORKLOAD.format(api="batch/v1", kind="Job", name=name, wave=wave,
                           spec="\n  backoffLimit: 0", restart="Never",
                           gate="{gate-$ns: open}" if gate else "{}")


def config_map(name, wave):
    return (f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, "
            f"annotations: {{rhumb.dev/sync-wave: \"{wave}\"}}}}\ndata: {{k: v}}\n---\n")


def begin(s, *manifests, **config):
    """A repository with these objects, planned."""
    s.waits = True
    s.config.update(config)
    s.start(case=None, applied=False)
    s.write("all.yaml", "".join(manifests))
    s.commit("all")
    return s.plan()


def open_gate(s):
    """A node that the pods may run on."""
    patch = {"metadata": {"labels": {"gate-" + s.ns: "open"}}}
    status, body = s.cluster.server.request("PATCH", "/api/v1/nodes/node-1", patch,
                                            "application/merge-patch+json")
    s.equal(status, 200, f"labelling the node: {body}")


def pods(s, name):
    _, body = s.cluster.server.request(
        "GET", f"/api/v1/namespaces/{s.ns}/pods?labelSelector=app%3D{name}")
    return body["items"]


def set_pod_status(s, name, status):
    """What a kubelet would say of the first pod."""
    wait_until(f"a pod of {name}", lambda: pods(s, name))
    pod = pods(s, name)[0]["metadata"]
    code, body = s.cluster.server.request(
        "PATCH", f"/api/v1/namespaces/{s.ns}/pods/{pod['name']}/status", {"status": status},
        "application/merge-patch+json")
    s.equal(code, 200, f"the status of the pod: {body}")
    return pod


def message(result, name):
    return [o.get("message", "") for o in result["objects"] if o["id"].endswith("/" + name)][0]


def readiness(result):
    return {o["id"].split("/")[-1]: o.get("ready") for o in result["objects"]}


def writes(text, name):
    return sum(m[0] == "PATCH" and f"/{name}?" in m[1] for m in REQUEST.findall(text))


@scenario("wait-rollout", backends=("kube",))
def rollout(s):
    """a wave is written when the one before it is ready: Deployment, Job, the rest"""
    plan = begin(s, deployment("web", replicas=3), job("seed", wave=1), config_map("last", 2))
    result = s.apply(plan)
    s.equal(readiness(result), {"web": True, "seed": True, "last": True}, "what is ready")
    web, seed = s.cluster.need("Deployment", "web"), s.cluster.need("Job", "seed")
    available = {c["type"]: c for c in web["status"]["conditions"]}["Available"]
    s.check(available["lastTransitionTime"] <= seed["metadata"]["creationTimestamp"],
            "the Job was made before the Deployment was available")
    s.check(seed["status"]["completionTime"] <=
            s.cluster.need("ConfigMap", "last")["metadata"]["creationTimestamp"],
            "the ConfigMap was made before the Job was complete")
    # A new image is rolled out, whatever was ready before.
    s.edit("all.yaml", 'image: "web:1"', 'image: "web:2"')
    s.commit("web 2")
    result = s.apply(s.plan())
    s.equal(readiness(result), {"web": True}, "what is ready")
    status = s.cluster.need("Deployment", "web")["status"]
    s.equal((status["updatedReplicas"], status["replicas"], status["availableReplicas"]), (3, 3, 3),
            "replicas after the rollout")
    s.equal(s.plan().actions(), {}, "changes after it")


@scenario("wait-never", backends=("kube",))
def never(s):
    """what no node takes is not ready in time, with the reason; later it is, without a write"""
    plan = begin(s, deployment("web", replicas=2, gate=True), config_map("last", 1), timeout="3s")
    s.equal(plan["applications"][0]["wait"], {"timeout": 3}, "how the plan waits")
    result = s.apply(plan, expect=EXIT_PARTIAL)
    s.equal(s.outcomes(result), {s.id("Deployment/web"): "failed",
                                 s.id("ConfigMap/last"): "not-tried"}, "outcomes")
    s.equal(readiness(result), {"web": False, "last": None}, "what is ready")
    for part in ("written, but not ready after 3s: ", "0 of 2", "pod web-", "Unschedulable",
                 "didn't match Pod's node affinity"):
        s.contains(message(result, "web"), part, "the message")
    s.contains(result["stderr"], "waiting    create   Deployment", "the line of the wait")
    open_gate(s)
    result = s.apply(plan, "--wait-timeout", "1m")
    s.equal(set(s.outcomes(result).values()), {"applied"}, "outcomes of the second run")
    s.equal(readiness(result), {"web": True, "last": True}, "what is ready then")
    s.equal(writes(result["stderr"], "web"), 0, "times that it was written again")
    # With --wait=false nothing is waited for, and nothing is claimed.
    s.edit("all.yaml", "gate-$ns: open", "gate-$ns: shut")
    s.commit("shut")
    result = s.apply(s.plan(), "--wait=false")
    s.equal(readiness(result), {"web": None}, "what is said of it")


@scenario("wait-job-fails", backends=("kube",))
def job_fails(s):
    """a Job that fails ends its wait at once, with what its pod ended with"""
    plan = begin(s, job("seed", gate=True), config_map("last", 1))
    apply = Started(s, plan, 1)
    set_pod_status(s, "seed", {"phase": "Failed", "containerStatuses": [
        {"name": "main", "image": "seed:1", "imageID": "x", "ready": False, "restartCount": 0,
         "state": {"terminated": {"exitCode": 3, "reason": "Error",
                                  "message": f"password is {s.secret}"}}}]})
    status, result = apply.end()
    s.no_secret(json.dumps(result) + apply.stdout + apply.stderr, "what an apply says of a pod")
    s.equal(status, EXIT_PARTIAL, "exit status")
    s.equal(s.outcomes(result), {s.id("Job/seed"): "failed", s.id("ConfigMap/last"): "not-tried"},
            "outcomes")
    for part in ("written, but not ready: BackoffLimitExceeded", "pod seed-",
                 "exit status 3 (Error), image seed:1"):
        s.contains(message(result, "seed"), part, "the message")


@scenario("wait-stuck", backends=("kube",))
def stuck(s):
    """trouble that does not pass ends a wait long before its time; requests are few meanwhile"""
    quota = f"{s.ns}-q"
    s.cluster.create_namespace(quota)
    s.cluster.run("create", "quota", "none", "-n", quota, "--hard=pods=0")
    plan = begin(s, deployment("web", gate=True),
                 deployment("full").replace("name: full\n", f"name: full\n  namespace: {quota}\n", 1),
                 timeout="1h")
    apply = Started(s, plan, 1, "-v")
    pod = set_pod_status(s, "web", {"containerStatuses": [
        {"name": "main", "image": "web:1", "imageID": "", "ready": False, "restartCount": 0,
         "state": {"waiting": {"reason": "ImagePullBackOff",
                               "message": 'Back-off pulling image "web:1"'}}}]})
    s.cluster.server.request("POST", f"/api/v1/namespaces/{s.ns}/events", {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "web.pull", "namespace": s.ns},
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": s.ns,
                           "name": pod["name"], "uid": pod["uid"]},
        "type": "Warning", "reason": "Failed", "message": "web:1 was not found in the registry",
        "lastTimestamp": "2099-01-01T00:00:00Z"})
    status, result = apply.end()
    s.equal(status, EXIT_PARTIAL, "exit status")
    for part in ("written, but not ready: 0 of 1", f"pod {pod['name']}: ImagePullBackOff, "
                 "image web:1", "last event: Failed: web:1 was not found in the registry"):
        s.contains(message(result, "web"), part, "the message")
    for part in ("written, but not ready: 0 of 1", "exceeded quota: none"):
        s.contains(message(result, "full"), part, "the message of what the quota refuses")
    # Half a minute: two lists and watches, and a few looks at pods, ReplicaSets and events.
    asked = [path for _, path in REQUEST.findall(apply.stderr) if "/leases/" not in path]
    waiting = asked[max(i for i, path in enumerate(asked) if "fieldValidation" in path) + 1:]
    s.check(len(waiting) <= 40, f"{len(waiting)} requests while it waited: {waiting}")
    s.equal(sum("watch=true" in path for path in waiting), 2, "watches")


@scenario("wait-crd", backends=("kube",))
def crd(s):
    """a CRD, its object in a later wave, and a rule that says when that is ready"""
    s.cluster.kinds["Boat"] = (f"{s.ns}.sea.io/v1", "boats", True)
    plan = begin(s, BOATS, BOAT, config_map("last", 2),
                 ready=[{"group": f"{s.ns}.sea.io", "kind": "Boat", "path": "/status/phase",
                         "value": "Afloat"}])
    apply = Started(s, plan, 1)
    wait_until("a Boat", lambda: s.cluster.get("Boat", "ark"))
    s.cluster.patch("Boat", "ark", {"status": {"phase": "Sinking"}}, subresource="status")
    s.equal(s.cluster.get("ConfigMap", "last"), None, "what comes after the Boat")
    s.cluster.patch("Boat", "ark", {"status": {"phase": "Afloat"}}, subresource="status")
    status, result = apply.end()
    s.equal((status, result["outcome"]), (EXIT_DONE, "applied"), f"the end: {apply.stderr}")
    s.equal(readiness(result), {f"boats.{s.ns}.sea.io": True, "ark": True, "last": True},
            "what is ready")


@scenario("wait-apart", backends=("kube",))
def apart(s):
    """two applications in one plan do not wait for each other's objects"""
    s.waits = True
    s.start(case=None, applied=False)
    s.write_config([{"name": "quick", "path": "quick", "namespace": s.ns},
                    {"name": "slow", "path": "slow", "namespace": s.ns}])
    s.write("a.yaml", deployment("web", gate=True) + config_map("slow-last", 1),
            os.path.join(s.repo, "slow"))
    s.write("a.yaml", deployment("api") + config_map("quick-last", 1),
            os.path.join(s.repo, "quick"))
    s.commit("two")
    apply = Started(s, s.plan("--config-from", "head"), 1)
    wait_until("the second wave of quick", lambda: s.cluster.get("ConfigMap", "quick-last"))
    s.equal(apply.process.poll(), None, "the apply, which waits for slow")
    s.equal(s.cluster.get("ConfigMap", "slow-last"), None, "the second wave of slow")
    open_gate(s)
    status, result = apply.end()
    s.equal((status, set(readiness(result).values())), (EXIT_DONE, {True}), "the end")


@scenario("wait-killed", backends=("kube",))
def killed(s):
    """killed while it waits, the next run goes on waiting and writes nothing again"""
    plan = begin(s, deployment("web", gate=True), config_map("last", 1))
    first = Started(s, plan, 1)
    wait_until("a pod", lambda: pods(s, "web"))
    first.process.send_signal(signal.SIGKILL)
    first.process.communicate()
    second = Started(s, plan, 1, "-v", "--wait-timeout", "2s")
    status, result = second.end()
    s.equal(status, EXIT_PARTIAL, "exit status of a second run that has no time")
    s.contains(second.stderr, "resuming the apply", "what it says")
    s.contains(message(result, "web"), "written, but not ready after 2s", "the message")
    s.equal(s.cluster.get("ConfigMap", "last"), None, "the later wave")
    third = Started(s, plan, 1, "-v")
    wait_until("waiting", lambda: s.cluster.get("Lease", "rhumb-shop")["spec"].get(
        "holderIdentity"))
    open_gate(s)
    status, result = third.end()
    s.equal((status, s.outcomes(result)), (EXIT_DONE, {s.id("Deployment/web"): "applied",
                                                       s.id("ConfigMap/last"): "applied"}),
            f"the third run: {third.stderr}")
    s.equal(writes(second.stderr + third.stderr, "web"), 0, "times that it was written again")
    s.equal(s.cluster.need("Deployment", "web")["metadata"]["generation"], 1, "generation")


@scenario("wait-interrupted", backends=("kube",))
def interrupted(s):
    """SIGINT ends a wait, and the result says so; the locks are free then"""
    plan = begin(s, deployment("web", gate=True), config_map("last", 1))
    apply = Started(s, plan, 1, env={"RHUMB_LEASE": "2s"})
    wait_until("a pod", lambda: pods(s, "web"))
    renewed = s.cluster.need("Lease", "rhumb-shop")["spec"]["renewTime"]
    wait_until("renewed", lambda: s.cluster.need("Lease", "rhumb-shop")["spec"]["renewTime"] >
               renewed)
    apply.process.send_signal(signal.SIGINT)
    status, result = apply.end()
    s.equal((status, result["outcome"]), (EXIT_PARTIAL, "interrupted"), "the end")
    s.contains(message(result, "web"), "written, but not ready when interrupted", "the message")
    s.contains(result["next"], "goes on waiting", "what to do next")
    s.equal(s.cluster.need("Lease", "rhumb-shop")["spec"].get("holderIdentity"), None, "the holder")


@scenario("wait-lock-lost", backends=("kube",))
def lock_lost(s):
    """a lock that is broken while it waits ends the wait, and nothing more is written"""
    plan = begin(s, deployment("web", gate=True), config_map("last", 1))
    apply = Started(s, plan, 1, env={"RHUMB_LEASE": "2s"})
    wait_until("a pod", lambda: pods(s, "web"))
    s.cluster.delete("Lease", "rhumb-shop")
    status, result = apply.end()
    s.equal((status, s.outcomes(result)), (EXIT_PARTIAL, {s.id("Deployment/web"): "failed",
                                                          s.id("ConfigMap/last"): "not-tried"}),
            f"the end: {apply.stderr}")
    s.contains(message(result, "web"), "written, but not ready when its wait ended (the lock of "
               "application shop was lost", "the message")


@scenario("wait-rights", backends=("kube",))
def rights(s):
    """without the right to watch, or to see pods, it still waits; only the reason is shorter"""
    plan = begin(s, deployment("web", gate=True), timeout="3s")
    env = user(s, [{"apiGroups": [""], "resources": ["configmaps"],
                    "verbs": ["get", "list", "create", "patch"]},
                   {"apiGroups": ["apps"], "resources": ["deployments"],
                    "verbs": ["get", "create", "patch"]},
                   {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
                    "verbs": ["get", "create", "patch"]}])
    result = s.apply(plan, env=env, expect=EXIT_PARTIAL)
    s.equal(message(result, "web"), "written, but not ready after 3s: 0 of 1 available",
            "the message")
    open_gate(s)
    result = s.apply(plan, "--wait-timeout", "1m", env=env)
    s.equal(readiness(result), {"web": True}, "what is ready")


@scenario("wait-claim", backends=("kube",))
def claim(s):
    """a claim whose volume is bound when a pod uses it is nothing to wait for"""
    s.cluster.server.request("POST", "/apis/storage.k8s.io/v1/storageclasses", {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": s.ns},
        "provisioner": "example.com/none", "volumeBindingMode": "WaitForFirstConsumer"})
    plan = begin(s, "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec:\n"
                 "  storageClassName: $ns\n  accessModes: [ReadWriteOnce]\n"
                 "  resources: {requests: {storage: 1Gi}}\n---\n", config_map("last", 1))
    result = s.apply(plan)
    s.equal(readiness(result), {"data": True, "last": True}, "what is ready")


@scenario("wait-terminal", backends=("kube",))
def terminal(s):
    """on a terminal a line a wave is drawn again and again; nothing is wrapped or left over"""
    plan = begin(s, deployment("web", gate=True), config_map("last", 1))
    text = on_terminal(s, "apply", *s.cluster.args, "--wait-timeout", "3s", plan.file)
    s.check("\033[1A\033[J" in text, f"nothing is drawn again: {text!r}")
    screen = played(text)
    s.check(screen[0].startswith("wave 0   ─"), f"the first line: {screen[0]!r}")
    s.contains(screen[0], "0/1  1 failed", "the last drawing")
    s.equal([line for line in screen if line.startswith("wave")], screen[:1], "lines of waves")
    s.check(re.search(r"wave 0 .*Deployment [^ ]*web, 1 s: ", text), f"no second passes: {text!r}")
    text = on_terminal(s, "apply", *s.cluster.args, "--wait-timeout", "1s", plan.file, columns=44,
                       env={"NO_COLOR": "1"})
    s.check("\033[3" not in text and "\033[0" not in text, f"colours: {text!r}")
    s.check(any("…" in line for line in text.splitlines()), f"nothing is cut: {text!r}")
    played(text, 44)
    open_gate(s)
    text = on_terminal(s, "apply", *s.cluster.args, plan.file)
    screen = [line for line in played(text) if line.startswith("wave")]
    s.equal([line.split()[-1] for line in screen], ["1/1", "1/1"], "the waves in the end")


def played(text, columns=80):
    """The lines of a terminal that has shown this; fails where a drawn line is too long."""
    rows, row, column, at = [""], 0, 0, 0
    while at < len(text):
        code = re.match(r"\x1b\[(\d*)[;\d]*([A-Za-z])", text[at:])
        if code:
            at += code.end()
            if code[2] == "A":
                row -= int(code[1])
            elif code[2] == "J":
                rows[row:] = [rows[row][:column]]
            continue
        character, at = text[at], at + 1
        if character == "\r":
            column = 0
        elif character == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        else:
            if column >= columns and rows[row].startswith("wave"):
                raise AssertionError(f"more than {columns} columns: {rows[row]!r}")
            rows[row] = rows[row].ljust(column)[:column] + character + rows[row][column + 1:]
            column += 1
    return rows


@scenario("wait-embedded", backends=("file",))
def embedded(s):
    """on the embedded cluster nothing happens by itself: nothing is waited for, nor claimed"""
    plan = begin(s, deployment("web"), config_map("last", 1))
    result = s.apply(plan, "--wait=true")
    s.equal(result["outcome"], "applied", "outcome")
    s.equal(readiness(result), {"web": None, "last": None}, "what is said of readiness")
