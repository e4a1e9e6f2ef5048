"""What cannot be done, or must not be: by the server, by rights, by what the manifests say."""

import json
import time

from ..suite import scenario
from ..scenario import (EXIT_DONE, EXIT_ERROR, EXIT_INCOMPLETE, EXIT_PARTIAL, EXIT_REFUSED, Failed)
from .. import objects

PATIENCE = 20  # seconds until admission policies and roles count


def wait_until(what, true):
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise Failed(f"after {PATIENCE} s still not {what}")
        time.sleep(0.05)


def deny(s, name, message):
    """Admission refuses every write to ConfigMap `name` from now on."""
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": [{
            "verbs": ["create", "update"], "kinds": ["ConfigMap"], "names": [name], "code": 422,
            "message": f"ValidatingAdmissionPolicy '{s.ns}' with binding '{s.ns}' denied request: "
                       f"{message}"}]})
        return
    policy = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
              "metadata": {"name": s.ns},
              "spec": {"failurePolicy": "Fail",
                       "matchConstraints": {
                           "namespaceSelector": {"matchLabels": {
                               "kubernetes.io/metadata.name": s.ns}},
                           "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                                              "operations": ["CREATE", "UPDATE"],
                                              "resources": ["configmaps"]}]},
                       "validations": [{
                           "expression": f"object.metadata.name != '{name}' && "
                                         "object.metadata.name != 'probe'",
                           "message": message}]}}
    binding = {"apiVersion": "admissionregistration.k8s.io/v1",
               "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": s.ns},
               "spec": {"policyName": s.ns, "validationActions": ["Deny"]}}
    s.cluster.server_apply(json.dumps(policy) + "\n---\n" + json.dumps(binding))
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    path = f"/api/v1/namespaces/{s.ns}/configmaps?dryRun=All"
    wait_until("denied", lambda: s.cluster.server.request("POST", path, probe)[0] == 422)


def allow_again(s):
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": []})
        return
    s.cluster.delete("ValidatingAdmissionPolicyBinding", s.ns)
    s.cluster.delete("ValidatingAdmissionPolicy", s.ns)
    probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}}
    path = f"/api/v1/namespaces/{s.ns}/configmaps?dryRun=All"
    wait_until("allowed", lambda: s.cluster.server.request("POST", path, probe)[0] == 201)


RIGHTS = [
    {"apiGroups": [""], "resources": ["configmaps", "services"],
     "verbs": ["get", "list", "create", "patch", "delete"]},
    {"apiGroups": ["apps"], "resources": ["deployments"],
     "verbs": ["get", "list", "create", "patch", "delete"]},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
     "verbs": ["get", "create", "patch"]},
]
SEES_NAMESPACES = [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}]


def user(s, rights, namespaces=True):
    """The environment of somebody who has only these rights."""
    s.cluster.server_apply("\n---\n".join(json.dumps(o) for o in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ci"}},
        role(s, rights),
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
         "metadata": {"name": "ci"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "ci"},
         "subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": s.ns}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
         "metadata": {"name": s.ns}, "rules": SEES_NAMESPACES if namespaces else []},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
         "metadata": {"name": s.ns},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                     "name": s.ns},
         "subjects": [{"kind": "ServiceAccount", "name": "ci", "namespace": s.ns}]})))
    token = s.cluster.run("create", "token", "ci", "-n", s.ns).stdout.strip()
    s.secrets.append(token)
    file = s.dir + "/kubeconfig-ci"
    with open(s.cluster.server.kubeconfig, encoding="utf-8") as f:
        text = f.read()
    text = text[:text.index("\nusers:")] + (
        "\nusers:\n- name: admin\n  user:\n    token: " + token + "\n")
    with open(file, "w", encoding="utf-8") as f:
        f.write(text)
    return {"KUBECONFIG": file}


def role(s, rights):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
            "metadata": {"name": "ci", "namespace": s.ns}, "rules": rights}


