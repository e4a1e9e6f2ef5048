"""Plan files: when they hold, when they do not, and what their digest covers."""

import base64
import json
import os
import re

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_ERROR, EXIT_PARTIAL, EXIT_REFUSED, EXIT_STALE
from .. import objects


def state(s, *names):
    found = {}
    for name in names:
        kind, _, plain = name.partition("/")
        found[name] = s.cluster.get(kind, plain)
    return found


def refused_as_stale(s, plan, *said, untouched=()):
    before = state(s, *untouched)
    result = s.apply(plan, expect=EXIT_STALE)
    s.equal(result["outcome"], "stale", "outcome")
    for text in said:
        s.contains(result["stderr"], text, "the error")
    for name, old in before.items():
        s.check(objects.same_state(old, state(s, name)[name]), f"a stale plan wrote {name}")
    return result


@scenario("stale")
def stale(s):
    """an object moved since it was planned: nothing is written"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("change")
    plan = s.plan()
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 3}})
    result = refused_as_stale(s, plan, "web", "kubectl-edit", "spec.replicas",
                              untouched=("ConfigMap/flags", "Deployment/web"))
    s.equal(s.outcomes(result)[s.id("Deployment/web")], "stale", "the Deployment")
    result = s.apply(plan, "--allow-partial", expect={EXIT_DONE, EXIT_PARTIAL, EXIT_STALE})
    s.equal(s.outcomes(result), {s.id("ConfigMap/flags"): "applied",
                                 s.id("Deployment/web"): "stale"}, "outcomes")
    s.equal(s.cluster.need("Deployment", "web")["spec"]["replicas"], 3, "replicas")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.roll_out(plan)


@scenario("stale-gone")
def stale_gone(s):
    """deleted, made anew or made by somebody else since it was planned"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata:\n  a: b\n")
    s.commit("change")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "update", "ConfigMap/new": "create"})
    s.cluster.client_apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                                       "metadata": {"name": "new"}, "data": {"a": "mine"}}))
    refused_as_stale(s, plan, "new", "was created", untouched=("ConfigMap/flags", "ConfigMap/new"))
    s.cluster.delete("ConfigMap", "new")
    s.cluster.delete("ConfigMap", "flags")
    refused_as_stale(s, plan, "flags", "was deleted", untouched=("ConfigMap/new",))
    s.cluster.server_apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                                       "metadata": {"name": "flags"},
                                       "data": {"colour": "blue", "size": "large"}}))
    refused_as_stale(s, plan, "flags", untouched=("ConfigMap/new", "ConfigMap/flags"))
    # A delete of another object than the plan saw.
    plan = s.plan()
    s.apply(plan)
    s.remove("flags.yaml")
    s.commit("drop")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/flags": "delete"})
    s.cluster.delete("ConfigMap", "flags")
    s.cluster.server_apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                                       "metadata": {"name": "flags"}, "data": {"a": "b"}}))
    refused_as_stale(s, plan, "flags", untouched=("ConfigMap/flags",))
    # Gone already is as planned.
    s.cluster.delete("ConfigMap", "flags")
    result = s.apply(plan)
    s.equal(s.outcomes(result), {s.id("ConfigMap/flags"): "unchanged"}, "outcomes")


@scenario("determinism")
def determinism(s):
    """the digest stays while status and unrelated annotations change, and moves with the rest"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("change")
    plan = s.plan()
    s.same_plan_again(plan)
    moved = {"type": "Testing", "status": "True", "reason": "Test", "message": "moved",
             "lastTransitionTime": "2024-01-01T00:00:00Z", "lastUpdateTime": "2024-01-01T00:00:00Z"}
    s.cluster.patch("Deployment", "web", {"status": {"conditions": [moved]}},
                    manager="status-writer", subresource="status")
    note = {"metadata": {"annotations": {"example.com/note": "seen"}}}
    for kind, name in (("Deployment", "web"), ("ConfigMap", "flags"), ("Service", "web")):
        s.cluster.patch(kind, name, note, manager="kubectl-annotate")
    again = s.plan()
    s.equal(again["digest"], plan["digest"], "the digest")
    # A commit that changes nothing there: other commit ids, the same meaning.
    s.git("commit", "-q", "--allow-empty", "-m", "words")
    s.equal(s.plan()["digest"], plan["digest"], "the digest at another commit")
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 3}})
    moved = s.plan()
    s.check(moved["digest"] != plan["digest"], "the digest stays although a value moved")
    s.cluster.patch("Deployment", "web", {"spec": {"replicas": 2}})
    # What was planned first still holds, notes and all.
    s.apply(s.plan())
    live = s.cluster.need("ConfigMap", "flags")
    s.equal(live["metadata"]["annotations"], {"example.com/note": "seen"}, "annotations")


@scenario("unrelated")
def unrelated(s):
    """what the plan does not touch may change until it is applied"""
    s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("change")
    plan = s.plan()
    note = {"metadata": {"annotations": {"example.com/note": "seen"}}}
    s.cluster.patch("Deployment", "web", note, manager="kubectl-annotate")
    s.cluster.patch("Deployment", "web", {"spec": {"minReadySeconds": 3}}, manager="kubectl-patch")
    s.roll_out(plan)
    live = s.cluster.need("Deployment", "web")
    s.equal(live["spec"]["minReadySeconds"], 3, "another's field")
    s.equal(live["metadata"]["annotations"]["example.com/note"], "seen", "another's annotation")


@scenario("other-cluster")
def other_cluster(s):
    """a plan is for one cluster"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.commit("change")
    plan = s.plan()
    other = os.path.join(s.dir, "other")
    result = s.apply(plan, expect=EXIT_REFUSED, cluster=["--cluster", "file:" + other])
    s.contains(result["stderr"], "the plan is for cluster", "the refusal")
    s.check(not os.path.exists(other), "the other cluster was written to")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "blue", "colour")


