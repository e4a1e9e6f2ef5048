"""Deleting is careful: what is ours, what is to stay, what has to be allowed."""

import json

from ..suite import scenario
from ..scenario import EXIT_REFUSED, EXIT_STALE
from .. import objects

CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: none
  resources: {{requests: {{storage: 1Gi}}}}
"""
MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  annotations: {annotations}
data: {{a: "1"}}
"""

KEEPING = [
    {"rhumb.dev/prune": "false"},
    {"argocd.argoproj.io/sync-options": "Validate=false,Prune=false"},
    {"argocd.argoproj.io/sync-options": "Delete=false"},
    {"kapp.k14s.io/delete-strategy": "orphan"},
    {"helm.sh/resource-policy": "keep"},
    {"kustomize.toolkit.fluxcd.io/prune": "disabled"},
]


def config_map(name, annotations=None):
    return MAP.format(name=name, annotations=json.dumps(annotations or {}))


def stays(s, plan, name, *words):
    notes = [n for n in plan["notes"] if f"/{name} " in n]
    s.equal(len(notes), 1, f"notes about {name} in {plan['notes']}")
    for word in words:
        s.contains(notes[0], word, "the note")


@scenario("keep-annotations")
def keep_annotations(s):
    """objects with an annotation that keeps them stay, and a note says why"""
    s.start(applied=False)
    for i, annotations in enumerate(KEEPING):
        s.write(f"keep-{i}.yaml", config_map(f"keep-{i}", annotations))
    s.write("live.yaml", config_map("live"))
    s.write("last.yaml", config_map("last", {"rhumb.dev/prune": "false"}))
    s.write("goes.yaml", config_map("goes", {"rhumb.dev/prune": "true"}))
    s.commit("keep")
    s.apply(s.plan())
    # Only the live object says so; only the last manifest says so.
    s.cluster.patch("ConfigMap", "live", {"metadata": {"annotations": {"rhumb.dev/prune": "false"}}})
    s.cluster.patch("ConfigMap", "last", {"metadata": {"annotations": None}})
    for i in range(len(KEEPING)):
        s.remove(f"keep-{i}.yaml")
    for name in ("live", "last", "goes"):
        s.remove(name + ".yaml")
    s.commit("drop all")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/goes": "delete"})
    for i, annotations in enumerate(KEEPING):
        stays(s, plan, f"keep-{i}", next(iter(annotations)))
    stays(s, plan, "live", "has the annotation rhumb.dev/prune: false")
    stays(s, plan, "last", "last manifest")
    s.same_plan_again(plan)
    s.apply(plan)
    for name in [f"keep-{i}" for i in range(len(KEEPING))] + ["live", "last"]:
        s.cluster.need("ConfigMap", name)
    s.equal(s.cluster.get("ConfigMap", "goes"), None, "goes")
    # The last manifest is forgotten now, so an annotation that only it had is gone.
    plan = s.plan()
    s.changes(plan, {"ConfigMap/last": "delete"})
    stays(s, plan, "keep-0", "rhumb.dev/prune")


