"""A cluster as a folder, and the objects of a revision as text."""

import json
import os

from ..suite import scenario
from ..scenario import EXIT_ERROR, EXIT_INCOMPLETE, EXIT_USAGE


@scenario("snapshot")
def snapshot(s):
    """planning against a snapshot says what planning against the cluster says"""
    s.start()
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.remove("flags.yaml")
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata: {a: b}\n")
    s.commit("change")
    s.cluster.patch("Deployment", "web", {"metadata": {"labels": {"tier": "edited"}}})
    here = s.plan("--exclude-kind", "Secret")
    folder = os.path.join(s.dir, "snapshot")
    where = [] if s.cluster.name == "kube" else ["--cluster", f"file:{s.cluster.dir}"]
    s.rhumb("snapshot", "-o", folder, "--in-namespace", s.ns, *where)
    there = s.plan("--exclude-kind", "Secret", cluster=["--cluster", f"file:{folder}"])
    s.equal(there.actions(), here.actions(), "actions")
    for change in here["changes"]:
        s.equal(there.fields(change["id"]), here.fields(change["id"]), f"fields of {change['id']}")
    s.equal(there["cluster"]["uid"], here["cluster"]["uid"], "the cluster's uid")
    # A plan made on the snapshot is for the cluster that it was taken of.
    s.apply(there)
    s.changes(s.plan("--exclude-kind", "Secret"), {})
    again = s.rhumb("snapshot", "-o", folder, *where, expect=EXIT_ERROR)
    s.contains(again.stderr, "snapshot", "the refusal to overwrite")
    s.rhumb("snapshot", expect=EXIT_USAGE)


@scenario("snapshot-secrets")
def snapshot_secrets(s):
    """values of Secrets are in a snapshot only where they were asked for"""
    s.start()
    hidden, whole = os.path.join(s.dir, "hidden"), os.path.join(s.dir, "whole")
    where = [] if s.cluster.name == "kube" else ["--cluster", f"file:{s.cluster.dir}"]
    s.rhumb("snapshot", "-o", hidden, "--in-namespace", s.ns, *where)
    for folder, _, files in os.walk(hidden):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                s.no_secret(f.read(), f"the snapshot's {name}")
    plan = s.plan(cluster=["--cluster", f"file:{hidden}"], expect=EXIT_INCOMPLETE)
    unknown = [c for c in plan["changes"] if c["action"] == "unknown"]
    s.check(unknown and all(c["object"]["kind"] == "Secret" for c in unknown), "unknown Secrets")
    s.contains(unknown[0]["reason"], "--with-secrets", "the reason")
    s.rhumb("snapshot", "-o", whole, "--in-namespace", s.ns, "--with-secrets", *where)
    s.changes(s.plan(cluster=["--cluster", f"file:{whole}"]), {})


@scenario("render", backends=("file",))
def render(s):
    """the objects that a revision declares, as YAML and JSON, secret values hidden"""
    first = s.start(applied=False)
    s.edit("web.yaml", "replicas: 2", "replicas: 4")
    s.commit("change")
    lines = s.rhumb("render", "--format", "json", "--rev", first).stdout.splitlines()
    declared = [json.loads(line) for line in lines]
    web = [o for o in declared if o["kind"] == "Deployment" and o["metadata"]["name"] == "web"]
    s.equal(web[0]["spec"]["replicas"], 2, "replicas at the first revision")
    s.equal(web[0]["metadata"]["namespace"], s.ns, "the namespace")
    text = s.rhumb("render").stdout
    s.contains(text, "replicas: 4", "the YAML at HEAD")
    s.contains(text, "(hidden)", "the YAML of the Secret")
    shown = s.rhumb("render", "--show-secrets", shows_secrets=True).stdout
    s.check("(hidden)" not in shown, "--show-secrets hides")
