"""Whether a report is true: compares it with the cluster before and after, and with what the proxy saw land."""

import re

from world import path_of

DONE = ("applied", "unchanged")
# What a failed change has to say where a write of it was done, or was on its way and done later.
OPEN = re.compile("not known whether|when it was read afterwards")


def covers(live, declared):
    """Everything declared is in the live object; a list is as long as it was declared."""
    if isinstance(declared, dict):
        return isinstance(live, dict) and all(covers(live.get(k), v) for k, v in declared.items())
    if isinstance(declared, list):
        return (isinstance(live, list) and len(live) == len(declared)
                and all(covers(a, b) for a, b in zip(live, declared)))
    return live == declared


def as_declared(live, declared):
    """Also that nothing is left of what Git has dropped: `data` is Git's alone."""
    return (live is not None and covers(live, declared)
            and set(live.get("data") or {}) == set(declared.get("data") or {})
            and "applyset.kubernetes.io/part-of" in live["metadata"].get("labels", {}))


def stable(live):
    """The object without what controllers and bookkeeping of the server change."""
    if live is None:
        return None
    out = {k: v for k, v in live.items() if k != "status"}
    out["metadata"] = {k: v for k, v in live["metadata"].items()
                       if k not in ("resourceVersion", "managedFields", "generation")}
    notes = dict(out["metadata"].get("annotations") or {})
    notes.pop("deployment.kubernetes.io/revision", None)
    out["metadata"]["annotations"] = notes
    return out


def is_foreign(live):
    return live is not None and live["metadata"].get("labels", {}).get("soak") == "foreign"


class Judge:
    def __init__(self, world, head, plan, before, records):
        self.world, self.head, self.plan, self.before, self.records = world, head, plan, before, records
        self.wrong = []
        self.half = set()  # paths of Secrets that failed and were written
        self.raced = {r["path"] for r in records if r.get("race")}
        writes = [r for r in records if r["method"] != "GET" and not r.get("dry") and "/leases/" not in r["path"]]
        self.landed = {r["path"] for r in writes if 200 <= r.get("status", 0) < 300}

    def say(self, text):
        self.wrong.append(text)

    def declared(self, change):
        ref = change["object"]
        if ref["kind"] == "Namespace":
            return {"kind": "Namespace", "metadata": {"name": ref["name"]}}
        return self.world.objects.get((ref["kind"], ref["name"]))

    @staticmethod
    def path(change):
        ref = change["object"]
        if ref["kind"] == "Namespace":
            return "/api/v1/namespaces/" + ref["name"]
        return path_of(ref["kind"], ref["namespace"], ref["name"])

    def as_planned(self, change, after):
        live = after.get(self.path(change))
        if change["action"] == "delete":
            return live is None or "deletionTimestamp" in live["metadata"]
        return as_declared(live, self.declared(change))

    def whole(self, status, result):
        """The exit status, and what the result says of all of it."""
        outcomes = [o["outcome"] for o in result["objects"]] if result else []
        if result is None:
            if status != 1:
                self.say(f"exit status {status} without a result file")
        elif [o["id"] for o in result["objects"]] != [c["id"] for c in self.plan["changes"]]:
            self.say("the result's changes are not those of the plan")
        elif status == 0:
            if result["outcome"] != "applied" or result["problems"] or not set(outcomes) <= set(DONE):
                self.say(f"exit status 0, but {result['outcome']}: {outcomes} {result['problems']}")
        elif status == 6:
            if result["outcome"] != "failed" or (set(outcomes) <= set(DONE) and not result["problems"]):
                self.say(f"exit status 6, but {result['outcome']}: {outcomes}")
        elif {1: "failed", 5: "stale"}.get(status) != result["outcome"]:
            self.say(f"exit status {status}, but {result['outcome']}")
        if status not in (0, 6) and self.landed:
            self.say(f"exit status {status} says that nothing was written, but: {sorted(self.landed)}")
        if status not in (0, 1, 5, 6):
            self.say(f"exit status {status}")

    def change(self, change, o, after):
        path = self.path(change)
        outcome, live, old = o["outcome"], after.get(path), self.before.get(path)
        same = stable(live) == stable(old)
        if outcome in DONE:
            if not self.as_planned(change, after):
                self.say(f"{o['id']} is said to be {outcome}, but is {live}")
        elif outcome == "not-tried":
            if path in self.landed or not (same or path in self.raced):
                self.say(f"{o['id']} is said to be not tried, but was written")
        elif outcome == "stale":
            if path not in self.raced:
                self.say(f"{o['id']} is said to be stale, but nobody has touched it: {o.get('message')}")
        elif outcome == "failed":
            if path in self.landed and not OPEN.search(o.get("message", "")):
                self.say(f"{o['id']} failed, was written, and does not say that it may have been: {o.get('message')}")
            if path in self.landed and change["object"]["kind"] == "Secret":
                self.half.add(path)
            if not (same or path in self.landed or path in self.raced):
                self.say(f"{o['id']} failed, but has changed")
        else:
            self.say(f"{o['id']}: {outcome}")

    def bookkeeping(self, status, result, after):
        """The record lists every member's kind, and a commit only where all of it was applied."""
        parent = after.get(path_of("ConfigMap", self.world.name, "rhumb-soak"))
        notes = parent["metadata"]["annotations"] if parent else {}
        if status == 0 and notes.get("rhumb.dev/commit") != self.head:
            self.say(f"applied, but the record says {notes.get('rhumb.dev/commit')}")
        if result and notes.get("rhumb.dev/commit") == self.head and \
                not {o["outcome"] for o in result["objects"]} <= set(DONE):
            self.say("not all is applied, but the record says so")
        kinds = {k.split(".")[0] for k in notes.get("applyset.kubernetes.io/contains-group-kinds", "").split(",")}
        for live in after.values():
            if not parent and live["kind"] == "Namespace":
                continue  # which the record itself needs
            if "applyset.kubernetes.io/part-of" in live["metadata"].get("labels", {}) and live["kind"] not in kinds:
                self.say(f"the record does not list {live['kind']}")

    def foreign(self, after):
        for path in self.raced:
            if not is_foreign(after.get(path)):
                self.say(f"{path}: what another has changed is overwritten: {after.get(path)}")

    def first(self, status, result, after):
        self.whole(status, result)
        for change, o in zip(self.plan["changes"], result["objects"] if result else []):
            self.change(change, o, after)
        self.bookkeeping(status, result, after)
        self.foreign(after)

    def touched(self):
        """What the same plan cannot do any more: where others wrote."""
        return self.raced

    def needs_journal(self):
        """Secrets of which half was written.  Without a key any change of one makes it stale; that this was us
        only the journal knows."""
        return bool(self.half) and not self.world.key

    def second(self, status, result, after):
        """The same plan again, without faults: all of it is done but what others have touched."""
        touched = self.touched()
        if not touched and status != 0:
            self.say(f"again: exit status {status}")
        for change, o in zip(self.plan["changes"], result["objects"]):
            if self.path(change) in touched:
                if o["outcome"] in DONE:
                    self.say(f"again: {o['id']} is {o['outcome']} over what another has changed")
            elif change["action"] == "delete" and touched:
                continue  # nothing is deleted while a change has failed
            elif o["outcome"] not in DONE:
                self.say(f"again: {o['id']} is {o['outcome']}: {o.get('message')}")
            elif not self.as_planned(change, after):
                self.say(f"again: {o['id']} is {o['outcome']}, but is {after.get(self.path(change))}")
        self.bookkeeping(status, result, after)
        self.foreign(after)
