"""Rollback: the plan that undoes an apply, and --on-failure=rollback."""

import base64
import json
import os
import signal
import subprocess
import time

from ..suite import scenario
from ..scenario import (EXIT_DONE, EXIT_INCOMPLETE, EXIT_PARTIAL, EXIT_REFUSED, EXIT_STALE,
                        EXIT_ERROR, Failed)
from .. import objects
from .refusals import allow_again, deny

KEY = {"RHUMB_KEY": "a key that is hard enough to guess for a test: 5f1d8c"}
PATIENCE = 30  # seconds for what another process is about to do

EXTRA = """
apiVersion: v1
kind: ConfigMap
metadata: {name: fixed}
immutable: true
data: {k: before}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: going, annotations: {note: kept}}
data: {k: before, l: more}
---
apiVersion: v1
kind: Secret
metadata: {name: token}
stringData: {token: $secret}
"""
ADOPTED = """
apiVersion: v1
kind: ConfigMap
metadata: {name: adopted, labels: {of: people}}
data: {a: one, b: two}
"""


def state(o):
    """What an object is, without what changes by itself or belongs to one life of it."""
    if o is None:
        return None
    o = json.loads(json.dumps(o))
    o.pop("status", None)
    for key in ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"):
        o["metadata"].pop(key, None)
    o["metadata"].get("annotations", {}).pop("deployment.kubernetes.io/revision", None)
    if not o["metadata"].get("annotations", True):
        del o["metadata"]["annotations"]
    return o


def ownership(o):
    """Who holds which fields, but for controllers."""
    return {(e["manager"], e["operation"], e.get("subresource", "")): e["fieldsV1"]
            for e in (o or {"metadata": {}})["metadata"].get("managedFields", [])
            if e["manager"] != "kube-controller-manager" and e.get("subresource") != "status"}


class World:
    """All objects of the scenario's namespace by name, as they are now."""

    def __init__(self, s, names):
        self.objects = {n: s.cluster.get(*n.split("/")) for n in names}

    def same(self, s, other, but=(), owners=True):
        for name, o in self.objects.items():
            if name in but:
                continue
            s.equal(state(other.objects[name]), state(o), name)
            if owners:
                s.equal(ownership(other.objects[name]), ownership(o), f"owners of {name}")


NAMES = ["Deployment/web", "Service/web", "ConfigMap/flags", "Secret/db", "Secret/token",
         "ConfigMap/fixed", "ConfigMap/going", "ConfigMap/adopted", "ConfigMap/fresh",
         "ConfigMap/rhumb-shop"]


def apply_kept(s, plan, *args, expect=EXIT_DONE, env=None, name=None):
    """Applies, and keeps the result file with its journal, of which it tells the name."""
    file = os.path.join(s.dir, name or os.path.basename(plan.file).replace("plan-", "kept-"))
    done = s.rhumb("apply", *s.cluster.args, "-o", file, *args, plan.file, expect=expect, env=env)
    with open(file, encoding="utf-8") as f:
        result = json.load(f)
    s.equal([o["id"] for o in result["objects"]], [c["id"] for c in plan["changes"]],
            "the objects of the result")
    result["file"], result["stdout"], result["stderr"] = file, done.stdout, done.stderr
    return result


def rollback(s, result, *args, expect=EXIT_DONE, env=None):
    s.plans += 1
    file = os.path.join(s.dir, f"plan-{s.plans}.json")
    done = s.rhumb("rollback", *s.cluster.args, "-o", file, *args, result["file"], expect=expect,
                   env=env)
    plan = s.load(file)
    plan.text, plan.stderr, plan.status = done.stdout, done.stderr, done.status
    s.equal(plan["rollback"]["of"], result["plan"], "the plan that is undone")
    s.contains(s.show(plan), "rollback of plan " + result["plan"][:14], "show")
    return plan


