"""Static checks beside real clusters: what is looked up there, and what the API server itself says."""

import copy
import json
import os
import subprocess

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_INCOMPLETE, EXIT_REFUSED, Failed
from .policies import configure
from .refusals import RIGHTS, user, wait_until

LOOKING = """apiVersion: apps/v1
kind: Deployment
metadata: {name: looking}
spec:
  selector: {matchLabels: {app: looking}}
  template:
    metadata: {labels: {app: looking}}
    spec:
      serviceAccountName: builder
      containers:
      - name: main
        image: looking:1
        envFrom:
        - configMapRef: {name: there}
        - configMapRef: {name: nowhere}
        env:
        - name: A
          valueFrom: {secretKeyRef: {name: keys, key: a}}
        - name: B
          valueFrom: {secretKeyRef: {name: keys, key: b}}
"""

THERE = """apiVersion: v1
kind: ConfigMap
metadata: {name: there}
data: {a: b}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {a: b}
"""


def findings(plan, check):
    return sorted(v["message"] for v in plan["policy"] if v["source"] == "check" and v["policy"] == check)


@scenario("checks-references")
def checks_references(s):
    """what Git does not have is looked for in the cluster, keys too"""
    s.start()
    s.cluster.server_apply(s.fill(THERE))
    s.write("looking.yaml", LOOKING)
    s.commit("looking")
    plan = s.plan()
    s.equal(findings(plan, "dangling-reference"), [
        f"ConfigMap {s.ns}/nowhere is not there, neither in Git nor in the cluster",
        f"Secret {s.ns}/keys has no key \"b\"",
        f"ServiceAccount {s.ns}/builder is not there, neither in Git nor in the cluster"], "findings")
    s.cluster.server_apply(s.fill("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: builder}\n"))
    s.cluster.server_apply(s.fill("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nowhere}\n"))
    s.equal(len(findings(s.plan(), "dangling-reference")), 1, "what is there now")


MADE = """apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  containers:
  - name: main
    image: user:1
    envFrom:
    - secretRef: {name: fetched}
    - secretRef: {name: sea-credentials}
    - secretRef: {name: hooked}
    - secretRef: {name: issued}
    - secretRef: {name: nowhere}
    - secretRef: {name: hooke}
  volumes:
  - {name: a, persistentVolumeClaim: {claimName: data-set-0}}
  - {name: b, persistentVolumeClaim: {claimName: data-set-x}}
---
apiVersion: $ns.example.com/v1
kind: Boat
metadata: {name: sea}
spec: {sails: 1, cargo: {secretName: fetched}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: hook}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: hook:1, args: [--secret-name=hooked]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, annotations: {cert-manager.io/cluster-issuer: ca}}
spec:
  defaultBackend: {service: {name: set, port: {number: 80}}}
  tls: [{secretName: issued}]
---
apiVersion: v1
kind: Service
metadata: {name: set}
spec: {selector: {app: set, statefulset.kubernetes.io/pod-name: set-0}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: boat}
spec: {selector: {boat: sea}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set}
spec:
  serviceName: set
  selector: {matchLabels: {app: set}}
  template:
    metadata: {labels: {app: set}}
    spec:
      containers: [{name: main, image: set:1}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@scenario("checks-made-by-others")
def checks_made_by_others(s):
    """what operators, Jobs and controllers will make is not said to be missing before they run"""
    s.start()
    s.cluster.server_apply(s.fill(BOATS.replace("colour:", "cargo: {type: object, x-kubernetes-preserve-unknown-fields: "
                                                "true}\n              colour:")))
    s.write("made.yaml", MADE)
    s.commit("made")
    wait_until("served", lambda: s.rhumb("plan", *s.cluster.args, "-q",
                                         expect={EXIT_REFUSED, EXIT_INCOMPLETE, EXIT_DONE}).status == EXIT_DONE)
    plan = s.plan()
    s.equal(findings(plan, "dangling-reference"), [
        f"PersistentVolumeClaim {s.ns}/data-set-x is not there, neither in Git nor in the cluster",
        f"Secret {s.ns}/hooke is not there, neither in Git nor in the cluster",
        f"Secret {s.ns}/nowhere is not there, neither in Git nor in the cluster"], "references")
    s.equal(findings(plan, "selector-without-pods"), [], "selectors")


@scenario("checks-forbidden")
def checks_forbidden(s):
    """what may not be read is not said to be missing"""
    s.start()
    s.write("looking.yaml", LOOKING)
    s.commit("looking")
    missing = [f"ConfigMap {s.ns}/nowhere is not there, neither in Git nor in the cluster",
               f"ConfigMap {s.ns}/there is not there, neither in Git nor in the cluster"]
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": [{"verbs": ["get", "list"], "kinds": ["Secret", "ServiceAccount"]}]})
        plan = s.plan("--exclude-kind", "Secret")
    else:
        plan = s.plan("--exclude-kind", "Secret", env=user(s, RIGHTS))
    s.equal(findings(plan, "dangling-reference"), missing, "findings")


@scenario("checks-selectors", backends=("kube",))
def checks_selectors(s):
    """a selector whose pods the cluster has, and one whose pods nobody has"""
    s.start()
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone", "labels": {"app": "lone"}},
           "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    s.cluster.server_apply(json.dumps(pod))
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: %s}, ports: [{port: 80}]}\n"
    s.write("lone.yaml", service % ("lone", "lone"))
    s.write("none.yaml", service % ("none", "none"))
    s.commit("services")
    plan = s.plan()
    s.equal([v["change"].rsplit("/", 1)[1] for v in plan["policy"] if v["policy"] == "selector-without-pods"], ["none"],
            "selectors without pods")


BOATS = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.$ns.example.com}
spec:
  group: $ns.example.com
  scope: Namespaced
  names: {kind: Boat, plural: boats, singular: boat, listKind: BoatList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [sails]
            properties:
              sails: {type: integer, maximum: 5}
              colour: {type: string, enum: [red, blue]}
"""