@scenario("bad-plan")
def bad_plan(s):
    """a plan file that was altered, is cut short, is of another version, or is none"""
    s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("change")
    plan = s.plan()
    with open(plan.file, encoding="utf-8") as f:
        text = f.read()
    before = s.cluster.need("Deployment", "web")
    digest = plan["digest"]
    cases = {
        "altered": re.sub(r'("after": )4', r"\g<1>40", text),
        "desired": text.replace('"replicas": 4', '"replicas": 40'),
        "digest": text.replace(digest, digest[:-4] + "0000"),
        "cut": text[:len(text) // 2],
        "almost": text.rstrip()[:-1],
        "version": text.replace('"rhumb.dev/v1"', '"rhumb.dev/v9"'),
        "kind": text.replace('"kind": "Plan"', '"kind": "Result"'),
        "key": text.replace('"summary":', '"sumary":'),
        "empty": "",
        "nothing": "{}",
        "list": "[" * 5000,
        "text": "no plan\n",
    }
    for name, altered in cases.items():
        s.check(altered != text, f"case {name} alters nothing")
        file = os.path.join(s.dir, f"bad-{name}.json")
        with open(file, "w", encoding="utf-8") as f:
            f.write(altered)
        for args in (["show"], ["apply", *s.cluster.args]):
            done = s.rhumb(*args, file, expect=EXIT_ERROR)
            s.check(done.stderr.startswith("rhumb: "), f"{args[0]} of {name}: {done.stderr}")
    said = s.rhumb("show", os.path.join(s.dir, "bad-version.json"), expect=EXIT_ERROR).stderr
    s.contains(said, "rhumb.dev/v9", "the error about the version")
    with open(os.path.join(s.dir, "bad-bytes.json"), "wb") as f:
        f.write(os.urandom(100000))
    s.rhumb("show", os.path.join(s.dir, "bad-bytes.json"), expect=EXIT_ERROR)
    s.check(objects.same_state(before, s.cluster.need("Deployment", "web")), "something was written")
    # Positions are for display: another file name is the same plan.
    moved = os.path.join(s.dir, "moved.json")
    with open(moved, "w", encoding="utf-8") as f:
        f.write(text.replace("app/web.yaml", "app/other.yaml"))
    s.rhumb("show", moved)


@scenario("key")
def key(s):
    """RHUMB_KEY: fingerprints of secret values instead of resourceVersions"""
    s.start()
    value = s.secret + "-next"
    s.secrets += [value, "a-key-of-ours"]
    s.edit("db.yaml", "password: $secret", f"password: {value}")
    s.commit("rotate")
    note = {"metadata": {"annotations": {"example.com/note": "seen"}}}
    # Without a key, any write to the Secret makes the plan stale.
    plan = s.plan()
    s.check("resourceVersion" in plan.change("db")["precondition"], "no resourceVersion")
    s.cluster.patch("Secret", "db", note, manager="kubectl-annotate")
    refused_as_stale(s, plan, "db", untouched=("Secret/db",))
    # With one, only a write that matters.
    env = {"RHUMB_KEY": "a-key-of-ours"}
    plan = s.plan(env=env)
    s.check("resourceVersion" not in plan.change("db")["precondition"], "a resourceVersion")
    s.equal(s.plan(env=env)["digest"], plan["digest"], "the digest made again")
    s.check(s.plan(env={"RHUMB_KEY": "another"})["digest"] != plan["digest"],
            "another key gives the same digest")
    note["metadata"]["annotations"]["example.com/note"] = "again"
    s.cluster.patch("Secret", "db", note, manager="kubectl-annotate")
    s.equal(s.plan(env=env)["digest"], plan["digest"], "the digest after an annotation")
    without = s.apply(plan, expect=64)
    s.contains(without["stderr"], "RHUMB_KEY", "the error without the key")
    s.extra_env = env
    drifted = s.secret + "-drift"
    s.secrets.append(drifted)
    stale_plan = s.plan()
    s.roll_out(plan)
    s.cluster.patch("Secret", "db", {"data": {
        "password": base64.b64encode(drifted.encode()).decode()}})
    refused_as_stale(s, stale_plan, "db", untouched=("Secret/db",))
    plan = s.plan()
    s.field(plan, "db", "/data/password", why="drift", secret="changed", owner="kubectl-edit")
    s.roll_out(plan)


@scenario("no-prune")
def no_prune(s):
    """prune: false keeps what Git no longer declares"""
    s.config["prune"] = False
    s.start()
    s.remove("flags.yaml")
    s.commit("drop")
    plan = s.plan()
    s.changes(plan, {})
    s.check(any("flags" in n and "prune" in n for n in plan["notes"]), f"notes: {plan['notes']}")
    s.apply(plan)
    s.check(s.cluster.get("ConfigMap", "flags"), "it was deleted")


@scenario("left-behind")
def left_behind(s):
    """a member of the ApplySet that neither base nor head declares"""
    s.start()
    s.remove("flags.yaml")
    s.commit("drop")
    plan = s.plan("--base", "HEAD")
    s.changes(plan, {"ConfigMap/flags": "delete"})
    s.contains(plan.change("flags")["reason"], "ApplySet", "the reason")
    # An object with the same name that is not ours stays.
    s.cluster.client_apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap",
                                       "metadata": {"name": "theirs"}, "data": {"a": "b"}}))
    s.roll_out(plan, plan_args=("--base", "HEAD"))
    s.check(s.cluster.get("ConfigMap", "theirs"), "another's object was deleted")
