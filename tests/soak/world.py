"""What Git declares in one namespace: a random walk of revisions, each some 20 objects away from the last."""

import base64
import json
import os
import subprocess

# kind: apiVersion, plural
KINDS = {
    "ConfigMap": ("v1", "configmaps"),
    "Secret": ("v1", "secrets"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "Deployment": ("apps/v1", "deployments"),
    "Role": ("rbac.authorization.k8s.io/v1", "roles"),
}
STEP = 20  # objects that change between two revisions
POOL = 40  # objects above which more are deleted than created

GIT = ["git", "-c", "user.name=soak", "-c", "user.email=soak@example.org", "-c", "gc.auto=0"]


def path_of(kind, namespace, name=None):
    api_version, plural = KINDS[kind]
    root = "/api/v1" if api_version == "v1" else "/apis/" + api_version
    return f"{root}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def body_of(kind, name, version):
    """The fields of a kind beside metadata; each version sets, changes and drops some."""
    if kind == "ConfigMap":
        return {"data": {"version": str(version), f"key-{version % 3}": "x" * (version % 50)}}
    if kind == "Secret":
        return {"data": {f"key-{version % 2}": base64.b64encode(f"soak-{version:06}".encode()).decode()}}
    if kind == "Service":
        return {"spec": {"selector": {"app": name}, "ports": [
            # One name on another port would clash with the old one where another manager holds that.
            {"name": f"port-{version % 7}", "port": 80 + version % 7, "targetPort": 8080, "protocol": "TCP"}]}}
    if kind == "ServiceAccount":
        return {"automountServiceAccountToken": version % 2 == 0}
    if kind == "Role":
        return {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"][:1 + version % 2]}]}
    return {"spec": {
        "replicas": 0, "revisionHistoryLimit": version % 5,
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [
            {"name": "main", "image": f"registry.example/app:{version}"}]}}}}


class World:
    """A repository, an application and a namespace of one name."""

    def __init__(self, rng, name, directory):
        self.rng, self.name, self.directory = rng, name, directory
        self.objects = {}  # (kind, name): what Git declares
        # What is in the cluster but was never applied stays as it is until then: of fields that Git
        # dropped before it ever had them nobody knows whose they are.
        self.strange = set()
        self.key = rng.choice(["", "soak"])  # RHUMB_KEY
        self.serial = 0
        os.makedirs(f"{directory}/app")
        subprocess.run(["git", "init", "-q", "-b", "main", directory], check=True)
        self.write("rhumb.yaml", {"apiVersion": "rhumb.dev/v1", "kind": "Config", "applications": [
            {"name": "soak", "path": "app", "namespace": name}]})
        self.write("app/namespace.yaml", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def write(self, path, value):
        with open(f"{self.directory}/{path}", "w", encoding="utf-8") as f:
            json.dump(value, f)

    def make(self, kind, name):
        self.serial += 1
        return {"apiVersion": KINDS[kind][0], "kind": kind,
                "metadata": {"name": name, "namespace": self.name, "labels": {"soak": f"r{self.serial}"}},
                **body_of(kind, name, self.serial)}

    def put(self, kind, name):
        self.objects[kind, name] = self.make(kind, name)
        self.write(f"app/{kind}-{name}.yaml".lower(), self.objects[kind, name])

    def remove(self, kind, name):
        del self.objects[kind, name]
        os.unlink(f"{self.directory}/app/{kind}-{name}.yaml".lower())

    def step(self, create_elsewhere):
        """The next revision; create_elsewhere(object) puts what is to be adopted into the cluster."""
        rng, existing = self.rng, sorted(self.objects)
        rng.shuffle(existing)
        deletes = min(len(existing), rng.randint(6, 10) if len(existing) > POOL else rng.randint(2, 5))
        known = [key for key in existing[deletes:] if key not in self.strange]
        updates = min(len(known), rng.randint(5, 8))
        for key in existing[:deletes]:
            self.remove(*key)
        for key in known[:updates]:
            self.put(*key)
        adopts = rng.randint(1, 3) if existing else 0
        for n in range(STEP - deletes - updates):
            kind = rng.choice(sorted(KINDS))
            name = f"{kind.lower()}-{self.serial}"
            self.put(kind, name)
            if n < adopts:
                self.strange.add((kind, name))
                create_elsewhere(self.objects[kind, name])
        subprocess.run([*GIT, "-C", self.directory, "add", "-A"], check=True)
        subprocess.run([*GIT, "-C", self.directory, "commit", "-qm", f"revision {self.serial}"], check=True)
        return subprocess.check_output([*GIT, "-C", self.directory, "rev-parse", "HEAD"], text=True).strip()
