"""Where revisions and rights come from: no cluster, bare repositories, worktrees, readers."""

import os

from ..suite import scenario
from ..scenario import EXIT_INCOMPLETE, EXIT_REFUSED, EXIT_USAGE, EXIT_CHANGES


@scenario("no-cluster", backends=("file",))
def no_cluster(s):
    """base against head, without any cluster"""
    s.init()
    s.tree("shop")
    first = s.commit("first")
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.remove("flags.yaml")
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\n")
    s.commit("change")
    none = ["--cluster", "none"]
    plan = s.plan("--base", first, cluster=none)
    s.changes(plan, {"Deployment/web": "update", "ConfigMap/flags": "delete",
                     "ConfigMap/new": "create"})
    s.check(all(c["verified"] == "static" for c in plan["changes"]), "verified")
    s.only_fields(plan, s.id("Deployment/web"), "/spec/replicas")
    s.field(plan, s.id("Deployment/web"), "/spec/replicas", 2, 4, why="git", line=8)
    s.show(plan)
    s.same_plan_again(plan, "--base", first, *none)
    s.plan("--base", first, "--detailed-exitcode", cluster=none, expect=EXIT_CHANGES)
    refused = s.apply(plan, expect=EXIT_REFUSED)
    s.contains(refused["stderr"], "--cluster none", "the refusal")
    s.check(not os.path.exists(s.cluster.dir), "the cluster was written to")
    s.changes(s.plan("--base", "HEAD", cluster=none), {})
    s.plan(cluster=none, expect=EXIT_USAGE)


@scenario("bare-and-worktree")
def bare_and_worktree(s):
    """a bare clone and a linked worktree give the same plan"""
    first = s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.edit("db.yaml", "user: shop", "user: web")
    head = s.commit("change")
    plan = s.plan()
    bare, tree = os.path.join(s.dir, "repo.git"), os.path.join(s.dir, "linked")
    s.git("branch", "ahead", head)
    s.git("clone", "-q", "--bare", s.repo, bare)
    s.git("worktree", "add", "-q", tree, first)
    from_bare = s.plan("-C", bare, "--head", "ahead", cwd=s.dir)
    from_tree = s.plan("-C", os.path.join(tree, "app"), "--head", "ahead", cwd=s.dir)
    for other in (from_bare, from_tree):
        s.equal(other["changes"], plan["changes"], "changes")
        s.equal(other["git"]["head"], head, "head")
    # The index and the files of the repository play no part.
    s.edit("web.yaml", "replicas: 4", "replicas: 99")
    s.git("add", "-A")
    s.equal(s.plan()["digest"], plan["digest"], "the digest with a change that is not committed")
    s.git("reset", "-q", "--hard")
    s.contains(s.git("status", "--porcelain=v1", "-b"), "main", "git status")
    # Values of Secrets are read from the bare repository.
    result = s.apply(from_bare, "-C", bare, cwd=s.dir)
    s.equal(set(s.outcomes(result).values()), {"applied"}, "outcomes")
    s.nothing_left(plan)


@scenario("predict")
def predict(s):
    """who may only read gets the same plan, computed and marked so"""
    s.start()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 7}})
    s.edit("web.yaml", "web:1.4", "web:1.5", "value: info", "value: debug",
           "      - name: proxy\n        image: proxy:2\n", "")
    s.edit("flags.yaml", "  size: large\n", "  shape: round\n")
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata:\n  a: b\n")
    s.edit("db.yaml", "user: shop", "user: web")
    s.commit("change")
    verified = s.plan("--verify", "server")
    env = {}
    if s.cluster.name == "kube":
        env = {"KUBECONFIG": os.path.join(s.cluster.server.dir, "kubeconfig-reader")}
    else:
        s.cluster.refuse({"rules": [{"verbs": ["patch", "delete"]}]})
    requests = []
    for mode in ("predict", "auto"):
        plan = s.plan("--verify", mode, env=env)
        s.equal(plan.actions(), verified.actions(), f"changes with {mode}")
        for mine, theirs in zip(plan["changes"], verified["changes"]):
            s.equal(mine["fields"], theirs["fields"], f"fields of {mine['id']} with {mode}")
            s.equal(mine["owned"], theirs["owned"], f"ownership of {mine['id']} with {mode}")
            s.equal(mine["verified"], "predicted", f"verified of {mine['id']} with {mode}")
        s.contains(plan.text, "predicted", "the plan's text")
        s.show(plan)
        requests.append(plan.stderr)
    s.check("dryRun" not in requests[0], "--verify=predict sent a dry-run")
    incomplete = s.plan("--verify", "server", env=env, expect=EXIT_INCOMPLETE)
    s.equal(set(incomplete.actions().values()), {"unknown"}, "actions without the right to verify")
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": []})
    # A predicted plan is as good to apply.
    plan = s.plan("--verify", "predict", env=env)
    s.apply(plan)
    s.nothing_left(plan)


@scenario("plain-folder")
def plain_folder(s):
    """no rhumb.yaml: a folder is an application"""
    s.cluster.create_namespace(s.ns)
    s.init()
    os.unlink(os.path.join(s.repo, "rhumb.yaml"))
    s.tree("shop")
    s.commit("first")
    here = ("--path", "app", "-n", s.ns)
    plan = s.plan(*here)
    s.equal([a["name"] for a in plan["applications"]], ["app"], "applications")
    s.equal(set(plan.actions().values()), {"create"}, "actions")
    s.apply(plan)
    s.changes(s.plan(*here), {})
    s.check(s.cluster.get("ConfigMap", "rhumb-app"), "no ApplySet parent")
    # The whole repository, named after its folder.
    s.git("mv", "app", "elsewhere")
    s.commit("move")
    plan = s.plan("--path", "elsewhere", "-n", s.ns, "--base", "none")
    s.equal(set(plan.actions().values()) - {"update", "adopt"}, set(), "actions")


@scenario("applications")
def applications(s):
    """two applications in one repository; one is planned alone"""
    s.cluster.create_namespace(s.ns)
    s.cluster.create_namespace(s.ns + "-2")
    s.init()
    s.write_config([{"name": "shop", "path": "app", "namespace": s.ns},
                    {"name": "other", "path": "other", "namespace": s.ns + "-2"}])
    s.tree("shop")
    s.tree("shop", os.path.join(s.repo, "other"))
    first = s.commit("first")
    plan = s.plan("shop")
    s.equal({c["application"] for c in plan["changes"]}, {"shop"}, "applications")
    s.apply(plan)
    s.edit("flags.yaml", "blue", "green")
    s.commit("change")
    plan = s.plan()
    s.equal(plan["git"]["bases"], {"shop": first, "other": ""}, "bases")
    s.equal(len([c for c in plan["changes"] if c["application"] == "shop"]), 1, "changes of shop")
    s.equal(len([c for c in plan["changes"] if c["application"] == "other"]), 4,
            "changes of other")
    s.apply(plan)
    again = s.plan()
    s.equal(again.actions(), {}, "changes after the apply")