def no_value_anywhere(s):
    """No file that was written beside the cluster's own and the manifests holds a value."""
    forms = [f.encode() for v in s.secrets for f in objects.disguises(v)]
    inside = (os.path.join(s.dir, "cluster"), s.repo, s.home)
    found = 0
    for folder, _, files in os.walk(s.dir):
        if folder.startswith(inside):
            continue
        for name in files:
            if not name.endswith((".json", ".journal", ".rollback", ".plan")):
                continue
            found += 1
            with open(os.path.join(folder, name), "rb") as f:
                content = f.read()
            for form in forms:
                s.check(form not in content, f"a secret value is in {name} (as {form!r})")
    s.check(found >= 3, f"only {found} files were written")


def begin(s, env=None):
    """What is there before: applied, edited by people, and made by others."""
    s.extra_env = dict(env or {})
    s.config["allowDelete"] = ["Secret"]
    s.start(applied=False)
    s.write("extra.yaml", EXTRA)
    s.commit("first")
    s.apply(s.plan())
    s.cluster.server_apply(s.fill(ADOPTED), manager="kubectl-client-side-apply")
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 5}})
    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "green", "byhand": "yes"}})


def change_everything(s):
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "web:1.4", "web:1.5",
           "        - name: LEVEL\n          value: info\n", "",
           "      - name: proxy\n        image: proxy:2\n",
           "      - name: other\n        image: other:1\n", "port: 80", "port: 8080")
    s.edit("flags.yaml", "  size: large\n", "  shape: round\n", "colour: blue", "colour: red")
    s.secrets.append(s.secret + "-new")
    s.edit("db.yaml", "password: $secret", "password: $secret-new")
    s.edit("extra.yaml", "k: before}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: going",
           "k: after}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: going")
    text = s.read("extra.yaml")
    s.write("extra.yaml", text.split("---")[0])
    s.write("adopted.yaml", ADOPTED)
    s.write("fresh.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {k: v}\n")
    return s.commit("everything")


EVERYTHING = {"Deployment/web": "update", "Service/web": "update", "ConfigMap/flags": "update",
              "Secret/db": "update", "ConfigMap/fixed": "replace", "ConfigMap/going": "delete",
              "Secret/token": "delete", "ConfigMap/adopted": "adopt", "ConfigMap/fresh": "create"}
UNDONE = {"Deployment/web": "update", "Service/web": "update", "ConfigMap/flags": "update",
          "Secret/db": "update", "ConfigMap/fixed": "replace", "ConfigMap/going": "create",
          "Secret/token": "create", "ConfigMap/adopted": "update", "ConfigMap/fresh": "delete"}


@scenario("rollback-everything")
def rollback_of_everything(s):
    """Create, update, dropped and taken over fields, adopt, delete, replace, Secrets: all undone."""
    begin(s, KEY)
    old = s.git("rev-parse", "HEAD")
    before = World(s, NAMES)
    change_everything(s)
    plan = s.plan()
    s.changes(plan, EVERYTHING)
    drift = s.plan("--head", old)
    result = apply_kept(s, plan, "--allow-replace")
    after = World(s, NAMES)
    s.equal(before.objects["ConfigMap/fresh"], None, "fresh before")

    undo = rollback(s, result)
    s.changes(undo, UNDONE)
    s.field(undo, s.id("Deployment/web"), "/spec/replicas", 4, 5, why="rollback")
    undone = apply_kept(s, undo, "--allow-replace")
    s.equal(undone["outcome"], "applied", "outcome")
    s.equal(undone["rollbackOf"], plan["digest"], "rollbackOf")
    before.same(s, World(s, NAMES), but=("ConfigMap/fresh",))
    s.equal(s.cluster.get("ConfigMap", "fresh"), None, "fresh after the rollback")
    no_value_anywhere(s)

    # The next plan of the same head shows the same change; of the old one what it showed before.
    again = s.plan()
    s.changes(again, EVERYTHING)
    s.equal(s.plan("--head", old).actions(), drift.actions(), "the plan of the old head")

    # A second rollback has nothing to do, and the apply is not resumed.
    s.changes(rollback(s, result), {})
    done = s.rhumb("apply", *s.cluster.args, "-o", result["file"], "--allow-replace", plan.file,
                   expect=EXIT_STALE)
    s.contains(done.stderr, "is kept as", "apply of a plan that was undone")

    # A rollback of the rollback.
    redo = rollback(s, undone)
    redone = apply_kept(s, redo, "--allow-replace")
    s.equal(redone["outcome"], "applied", "outcome of the rollback of the rollback")
    after.same(s, World(s, NAMES))
    no_value_anywhere(s)


