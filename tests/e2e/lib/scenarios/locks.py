"""Applies at the same time: one after the other where they overlap, together where they do not."""

import json
import os
import signal
import subprocess
import time

from ..suite import scenario
from ..scenario import (EXIT_DONE, EXIT_ERROR, EXIT_STALE, EXIT_USAGE, Failed)
from .refusals import RIGHTS, user

PATIENCE = 30  # seconds for what another process is about to do
LEASE = 2      # seconds of a Lease where one has to run out


class Started:
    """rhumb apply, running."""

    def __init__(self, s, plan, number, *args, env=None, before=()):
        """`before`: a command that runs it."""
        self.s, self.plan = s, plan
        self.result = os.path.join(s.dir, f"result-of-{number}.json")
        environment = {"PATH": os.environ["PATH"], "HOME": s.home, "RHUMB_HOLDER": f"run-{number}",
                       **s.cluster.env, **(env or {})}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        self.process = subprocess.Popen(
            [*before, os.path.join(s.build, "rhumb"), "apply", *s.cluster.args, "-o", self.result,
             *args, plan.file], cwd=s.repo, env=environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def end(self):
        """Exit status and the result."""
        try:
            self.stdout, self.stderr = self.process.communicate(timeout=2 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Failed("an apply does not end: a deadlock?") from None
        result = None
        if os.path.exists(self.result):
            with open(self.result, encoding="utf-8") as f:
                result = json.load(f)
        return self.process.returncode, result


def config_map(s, name, value, app="app"):
    s.write(f"{name}.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"
            f"data: {{k: '{value}'}}\n", os.path.join(s.repo, app))


def holder(s, name="rhumb-shop", namespace=None):
    """Who has the lock now, None: nobody."""
    if s.cluster.name == "file":
        path = os.path.join(s.cluster.dir, ".locks", namespace or s.ns, name)
        try:
            with open(path, encoding="utf-8") as f:
                text = f.read()
        except FileNotFoundError:
            return None
        return json.loads(text)["holder"] if text else None
    lease = s.cluster.get("Lease", name, namespace)
    return (lease or {}).get("spec", {}).get("holderIdentity")


def wait_until(what, true):
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise Failed(f"after {PATIENCE} s still not {what}")
        time.sleep(0.02)


class Held:
    """Somebody else has the lock."""

    def __init__(self, s, name="rhumb-shop", holder="somebody", renewed=None):
        self.s, self.name = s, name
        if s.cluster.name == "file":
            folder = os.path.join(s.cluster.dir, ".locks", s.ns)
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as f:
                json.dump({"holder": holder, "since": "2026-01-01T00:00:00Z",
                           "plan": "sha256:0123456789abcdef"}, f)
            self.process = subprocess.Popen(["flock", "-x", path, "sh", "-c", "echo; read x"],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.process.stdout.readline()
        else:
            s.cluster.server_apply(json.dumps({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": name,
                             "annotations": {"rhumb.dev/plan": "sha256:0123456789abcdef"}},
                "spec": {"holderIdentity": holder, "leaseDurationSeconds": 600,
                         "acquireTime": "2026-01-01T00:00:00.000000Z",
                         "renewTime": renewed or "2999-01-01T00:00:00.000000Z"}}),
                manager="rhumb", force=True)

    def release(self):
        if self.s.cluster.name == "file":
            self.process.communicate(b"\n")
        else:
            self.s.cluster.patch("Lease", self.name, {"spec": {"holderIdentity": None}})


def at_once(s, number):
    """`number` applies that overlap: of the same plan, and of others that change the same object."""
    s.start(case=None, applied=False)
    for i in range(20):
        config_map(s, f"c{i}", 0)
    s.commit("zero")
    s.apply(s.plan())
    plans = []
    for i in range(number // 2):
        config_map(s, "c0", f"plan {i}")
        config_map(s, f"c{i + 1}", f"plan {i}")
        s.commit(f"plan {i}")
        plans.append(s.plan())
    plans += plans
    running = [Started(s, plan, i, "--lock-timeout", "2m") for i, plan in enumerate(plans)]
    ended = [r.end() for r in running]
    applied = [i for i, (_, result) in enumerate(ended)
               if any(o["outcome"] == "applied" for o in result["objects"])]
    s.equal(len(applied), 1, "applies that wrote")
    winner = plans[applied[0]]
    for i, (status, result) in enumerate(ended):
        outcomes = sorted(o["outcome"] for o in result["objects"])
        if i == applied[0]:
            s.equal((status, outcomes), (EXIT_DONE, ["applied"] * len(winner["changes"])), f"apply {i}")
        elif plans[i] is winner:
            s.equal((status, outcomes), (EXIT_DONE, ["unchanged"] * len(winner["changes"])), f"apply {i}")
        else:
            s.equal(status, EXIT_STALE, f"exit status of apply {i}")
            s.check("stale" in outcomes and "applied" not in outcomes, f"apply {i}: {outcomes}")
        s.equal(result["problems"], [], f"problems of apply {i}")
    value = f"plan {applied[0] % (number // 2)}"
    s.equal(s.cluster.need("ConfigMap", "c0")["data"]["k"], value, "c0")
    s.equal(holder(s), None, "the holder at the end")


@scenario("locks-two")
def locks_two(s):
    """two applies of the same plan at once"""
    at_once(s, 2)


@scenario("locks-eight")
def locks_eight(s):
    """eight applies of overlapping plans at once: one writes, the others are unchanged or stale"""
    at_once(s, 8)


@scenario("locks-crossed")
def locks_crossed(s):
    """plans of several applications, each overlapping the next: no deadlock"""
    s.cluster.create_namespace(s.ns)
    s.init()
    names = ("aa", "bb", "cc")
    s.write_config([{"name": n, "path": n, "namespace": s.ns} for n in names])
    for n in names:
        config_map(s, n, 1, n)
    s.commit("first")
    pairs = [("aa", "bb"), ("cc", "bb"), ("aa", "cc"), ("cc", "aa"), ("bb", "aa"), ("bb", "cc")]
    plans = [s.plan(*pair) for pair in pairs]
    running = [Started(s, plan, i, "--lock-timeout", "2m") for i, plan in enumerate(plans)]
    ended = [r.end() for r in running]
    s.equal([status for status, _ in ended], [EXIT_DONE] * len(plans), "exit statuses")
    written = sorted(o["id"] for _, result in ended for o in result["objects"]
                     if o["outcome"] == "applied")
    s.equal(written, sorted(s.id(f"ConfigMap/{n}") for n in names), "what was written, in all")


APPLICATIONS = ("aa", "bb", "cc", "dd")
SUBSETS = (("aa", "bb"), ("cc", "dd"), ("dd", "aa"), ("bb", "cc"), ("cc", "aa"), ("dd", "bb"),
           ("aa", "bb", "cc", "dd"), ("cc",))


def subsets(s, number):
    """A plan for each of the first subsets: in every application of it `all` gets the plan's number,
    and two objects are new."""
    s.cluster.create_namespace(s.ns)
    s.init()
    s.write_config([{"name": n, "path": n, "namespace": s.ns} for n in APPLICATIONS])
    for app in APPLICATIONS:
        config_map(s, f"{app}-all", "none", app)
    s.commit("none")
    s.apply(s.plan())
    plans = []
    for i, subset in enumerate(SUBSETS[:number]):
        for app in APPLICATIONS:
            inside = app in subset
            config_map(s, f"{app}-all", i if inside else "none", app)
            for k in range(2):
                if i:
                    os.unlink(os.path.join(s.repo, app, f"{app}-{i - 1}-{k}.yaml"))
                config_map(s, f"{app}-{i}-{k}", i, app)
        s.commit(f"plan {i}")
        plans.append(s.plan(*subset))
        s.equal(len(plans[-1]["changes"]), 3 * len(subset), f"changes of plan {i}")
    return plans


def written_twice(s, texts):
    """Objects that more than one write of these verbose applies went through to."""
    seen, twice = set(), set()
    for line in "\n".join(texts).splitlines():
        words = line.replace("rhumb: ", "").split()
        if words[:1] == ["PATCH"] and words[2] in ("200", "201") and "/configmaps/" in words[1] and \
                "/rhumb-" not in words[1] and "dryRun" not in words[1]:
            twice |= seen & {words[1]}
            seen.add(words[1])
    s.check(seen or s.cluster.name == "file", "no write is in the traces")
    return twice


def one_after_the_other(s, number):
    """Whoever overlaps with one that was applied is stale; the others are applied; nothing is half."""
    plans = subsets(s, number)
    options = [("--verbose", *(("--lock-timeout", "2m") if i % 2 == 0 else ())) for i in range(number)]
    running = [Started(s, plan, i, *options[i]) for i, plan in enumerate(plans)]
    ended = [r.end() for r in running]
    traces = [r.stderr for r in running]
    for i, (status, result) in enumerate(ended):
        if status == EXIT_ERROR:  # who does not wait may be too late
            s.check(i % 2 == 1, f"apply {i} has waited and failed: {traces[i]}")
            s.contains(traces[i], "is held by run-", f"stderr of apply {i}")
            s.equal({o["outcome"] for o in result["objects"]}, {"not-tried"}, f"apply {i}")
            again = Started(s, plans[i], i, *options[i])
            ended[i] = again.end()
            traces.append(again.stderr)
    winners = [i for i, (status, _) in enumerate(ended) if status == EXIT_DONE]
    taken = [app for i in winners for app in SUBSETS[i]]
    s.equal(len(taken), len(set(taken)), "applications of all that were applied")
    for i, (status, result) in enumerate(ended):
        outcomes = [o["outcome"] for o in result["objects"]]
        if i in winners:
            s.equal(outcomes, ["applied"] * 3 * len(SUBSETS[i]), f"apply {i}")
            s.equal(result["problems"], [], f"problems of apply {i}")
        else:
            s.equal(status, EXIT_STALE, f"exit status of apply {i}")
            s.check(set(SUBSETS[i]) & set(taken), f"apply {i} is stale without a reason")
            s.check(set(outcomes) <= {"stale", "not-tried"}, f"apply {i}: {outcomes}")
    for app in APPLICATIONS:
        winner = ([i for i in winners if app in SUBSETS[i]] or [None])[0]
        s.equal(s.cluster.need("ConfigMap", f"{app}-all")["data"]["k"],
                "none" if winner is None else str(winner), f"{app}-all")
        for i in range(number):
            for k in range(2):
                found = s.cluster.get("ConfigMap", f"{app}-{i}-{k}")
                s.equal(found is not None, i == winner, f"whether {app}-{i}-{k} is there")
        s.equal(holder(s, f"rhumb-{app}"), None, f"the holder of {app} at the end")
    s.equal(written_twice(s, traces), set(), "what was written twice")


@scenario("locks-two-subsets")
def locks_two_subsets(s):
    """two applies that share nothing: both are applied, whoever is first"""
    one_after_the_other(s, 2)


@scenario("locks-eight-subsets")
def locks_eight_subsets(s):
    """eight applies of overlapping subsets, named in different orders, half of them do not wait"""
    one_after_the_other(s, 8)


@scenario("locks-held")
def locks_held(s):
    """held by somebody: says who, since when, with which plan; waits; other applications do not"""
    s.cluster.create_namespace(s.ns)
    s.init()
    s.write_config([{"name": n, "path": n, "namespace": s.ns} for n in ("shop", "other")])
    config_map(s, "a", 1, "shop")
    config_map(s, "b", 1, "other")
    s.commit("first")
    plan, other = s.plan("shop"), s.plan("other")
    held = Held(s)
    refused = s.apply(plan, expect=EXIT_ERROR)
    for part in ("the lock of application shop is held by somebody since 2026-01-01",
                 "(plan sha256:0123456789ab)", "--lock-timeout"):
        s.contains(refused["stderr"], part, "stderr")
    s.equal(s.outcomes(refused), {s.id("ConfigMap/a"): "not-tried"}, "outcomes")
    s.equal(s.cluster.get("ConfigMap", "a"), None, "what was written")
    s.apply(other)
    s.apply(plan, "--lock-timeout", "1s", expect=EXIT_ERROR)
    waiting = Started(s, plan, 1, "--lock-timeout", "2m")
    line = waiting.process.stderr.readline()
    s.contains(line, "waiting for the lock of application shop, held by somebody", "stderr")
    s.equal(s.cluster.get("ConfigMap", "a"), None, "what was written")
    held.release()
    status, result = waiting.end()
    s.equal((status, s.outcomes(result)), (EXIT_DONE, {s.id("ConfigMap/a"): "applied"}), "apply")
    s.check("waiting" not in waiting.stderr, "it says that it waits more than once")
    s.apply(plan, "--lock-timeout", "soon", expect=EXIT_USAGE)
    s.apply(plan, "--lock=maybe", expect=EXIT_USAGE)


@scenario("locks-off")
def locks_off(s):
    """--lock=false goes past a lock, and the result says so"""
    s.start(case=None, applied=False)
    config_map(s, "a", 1)
    s.commit("first")
    held = Held(s)
    result = s.apply(s.plan(), "--lock=false")
    s.equal(s.outcomes(result), {s.id("ConfigMap/a"): "applied"}, "outcomes")
    s.equal(len(result["problems"]), 1, "problems")
    s.contains(result["problems"][0], "without locks", "the problem")
    held.release()


def on_another_machine():
    """A command that runs another under another host name, None where that is not allowed."""
    command = ["unshare", "--user", "--map-root-user", "--uts", "sh", "-c",
               'hostname elsewhere.example && exec "$0" "$@"']
    try:
        works = subprocess.run([*command, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    return command if works.returncode == 0 else None


@scenario("locks-killed")
def locks_killed(s):
    """a holder that is killed on another machine delays the next by no more than its lease"""
    s.start(case=None, applied=False)
    for i in range(200):
        config_map(s, f"c{i:03}", 0)
    s.commit("zero")
    plan = s.plan()
    elsewhere = on_another_machine()
    killed = Started(s, plan, 1, env={"RHUMB_LEASE": f"{LEASE}s"}, before=elsewhere or ())
    wait_until("writing", lambda: s.cluster.get("ConfigMap", "c000") or killed.process.poll() is not None)
    killed.process.send_signal(signal.SIGKILL)
    killed.process.communicate()
    if s.cluster.name == "kube" and holder(s) and not elsewhere:
        s.cluster.patch("Lease", "rhumb-shop", {"metadata": {"annotations": {
            "rhumb.dev/process": None}}})
    with open(killed.result + ".journal", encoding="utf-8") as f:
        records = [json.loads(line) for line in f if line.endswith("\n")]
    announced = {r["id"] for r in records if r["record"] == "intent"} & set(plan.actions())
    done = {r["id"] for r in records if r["record"] == "answer" and r["status"] in (200, 201)} & announced
    # However slow this machine is: whoever waits looks again when the lease has run out by its own
    # clock, before its patience ends.  The other comes when nobody can be faster than it.
    waiting = [Started(s, plan, 2, "--lock-timeout", f"{LEASE + 1}s")]
    wait_until("the lock", lambda: holder(s) == "run-2" or waiting[0].process.poll() is not None)
    waiting.append(Started(s, plan, 3, "--lock-timeout", "2m"))
    ended = [w.end() for w in waiting]
    for number, (status, result) in enumerate(ended, 2):
        s.equal(status, EXIT_DONE, f"exit status of apply {number} ({waiting[number - 2].stderr[-300:]})")
        s.check(all(o["outcome"] in ("applied", "unchanged") for o in result["objects"]), f"apply {number}")
        s.equal(len(result["objects"]), 200, f"objects of apply {number}")
    both = [o["id"] for _, result in ended for o in result["objects"] if o["outcome"] == "applied"]
    s.equal(len(both), len(set(both)), "what both have applied")
    s.equal(set(both) & done, set(), "what was applied again")
    s.equal(set(plan.actions()) - announced - set(both), set(), "what nobody has applied")
    s.equal(holder(s), None, "the holder at the end")
    s.changes(s.plan(), {})


@scenario("locks-killed-here")
def locks_killed_here(s):
    """one that is killed on this machine does not delay the next at all"""
    s.start(case=None, applied=False)
    for i in range(60):
        config_map(s, f"c{i}", 0)
    s.commit("zero")
    plan = s.plan()
    killed = Started(s, plan, 1, env={"RHUMB_LEASE": "1h"})
    wait_until("held", lambda: holder(s) == "run-1" or killed.process.poll() is not None)
    killed.process.send_signal(signal.SIGKILL)
    killed.process.communicate()
    s.apply(plan)
    s.changes(s.plan(), {})


@scenario("locks-terminated")
def locks_terminated(s):
    """SIGTERM while writing, and while waiting: the lock is given back, or never taken"""
    s.start(case=None, applied=False)
    for i in range(60):
        config_map(s, f"c{i}", 0)
    s.commit("zero")
    plan = s.plan()
    stopped = Started(s, plan, 1)
    wait_until("held", lambda: holder(s) == "run-1" or stopped.process.poll() is not None)
    stopped.process.terminate()
    stopped.end()
    s.equal(holder(s), None, "the holder after SIGTERM")
    held = Held(s)
    waiting = Started(s, plan, 2, "--lock-timeout", "2m")
    waiting.process.stderr.readline()
    waiting.process.terminate()
    status, result = waiting.end()
    s.equal(result["outcome"], "interrupted", "outcome")
    s.equal(holder(s), "somebody", "the holder")
    held.release()
    s.apply(plan)


@scenario("locks-new-namespace")
def locks_new_namespace(s):
    """two create the namespace that the lock belongs in"""
    s.init()
    s.write("namespace.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: $ns}\n")
    for i in range(5):
        config_map(s, f"c{i}", 0)
    s.commit("first")
    plan = s.plan()
    running = [Started(s, plan, i, "--lock-timeout", "2m") for i in range(2)]
    ended = [r.end() for r in running]
    s.equal([status for status, _ in ended], [EXIT_DONE] * 2, "exit statuses")
    outcomes = sorted({o["outcome"] for o in result["objects"]}.pop() for _, result in ended)
    s.equal(outcomes, ["applied", "unchanged"], "outcomes")
    if s.cluster.name == "kube":
        s.equal(s.cluster.get("Lease", f"rhumb.{s.ns}.shop", "default"), None, "what is left")


@scenario("locks-rights", backends=("kube",))
def locks_rights(s):
    """no right to leases: an error that says which, and --lock=false goes without"""
    s.start(case=None, applied=False)
    config_map(s, "a", 1)
    s.commit("first")
    env = user(s, RIGHTS[:2])
    plan = s.plan(env=env)
    refused = s.apply(plan, expect=EXIT_ERROR, env=env)
    for part in ("get, create and patch leases", "namespace " + s.ns, "--lock=false"):
        s.contains(refused["stderr"], part, "stderr")
    s.apply(plan, "--lock=false", env=env)