@scenario("not-ours")
def not_ours(s):
    """never by label alone, and nothing that somebody else has made"""
    s.start(applied=False)
    s.write("theirs.yaml", config_map("theirs"))
    s.write("people.yaml", config_map("people"))
    first = s.commit("more")
    s.cluster.server_apply(config_map("theirs"), manager="some-operator")
    s.cluster.client_apply(config_map("people"))
    s.remove("theirs.yaml")
    s.remove("people.yaml")
    s.commit("less")
    plan = s.plan("--base", first)
    s.equal({k: v for k, v in plan.actions().items() if v == "delete"},
            {s.id("ConfigMap/people"): "delete"}, "deletions")
    stays(s, plan, "theirs", "some-operator", "never applied")
    s.apply(plan)
    s.cluster.need("ConfigMap", "theirs")
    s.equal(s.cluster.get("ConfigMap", "people"), None, "people")
    # Somebody copies the label, as controllers do.
    label = s.cluster.need("ConfigMap", "flags")["metadata"]["labels"][objects.LABEL]
    copied = json.loads(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": "copied", "labels": {objects.LABEL: label}}}))
    s.cluster.server_apply(json.dumps(copied), manager="some-operator")
    plan = s.plan()
    s.changes(plan, {})
    stays(s, plan, "copied", "label")


@scenario("allow-delete")
def allow_delete(s):
    """kinds that hold data are deleted only where somebody allows it"""
    s.start(applied=False)
    s.write("claim.yaml", CLAIM.format(name="data"))
    s.write("extra.yaml", config_map("extra"))
    s.commit("claim")
    s.apply(s.plan())
    s.remove("claim.yaml")
    s.remove("extra.yaml")
    s.commit("no claim")
    plan = s.plan(expect=EXIT_REFUSED)
    claim = s.id("PersistentVolumeClaim/data")
    s.equal(sorted(plan.actions().values()), ["delete", "refused"], "actions")
    s.equal(plan.actions()[claim], "refused", "the claim")
    s.equal(plan["summary"]["refused"], 1, "summary")
    s.contains(plan.text, "1 refused", "the first screen")
    s.contains(plan.change("data")["reason"], "--allow-delete PersistentVolumeClaim", "the reason")
    s.show(plan)
    s.same_plan_again(plan)
    refused = s.apply(plan, expect=EXIT_REFUSED)
    s.equal(refused["outcome"], "refused", "outcome")
    s.contains(refused["stderr"], "PersistentVolumeClaim", "the refusal")
    s.cluster.need("ConfigMap", "extra")
    result = s.apply(plan, "--allow-partial")
    s.equal(s.outcomes(result)[claim], "not-tried", "outcome of the claim")
    s.equal(s.cluster.get("ConfigMap", "extra"), None, "extra")
    s.cluster.need("PersistentVolumeClaim", "data")
    # It is still a member of the ApplySet, and no longer of base.
    plan = s.plan(expect=EXIT_REFUSED)
    s.changes(plan, {"PersistentVolumeClaim/data": "refused"})
    plan = s.plan("--allow-delete", "PersistentVolumeClaim")
    s.changes(plan, {"PersistentVolumeClaim/data": "delete"})
    s.apply(plan)
    left = s.cluster.get("PersistentVolumeClaim", "data")
    s.check(not left or "deletionTimestamp" in left["metadata"], "the claim is still there")


@scenario("allow-delete-config")
def allow_delete_config(s):
    """what rhumb.yaml allows; a replacement deletes too"""
    s.config["allowDelete"] = ["PersistentVolumeClaim"]
    s.start(applied=False)
    s.write("claim.yaml", CLAIM.format(name="data"))
    s.commit("claim")
    s.apply(s.plan())
    s.remove("claim.yaml")
    s.commit("no claim")
    s.changes(s.plan(), {"PersistentVolumeClaim/data": "delete"})
    # A change that weakens its own gate is too early: base decides.
    s.config["allowDelete"] = []
    s.write_config()
    s.commit("strict")
    s.changes(s.plan(), {"PersistentVolumeClaim/data": "delete"})
    s.changes(s.plan("--config-from", "head", expect=EXIT_REFUSED),
              {"PersistentVolumeClaim/data": "refused"})


@scenario("delete-budget")
def delete_budget(s):
    """more deletions than the budget allows are refused, all of them"""
    s.config["maxDeletes"] = "20%"
    s.start(applied=False)
    for i in range(6):
        s.write(f"many-{i}.yaml", config_map(f"many-{i}"))
    s.commit("many")
    s.apply(s.plan())
    for i in range(2):
        s.remove(f"many-{i}.yaml")
    s.commit("two of ten go")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/many-0": "delete", "ConfigMap/many-1": "delete"})
    s.remove("many-2.yaml")
    s.commit("three of ten go")
    plan = s.plan(expect=EXIT_REFUSED)
    s.changes(plan, {f"ConfigMap/many-{i}": "refused" for i in range(3)})
    s.contains(plan.change("many-0")["reason"], "3 of the 10 objects", "the reason")
    s.apply(plan, expect=EXIT_REFUSED)
    s.changes(s.plan("--max-deletes", "2", expect=EXIT_REFUSED),
              {f"ConfigMap/many-{i}": "refused" for i in range(3)})
    plan = s.plan("--max-deletes", "3")
    s.changes(plan, {f"ConfigMap/many-{i}": "delete" for i in range(3)})
    s.apply(plan)
    s.changes(s.plan(), {})


@scenario("moved-file")
def moved_file(s):
    """objects whose file was renamed are not deleted and created"""
    s.start()
    for old in ("flags.yaml", "web.yaml"):
        s.write("sub/" + old, s.read(old))
        s.remove(old)
    s.edit("sub/flags.yaml", "blue", "green")
    s.commit("tidy up")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.equal(plan.change("flags")["from"]["was"], "app/flags.yaml", "where it was")
    s.contains(plan.text, "was in app/flags.yaml", "the text")
    notes = [n for n in plan["notes"] if "another file" in n]
    s.equal(len(notes), 1, "notes about files")
    s.contains(notes[0], "2 objects are in another file", "the note")
    s.roll_out(plan)


@scenario("moved-application")
def moved_application(s):
    """an object that moves to another application is relabelled, never deleted"""
    s.config = {"namespace": s.ns}
    s.cluster.create_namespace(s.ns)
    s.init()
    apps = [{"name": "one", "path": "app/one", "namespace": s.ns},
            {"name": "two", "path": "app/two", "namespace": s.ns}]
    s.write_config(apps)
    s.write("one/flags.yaml", config_map("flags"))
    s.write("one/first.yaml", config_map("first"))
    s.write("two/second.yaml", config_map("second"))
    s.commit("first")
    s.apply(s.plan())
    uid = s.cluster.need("ConfigMap", "flags")["metadata"]["uid"]
    s.write("two/flags.yaml", s.read("one/flags.yaml"))
    s.remove("one/flags.yaml")
    s.commit("move")
    # The application that loses it, alone, does not delete it.
    plan = s.plan("one")
    s.changes(plan, {})
    stays(s, plan, "flags", "application two declares it now")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "adopt"})
    s.equal(plan.change("flags").get("movedFrom"), "one", "moved from")
    s.contains(plan.text, "moves here from application one", "the text")
    s.same_plan_again(plan)
    s.apply(plan)
    live = s.cluster.need("ConfigMap", "flags")
    s.equal(live["metadata"]["uid"], uid, "uid")
    labels = {a["name"]: a["applyset"] for a in plan["applications"]}
    s.equal(live["metadata"]["labels"][objects.LABEL], labels["two"], "the label")
    s.changes(s.plan(), {})


