"""Fields that others hold: left to them, or taken from them, as people say."""

from ..suite import scenario
from ..scenario import EXIT_INCOMPLETE

MAIN = '/spec/template/spec/containers[name="main"]'


def scale(s, replicas):
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": replicas}}, manager="autoscaler")


@scenario("ignore")
def ignore(s):
    """an ignored field that a controller holds is neither shown nor applied"""
    s.config["ignore"] = [{"group": "apps", "kind": "Deployment", "paths": ["/spec/replicas"]},
                          {"kind": "ConfigMap", "name": "flags", "managers": ["some-operator"]}]
    s.start()
    web = s.id("Deployment/web")
    scale(s, 5)
    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "red"}}, manager="some-operator")
    s.changes(s.plan(), {})
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "web:1.4", "web:1.5")
    s.edit("flags.yaml", "blue", "green")
    s.commit("more")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.only_fields(plan, web, MAIN + "/image")
    s.check("replicas" not in plan.change(web)["desired"]["spec"], "replicas would be sent")
    s.same_plan_again(plan)
    s.apply(plan)
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 5, "replicas")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "red", "colour")
    s.changes(s.plan(), {})
    # Drift by people in an ignored field is left alone too; elsewhere it is not.
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 6}})
    s.changes(s.plan(), {})
    s.cluster.patch("ConfigMap", "flags", {"data": {"size": "huge"}})
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.only_fields(plan, "flags", "/data/size")


@scenario("ignore-kept")
def ignore_kept(s):
    """an ignored field that only we hold keeps its value, changed in Git or dropped"""
    s.config["ignoreDifferences"] = [{"group": "apps", "kind": "Deployment",
                                      "jsonPointers": ["/spec/replicas"]}]
    s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("scale")
    s.changes(s.plan(), {})
    s.edit("web.yaml", "  replicas: 4\n", "", "web:1.4", "web:1.5")
    s.commit("hand over")
    plan = s.plan()
    s.only_fields(plan, s.id("Deployment/web"), MAIN + "/image")
    s.apply(plan)
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 2, "replicas")
    s.changes(s.plan(), {})


@scenario("ignore-annotation")
def ignore_annotation(s):
    """rhumb.dev/ignore on the object; * is any item"""
    s.start(applied=False)
    s.edit("web.yaml", "kind: Deployment\nmetadata:\n",
           "kind: Deployment\nmetadata:\n  annotations:\n    rhumb.dev/ignore: "
           "/spec/template/spec/containers/*/image, autoscaler\n")
    s.commit("ignore")
    s.apply(s.plan())
    scale(s, 7)
    live = s.cluster.need("Deployment", "web")
    containers = live["spec"]["template"]["spec"]["containers"]
    for c in containers:
        c["image"] = "canary:1"
    s.cluster.patch("Deployment", "web",
                    {"spec": {"template": {"spec": {"containers": containers}}}})
    s.changes(s.plan(), {})


@scenario("ignore-secret")
def ignore_secret(s):
    """a member of a Secret that a controller holds"""
    s.config["ignore"] = [{"kind": "Secret", "managers": ["rotator"]}]
    s.start()
    live = s.cluster.need("Secret", "db")
    key = sorted(live["data"])[0]
    s.cluster.patch("Secret", "db", {"data": {key: "cm90YXRlZA=="}}, manager="rotator")
    s.changes(s.plan(), {})
    s.edit("db.yaml", "kind: Secret\nmetadata:\n", "kind: Secret\nmetadata:\n  labels: {tier: db}\n")
    s.commit("label")
    plan = s.plan()
    s.changes(plan, {"Secret/db": "update"})
    s.apply(plan)
    s.equal(s.cluster.need("Secret", "db")["data"][key], "cm90YXRlZA==", key)
    s.changes(s.plan(), {})


@scenario("force-conflicts")
def force_conflicts(s):
    """a field of a named manager is taken over"""
    s.config["forceConflicts"] = [{"managers": ["autoscaler"], "paths": ["/spec/replicas"]}]
    s.start()
    scale(s, 5)
    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "red"}}, manager="autoscaler")
    web = s.id("Deployment/web")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "conflict"})
    s.field(plan, web, "/spec/replicas", 5, 2, why="drift", owner="autoscaler")
    s.equal([t["manager"] for t in plan.change(web)["takeovers"]], ["autoscaler"], "taken from")
    s.edit("flags.yaml", "kind: ConfigMap\nmetadata:\n",
           "kind: ConfigMap\nmetadata:\n  annotations: {rhumb.dev/force-conflicts: autoscaler}\n")
    s.commit("take the flags as well")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "update"})
    s.roll_out(plan)
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 2, "replicas")
    managers = {e["manager"] for e in s.cluster.need("ConfigMap", "flags")["metadata"]["managedFields"]}
    s.check("autoscaler" not in managers, f"managers: {managers}")


HPA = """apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web-scaler
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 9
"""


@scenario("autoscaler")
def autoscaler(s):
    """a HorizontalPodAutoscaler over spec.replicas is named, and what to do about it"""
    s.start()
    scale(s, 5)
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.check("Autoscaler" not in plan.text, "there is no autoscaler yet")
    s.contains(plan.change("web")["reason"], "forceConflicts", "the reason")
    s.cluster.server_apply(HPA)
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.changes(plan, {"Deployment/web": "conflict"})
    s.contains(plan.change("web")["reason"], f"HorizontalPodAutoscaler {s.ns}/web-scaler sets",
               "the reason")
    s.cluster.delete("HorizontalPodAutoscaler", "web-scaler")
    s.write("hpa.yaml", HPA)
    s.edit("web.yaml", "web:1.4", "web:1.5")
    s.commit("autoscale")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.equal(plan.actions()[s.id("Deployment/web")], "conflict", "action")
    s.contains(plan.change(s.id("Deployment/web"))["reason"], "web-scaler sets", "the reason")
    s.edit("web.yaml", "kind: Deployment\nmetadata:\n",
           "kind: Deployment\nmetadata:\n  annotations: {rhumb.dev/ignore: /spec/replicas}\n")
    s.commit("as advised")
    plan = s.plan()
    s.apply(plan)
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 5, "replicas")
    s.changes(s.plan(), {})