@scenario("rollback-no-key")
def rollback_without_key(s):
    """A Secret whose values nobody has sealed is unknown, and says why; the rest is undone."""
    begin(s)
    before = World(s, NAMES)
    change_everything(s)
    plan = s.plan()
    result = apply_kept(s, plan, "--allow-replace")
    undo = rollback(s, result, expect=EXIT_INCOMPLETE)
    s.changes(undo, {**UNDONE, "Secret/db": "unknown", "Secret/token": "unknown"})
    for name in ("Secret/db", "Secret/token"):
        s.contains(undo.change(s.id(name))["reason"], "its values cannot be restored", name)
    s.rhumb("apply", *s.cluster.args, "--allow-replace", undo.file, expect=EXIT_REFUSED)
    undone = apply_kept(s, undo, "--allow-replace", "--allow-partial")
    s.equal(s.outcomes(undone)[s.id("Secret/db")], "not-tried", "Secret db")
    before.same(s, World(s, NAMES), but=("ConfigMap/fresh", "Secret/db", "Secret/token",
                                         "ConfigMap/rhumb-shop"))
    no_value_anywhere(s)


@scenario("rollback-other-key")
def rollback_with_another_key(s):
    """With another key, or none at hand, a sealed Secret is unknown; with a key a plan is not applied without."""
    begin(s, KEY)
    s.secrets.append(s.secret + "-new")
    s.edit("db.yaml", "password: $secret", "password: $secret-new")
    s.commit("password")
    result = apply_kept(s, s.plan())
    for env in ({"RHUMB_KEY": "quite another key, and not a short one"}, {"RHUMB_KEY": ""}):
        undo = rollback(s, result, expect=EXIT_INCOMPLETE, env=env)
        s.equal(undo.change(s.id("Secret/db"))["action"], "unknown", "Secret db")
    undo = rollback(s, result)
    done = s.rhumb("apply", *s.cluster.args, undo.file, expect=64, env={"RHUMB_KEY": ""})
    s.contains(done.stderr, "RHUMB_KEY", "apply without the key")
    apply_kept(s, undo)
    data = s.cluster.need("Secret", "db")["data"]["password"]
    s.equal(base64.b64decode(data).decode(), s.secret, "the password")
    no_value_anywhere(s)