@scenario("renamed")
def renamed(s):
    """an object with another name: a delete and a create that belong together"""
    s.start(applied=False)
    s.write("claim.yaml", CLAIM.format(name="data"))
    s.write("one.yaml", config_map("one"))
    s.write("two.yaml", config_map("two", {"is": "two"}))
    s.commit("more")
    s.apply(s.plan())
    s.edit("claim.yaml", "name: data", "name: store")
    s.edit("one.yaml", "name: one", "name: uno", 'a: "1"', 'a: "2"')
    s.remove("two.yaml")
    s.write("zwei.yaml", config_map("zwei", {"is": "two"}))
    s.commit("names")
    plan = s.plan("--allow-delete", "PersistentVolumeClaim")
    s.changes(plan, {"ConfigMap/one": "delete", "ConfigMap/uno": "create",
                     "ConfigMap/two": "delete", "ConfigMap/zwei": "create",
                     "PersistentVolumeClaim/data": "delete",
                     "PersistentVolumeClaim/store": "create"})
    for old, new in (("one", "uno"), ("two", "zwei"), ("data", "store")):
        s.equal(plan.change(old).get("pair"), plan.change(new)["id"], f"pair of {old}")
        s.equal(plan.change(new).get("pair"), plan.change(old)["id"], f"pair of {new}")
    s.contains(plan.change("store")["reason"], "copy it first", "the reason")
    s.check("copy" not in plan.change("uno")["reason"], "a ConfigMap holds no data")
    s.contains(plan.text, "the new name of PersistentVolumeClaim", "the text")
    s.same_plan_again(plan, "--allow-delete", "PersistentVolumeClaim")
    s.apply(plan)


