"""Hooks: what runs before, after, and after a failure."""

import base64
import json
import signal

from ..suite import scenario
from ..scenario import (EXIT_DONE, EXIT_ERROR, EXIT_INCOMPLETE, EXIT_PARTIAL, EXIT_REFUSED,
                        EXIT_STALE)
from .locks import Started, wait_until

ARGO, OURS, HELM = "argocd.argoproj.io/hook", "rhumb.dev/hook", "helm.sh/hook"


def job(name, annotations, spec=None, pod=None, key="name"):
    """A Job whose pod completes on a simulated node."""
    return json.dumps({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {key: name, "annotations": annotations},
        "spec": {"backoffLimit": 0, **(spec or {}), "template": {"spec": {
            "restartPolicy": "Never", "containers": [{"name": "main", "image": "tool:1"}],
            **(pod or {})}}}})


def hook(name, phase, policy=None, **more):
    annotations = {ARGO: phase}
    if policy:
        annotations[ARGO + "-delete-policy"] = policy
    return job(name, annotations, **more)


def failing(name, phase, policy=None):
    """No node has the label, and a second is all the time there is."""
    return hook(name, phase, policy, spec={"activeDeadlineSeconds": 1},
                pod={"nodeSelector": {"there": "is-none"}})


def config_map(name, value):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                       "data": {"k": value}})


def begin(s, *objects):
    s.start(case=None, applied=False)
    s.waits = True
    write(s, "a", config_map("a", "1"))
    write(s, "hooks", *objects)
    s.commit("hooks")


def write(s, file, *objects):
    s.write(f"{file}.yaml", "\n---\n".join(objects))


def change(s, value):
    write(s, "a", config_map("a", value))
    s.commit(f"value {value}")


def hook_ids(plan):
    return [c["id"].split("/")[-1] for c in plan["changes"] if "hook" in c]


def outcome(s, result, name):
    """By the end of the id: `migrate (PreSync)`."""
    found = [o for o in result["objects"] if o["id"].endswith("/" + name)]
    s.equal(len(found), 1, f"objects called {name} in the result")
    return found[0]


def outcomes(s, result, **wanted):
    """a="applied", migrate_PreSync="failed"."""
    for key, value in wanted.items():
        name, _, phase = key.partition("_")
        o = outcome(s, result, f"{name} ({phase})" if phase else name)
        s.equal(o["outcome"], value, f"outcome of {o['id']} ({o.get('message')})")


def uid(s, name, kind="Job"):
    found = s.cluster.get(kind, name)
    return found and found["metadata"]["uid"]


def runs_jobs(s):
    return s.cluster.name == "kube"


def nothing_to_do(s):
    s.equal(s.plan().actions(), {}, "changes after the apply")