@scenario("rollback-moved")
def rollback_when_the_world_moved(s):
    """What people have changed since is a conflict or stale; what controllers did is left alone."""
    begin(s, KEY)
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "web:1.4", "web:1.5")
    s.edit("flags.yaml", "colour: blue", "colour: red", "size: large", "size: small")
    s.write("fresh.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\ndata: {k: v}\n")
    s.commit("second")
    result = apply_kept(s, s.plan())
    clean = rollback(s, result)

    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "black"}})
    s.cluster.patch("ConfigMap", "flags", {"metadata": {"labels": {"unrelated": "x"}}})
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 9}}, manager="autoscaler")
    stale = s.rhumb("apply", *s.cluster.args, clean.file, expect=EXIT_STALE)
    s.contains(stale.stderr, "kubectl-edit", "a stale rollback")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "black", "colour")

    undo = rollback(s, result, expect=EXIT_INCOMPLETE)
    s.changes(undo, {"Deployment/web": "update", "ConfigMap/flags": "conflict",
                     "ConfigMap/fresh": "delete"})
    s.field(undo, s.id("ConfigMap/flags"), "/data/colour", "black", "green", owner="kubectl-edit")
    apply_kept(s, undo, "--allow-partial")
    web = s.cluster.need("Deployment", "web")
    s.equal(web["spec"]["replicas"], 9, "replicas, which a controller has set since")
    s.equal(web["spec"]["template"]["spec"]["containers"][0]["image"], "web:1.4", "image")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["size"], "small", "size")

    # Objects that came and went.
    s.edit("flags.yaml", "colour: red", "colour: white")
    s.commit("third")
    plan = s.plan(expect=(EXIT_DONE, EXIT_INCOMPLETE))
    result = apply_kept(s, plan, "--allow-partial")
    s.cluster.delete("ConfigMap", "fresh")
    undo = rollback(s, result)
    s.check(s.id("ConfigMap/fresh") not in undo.actions(), "fresh is gone: nothing to delete")
    s.cluster.server_apply(s.fill("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fresh}\n"),
                           manager="somebody")
    undo = rollback(s, result, expect=EXIT_INCOMPLETE)
    s.equal(undo.change("fresh")["action"], "conflict", "fresh, made anew by somebody")


@scenario("rollback-nothing")
def rollback_of_nothing(s):
    """An apply that wrote nothing has nothing to be undone; neither has one that was refused."""
    s.start()
    plan = s.plan()
    result = apply_kept(s, plan)
    undo = rollback(s, result)
    s.changes(undo, {})
    s.contains(undo.text, "nothing to do", "the report")
    s.equal(apply_kept(s, undo)["outcome"], "applied", "outcome")
    done = s.rhumb("rollback", *s.cluster.args, os.path.join(s.dir, "no-such.json"),
                   expect=EXIT_ERROR)
    s.contains(done.stderr, "there is no journal", "rollback of no result")


@scenario("rollback-first")
def rollback_of_the_first_apply(s):
    """Everything that a first apply created goes again; kinds that hold data are to be allowed."""
    s.start(applied=False)
    s.write("claim.yaml", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
            "spec:\n  accessModes: [ReadWriteOnce]\n  resources: {requests: {storage: 1Gi}}\n")
    s.commit("first")
    plan = s.plan()
    result = apply_kept(s, plan)
    undo = rollback(s, result, expect=EXIT_REFUSED)
    s.equal(undo.change("data")["action"], "refused", "the claim")
    undo = rollback(s, result, "--allow-delete", "PersistentVolumeClaim")
    s.equal(set(undo.actions().values()), {"delete"}, "actions")
    apply_kept(s, undo)
    for kind, name in (("Deployment", "web"), ("Service", "web"), ("Secret", "db"),
                       ("ConfigMap", "flags")):
        s.equal(s.cluster.get(kind, name), None, name)
    parent = s.cluster.need("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
    s.check("rhumb.dev/commit" not in parent, "a commit is still recorded as applied")
    s.equal(set(s.plan().actions().values()) - {"create", "unknown"}, set(), "the next plan")


CUSTOM = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.$ns.example.com}
spec:
  group: $ns.example.com
  names: {kind: Boat, plural: boats}
  scope: Namespaced
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
            properties:
              length: {type: integer}
              crew:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [name]
                items:
                  type: object
                  required: [name]
                  properties: {name: {type: string}, rank: {type: string}}
---
apiVersion: $ns.example.com/v1
kind: Boat
metadata: {name: ark, finalizers: []}
spec:
  length: 300
  crew: [{name: noah, rank: captain}, {name: shem, rank: mate}]