@scenario("takes-along")
def takes_along(s):
    """what goes with a Namespace and a CRD is in the plan; no more goes than that"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    s.apply(s.plan())
    s.cluster.server_apply(config_map("theirs"), manager="some-operator")
    s.cluster.server_apply(json.dumps({"apiVersion": f"{s.ns}.example.com/v1", "kind": "Widget",
                                       "metadata": {"name": "foreign"}, "spec": {"size": 1}}))
    for file in ("namespace.yaml", "crd.yaml", "widget.yaml", "db.yaml", "flags.yaml", "web.yaml"):
        s.write(file, "# gone\n")
    s.commit("gone")
    allowed = ("--allow-delete", "Namespace", "--allow-delete", "CustomResourceDefinition")
    widget = f"Widget.{s.ns}.example.com"

    def taken(plan, name):
        return {k["kind"]: [(o["name"], o["foreign"]) for o in k["objects"]]
                for k in plan.change(name)["takes"]}
    refused = s.plan(expect=EXIT_REFUSED)
    s.equal(taken(refused, s.ns), {"ConfigMap": [("theirs", True)], widget: [("foreign", True)]},
            "what goes with a Namespace that may not go")
    plan = s.plan(*allowed)
    s.equal(taken(plan, s.ns), {"ConfigMap": [("theirs", True)], widget: [("foreign", True)]},
            "what goes with the Namespace")
    s.equal(taken(plan, f"widgets.{s.ns}.example.com"), {widget: [(s.ns + "/foreign", True)]},
            "what goes with the CRD")
    s.contains(plan.text, "takes along 2 objects:", "the text")
    s.contains(plan.text, "not ours: ConfigMap: theirs", "the text")
    s.same_plan_again(plan, *allowed)
    # A change of what goes is no change of the plan; a new object is.
    s.cluster.patch("ConfigMap", "theirs", {"data": {"a": "2"}}, manager="some-operator")
    s.same_plan_again(plan, *allowed)
    s.cluster.server_apply(config_map("late"), manager="some-operator")
    s.check(s.plan(*allowed)["digest"] != plan["digest"], "the digest is the same with more")
    stale = s.apply(plan, expect=EXIT_STALE)
    s.contains(stale["stderr"], "would take along more than the plan says: ConfigMap late", "the error")
    s.cluster.need("ConfigMap", "flags")
    s.cluster.delete("ConfigMap", "late")
    # What is to stay keeps the namespace.
    s.cluster.patch("ConfigMap", "theirs", {"metadata": {"annotations": {"rhumb.dev/prune": "false"}}})
    kept = s.plan(*allowed, expect=EXIT_REFUSED)
    s.equal(kept.change(s.ns)["action"], "refused", "the Namespace")
    s.contains(kept.change(s.ns)["reason"], "ConfigMap " + s.ns + "/theirs (rhumb.dev/prune: false) is to stay",
               "the reason")
    stale = s.apply(plan, expect=EXIT_STALE)
    s.contains(stale["stderr"], "would take along what is to stay", "the error")
    s.cluster.patch("ConfigMap", "theirs", {"metadata": {"annotations": None}})
    # So does what Git declares.
    s.write("flags.yaml", config_map("flags"))
    s.commit("flags again")
    declared = s.plan(*allowed, expect=EXIT_REFUSED)
    s.contains(declared.change(s.ns)["reason"], "Git declares what would go with it: ConfigMap", "the reason")
    s.write("flags.yaml", "# gone\n")
    s.commit("gone again")
    s.apply(s.plan(*allowed))
    left = s.cluster.get("Namespace", s.ns)
    s.check(not left or "deletionTimestamp" in left["metadata"], "the namespace is still there")


@scenario("empty-definition")
def empty_definition(s):
    """a CRD without objects may go; one that has got some since does not"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    s.apply(s.plan())
    name = f"widgets.{s.ns}.example.com"
    for file in ("widget.yaml", "crd.yaml"):
        s.write(file, "# gone\n")
    s.commit("gone")
    refused = s.plan(expect=EXIT_REFUSED)
    s.equal(refused.change(name)["action"], "refused", "a CRD whose object goes with the same plan")
    s.apply(refused, "--allow-partial")
    plan = s.plan()
    s.changes(plan, {f"CustomResourceDefinition/{name}": "delete"})
    s.equal(plan.change(name)["takes"], [], "what goes with it")
    s.contains(plan.text, "takes nothing else along", "the text")
    s.cluster.server_apply(json.dumps({"apiVersion": f"{s.ns}.example.com/v1", "kind": "Widget",
                                       "metadata": {"name": "foreign"}, "spec": {"size": 1}}))
    stale = s.apply(plan, expect=EXIT_STALE)
    s.contains(stale["stderr"], f"more than the plan says: Widget.{s.ns}.example.com {s.ns}/foreign", "the error")
    s.cluster.delete("Widget", "foreign")
    s.apply(plan)
    left = s.cluster.get("CustomResourceDefinition", name)
    s.check(not left or "deletionTimestamp" in left["metadata"], "the CRD is still there")
