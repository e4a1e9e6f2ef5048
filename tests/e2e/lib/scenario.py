"""A scenario: a repository, a cluster, and rhumb, with the checks that hold in all of them."""

import json
import os
import re
import shutil
import stat
import string
import subprocess
import tempfile

from . import objects
from .documented import documented
from .objects import ABSENT

EXIT_DONE, EXIT_ERROR, EXIT_CHANGES, EXIT_REFUSED = 0, 1, 2, 3
EXIT_INCOMPLETE, EXIT_STALE, EXIT_PARTIAL, EXIT_USAGE = 4, 5, 6, 64

WRITES = {"create", "update", "replace", "delete", "adopt"}
COMMAND_SECONDS = 60
TRACE = re.compile(r"rhumb: (GET|LIST|PATCH|APPLY|DELETE|POST) ")


class Failed(Exception):
    """What was to be true is not."""


class Skipped(Exception):
    """This scenario has no meaning on this cluster."""


class Done:
    def __init__(self, args, status, stdout, stderr):
        self.args, self.status, self.stdout, self.stderr = args, status, stdout, stderr


class Plan(dict):
    """The plan file as a dict, with what printing it said."""
    file = text = stderr = ""
    status = 0

    def actions(self):
        return {c["id"]: c["action"] for c in self["changes"]}

    def change(self, name):
        found = [c for c in self["changes"] if c["id"].endswith("/" + name) or c["id"] == name]
        if len(found) != 1:
            raise Failed(f"{len(found)} changes are called {name}: {list(self.actions())}")
        return found[0]

    def fields(self, name):
        return {f["path"]: f for f in self.change(name)["fields"]}