---
apiVersion: v1
kind: Namespace
metadata: {name: $ns-x, labels: {team: sea}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: inside, namespace: $ns-x}
data: {k: v}
"""


@scenario("rollback-kinds")
def rollback_of_kinds(s):
    """A CRD with an object, a Namespace with content, a Service: deleted, and created again by the rollback."""
    s.config["allowDelete"] = ["CustomResourceDefinition", "Namespace"]
    s.cluster.kinds["Boat"] = (f"{s.ns}.example.com/v1", "boats", True)
    s.start(applied=False)
    s.write("custom.yaml", CUSTOM)
    s.commit("first")
    s.apply(s.plan())
    s.cluster.patch("Boat", "ark", {"spec": {"length": 301}})
    names = [("CustomResourceDefinition", f"boats.{s.ns}.example.com", None), ("Boat", "ark", None),
             ("Namespace", s.ns + "-x", None), ("ConfigMap", "inside", s.ns + "-x"),
             ("Service", "web", None)]
    before = {n: s.cluster.need(*n) for n in names}
    s.edit("custom.yaml", "rank: captain", "rank: admiral", "length: 300", "length: 400")
    s.commit("second")
    second = apply_kept(s, s.plan())
    s.equal(s.cluster.need("Boat", "ark")["spec"]["length"], 400, "length")
    text = s.read("web.yaml")
    s.write("web.yaml", text.split("---")[0])
    s.remove("custom.yaml")
    s.commit("third")
    third = apply_kept(s, s.plan())
    end = time.monotonic() + PATIENCE
    while s.cluster.get("Namespace", s.ns + "-x") and time.monotonic() < end:
        time.sleep(0.1)

    undo = rollback(s, third)
    s.equal(set(undo.actions().values()), {"create"}, "actions")
    s.equal(len(undo["changes"]), len(names), "changes")
    s.contains(undo.text, "comes back only where this plan creates it", "the report")
    s.equal(undo.change("ark")["verified"], "deferred", "verified")
    apply_kept(s, undo)
    s.equal(s.cluster.need("Boat", "ark")["spec"]["crew"][0]["rank"], "admiral", "rank")
    # The change before that one was of objects that are gone since: their fields stay as they are.
    undo = rollback(s, second, expect=EXIT_INCOMPLETE)
    s.equal(undo.change("ark")["action"], "conflict", "a boat that was made anew")
    for name, was in before.items():
        now = s.cluster.need(*name)
        if name[0] != "Boat":
            s.equal(state(now), state(was), name[1])
        s.equal(now["spec" if name[0] == "Service" else "metadata"].get("clusterIP"),
                was["spec" if name[0] == "Service" else "metadata"].get("clusterIP"), "clusterIP")


@scenario("rollback-custom")
def rollback_of_a_custom_resource(s):
    """Fields of a custom resource, of which the CRD's schema says how its lists merge, and one edited by hand."""
    s.cluster.kinds["Boat"] = (f"{s.ns}.example.com/v1", "boats", True)
    s.start(applied=False)
    s.write("custom.yaml", CUSTOM.split("---\napiVersion: v1\nkind: Namespace")[0])
    s.commit("first")
    s.apply(s.plan())
    s.cluster.patch("Boat", "ark", {"spec": {"length": 301}})
    before = World(s, ["Boat/ark"])
    s.edit("custom.yaml", "length: 300", "length: 400", "{name: shem, rank: mate}",
           "{name: ham, rank: mate}")
    s.commit("second")
    result = apply_kept(s, s.plan())
    undo = rollback(s, result)
    s.only_fields(undo, s.id("Boat/ark"), "/spec/length", '/spec/crew[name="ham"]',
                  '/spec/crew[name="shem"]')
    apply_kept(s, undo)
    before.same(s, World(s, ["Boat/ark"]))


