"""Objects and fields that others have made or hold."""

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_INCOMPLETE, EXIT_PARTIAL, EXIT_REFUSED
from .. import objects

MAIN = '/spec/template/spec/containers[name="main"]'


def managers(o):
    return {(e["manager"], e["operation"]) for e in o["metadata"]["managedFields"]}


def drop_fields(s):
    """The second commit: an image changes, and fields go that the first one declared."""
    s.edit("web.yaml", "web:1.4", "web:1.5",
           "        - name: LEVEL\n          value: info\n", "",
           "      - name: proxy\n        image: proxy:2\n", "")
    s.edit("flags.yaml", "  size: large\n", "")
    return s.commit("drop fields")


def adopted(s, first, owner):
    plan = s.plan("--base", first)
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "update",
                     "Service/web": "adopt", "Secret/db": "adopt"})
    web = s.id("Deployment/web")
    s.only_fields(plan, web, MAIN + "/image", MAIN + '/env[name="LEVEL"]',
                  '/spec/template/spec/containers[name="proxy"]')
    s.field(plan, web, MAIN + "/image", "web:1.4", "web:1.5", why="git", owner=owner)
    s.equal(plan.fields(web)[MAIN + '/env[name="LEVEL"]'].get("after"), None, "LEVEL after")
    s.only_fields(plan, s.id("ConfigMap/flags"), "/data/size")
    s.field(plan, s.id("ConfigMap/flags"), "/data/size", before="large", why="git", owner=owner)
    # A server-side apply leaves what the other manager holds, so kubectl sees no change there.
    s.roll_out(plan, plan_args=("--base", first), kubectl_but=("ConfigMap/flags",))
    s.check("size" not in s.cluster.need("ConfigMap", "flags")["data"], "size is still there")
    # The other manager still shares what both declared; a later removal is seen all the same.
    s.edit("flags.yaml", "  colour: blue\n", "  shape: round\n")
    s.commit("drop colour")
    plan = s.plan()
    s.only_fields(plan, "flags", "/data/colour", "/data/shape")
    s.roll_out(plan)
    s.equal(s.cluster.need("ConfigMap", "flags")["data"], {"shape": "round"}, "data")


@scenario("adopt-client-side")
def adopt_client_side(s):
    """made by kubectl apply; Git dropped fields since"""
    first = s.start(applied=False)
    s.cluster.client_apply(s.manifests())
    drop_fields(s)
    adopted(s, first, "kubectl-client-side-apply")


@scenario("adopt-server-side")
def adopt_server_side(s):
    """made by kubectl apply --server-side; Git dropped fields since"""
    first = s.start(applied=False)
    s.cluster.server_apply(s.manifests())
    drop_fields(s)
    adopted(s, first, "kubectl")


@scenario("adopt-as-is")
def adopt_as_is(s):
    """made by kubectl apply, the same in Git: only the ownership changes"""
    s.start(applied=False)
    s.cluster.client_apply(s.manifests())
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "adopt", "Service/web": "adopt", "ConfigMap/flags": "adopt",
                     "Secret/db": "adopt"})
    s.check(not any(c["fields"] for c in plan["changes"]), "an adoption has fields")
    s.roll_out(plan)
    for kind, name in (("Deployment", "web"), ("ConfigMap", "flags"), ("Secret", "db")):
        live = s.cluster.need(kind, name)
        s.check(("rhumb", "Apply") in managers(live), f"{kind} {name} is not ours")
        s.check(objects.LABEL in live["metadata"]["labels"], f"{kind} {name} has no label")


@scenario("adopt-drifted")
def adopt_drifted(s):
    """made by kubectl apply, edited by hand since, never applied by rhumb"""
    first = s.start(applied=False)
    s.cluster.client_apply(s.manifests())
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 9}})
    plan = s.plan("--base", first)
    s.only_fields(plan, s.id("Deployment/web"), "/spec/replicas")
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 9, 2, why="drift",
            owner="kubectl-edit")
    s.roll_out(plan, plan_args=("--base", first))


@scenario("conflict")
def conflict(s):
    """a controller owns a field that Git wants otherwise"""
    s.start()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 5}}, manager="autoscaler")
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "web:1.4", "web:1.5")
    s.edit("flags.yaml", "blue", "green")
    s.commit("scale")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    web = s.id("Deployment/web")
    s.changes(plan, {"Deployment/web": "conflict", "ConfigMap/flags": "update"})
    s.only_fields(plan, web, "/spec/replicas")
    s.field(plan, web, "/spec/replicas", 5, 4, why="both", owner="autoscaler", line=8)
    s.contains(plan.text, "autoscaler", "the plan's text")
    s.show(plan)
    s.same_plan_again(plan)
    # With --force-conflicts, kubectl lists what rhumb calls a conflict.
    s.kubectl_agrees(plan, s.declared())
    before = s.cluster.need("Deployment", "web"), s.cluster.need("ConfigMap", "flags")
    refused = s.apply(plan, expect=EXIT_REFUSED)
    s.equal(refused["outcome"], "refused", "outcome")
    s.contains(refused["stderr"], "conflict", "the refusal")
    after = s.cluster.need("Deployment", "web"), s.cluster.need("ConfigMap", "flags")
    s.check(all(map(objects.same_state, before, after)), "a refused plan was written")
    result = s.apply(plan, "--allow-partial", expect={EXIT_DONE, EXIT_PARTIAL})
    s.equal(s.outcomes(result), {web: "not-tried", s.id("ConfigMap/flags"): "applied"}, "outcomes")
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 5, "replicas")
    # As the plan advises: leave the field out of Git.
    s.edit("web.yaml", "  replicas: 4\n", "")
    s.commit("leave replicas to the autoscaler")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.only_fields(plan, web, MAIN + "/image")
    s.roll_out(plan)
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 5, "replicas")


@scenario("shared-field")
def shared(s):
    """a controller owns a field with the value that Git wants: no conflict"""
    s.start()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 4}}, manager="autoscaler")
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("scale")
    plan = s.plan()
    s.check(not any(c["fields"] for c in plan["changes"]), "fields in a plan that changes none")
    s.roll_out(plan)