@scenario("checks-cluster-schema")
def checks_cluster_schema(s):
    """where no dry-run is asked, custom resources are held against the CRD that the cluster has"""
    s.start()
    s.cluster.server_apply(s.fill(BOATS))
    s.write("boat.yaml", "apiVersion: $ns.example.com/v1\nkind: Boat\nmetadata: {name: b}\n"
            "spec: {colour: green, oars: 2}\n")
    s.commit("a boat")
    wait_until("served", lambda: s.rhumb("plan", *s.cluster.args, "--verify=predict", "-q",
                                         expect={EXIT_REFUSED, EXIT_INCOMPLETE}).status == EXIT_REFUSED)
    plan = s.plan("--verify=predict", expect=EXIT_REFUSED)
    s.equal(sorted((v["policy"], v["message"]) for v in plan["policy"] if v["source"] == "check"), [
        ("invalid-value", "\"green\" is none of red, blue"), ("missing-field", "field \"sails\" is missing"),
        ("unknown-field", "unknown field \"oars\"")], "findings")


TOKEN = "gh" + "p_" + "0123456789abcdefghijABCDEFGHIJ012345"
PASSWORD = "Tr0ub4dor3xyz"


@scenario("checks-secrets")
def checks_secrets(s):
    """no value of a secret that a check finds is in a finding, in any format, or in an error"""
    s.start()
    base = s.git("rev-parse", "HEAD")
    s.write("leaks.yaml", f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: leaks}}
data:
  token: {TOKEN}
  config: |
    user: me
    password: "{PASSWORD}"
    url: postgres://me:{PASSWORD}@db/shop
