"""Create, update, delete, drift: what every change comes down to."""

from ..suite import scenario
from ..scenario import EXIT_CHANGES

SHOP = ("Deployment/web", "Service/web", "ConfigMap/flags", "Secret/db")


@scenario("create")
def create(s):
    """everything is new"""
    s.start(applied=False)
    plan = s.plan()
    s.changes(plan, {name: "create" for name in SHOP})
    s.check(all(c["verified"] == "server" for c in plan["changes"]), "all verified by the server")
    s.contains(plan.text, "Nothing was written", "the plan's text")
    s.check(s.cluster.get("Deployment", "web") is None, "plan wrote to the cluster")
    s.roll_out(plan)


@scenario("update")
def update(s):
    """fields change in Git, and nothing else does"""
    s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "web:1.4", "web:1.5")
    s.edit("flags.yaml", "  size: large\n", "  shape: round\n")
    s.commit("scale")
    plan = s.plan("--detailed-exitcode", expect=EXIT_CHANGES)
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "update"})
    image = '/spec/template/spec/containers[name="main"]/image'
    s.only_fields(plan, "Deployment/" + s.ns + "/web", "/spec/replicas", image)
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 2, 4, why="git", line=8, owner=None)
    s.field(plan, s.id("Deployment/web"), image, "web:1.4", "web:1.5", why="git", line=19)
    s.only_fields(plan, s.id("ConfigMap/flags"), "/data/shape", "/data/size")
    s.field(plan, s.id("ConfigMap/flags"), "/data/size", before="large", why="git")
    s.field(plan, s.id("ConfigMap/flags"), "/data/shape", after="round", why="git", line=7)
    s.equal(plan["summary"]["unchanged"], 2, "unchanged")
    s.roll_out(plan, plan_args=("--detailed-exitcode",))


@scenario("delete")
def delete(s):
    """objects that Git no longer declares"""
    s.start()
    s.write("web.yaml", "# moved away\n")
    s.remove("db.yaml")
    s.commit("drop web")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "delete", "Service/web": "delete", "Secret/db": "delete"})
    for c in plan["changes"]:
        s.check(c["precondition"]["uid"], f"{c['id']} has no uid as precondition")
    s.roll_out(plan)


@scenario("nothing-to-do")
def nothing(s):
    """a commit that changes no object, and no change at all"""
    s.start()
    s.write("README.md", "# no manifest\n")
    s.commit("words")
    plan = s.plan()
    s.changes(plan, {})
    s.equal(plan["summary"]["unchanged"], 4, "unchanged")
    s.contains(plan.text, "othing to do", "the plan's text")
    s.roll_out(plan)


@scenario("rename")
def rename(s):
    """a file moves, its objects do not"""
    s.start()
    s.git("mv", "app/flags.yaml", "app/settings.yaml")
    s.commit("rename")
    plan = s.plan()
    s.changes(plan, {})
    s.roll_out(plan)


@scenario("drift")
def drift(s):
    """the cluster moved, Git did not"""
    s.start()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 7}})
    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": None, "extra": "stays"}},
                    manager="kubectl-patch")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "update"})
    s.only_fields(plan, s.id("Deployment/web"), "/spec/replicas")
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 7, 2, why="drift", owner="kubectl-edit",
            line=8)
    s.only_fields(plan, s.id("ConfigMap/flags"), "/data/colour")
    s.field(plan, s.id("ConfigMap/flags"), "/data/colour", after="blue", why="drift")
    s.equal(plan["summary"]["drifted"], 2, "drifted")
    s.contains(plan.text, "kubectl-edit", "the plan's text")
    s.roll_out(plan)
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["extra"], "stays",
            "a field that Git never had")


@scenario("drift-deleted")
def drift_deleted(s):
    """an object is gone that Git still declares"""
    s.start()
    s.cluster.delete("ConfigMap", "flags")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "create"})
    s.roll_out(plan)


@scenario("both-sides")
def both(s):
    """Git and the cluster changed the same field"""
    s.start()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 7}})
    s.edit("web.yaml", "replicas: 2", "replicas: 4", "value: info", "value: debug")
    s.commit("scale")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 7, 4, why="both", owner="kubectl-edit")
    s.field(plan, s.id("Deployment/web"),
            '/spec/template/spec/containers[name="main"]/env[name="LEVEL"]/value', "info", "debug",
            why="git", line=22)
    s.equal(plan["summary"]["drifted"], 1, "drifted")
    s.roll_out(plan)


@scenario("default-base")
def default_base(s):
    """the applied commit is the base of the next plan"""
    first = s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    second = s.commit("scale")
    s.edit("flags.yaml", "blue", "green")
    third = s.commit("colour")
    plan = s.plan("--head", second)
    s.equal((plan["git"]["base"], plan["git"]["head"]), (first, second), "base and head")
    s.apply(plan)
    plan = s.plan()
    s.equal((plan["git"]["base"], plan["git"]["head"]), (second, third), "base and head")
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.roll_out(plan)
    parent = s.cluster.need("ConfigMap", "rhumb-shop")
    s.equal(parent["metadata"]["annotations"]["rhumb.dev/commit"], third, "the applied commit")
    # Back again is an ordinary plan.
    s.git("-c", "user.name=e2e", "revert", "--no-edit", "HEAD")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.field(plan, "flags", "/data/colour", "green", "blue", why="git")
    s.roll_out(plan)
