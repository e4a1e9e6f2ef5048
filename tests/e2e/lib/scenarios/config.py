"""rhumb.yaml: clusters by name, what base says, applications that come and go."""

import json
import os

from ..suite import scenario
from ..scenario import EXIT_INCOMPLETE, EXIT_USAGE, EXIT_ERROR, EXIT_PARTIAL

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {}\n"


def config(s, **more):
    with open(os.path.join(s.repo, "rhumb.yaml"), "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "rhumb.dev/v1", "kind": "Config", **more}, f)


@scenario("named-cluster")
def named_cluster(s):
    """--cluster is a name in rhumb.yaml, and a plan finds its cluster again"""
    s.cluster.create_namespace(s.ns)
    s.init()
    s.tree("shop")
    where = {"context": "kube"}
    if s.cluster.name == "file":
        where = {"snapshot": "snapshots/prod"}
        os.makedirs(os.path.join(s.repo, "snapshots"))
        os.rename(s.cluster.dir, os.path.join(s.repo, "snapshots", "prod"))
        s.cluster.dir = os.path.join(s.repo, "snapshots", "prod")
    with open(os.path.join(s.repo, ".gitignore"), "w", encoding="utf-8") as f:
        f.write("snapshots\n")
    shop = {"name": "shop", "path": "app", "namespace": s.ns, "cluster": "prod"}
    config(s, clusters=[{"name": "prod", **where}, {"name": "far", "context": "no-such"}],
           applications=[shop, {**shop, "name": "other", "cluster": "far"}])
    s.commit("first")
    s.plan(cluster=[], expect=EXIT_USAGE)
    plan = s.plan(cluster=["--cluster", "prod"])
    s.equal(plan["cluster"]["name"], "prod", "the cluster's name")
    s.equal({c["application"] for c in plan["changes"]}, {"shop"}, "applications")
    s.apply(plan, cluster=[])
    s.equal(s.plan(cluster=["--cluster", "prod"]).actions(), {}, "changes after the apply")
    s.apply(plan, cluster=["--cluster", "far"], expect=(EXIT_ERROR, EXIT_USAGE))
    s.plan(cluster=["--cluster", "nowhere"], expect=EXIT_USAGE)


@scenario("config-from-base")
def config_from_base(s):
    """a change does not weaken its own gate: rhumb.yaml counts as base has it"""
    s.start()
    s.remove("flags.yaml")
    s.config["prune"] = False
    s.write_config()
    s.commit("drop, and do not prune")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "delete"})
    s.changes(s.plan("--config-from", "head"), {})
    with open(os.path.join(s.repo, "rhumb.yaml"), "a", encoding="utf-8") as f:
        f.write("\nnonsense: [\n")
    s.commit("broken")
    plan = s.plan("--base", "HEAD~2")
    s.changes(plan, {"ConfigMap/flags": "delete"})
    s.contains(plan.stderr, "rhumb.yaml", "the note about head's configuration")


@scenario("applications-come-and-go")
def come_and_go(s):
    """an application that only head has, and one that head has no more"""
    s.start()
    shop = {"name": "shop", "path": "app", "namespace": s.ns}
    new = {"name": "new", "path": "new", "namespace": s.ns}
    s.write_config([shop, new])
    s.write("a.yaml", ACCOUNT.format("one"), os.path.join(s.repo, "new"))
    s.commit("come")
    plan = s.plan()
    s.changes(plan, {"ServiceAccount/one": "create"})
    s.apply(plan)
    s.changes(s.plan(), {})
    s.write_config([shop])
    s.git("rm", "-rq", "new")
    s.commit("go")
    plan = s.plan()
    s.changes(plan, {"ServiceAccount/one": "delete"})
    s.apply(plan)
    s.changes(s.plan(), {})
    s.check(s.cluster.get("ServiceAccount", "one") is None, "it is still there")


@scenario("no-namespace")
def no_namespace(s):
    """the namespace is neither there nor declared"""
    s.init()
    s.tree("shop")
    s.commit("first")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.equal(set(plan.actions().values()), {"unknown"}, "actions")
    s.contains(plan.change("flags")["reason"], s.ns, "the reason")
    s.contains(plan.change("flags")["reason"], "not found", "the reason")
    # Only cluster-scoped objects; the record of the application has no place to be.
    s.git("rm", "-rq", "app")
    s.write("role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n"
                         "  name: $ns\nrules: []\n")
    s.commit("cluster role")
    plan = s.plan(expect={0, EXIT_INCOMPLETE})
    result = s.apply(plan, expect={EXIT_ERROR, EXIT_PARTIAL})
    s.contains(result["stderr"] + result["stdout"], s.ns, "the error")
    s.check(s.cluster.get("ClusterRole", s.ns) is None, "it was created without a record")


@scenario("empty")
def empty(s):
    """maps and lists that lose everything, and nulls"""
    s.start()
    s.edit("flags.yaml", "data:\n  colour: blue\n  size: large\n", "data: {}\n")
    s.edit("web.yaml", "    app: web\nspec:\n  replicas: 2\n", "    app: web\nspec:\n  replicas: null\n",
           "        volumeMounts:\n        - name: flags\n          mountPath: /flags\n", "",
           "        ports:\n        - name: http\n          containerPort: 8080\n", "        ports: []\n",
           "      volumes:\n      - name: flags\n        configMap:\n          name: flags\n",
           "      volumes: null\n      nodeSelector: {}\n", "targetPort: http", "targetPort: 80")
    s.commit("empty")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update", "Deployment/web": "update",
                     "Service/web": "update"})
    s.field(plan, s.id("ConfigMap/flags"), "/data/colour", before="blue", why="git")
    s.roll_out(plan)
    live = s.cluster.need("Deployment", "web")["spec"]["template"]["spec"]
    s.check(not live.get("volumes") and not live["containers"][0].get("ports"), f"left: {live}")


@scenario("duplicate-items")
def duplicate_items(s):
    """two items of a list with one key: refused, and said"""
    s.start()
    s.edit("web.yaml", "        - name: LEVEL\n          value: info\n",
           "        - name: LEVEL\n          value: info\n        - name: LEVEL\n          value: more\n")
    s.commit("twice")
    done = s.plan(expect={0, EXIT_ERROR, EXIT_INCOMPLETE})
    s.check(done.status != 0, "it was accepted")
    s.contains(done.stderr if done.status == EXIT_ERROR else done.text, "LEVEL", "what is said")