@scenario("hooks")
def hooks(s):
    """before, after, and not after a failure; the next run replaces the last one's object"""
    begin(s, hook("migrate", "PreSync"), hook("check", "PostSync"), hook("tell", "SyncFail"))
    plan = s.plan()
    s.equal(hook_ids(plan), ["migrate (PreSync)", "check (PostSync)", "tell (SyncFail)"], "hooks")
    s.equal([c["id"].split("/")[-1] for c in plan["changes"]],
            ["migrate (PreSync)", "a", "check (PostSync)", "tell (SyncFail)"], "order")
    s.equal(plan["summary"]["create"], 1, "creates")
    s.equal(plan["summary"]["hooks"], 3, "hooks counted")
    s.equal(plan["changes"][0]["hook"],
            {"phase": "PreSync", "deletePolicy": ["BeforeHookCreation"]}, "the hook")
    s.contains(s.show(plan), f"> Job {s.ns}/migrate (PreSync)", "the plan as text")
    s.same_plan_again(plan)
    result = s.apply(plan)
    outcomes(s, result, migrate_PreSync="applied", a="applied", check_PostSync="applied",
             tell_SyncFail="unchanged")
    s.contains(outcome(s, result, "tell (SyncFail)")["message"], "not needed", "the message")
    first = uid(s, "migrate")
    s.check(first and uid(s, "check") and not uid(s, "tell"), "the hooks that are due have run")
    if runs_jobs(s):
        status = s.cluster.get("Job", "migrate")["status"]
        s.equal(status.get("succeeded"), 1, "pods of the hook that succeeded")
    labels = s.cluster.get("Job", "migrate")["metadata"]["labels"]
    s.equal(labels.get("rhumb.dev/hook-of"), plan["applications"][0]["applyset"], "label")
    s.check("applyset.kubernetes.io/part-of" not in labels, "a hook is no member")
    parent = s.cluster.get("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
    s.equal(parent["applyset.kubernetes.io/contains-group-kinds"], "ConfigMap", "kinds of members")
    s.check("rhumb.dev/unfinished" not in parent, "the apply came to its end")
    nothing_to_do(s)
    again = s.apply(plan)
    s.equal(set(s.outcomes(again).values()), {"unchanged"}, "outcomes of the same plan again")
    s.equal(uid(s, "migrate"), first, "the Job of the first run")
    change(s, "2")
    plan = s.plan()
    s.equal(plan["changes"][0]["precondition"]["uid"], first, "what the last run has left")
    s.contains(plan.text, "that of the last run is deleted first", "the plan as text")
    outcomes(s, s.apply(plan), migrate_PreSync="applied", a="applied", check_PostSync="applied")
    s.check(uid(s, "migrate") not in (first, None), "the second run has a Job of its own")
    nothing_to_do(s)


@scenario("hooks-presync", backends=("kube",))
def presync(s):
    """a PreSync hook that fails keeps everything else from being tried, and says why"""
    begin(s, failing("migrate", "PreSync"), hook("check", "PostSync"), hook("tell", "SyncFail"))
    plan = s.plan()
    result = s.apply(plan, "--keep-going", expect=EXIT_PARTIAL)
    outcomes(s, result, migrate_PreSync="failed", a="not-tried", check_PostSync="not-tried",
             tell_SyncFail="applied")
    message = outcome(s, result, "migrate (PreSync)")["message"]
    s.contains(message, "DeadlineExceeded", "the message")
    s.contains(outcome(s, result, "a")["message"], "migrate (PreSync) failed", "the message")
    s.contains(result["stdout"], f"Job {s.ns}/migrate (PreSync)", "the report")
    s.check(s.cluster.get("ConfigMap", "a") is None, "nothing else is there")
    s.check(uid(s, "tell") and not uid(s, "check"), "SyncFail has run, PostSync has not")
    parent = s.cluster.get("ConfigMap", "rhumb-shop")["metadata"]["annotations"]
    s.equal(parent.get("rhumb.dev/unfinished"), plan["digest"], "the plan that has not ended")
    # Mended in Git: all of it runs.
    write(s, "hooks", hook("migrate", "PreSync"), hook("check", "PostSync"),
          hook("tell", "SyncFail"))
    s.commit("mended")
    outcomes(s, s.apply(s.plan()), migrate_PreSync="applied", a="applied", check_PostSync="applied",
             tell_SyncFail="unchanged")
    nothing_to_do(s)


@scenario("hooks-rollout", backends=("kube",))
def rollout(s):
    """SyncFail runs when a rollout does not come to its end, PostSync does not"""
    begin(s, hook("check", "PostSync"), hook("tell", "SyncFail"), json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {
                "nodeSelector": {"there": "is-none"},
                "containers": [{"name": "main", "image": "web:1"}]}}}}))
    result = s.apply(s.plan(), "--wait-timeout", "2s", expect=EXIT_PARTIAL)
    outcomes(s, result, web="failed", check_PostSync="not-tried", tell_SyncFail="applied")
    s.contains(outcome(s, result, "web")["message"], "not ready", "the message")
    s.check(not uid(s, "check") and uid(s, "tell"), "SyncFail has run, PostSync has not")