""")
    s.commit("leaks")
    plan = s.plan("--base", base, expect=EXIT_REFUSED)
    s.equal({v["policy"] for v in plan["policy"]}, {"plain-secret", "plausible-secret", "url-credentials"}, "findings")
    for fmt in ("json", "sarif", "junit", "text"):
        done = s.rhumb("policy", "check", plan.file, "--format", fmt, expect=EXIT_REFUSED)
        for secret in (TOKEN, PASSWORD, TOKEN[:12], PASSWORD[:6]):
            if secret in done.stdout + done.stderr:
                raise Failed(f"{fmt} has {secret}")
    configure(s, checks={"plain-secret": "audit"})
    base = s.commit("not denied")
    s.write("more.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: more}}\ndata: {{token: {TOKEN}}}\n")
    s.commit("more")
    s.plan("--base", base)


DEPLOYMENT = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
    "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "x"}},
             "template": {"metadata": {"labels": {"app": "x"}},
                          "spec": {"containers": [{"name": "c", "image": "x:1", "ports": [{"containerPort": 80}],
                                                   "env": [{"name": "A", "value": "b"}],
                                                   "resources": {"requests": {"cpu": "1"}}}]}}}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"},
           "spec": {"selector": {"app": "x"}, "ports": [{"name": "http", "port": 80, "targetPort": 80}]}}
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}}
CRON = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "x"},
        "spec": {"schedule": "0 3 * * *", "concurrencyPolicy": "Forbid",
                 "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [
                     {"name": "c", "image": "x:1"}]}}}}}}
CONTAINER = ("spec", "template", "spec", "containers", 0)


def places(value, path=()):
    """Every object within an object, with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from places(item, path + (key,))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, path + (i,))


FREE = {"matchLabels", "labels", "data", "requests", "selector"}  # maps with any keys


def mutations(kind, whole):
    """Unknown fields everywhere, wrong types of every scalar, lists and objects for others."""
    for path, at in places(whole):
        free = path and path[-1] in FREE and not (path[-1] == "selector" and whole is not SERVICE)
        if not free:
            yield f"{kind} {path} unknown", path, "unknownField", "x"
        for key, value in at.items():
            if (path, key) in (((), "apiVersion"), ((), "kind"), ((), "metadata"), (("metadata",), "name")):
                continue  # what is wrong with these is an error while it is read
            if isinstance(value, (dict, list)):
                yield f"{kind} {path} {key} text", path, key, "text"
            elif isinstance(value, str):
                yield f"{kind} {path} {key} object", path, key, {"a": "b"}
                yield f"{kind} {path} {key} list", path, key, ["a"]
            else:
                yield f"{kind} {path} {key} object", path, key, {"a": "b"}


def mutated(whole, path, key, value):
    out = copy.deepcopy(whole)
    at = out
    for step in path:
        at = at[step]
    at[key] = value
    return out


ENUMS = [("Deployment enum", DEPLOYMENT, CONTAINER, "imagePullPolicy", "Sometimes"),
         ("Service enum", SERVICE, ("spec",), "type", "Public"),
         ("Service protocol", SERVICE, ("spec", "ports", 0), "protocol", "QUIC"),
         ("CronJob enum", CRON, ("spec",), "concurrencyPolicy", "Maybe"),
         ("Deployment strategy", DEPLOYMENT, ("spec",), "strategy", {"type": "Slow"}),
         ("restartPolicy", CRON, ("spec", "jobTemplate", "spec", "template", "spec"), "restartPolicy", "Sometimes")]
FIELDS = {"unknown-field", "wrong-type", "invalid-value", "missing-field"}