@scenario("rollback-killed-apply")
def rollback_of_a_killed_apply(s):
    """An apply that was killed and has no result is undone from its journal alone, Secrets included."""
    begin(s, KEY)
    before = World(s, FAILING)
    s.write("many.yaml", "\n---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: many-{i}}}\ndata: {{k: v}}\n"
        for i in range(100)))
    plan = failing(s)
    allow_again(s)
    file = os.path.join(s.dir, "killed.json")
    killed = kill_at(s, plan, file, file + ".journal", 8, undo=False)
    s.check(killed and not os.path.exists(file), "the apply was not killed in time")
    undo = rollback(s, {"file": file, "plan": plan["digest"]})
    s.contains(undo.stderr, "ended before its end", "rollback of a killed apply")
    apply_kept(s, undo)
    before.same(s, World(s, FAILING))
    s.equal([i for i in range(100) if s.cluster.get("ConfigMap", f"many-{i}")], [], "left")
    no_value_anywhere(s)


@scenario("rollback-older")
def rollback_of_an_older_apply(s):
    """Of two applies the older one: what the younger changed again is a conflict, the record stays."""
    s.start()
    s.edit("web.yaml", "web:1.4", "web:1.5", "port: 80", "port: 8080")
    s.commit("second")
    result = apply_kept(s, s.plan())
    s.edit("web.yaml", "web:1.5", "web:1.6")
    third = s.commit("third")
    apply_kept(s, s.plan())
    undo = rollback(s, result, expect=EXIT_INCOMPLETE)
    s.changes(undo, {"Deployment/web": "conflict", "Service/web": "update"})
    s.contains(undo.text, "was applied again since", "the notes")
    apply_kept(s, undo, "--allow-partial")
    parent = s.cluster.need("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
    s.equal(parent["rhumb.dev/commit"], third, "the commit that is recorded")
    s.equal(s.cluster.need("Service", "web")["spec"]["ports"][0]["port"], 80, "port")


# ---- --on-failure=rollback

def failing(s):
    """A second commit of which one object is refused by admission, not by the dry-run of the plan."""
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "port: 80", "port: 8080")
    s.edit("flags.yaml", "colour: blue", "colour: red")
    s.secrets.append(s.secret + "-new")
    s.edit("db.yaml", "password: $secret", "password: $secret-new")
    s.write("aaa.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aaa}\ndata: {k: v}\n")
    s.write("late.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: late\n  annotations:\n"
            "    rhumb.dev/sync-wave: '2'\ndata: {k: v}\n")
    s.write("last.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: last\n  annotations:\n"
            "    rhumb.dev/sync-wave: '3'\ndata: {k: v}\n")
    s.commit("second")
    plan = s.plan()
    deny(s, "late", "no such thing")
    return plan


FAILING = ["Deployment/web", "Service/web", "ConfigMap/flags", "Secret/db", "ConfigMap/aaa",
           "ConfigMap/late", "ConfigMap/last", "ConfigMap/rhumb-shop"]


@scenario("rollback-failure")
def rollback_on_failure(s):
    """A failed apply undoes itself, and the result has every object once."""
    begin(s, KEY)
    before = World(s, FAILING)
    plan = failing(s)
    result = apply_kept(s, plan, "--on-failure=rollback", expect=EXIT_PARTIAL)
    s.equal(result["outcome"], "failed", "outcome")
    outcomes = s.outcomes(result)
    s.equal(outcomes, {**{s.id(n): "rolled-back" for n in
                          ("Deployment/web", "Service/web", "ConfigMap/flags", "Secret/db",
                           "ConfigMap/aaa")},
                       s.id("ConfigMap/late"): "failed", s.id("ConfigMap/last"): "not-tried"},
            "outcomes")
    s.contains(result["stdout"], "5 rolled back", "the report")
    before.same(s, World(s, FAILING))
    no_value_anywhere(s)
    allow_again(s)
    done = s.rhumb("apply", *s.cluster.args, "-o", result["file"], plan.file,
                   expect=(EXIT_STALE, EXIT_DONE))
    s.contains(done.stderr, "is kept as", "apply after its rollback")