class Scenario:
    def __init__(self, name, directory, suite):
        self.name, self.dir, self.suite = name, directory, suite
        self.root, self.build = suite.root, suite.build
        self.ns = f"{name}-{suite.run_id}"
        self.secret = f"planted-{suite.run_id}-{name}"
        self.secrets = [self.secret]
        self.log = []
        self.cluster = None
        self.repo = os.path.join(directory, "repo")
        self.app = os.path.join(self.repo, "app")
        self.config = {"namespace": self.ns}
        self.home = os.path.join(directory, "home")
        self.extra_env = {}
        self.waits = False  # apply until objects are ready; what else a scenario shows needs no wait
        os.makedirs(self.home)
        self.plans = 0

    # ---- commands

    def run(self, args, stdin=None, env=None, cwd=None):
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "TMPDIR": self.dir,
                       "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                       "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment.update(env or {})
        try:
            done = subprocess.run(args, input=stdin, env=environment, cwd=cwd or self.dir,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  encoding="utf-8", errors="surrogateescape",
                                  timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"more than {COMMAND_SECONDS} s: {' '.join(args)}") from None
        done = Done(args, done.returncode, done.stdout, done.stderr)
        self.log.append(done)
        return done

    def rhumb(self, *args, expect=EXIT_DONE, shows_secrets=False, env=None, cwd=None):
        """Runs rhumb; checks its exit status, and that no planted value is in what it prints."""
        if args and args[0] == "apply" and not self.waits:
            args = ("apply", "--wait=false", *args[1:])
        environment = {**self.cluster.env, **self.extra_env, **(env or {})}
        done = self.run([os.path.join(self.build, "rhumb"), *args], env=environment,
                        cwd=cwd or self.repo)
        first = args[0] if args else ""
        allowed = expect if isinstance(expect, (tuple, set)) else (expect,)
        if done.status not in allowed:
            said = [l for l in done.stderr.splitlines() if not TRACE.match(l)]
            raise Failed(f"rhumb {first} exited with {done.status}, not "
                         f"{' or '.join(map(str, allowed))}: {'; '.join(said)}")
        if not shows_secrets:
            self.no_secret(done.stdout, f"stdout of rhumb {first}")
        self.no_secret(done.stderr, f"stderr of rhumb {first}")
        return done

    def no_secret(self, text, where):
        for value in self.secrets:
            for form in objects.disguises(value):
                if form in text:
                    raise Failed(f"a secret value is in {where} (as {form})")

    # ---- the repository

    def git(self, *args, repo=None):
        done = self.run(["git", "-c", "user.name=e2e", "-c", "user.email=e2e@example.com",
                         "-c", "init.defaultBranch=main", "-C", repo or self.repo, *args])
        if done.status != 0:
            raise Failed(f"git {args[0]}: {done.stderr}")
        return done.stdout.strip()

    def fill(self, text):
        """$ns, $secret and $name in a manifest."""
        return string.Template(text).safe_substitute(ns=self.ns, secret=self.secret,
                                                     name=self.name)

    def init(self):
        os.makedirs(self.app)
        self.git("init", "-q", ".")
        self.write_config()

    def write_config(self, applications=None):
        apps = applications or [{"name": "shop", "path": "app", **self.config}]
        with open(os.path.join(self.repo, "rhumb.yaml"), "w", encoding="utf-8") as f:
            json.dump({"apiVersion": "rhumb.dev/v1", "kind": "Config", "applications": apps}, f)

    def tree(self, case, into=None):
        """Makes the application what testdata/scenarios/CASE holds."""
        into = into or self.app
        shutil.rmtree(into, ignore_errors=True)
        source = os.path.join(self.root, "testdata", "scenarios", case)
        for folder, _, files in os.walk(source):
            for name in files:
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    text = f.read()
                relative = os.path.relpath(os.path.join(folder, name), source)
                self.write(relative, text, into)

    def write(self, file, text, into=None):
        path = os.path.join(into or self.app, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.fill(text))

    def read(self, file):
        with open(os.path.join(self.app, file), encoding="utf-8") as f:
            return f.read()

    def edit(self, file, *pairs):
        """edit(file, old, new, old, new...); every `old` has to be there once."""
        text = self.read(file)
        for old, new in zip(pairs[::2], pairs[1::2]):
            old, new = self.fill(old), self.fill(new)
            if text.count(old) != 1:
                raise Failed(f"{text.count(old)} times in {file}: {old!r}")
            text = text.replace(old, new)
        with open(os.path.join(self.app, file), "w", encoding="utf-8") as f:
            f.write(text)

    def remove(self, file):
        os.unlink(os.path.join(self.app, file))

    def commit(self, message="change"):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    # ---- beginnings

    def start(self, case="shop", applied=True):
        """A repository whose first commit is the case; by default applied by rhumb."""
        self.cluster.create_namespace(self.ns)
        self.init()
        if case:
            self.tree(case)
        first = self.commit("first")
        if applied:
            plan = self.plan()
            self.apply(plan)
        return first

    def manifests(self):
        """The application's files as one stream, for kubectl."""
        texts = []
        for folder, _, files in os.walk(self.app):
            for name in sorted(files):
                if name.endswith((".yaml", ".json")):
                    with open(os.path.join(folder, name), encoding="utf-8") as f:
                        texts.append(f.read())
        return "\n---\n".join(texts)

    # ---- plan, show, apply

    def plan(self, *args, expect=EXIT_DONE, env=None, cluster=None, cwd=None):
        self.plans += 1
        file = os.path.join(self.dir, f"plan-{self.plans}.json")
        where = self.cluster.args if cluster is None else cluster
        done = self.rhumb("plan", "-v", *where, "-o", file, *args, expect=expect, env=env,
                          cwd=cwd)
        if not os.path.exists(file):
            return done
        plan = self.load(file)
        plan.text, plan.stderr, plan.status = done.stdout, done.stderr, done.status
        return plan

    def load(self, file):
        with open(file, encoding="utf-8") as f:
            text = f.read()
        self.no_secret(text, "the plan file")
        mode = stat.S_IMODE(os.stat(file).st_mode)
        if mode != 0o600:
            raise Failed(f"{file} has mode {mode:o}")
        plan = Plan(json.loads(text))
        plan.file = file
        digest = documented(self.root, "plan.md")["plan_digest"](plan)
        self.equal(digest, plan["digest"], "the digest that docs/plan.md computes")
        return plan

    def show(self, plan):
        text = self.rhumb("show", plan.file).stdout
        shown = json.loads(self.rhumb("show", "--format", "json", plan.file).stdout)
        self.equal(shown, dict(plan), "what show --format json prints")
        return text

    def apply(self, plan, *args, expect=EXIT_DONE, env=None, cluster=None, cwd=None):
        """Applies; checks what holds of every result."""
        file = plan.file.replace("plan-", "result-")
        where = self.cluster.args if cluster is None else cluster
        done = self.rhumb("apply", "-v", *where, "-o", file, *args, plan.file, expect=expect,
                          env=env, cwd=cwd)
        if not os.path.exists(file):
            return {"objects": [], "outcome": None, "stdout": done.stdout, "stderr": done.stderr}
        with open(file, encoding="utf-8") as f:
            text = f.read()
        os.unlink(file)
        self.no_secret(text, "the result file")
        result = json.loads(text)
        self.equal(result["plan"], plan["digest"], "the result's plan")
        self.equal([o["id"] for o in result["objects"]], [c["id"] for c in plan["changes"]],
                   "the objects of the result")
        for o in result["objects"]:
            if o.get("verified") is False:
                raise Failed(f"{o['id']} is not as the plan expected: {o.get('message')}")
        result["stdout"], result["stderr"] = done.stdout, done.stderr
        return result

    def outcomes(self, result):
        return {o["id"]: o["outcome"] for o in result["objects"]}

    # ---- assertions

    def check(self, truth, what):
        if not truth:
            raise Failed(what)

    def equal(self, found, wanted, what):
        if found != wanted:
            raise Failed(f"{what}: {_short(found)}, not {_short(wanted)}")

    def contains(self, text, part, what):
        if part not in text and part not in " ".join(text.split()):
            raise Failed(f"{what} does not say {part!r}: {text.strip()!r}")

    def id(self, text):
        """`Deployment/web` as the id of an object in the scenario's namespace."""
        kind, *rest = text.split("/")
        api_version, _, ns = self.cluster.place(kind, rest[0] if len(rest) > 1 else None)
        group = objects.group_of(api_version)
        return "/".join(p for p in (group, kind, ns, rest[-1]) if p)

    def changes(self, plan, wanted):
        """The plan has exactly these changes: {"Deployment/web": "update"}."""
        self.equal(plan.actions(), {self.id(k): v for k, v in wanted.items()}, "changes")
        counted = {a: n for a, n in plan["summary"].items() if a in WRITES | {"conflict", "unknown", "refused"}
                   and n}
        listed = {}
        for action in plan.actions().values():
            listed[action] = listed.get(action, 0) + 1
        self.equal(counted, listed, "summary")

    def field(self, plan, name, path, before=ABSENT, after=ABSENT, **more):
        fields = plan.fields(name)
        if path not in fields:
            raise Failed(f"{name}: {path} is not among the fields: {list(fields)}")
        f = fields[path]
        self.equal(f.get("before", ABSENT), before, f"{name} {path} before")
        self.equal(f.get("after", ABSENT), after, f"{name} {path} after")
        for key, value in more.items():
            self.equal(f.get(key), value, f"{name} {path} {key}")

    def only_fields(self, plan, name, *paths):
        self.equal(sorted(plan.fields(name)), sorted(paths), f"fields of {name}")

    # ---- what has to be true of every plan that is applied

    def declared(self, *args):
        done = self.rhumb("render", "--show-secrets", "--format", "json", *args,
                          shows_secrets=True)
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    def live(self, o):
        return self.cluster.get(o["kind"], o["metadata"]["name"], o["metadata"].get("namespace"))

    def same_plan_again(self, plan, *args):
        """Planning twice gives the same bytes apart from meta."""
        again = self.plan(*args, expect=plan.status)
        texts = []
        for p in (plan, again):
            copy = {k: v for k, v in p.items() if k != "meta"}
            texts.append(json.dumps(copy))
        self.equal(texts[1], texts[0], "the same plan made again")

    def kubectl_agrees(self, plan, declared, but=()):
        """The objects that the plan lists are those that kubectl diff --server-side lists.

        kubectl is given what rhumb will send: the declared objects with the ApplySet label.  What
        it cannot know: objects that are only deleted; fields that Git dropped while another
        manager holds them, which a server-side apply leaves (`but` names those objects).
        """
        labels = {a["name"]: a["applyset"] for a in plan["applications"]}
        self.equal(len(labels), 1, "applications")
        sent = []
        for o in declared:
            o = json.loads(json.dumps(o))
            o["metadata"].setdefault("labels", {})[objects.LABEL] = next(iter(labels.values()))
            sent.append(o)
        found = self.cluster.diff(sent)
        if found is None:
            return
        if isinstance(found, str):
            raise Failed(f"kubectl diff: {found}")
        listed = {objects.object_id(o) for o in declared
                  if objects.diff_file(o) in found and
                  objects.diff_lines(found[objects.diff_file(o)][0]) !=
                  objects.diff_lines(found[objects.diff_file(o)][1])}
        planned = {c["id"] for c in plan["changes"]
                   if c["action"] == "create" or (c["fields"] and c["action"] != "delete")}
        skip = {self.id(b) for b in but}
        self.equal(sorted(listed - skip), sorted(planned - skip),
                   "objects that kubectl diff lists and the plan does not, or the other way")

    def as_planned(self, plan, declared, before, server_sets=()):
        """Every object is what the plan and the manifests say, and nobody touched the rest."""
        changed = {c["id"]: c for c in plan["changes"]}
        for o in declared:
            key = objects.object_id(o)
            live = self.live(o)
            if live is None:
                raise Failed(f"{key} is not there after the apply")
            bad = [b for b in objects.not_held(o, live)
                   if not any(b.startswith(p) for p in server_sets)]
            if bad:
                raise Failed(f"{key} is not as declared: {', '.join(bad)}")
            if key not in changed and not objects.same_state(before[key], live):
                raise Failed(f"{key} is unchanged in the plan, and changed")
            for f in changed.get(key, {}).get("fields", []):
                if "secret" in f:
                    continue
                now = objects.lookup(live, f["path"])
                if o["kind"] == "Service" and isinstance(now, dict):
                    # Of a port that comes, the server chooses the node port; no plan knows it.
                    now = {k: v for k, v in now.items() if k != "nodePort"}
                self.equal(now, f.get("after", ABSENT), f"{key} {f['path']} after the apply")
        for c in plan["changes"]:
            if c["action"] == "delete":
                o = c["object"]
                left = self.cluster.get(o["kind"], o["name"], o.get("namespace"))
                if left and "deletionTimestamp" not in left["metadata"]:
                    raise Failed(f"{c['id']} is still there after its delete")

    def nothing_left(self, plan, apply_args=()):
        """Planning again shows nothing to do, and applying again does nothing."""
        again = self.plan()
        self.equal(again.actions(), {}, "changes after the apply")
        self.contains(again.text, "othing to do", "a plan without changes")
        declared = self.declared()
        before = {objects.object_id(o): self.live(o) for o in declared}
        result = self.apply(plan, *apply_args)
        self.equal(set(self.outcomes(result).values()) - {"unchanged"}, set(),
                   "outcomes of the same plan applied again")
        self.contains(result["stdout"], "nothing to do", "apply of a plan that is applied")
        for o in declared:
            if not objects.same_state(before[objects.object_id(o)], self.live(o)):
                raise Failed(f"{objects.object_id(o)} was written by an apply with nothing to do")

    def roll_out(self, plan, apply_args=(), plan_args=(), kubectl_but=(), kubectl=True,
                 server_sets=(), again=True):
        """Applies a plan for HEAD; everything that has to be true before and after."""
        self.show(plan)
        self.same_plan_again(plan, *plan_args)
        declared = self.declared()
        if kubectl:
            self.kubectl_agrees(plan, declared, kubectl_but)
        before = {objects.object_id(o): self.live(o) for o in declared}
        result = self.apply(plan, *apply_args)
        self.equal(result["outcome"], "applied", "outcome")
        self.equal(set(self.outcomes(result).values()) - {"applied"}, set(), "outcomes")
        self.as_planned(plan, declared, before, server_sets)
        if again:
            self.nothing_left(plan, apply_args)
        return result

    def temporary(self, name):
        return tempfile.mkdtemp(dir=self.dir, prefix=name + "-")


def _short(value):
    text = json.dumps(value, default=lambda v: sorted(v) if isinstance(v, set) else "absent",
                      sort_keys=True)
    return text if len(text) < 1500 else text[:1500] + "..."