@scenario("checks-schema", backends=("kube",))
def checks_schema(s):
    """what the server refuses for its schema is found without it, by what is built in and by its saved OpenAPI"""
    s.start()
    cases = [(name, mutated(whole, path, key, value)) for kind, whole in (
        ("Deployment", DEPLOYMENT), ("Service", SERVICE), ("ConfigMap", MAP), ("CronJob", CRON))
             for name, path, key, value in mutations(kind, whole)]
    n_built_in = len(cases)
    cases += [(name, mutated(whole, path, key, value)) for name, whole, path, key, value in ENUMS]
    cases += [(f"{whole['kind']} as it is", whole) for whole in (DEPLOYMENT, SERVICE, MAP, CRON)]
    if n_built_in < 80:
        raise Failed(f"{n_built_in} mutations only")
    paths = {"apps/v1": "deployments", "batch/v1": "cronjobs", "v1": None}
    repo = os.path.join(s.dir, "schemas-repo")
    os.makedirs(os.path.join(repo, "schemas"))
    for version in paths:
        where = f"/openapi/v3/{'api' if '/' not in version else 'apis'}/{version}"
        status, document = s.cluster.server.request("GET", where)
        s.equal(status, 200, where)
        with open(os.path.join(repo, "schemas", version.replace("/", "-") + ".json"), "w", encoding="utf-8") as f:
            json.dump(document, f)
    refused = {}
    for name, v in cases:
        resource = paths[v["apiVersion"]] or {"Service": "services", "ConfigMap": "configmaps"}[v["kind"]]
        prefix = f"/apis/{v['apiVersion']}" if "/" in v["apiVersion"] else "/api/v1"
        status, answer = s.cluster.server.request(
            "POST", f"{prefix}/namespaces/{s.ns}/{resource}?dryRun=All&fieldValidation=Strict", v)
        refused[name] = None if status == 201 else answer["message"]
    found = {}
    for saved in (False, True):
        found[saved] = check_all(s, repo, cases, saved)
    wrong = [f"{name}: saved {saved}: the server says {refused[name]}, rhumb {sorted(found[saved][name])}"
             for saved in (False, True) for name, _ in cases
             if (saved or "enum" not in name and name not in ("Service protocol", "Deployment strategy", "restartPolicy"))
             and bool(found[saved][name]) != (refused[name] is not None)]
    if wrong:
        raise Failed(f"{len(wrong)} of {len(cases)} differ:\n" + "\n".join(wrong[:20]))


def check_all(s, repo, cases, saved):
    """One plan for all: each object in a namespace of its own."""
    config = {"apiVersion": "rhumb.dev/v1", "kind": "Config", "applications": [{"name": "a", "path": "m"}]}
    if saved:
        config["schema"] = ["schemas"]
    os.makedirs(os.path.join(repo, "m"), exist_ok=True)
    with open(os.path.join(repo, "rhumb.yaml"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    for i, (_, v) in enumerate(cases):
        v = copy.deepcopy(v)
        if isinstance(v.get("metadata"), dict):
            v["metadata"]["namespace"] = f"n{i}"
        with open(os.path.join(repo, "m", f"{i}.json"), "w", encoding="utf-8") as f:
            json.dump(v, f)
    for argv in (["init", "-q"], ["add", "-A"], ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", repo, *argv], check=True)
    file = os.path.join(s.dir, f"schemas-{saved}.json")
    s.rhumb("plan", "-C", repo, "--cluster", "none", "--base", "none", "--config-from", "head", "-q", "-o", file,
            expect={EXIT_DONE, EXIT_REFUSED})
    with open(file, encoding="utf-8") as f:
        plan = json.load(f)
    found = {name: set() for name, _ in cases}
    for v in plan["policy"]:
        if v["policy"] in FIELDS:
            index = next(int(part[1:]) for part in v["change"].split("/") if part[:1] == "n" and part[1:].isdigit())
            found[cases[index][0]].add(v["policy"])
    return found


RBAC = "rbac.authorization.k8s.io"
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"},
       "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x:1"}]}}}}
STATEFUL = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "x"},
            "spec": {"serviceName": "a", "selector": {"matchLabels": {"app": "x"}}, "template": {
                "metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}}}
CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"},
         "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "a", "resources": {"requests": {"storage": "2Gi"}}}}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "type": "Opaque", "immutable": True,
          "data": {"a": "Yg=="}}
BINDING = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": "x"},
           "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "a"}}
WIDE = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "$ns"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "a"}}
STORAGE = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "$ns"}, "provisioner": "a.example",
           "parameters": {"a": "b"}, "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate"}
PRIORITY = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "$ns"}, "value": 5,
            "preemptionPolicy": "Never"}
CLASS = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "$ns"},
         "spec": {"controller": "a.example/b"}}
RUNTIME = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "$ns"}, "handler": "a"}
LABELS = ("spec", "template", "metadata", "labels")