@scenario("rollback-failure-part")
def rollback_on_failure_in_part(s):
    """What cannot be rolled back stays as it was written, and the result says why."""
    begin(s)
    plan = failing(s)
    result = apply_kept(s, plan, "--on-failure=rollback", expect=EXIT_PARTIAL)
    outcomes = s.outcomes(result)
    s.equal(outcomes[s.id("Secret/db")], "applied", "Secret db")
    s.equal(outcomes[s.id("ConfigMap/aaa")], "rolled-back", "aaa")
    said = [o for o in result["objects"] if o["id"] == s.id("Secret/db")][0]["message"]
    s.contains(said, "not rolled back: its values cannot be restored", "the result")
    no_value_anywhere(s)


@scenario("rollback-not-ready", ("kube",))
def rollback_of_what_is_not_ready(s):
    """Written, but not ready in time: a failure like any other, and rolled back."""
    s.waits = True
    s.config.update(wait=True, timeout="3s", ready=[
        {"group": "", "kind": "ConfigMap", "path": "/data/state", "value": "ready"}])
    s.start(case=None, applied=False)
    s.write("maps.yaml", "\n---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {n}}}\n"
        f"data: {{state: ready, k: '1'}}\n" for n in ("a", "b")))
    s.commit("first")
    s.apply(s.plan())
    names = ["ConfigMap/a", "ConfigMap/b", "ConfigMap/rhumb-shop"]
    before = World(s, names)
    text = s.read("maps.yaml").replace("k: '1'", "k: '2'")
    s.write("maps.yaml", text.replace("state: ready", "state: soon", 1))
    s.commit("second")
    result = apply_kept(s, s.plan(), "--on-failure=rollback", expect=EXIT_PARTIAL)
    s.equal(set(s.outcomes(result).values()), {"rolled-back"}, "outcomes")
    said = [o.get("message", "") for o in result["objects"] if o["id"] == s.id("ConfigMap/a")][0]
    s.contains(said, "had failed: written, but not ready", "the message")
    before.same(s, World(s, names))


def kill_at(s, plan, file, journal, records, undo=True):
    """SIGKILL as soon as the journal has so many records; False where the run ended before."""
    environment = {"PATH": os.environ["PATH"], "HOME": s.home, **s.cluster.env, **s.extra_env}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    process = subprocess.Popen([os.path.join(s.build, "rhumb"), "apply", "--wait=false", *s.cluster.args, "-o", file,
                                *(["--on-failure=rollback"] if undo else []), plan.file], cwd=s.repo, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE
    while process.poll() is None:
        try:
            with open(journal, "rb") as f:
                if f.read().count(b"\n") >= records:
                    process.send_signal(signal.SIGKILL)
                    break
        except FileNotFoundError:
            pass
        if time.monotonic() > end:
            process.kill()
            raise Failed("an apply does not end")
    return process.wait() == -signal.SIGKILL


@scenario("rollback-killed")
def rollback_on_failure_killed(s):
    """SIGKILL at moments of a rollback: the same command goes on with it, to the same end."""
    begin(s, KEY)
    before = World(s, FAILING)
    plan = failing(s)
    killed = 0
    for records in (1, 2, 4, 6, 9, 12):
        file = os.path.join(s.dir, f"killed-{records}.json")
        killed += kill_at(s, plan, file, file + ".rollback.journal", records)
        result = apply_kept(s, plan, "--on-failure=rollback", expect=EXIT_PARTIAL,
                            name=os.path.basename(file))
        s.equal(result["outcome"], "failed", f"outcome, killed at record {records}")
        outcomes = s.outcomes(result)
        s.equal({outcomes[s.id(n)] for n in FAILING[:5]}, {"rolled-back"},
                f"outcomes, killed at record {records}")
        before.same(s, World(s, FAILING))
    s.check(killed, "no run was killed in time")
    no_value_anywhere(s)