@scenario("hooks-postsync", backends=("kube",))
def postsync(s):
    """a PostSync hook that failed is planned again, though nothing else is left to do"""
    begin(s, failing("check", "PostSync"), hook("tell", "SyncFail"))
    result = s.apply(s.plan(), expect=EXIT_PARTIAL)
    outcomes(s, result, a="applied", check_PostSync="failed", tell_SyncFail="applied")
    write(s, "hooks", hook("check", "PostSync"), hook("tell", "SyncFail"))
    s.commit("mended")
    plan = s.plan()
    s.equal([c["id"].split("/")[-1] for c in plan["changes"]],
            ["check (PostSync)", "tell (SyncFail)"], "changes")
    outcomes(s, s.apply(plan), check_PostSync="applied", tell_SyncFail="unchanged")
    nothing_to_do(s)


POLICIES = [  # policy, what stays after a success, and after a failure
    ("BeforeHookCreation", True, True),
    ("HookSucceeded", False, True),
    ("HookFailed", True, False),
    ("HookSucceeded,HookFailed", False, False),
]


@scenario("hooks-policies")
def policies(s):
    """each delete policy, after a success and after a failure"""
    good = [hook(f"good-{i}", "PostSync", policy) for i, (policy, _, _) in enumerate(POLICIES)]
    bad = [failing(f"bad-{i}", "PostSync", policy) for i, (policy, _, _) in enumerate(POLICIES)]
    begin(s, *good, *(bad if runs_jobs(s) else []))
    s.apply(s.plan(), "--keep-going", expect=EXIT_PARTIAL if runs_jobs(s) else EXIT_DONE)
    for i, (policy, after_success, after_failure) in enumerate(POLICIES):
        s.equal(uid(s, f"good-{i}") is not None, after_success, f"{policy} after a success")
        if runs_jobs(s):
            s.equal(uid(s, f"bad-{i}") is not None, after_failure, f"{policy} after a failure")


@scenario("hooks-stay")
def stay(s):
    """what a policy lets stay is in the way of the next run; the plan says so and what to do"""
    begin(s, hook("migrate", "PreSync", "HookFailed"))
    s.apply(s.plan())
    first = uid(s, "migrate")
    change(s, "2")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.equal(plan["changes"][0]["action"], "conflict", "action")
    s.contains(plan["changes"][0]["reason"], "add BeforeHookCreation", "the reason")
    s.apply(plan, expect=EXIT_REFUSED)
    write(s, "hooks", hook("migrate", "PreSync", "HookFailed,BeforeHookCreation"))
    s.commit("policy")
    s.apply(s.plan())
    s.check(uid(s, "migrate") not in (first, None), "it has run again")


@scenario("hooks-foreign")
def foreign(s):
    """an object of the same name that no hook has made is neither deleted nor overwritten"""
    begin(s, hook("migrate", "PreSync"))
    plan = s.plan()
    s.cluster.server_apply(job("migrate", {}), manager="somebody")
    theirs = uid(s, "migrate")
    said = s.apply(plan, expect=EXIT_STALE)["stderr"]
    s.contains(said, "migrate (PreSync) was created", "stderr")
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.contains(plan["changes"][0]["reason"], "no hook of this application has made (somebody has)",
               "the reason")
    s.contains(plan.text, f"! Job {s.ns}/migrate (PreSync)", "the plan as text")
    s.apply(plan, expect=EXIT_REFUSED)
    result = s.apply(plan, "--allow-partial", expect=EXIT_PARTIAL)
    outcomes(s, result, migrate_PreSync="not-tried", a="not-tried")
    s.equal(uid(s, "migrate"), theirs, "the Job of somebody else")
    s.cluster.delete("Job", "migrate")
    outcomes(s, s.apply(s.plan()), migrate_PreSync="applied", a="applied")
    # With our label, but not written by us: a copy.
    s.cluster.delete("Job", "migrate")
    labelled = json.loads(job("migrate", {}))
    labelled["metadata"]["labels"] = {"rhumb.dev/hook-of": plan["applications"][0]["applyset"]}
    s.cluster.server_apply(json.dumps(labelled), manager="somebody")
    change(s, "2")
    s.plan(expect=EXIT_INCOMPLETE)