# What changes: the object, then paths with other values; the last ones of a kind are allowed.
CHANGES = [
    (DEPLOYMENT, [[(("spec", "selector", "matchLabels"), {"app": "y"}), (LABELS, {"app": "y"})], [(("spec", "replicas"), 5)]]),
    (STATEFUL, [[(("spec", "selector", "matchLabels"), {"app": "y"}), (LABELS, {"app": "y"})], [(("spec", "serviceName"), "b")],
                [(("spec", "podManagementPolicy"), "Parallel")], [(("spec", "replicas"), 5)]]),
    (JOB, [[(("spec", "template", "spec", "containers", 0, "image"), "x:2")], [(("spec", "completionMode"), "Indexed"),
                                                                            (("spec", "completions"), 1)],
           [(("spec", "parallelism"), 3)]]),
    (CLAIM, [[(("spec", "accessModes"), ["ReadWriteMany"])], [(("spec", "storageClassName"), "b")],
             [(("spec", "resources", "requests", "storage"), "1Gi")]]),
    (SECRET, [[(("type",), "example.com/other")], [(("data",), {"a": "Yw=="})], [(("metadata", "labels"), {"a": "b"})]]),
    (BINDING, [[(("roleRef", "name"), "b")], [(("subjects",), [{"kind": "User", "name": "u", "apiGroup": RBAC}])]]),
    (WIDE, [[(("roleRef", "name"), "b")]]),
    (STORAGE, [[(("provisioner",), "b.example")], [(("parameters",), {"a": "c"})], [(("reclaimPolicy",), "Delete")],
               [(("volumeBindingMode",), "WaitForFirstConsumer")], [(("mountOptions",), ["ro"])]]),
    (PRIORITY, [[(("value",), 6)], [(("preemptionPolicy",), "PreemptLowerPriority")], [(("description",), "d")]]),
    (CLASS, [[(("spec", "controller"), "b.example/b")], [(("metadata", "labels"), {"a": "b"})]]),
    (RUNTIME, [[(("handler",), "b")], [(("metadata", "labels"), {"a": "b"})]]),
    (SERVICE, [[(("spec", "type"), "NodePort")], [(("spec", "selector"), {"app": "y"})]]),
]


@scenario("checks-immutable", backends=("kube",))
def checks_immutable(s):
    """what the server lets nobody change is found without it, and nothing else"""
    s.start()
    repo = os.path.join(s.dir, "immutable-repo")
    os.makedirs(repo)
    with open(os.path.join(repo, "rhumb.yaml"), "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "rhumb.dev/v1", "kind": "Config",
                   "applications": [{"name": "a", "path": "m", "namespace": s.ns}]}, f)
    git = ["git", "-C", repo, "-c", "user.name=e2e", "-c", "user.email=e2e@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    wrong, count = [], 0
    for whole, changes in CHANGES:
        text = json.dumps(whole).replace("$ns", s.ns)
        s.cluster.server_apply(text)
        for edits in changes:
            after = json.loads(text)
            for path, value in edits:
                after = mutated(after, path[:-1], path[-1], value)
            refused = s.cluster.run("apply", "--server-side", "--dry-run=server", "--force-conflicts", "-n", s.ns, "-f", "-",
                                    stdin=json.dumps(after), check=False).status != 0
            found = found_immutable(s, repo, git, json.loads(text), after)
            count += 1
            if found != refused:
                wrong.append(f"{whole['kind']} {edits}: the server {'refuses' if refused else 'takes'} it, rhumb {found}")
    if wrong or count < 30:
        raise Failed(f"{len(wrong)} of {count} differ:\n" + "\n".join(wrong))
    for kind in ("ClusterRoleBinding", "StorageClass", "PriorityClass", "IngressClass", "RuntimeClass"):
        s.cluster.run("delete", kind, s.ns, check=False)


def found_immutable(s, repo, git, before, after):
    os.makedirs(os.path.join(repo, "m"), exist_ok=True)
    for v in (before, after):
        with open(os.path.join(repo, "m", "x.json"), "w", encoding="utf-8") as f:
            json.dump(v, f)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    file = os.path.join(s.dir, "immutable.json")
    s.rhumb("plan", "-C", repo, "--cluster", "none", "--base", "HEAD~1", "-q", "-o", file)
    with open(file, encoding="utf-8") as f:
        return any(v["policy"] == "immutable-field" for v in json.load(f)["policy"])