@scenario("forbidden-read")
def forbidden_read(s):
    """no right to read Secrets: unknown, never absent"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.commit("colour")
    env = {}
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": [{"verbs": ["get", "list", "patch"], "kinds": ["Secret"]}]})
    else:
        env = user(s, RIGHTS)
    plan = s.plan(expect=EXIT_INCOMPLETE, env=env)
    s.changes(plan, {"Secret/db": "unknown", "ConfigMap/flags": "update"})
    s.contains(plan.change("db")["reason"], "forbidden", "the reason")
    s.contains(plan.text, "forbidden", "the plan's text")
    refused = s.apply(plan, expect=EXIT_REFUSED, env=env)
    s.equal(refused["outcome"], "refused", "outcome")
    plan = s.plan("--exclude-kind", "Secret", env=env)
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.apply(plan, env=env)
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "green", "colour")
    # Declared, unreadable and no longer in Git: not to be taken for gone either.
    s.remove("db.yaml")
    s.edit("web.yaml", "replicas: 2", "replicas: 3")
    s.commit("no secret")
    plan = s.plan(expect=EXIT_INCOMPLETE, env=env)
    s.changes(plan, {"Secret/db": "unknown", "Deployment/web": "update"})


@scenario("forbidden-write")
def forbidden_write(s):
    """rights were taken away between plan and apply"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.edit("web.yaml", "replicas: 2", "replicas: 3")
    s.commit("change")
    env = {}
    if s.cluster.name == "kube":
        env = user(s, RIGHTS + [{"apiGroups": [""], "resources": ["secrets"],
                                 "verbs": ["get", "list", "patch"]}])
    plan = s.plan(env=env)
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": [{"verbs": ["patch"], "kinds": ["Deployment.apps"]}]})
    else:
        s.cluster.server_apply(json.dumps(role(s, [RIGHTS[0], RIGHTS[2], {
            "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]}])))
        wait_until("forbidden", lambda: s.cluster.run(
            "auth", "can-i", "patch", "deployments", "-n", s.ns,
            "--as", f"system:serviceaccount:{s.ns}:ci", check=False).status != 0)
    result = s.apply(plan, expect=EXIT_PARTIAL, env=env)
    s.equal(s.outcomes(result), {s.id("ConfigMap/flags"): "applied",
                                 s.id("Deployment/web"): "failed"}, "outcomes")
    message = [o.get("message", "") for o in result["objects"] if o["outcome"] == "failed"][0]
    s.contains(message, "forbidden", "the message")


@scenario("policy-in-cluster")
def policy_in_cluster(s):
    """a ValidatingAdmissionPolicy refuses an object"""
    s.start()
    deny(s, "flags", "flags are frozen")
    s.edit("flags.yaml", "blue", "green")
    s.edit("web.yaml", "replicas: 2", "replicas: 3")
    s.commit("change")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.changes(plan, {"ConfigMap/flags": "unknown", "Deployment/web": "update"})
    s.contains(plan.change("flags")["reason"], "flags are frozen", "the reason")
    s.contains(plan.text, "flags are frozen", "the plan's text")
    s.show(plan)
    s.same_plan_again(plan)
    s.apply(plan, expect=EXIT_REFUSED)
    result = s.apply(plan, "--allow-partial", expect={EXIT_DONE, EXIT_PARTIAL})
    s.equal(s.outcomes(result), {s.id("ConfigMap/flags"): "not-tried",
                                 s.id("Deployment/web"): "applied"}, "outcomes")
    allow_again(s)
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.roll_out(plan)


@scenario("partial-failure")
def partial(s):
    """a change fails in the middle: the result says what was done and what was not"""
    s.start()
    s.write("first.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: first\n")
    s.edit("flags.yaml", "blue", "green")
    s.edit("web.yaml", "replicas: 2", "replicas: 3", "port: 80\n", "port: 81\n")
    s.commit("change")
    plan = s.plan()
    ids = [s.id(x) for x in ("ServiceAccount/first", "ConfigMap/flags", "Service/web",
                             "Deployment/web")]
    s.equal([c["id"] for c in plan["changes"]], ids, "order")
    deny(s, "flags", "flags are frozen")
    applied = s.cluster.need("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
    result = s.apply(plan, expect=EXIT_PARTIAL)
    s.equal([o["outcome"] for o in result["objects"]],
            ["applied", "failed", "not-tried", "not-tried"], "outcomes")
    s.equal(result["outcome"], "failed", "outcome")
    failed = result["objects"][1]
    s.contains(failed["message"], "flags are frozen", "the message")
    s.equal((failed["file"], failed["line"]), ("app/flags.yaml", 1), "the place")
    s.check(result["next"], "the result does not say what to do now")
    s.contains(result["stdout"], "flags are frozen", "the report")
    s.equal(s.cluster.need("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
            ["rhumb.dev/commit"], applied["rhumb.dev/commit"], "the applied commit")
    # Resumed: what was applied stays so; what does not depend on the failure follows.
    result = s.apply(plan, "--keep-going", expect=EXIT_PARTIAL)
    s.equal([o["outcome"] for o in result["objects"]],
            ["applied", "failed", "applied", "applied"], "outcomes with --keep-going")
    allow_again(s)
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update"})
    s.roll_out(plan)


@scenario("immutable")
def immutable(s):
    """a field that may never change: the object is replaced, if that is allowed"""
    s.start()
    s.write("frozen.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: frozen\n"
                           "data:\n  a: '1'\nimmutable: true\n")
    s.commit("frozen")
    s.roll_out(s.plan())
    s.edit("web.yaml", "    matchLabels:\n      app: web", "    matchLabels:\n      app: shop",
           "    metadata:\n      labels:\n        app: web",
           "    metadata:\n      labels:\n        app: shop")
    s.edit("frozen.yaml", "'1'", "'2'")
    s.edit("flags.yaml", "blue", "green")
    s.commit("select otherwise")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "replace", "ConfigMap/frozen": "replace",
                     "ConfigMap/flags": "update"})
    s.contains(plan.change(s.id("Deployment/web"))["reason"], "immutable", "the reason")
    s.field(plan, s.id("Deployment/web"), "/spec/selector",
            {"matchLabels": {"app": "web"}}, {"matchLabels": {"app": "shop"}}, why="git", line=9)
    s.only_fields(plan, "frozen", "/data/a")
    s.contains(plan.text, "immutable", "the plan's text")
    if s.cluster.name == "kube":
        # kubectl can only say that the server refuses it.
        s.contains(str(s.cluster.diff(s.declared())), "immutable", "kubectl diff")
    before = {n: s.cluster.need(k, n) for k, n in (("Deployment", "web"), ("ConfigMap", "frozen"),
                                                   ("ConfigMap", "flags"))}
    refused = s.apply(plan, expect=EXIT_REFUSED)
    s.contains(refused["stderr"], "--allow-replace", "the refusal")
    for name, old in before.items():
        s.check(objects.same_state(old, s.cluster.need(old["kind"], name)), f"{name} was written")
    s.roll_out(plan, apply_args=("--allow-replace",), kubectl=False)
    for name in ("web", "frozen"):
        old = before[name]
        s.check(s.cluster.need(old["kind"], name)["metadata"]["uid"] != old["metadata"]["uid"],
                f"{name} is the same object")


@scenario("unreachable")
def unreachable(s):
    """no server, or no cluster in the folder: an error, at once, and nothing is written"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.commit("colour")
    plan = s.plan()
    if s.cluster.name == "kube":
        with open(s.cluster.server.kubeconfig, encoding="utf-8") as f:
            text = f.read()
        file = s.dir + "/kubeconfig-nowhere"
        with open(file, "w", encoding="utf-8") as f:
            f.write(text.replace(f":{s.cluster.server.port}", ":1"))
        where = {"env": {"KUBECONFIG": file}}
        missing = {"env": {"KUBECONFIG": s.dir + "/none"}}
        said = "127.0.0.1:1"
    else:
        with open(s.dir + "/plain", "w", encoding="utf-8") as f:
            f.write("no folder")
        where = {"cluster": ["--cluster", f"file:{s.dir}/plain"]}
        missing = {"cluster": ["--cluster", "nowhere"]}
        said = "plain"
    started = time.monotonic()
    done = s.plan(expect=EXIT_ERROR, **where)
    s.contains(done.stderr, said, "the error")
    result = s.apply(plan, expect=EXIT_ERROR, **where)
    s.contains(result["stderr"], said, "the error of apply")
    s.check(time.monotonic() - started < 15, "it took more than 15 s to say so")
    done = s.plan(expect={EXIT_ERROR, 64}, **missing)
    s.check(done.stderr.strip(), "no error is told")
    # Afterwards it is as if nothing had been.
    s.roll_out(plan)


@scenario("unknown-field")
def unknown_field(s):
    """misspelt fields: errors with their places, all of them, and no plan"""
    s.start()
    s.edit("web.yaml", "  replicas: 2", "  replica: 2", "image: proxy:2", "imago: proxy:2")
    s.edit("flags.yaml", "data:\n  c", "date:\n  c")
    s.commit("misspelt")
    done = s.plan(expect=EXIT_ERROR)
    s.contains(done.stderr, 'app/web.yaml:8:3: unknown field "replica"', "the errors")
    s.contains(done.stderr, 'did you mean "replicas"?', "the errors")
    s.contains(done.stderr, 'app/web.yaml:35:9: unknown field "imago"', "the errors")
    s.contains(done.stderr, 'app/flags.yaml:5:1: unknown field "date"', "the errors")
    s.equal(done.stdout, "", "stdout")


@scenario("twice")
def twice(s):
    """the same object declared twice"""
    s.start()
    s.write("more/flags.yaml", "# again\n" + s.read("flags.yaml"))
    s.commit("twice")
    done = s.plan(expect=EXIT_ERROR)
    s.contains(done.stderr, "app/flags.yaml:1", "the error")
    s.contains(done.stderr, "app/more/flags.yaml:2", "the error")
    s.contains(done.stderr, "flags", "the error")


@scenario("no-manifest")
def no_manifest(s):
    """a YAML file that is no Kubernetes object, and how to leave it out"""
    s.start()
    s.write("values.yaml", "replicas: 3\nimage: web\n")
    s.commit("values")
    done = s.plan(expect=EXIT_ERROR)
    s.contains(done.stderr, "app/values.yaml:1", "the error")
    s.contains(done.stderr, ".rhumbignore", "the error")
    s.write(".rhumbignore", "values.yaml\n")
    s.commit("ignore")
    s.changes(s.plan(), {})


@scenario("no-identity", backends=("kube",))
def no_identity(s):
    """no right to read the namespace whose uid identifies the cluster"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.commit("colour")
    env = user(s, RIGHTS + [{"apiGroups": [""], "resources": ["secrets"],
                             "verbs": ["get", "list", "patch"]}], namespaces=False)
    plan = s.plan(env=env)
    s.contains(" ".join(plan["notes"]), "cannot be applied", "the notes")
    s.changes(plan, {"ConfigMap/flags": "update"})
    result = s.apply(plan, env=env, expect=EXIT_REFUSED)
    s.contains(result["stderr"], "kube-system", "the refusal")
    s.check("cluster none" not in result["stderr"], "the refusal is about --cluster none")
    s.roll_out(s.plan())