@scenario("hooks-killed", backends=("kube",))
def killed(s):
    """killed while a hook runs: the next apply waits for that very Job, and goes on"""
    gate = {"gate": s.ns}
    begin(s, hook("migrate", "PreSync", pod={"nodeSelector": gate}), hook("check", "PostSync"))
    plan = s.plan()
    run = Started(s, plan, 1)
    wait_until("the hook runs", lambda: uid(s, "migrate") or run.process.poll() is not None)
    first = uid(s, "migrate")
    run.process.send_signal(signal.SIGKILL)
    run.process.communicate()
    s.check(s.cluster.get("ConfigMap", "a") is None, "nothing else is there")
    run = Started(s, plan, 1)
    s.cluster.run("label", "node", "node-1", f"gate={s.ns}", "--overwrite")
    status, result = run.end()
    s.equal(status, EXIT_DONE, f"exit status ({run.stderr})")
    outcomes(s, result, migrate_PreSync="applied", a="applied", check_PostSync="applied")
    s.equal(uid(s, "migrate"), first, "the Job that has run")
    message = outcome(s, result, "migrate (PreSync)").get("message", "")
    s.contains(message, "written by a run that was ended early", "the message")
    nothing_to_do(s)


@scenario("hooks-exit", backends=("kube",))
def exit_status(s):
    """a hook whose container fails tells its exit status"""
    begin(s, hook("migrate", "PreSync", pod={"nodeSelector": {"there": "is-none"}}))
    run = Started(s, s.plan(), 1)
    pod = wait_for_pod(s, "migrate", run)
    # What a kubelet would say.
    status, said = s.cluster.server.request(
        "PATCH", f"/api/v1/namespaces/{s.ns}/pods/{pod}/status", {"status": {
            "phase": "Failed", "containerStatuses": [{
                "name": "main", "image": "tool:1", "imageID": "", "ready": False, "restartCount": 0,
                "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}},
        "application/merge-patch+json")
    s.equal(status, 200, f"the patch of the pod: {said}")
    status, result = run.end()
    s.equal(status, EXIT_PARTIAL, "exit status")
    message = outcome(s, result, "migrate (PreSync)")["message"]
    s.contains(message, "BackoffLimitExceeded", "the message")
    s.contains(message, "exit status 3 (Error), image tool:1", "the message")


def wait_for_pod(s, name, run):
    def found():
        _, pods = s.cluster.server.request(
            "GET", f"/api/v1/namespaces/{s.ns}/pods?labelSelector=job-name%3D{name}")
        names = [p["metadata"]["name"] for p in pods["items"]]
        return names or run.process.poll() is not None
    wait_until("the hook has a pod", found)
    _, pods = s.cluster.server.request(
        "GET", f"/api/v1/namespaces/{s.ns}/pods?labelSelector=job-name%3D{name}")
    return pods["items"][0]["metadata"]["name"]


@scenario("hooks-pod")
def pod_hook(s):
    """any kind can be a hook; one object may run in two phases; ConfigMaps are done at once"""
    annotations = {OURS: "PreSync,PostSync", "rhumb.dev/sync-wave": "-1"}
    both = json.loads(config_map("both", "1"))
    both["metadata"]["annotations"] = annotations
    begin(s, json.dumps(both), hook("migrate", "PreSync"))
    plan = s.plan()
    s.equal(hook_ids(plan), ["both (PreSync)", "migrate (PreSync)", "both (PostSync)"], "hooks")
    outcomes(s, s.apply(plan), both_PreSync="applied", both_PostSync="applied",
             migrate_PreSync="applied")
    first = uid(s, "both", "ConfigMap")
    nothing_to_do(s)
    change(s, "2")
    outcomes(s, s.apply(s.plan()), both_PreSync="applied", both_PostSync="applied")
    s.check(uid(s, "both", "ConfigMap") not in (first, None), "it has run again")


SECRET = json.dumps({"apiVersion": "v1", "kind": "Secret",
                     "metadata": {"name": "login", "annotations": {ARGO: "PreSync"}},
                     "stringData": {"password": "$secret"}})


@scenario("hooks-secret")
def secret(s):
    """a Secret as a hook: its values come from Git, and are nowhere to be seen"""
    begin(s, SECRET)
    plan = s.plan()
    s.equal(plan["changes"][0]["desired"]["data"], {"password": None}, "values in the plan")
    for value in ("2", "3"):
        outcomes(s, s.apply(plan), login_PreSync="applied", a="applied")
        data = s.cluster.get("Secret", "login")["data"]
        s.equal(base64.b64decode(data["password"]).decode(), s.secret, "the password")
        change(s, value)
        plan = s.plan()


KIND = """apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: tasks.$name.work.io}
spec:
  group: $name.work.io
  names: {kind: Task, plural: tasks, singular: task, listKind: TaskList}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""


@scenario("hooks-custom")
def custom(s):
    """a hook of a kind that comes with the plan: its CRD is written first"""
    begin(s, KIND, json.dumps({"apiVersion": "$name.work.io/v1", "kind": "Task", "metadata": {
        "name": "first", "annotations": {ARGO: "PreSync"}}}))
    plan = s.plan()
    s.equal([c["object"]["kind"] for c in plan["changes"]],
            ["CustomResourceDefinition", "Task", "ConfigMap"], "order")
    s.equal(set(s.outcomes(s.apply(plan)).values()), {"applied"}, "outcomes")
    nothing_to_do(s)


@scenario("hooks-helm", backends=("file",))
def helm(s):
    """Helm's hooks: install and upgrade, weights, policies; tests and rollbacks are left out"""
    begin(s,
          job("install", {HELM: "pre-install"}),
          job("upgrade", {HELM: "pre-upgrade", "helm.sh/hook-weight": "5"}),
          job("always", {HELM: "pre-install,pre-upgrade", "helm.sh/hook-weight": "-5",
                         "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}),
          job("after-", {HELM: "post-install,post-upgrade"}, key="generateName"),
          job("smoke", {HELM: "test"}), job("undo", {HELM: "pre-rollback"}),
          job("ours", {HELM: "pre-upgrade", OURS: "Sync"}))
    plan = s.plan()
    after = hook_ids(plan)[-1]
    s.equal(hook_ids(plan), ["always (PreSync)", "install (PreSync)", after], "hooks of an install")
    s.check(after.startswith("after-") and after.endswith(" (PostSync)"), f"the name {after}")
    s.equal(plan["changes"][0]["hook"]["deletePolicy"], ["BeforeHookCreation", "HookSucceeded"],
            "policy")
    notes = [n for n in plan["notes"] if "left out" in n]
    s.equal(len(notes), 1, "notes")
    s.contains(notes[0], "2 objects", "the note")
    s.contains(notes[0], "smoke with helm.sh/hook: test", "the note")
    s.contains(notes[0], "undo with helm.sh/hook: pre-rollback", "the note")
    s.apply(plan)
    s.equal([uid(s, name) for name in ("smoke", "undo", "always")], [None] * 3, "not there")
    s.check(uid(s, "ours"), "what is no hook is kept")
    change(s, "2")
    plan = s.plan()
    s.equal(hook_ids(plan), ["always (PreSync)", "upgrade (PreSync)", after], "hooks of an upgrade")
    s.apply(plan)
    nothing_to_do(s)
    rendered = {o["metadata"]["name"] for o in s.declared()}
    s.check({"smoke", "always", after.split(" ")[0]} <= rendered, f"what render prints: {rendered}")


@scenario("hooks-become")
def become(s):
    """an object that becomes a hook, and back; a hook that is gone; Skip"""
    begin(s, job("migrate", {}), job("other", {ARGO: "Sync"}))
    s.apply(s.plan())
    first = uid(s, "migrate")
    write(s, "hooks", hook("migrate", "PreSync"), job("other", {ARGO: "Skip"}))
    s.commit("a hook")
    s.equal(s.plan().actions(), {}, "an application without changes runs no hooks")
    change(s, "2")
    plan = s.plan()
    s.equal(hook_ids(plan), ["migrate (PreSync)"], "hooks")
    s.equal(len(plan["changes"]), 2, "changes")
    s.contains(" ".join(plan["notes"]), f"Job {s.ns}/other with {ARGO}: Skip", "the notes")
    s.apply(plan)
    s.check(uid(s, "migrate") not in (first, None), "the member was replaced by the hook")
    s.check(uid(s, "other"), "what is skipped is left alone")
    write(s, "hooks", job("migrate", {}))
    s.commit("an object again")
    plan = s.plan()
    s.equal([c["action"] for c in plan["changes"] if "/migrate" in c["id"]], ["update"], "actions")
    s.apply(plan)
    labels = s.cluster.get("Job", "migrate")["metadata"]["labels"]
    s.check("rhumb.dev/hook-of" not in labels, "the label of hooks is gone")
    write(s, "hooks", hook("migrate", "PreSync"))
    s.commit("a hook again")
    change(s, "3")
    s.apply(s.plan())
    write(s, "hooks", "# nothing\n")
    change(s, "4")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/a": "update"})
    s.contains(" ".join(plan["notes"]), f"1 hook is not declared any more (Job {s.ns}/migrate)",
               "the notes")
    s.apply(plan)
    s.check(uid(s, "migrate"), "a hook is not pruned")


CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
         "metadata": {"name": "data", "annotations": {ARGO: "PreSync"}},
         "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                  "resources": {"requests": {"storage": "1Gi"}}}}


@scenario("hooks-refused", backends=("file",))
def refused(s):
    """wrong annotations have a line; what holds data is not deleted to run again"""
    begin(s, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  annotations:\n"
             "    rhumb.dev/hook: PreSnyc\n")
    said = s.plan(expect=EXIT_ERROR).stderr
    s.contains(said, 'hooks.yaml:6:21: rhumb.dev/hook does not know "PreSnyc" (did you mean '
               '"PreSync"?)', "the error")
    write(s, "hooks", json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": "n", "annotations": {HELM: "pre-install"}}}))
    s.commit("namespace")
    s.contains(s.plan(expect=EXIT_ERROR).stderr, "a Namespace cannot be a hook", "the error")
    write(s, "hooks", json.dumps(CLAIM))
    s.commit("claim")
    s.apply(s.plan())
    change(s, "2")
    plan = s.plan(expect=EXIT_REFUSED)
    s.contains(plan["changes"][0]["reason"], "--allow-delete PersistentVolumeClaim", "the reason")
    first = uid(s, "data", "PersistentVolumeClaim")
    s.apply(plan, expect=EXIT_REFUSED)
    s.equal(uid(s, "data", "PersistentVolumeClaim"), first, "the claim")
    s.apply(s.plan("--allow-delete", "PersistentVolumeClaim"))
    s.check(uid(s, "data", "PersistentVolumeClaim") not in (first, None), "it is made anew")


@scenario("hooks-namespace")
def namespace(s):
    """the Namespace of a PreSync hook comes before it; hooks of two applications"""
    s.init()
    for app in ("one", "two"):
        s.write("x.yaml", "\n---\n".join([
            json.dumps({"apiVersion": "v1", "kind": "Namespace",
                        "metadata": {"name": f"{s.ns}-{app}"}}),
            hook("migrate", "PreSync"), config_map("a", "1")]), s.repo + "/" + app)
    s.write_config([{"name": app, "path": app, "namespace": f"{s.ns}-{app}"}
                    for app in ("one", "two")])
    s.commit("first")
    plan = s.plan()
    s.equal([c["object"]["kind"] for c in plan["changes"]],
            ["Namespace"] * 2 + ["Job"] * 2 + ["ConfigMap"] * 2, "order")
    result = s.apply(plan)
    s.equal(set(s.outcomes(result).values()), {"applied"}, "outcomes")
    nothing_to_do(s)
