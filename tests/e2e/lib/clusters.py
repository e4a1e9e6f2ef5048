"""The two clusters that scenarios run on, behind one set of methods.

What a scenario does to a cluster beside rhumb (people, controllers, other tools) goes through
these: on `kube` the real kubectl with its field managers, on `file` the tool build/tests/file-cluster,
which writes as another manager through the same code that rhumb apply uses.
"""

import base64
import http.client
import json
import os
import re
import ssl
import tempfile
import threading

# kind: apiVersion, plural, namespaced.  Scenarios add those of their CRDs.
KINDS = {
    "Namespace": ("v1", "namespaces", False),
    "ConfigMap": ("v1", "configmaps", True),
    "Secret": ("v1", "secrets", True),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "Deployment": ("apps/v1", "deployments", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
    "Job": ("batch/v1", "jobs", True),
    "Role": ("rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings", True),
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles", False),
    "Lease": ("coordination.k8s.io/v1", "leases", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "ValidatingAdmissionPolicy": ("admissionregistration.k8s.io/v1",
                                  "validatingadmissionpolicies", False),
    "ValidatingAdmissionPolicyBinding": ("admissionregistration.k8s.io/v1",
                                         "validatingadmissionpolicybindings", False),
}


class ClusterError(Exception):
    pass


def json_or_none(text):
    """The 404 of a group that is not served is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def merge_patch(target, patch):
    """RFC 7386"""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


class Cluster:
    """What both have in common: kinds, and the namespace of the scenario."""

    def __init__(self, scenario):
        self.s = scenario
        self.kinds = dict(KINDS)

    def place(self, kind, namespace=None):
        """apiVersion, plural and namespace ("" for a cluster-scoped kind)."""
        api_version, plural, namespaced = self.kinds[kind]
        return api_version, plural, (namespace or self.s.ns) if namespaced else ""

    def need(self, kind, name, namespace=None):
        found = self.get(kind, name, namespace)
        if found is None:
            raise ClusterError(f"{kind} {name} is not in the cluster")
        return found


class FileCluster(Cluster):
    name = "file"

    def __init__(self, scenario):
        super().__init__(scenario)
        self.dir = os.path.join(scenario.dir, "cluster")
        self.tool = os.path.join(scenario.build, "tests", "file-cluster")
        self.args = ["--cluster", "file:" + self.dir]
        self.env = {}

    def run(self, *args, stdin=None, check=True):
        done = self.s.run([self.tool, self.dir, *args], stdin=stdin)
        if check and done.status != 0:
            raise ClusterError(f"file-cluster {args[0]}: {done.stderr.strip()}")
        return done

    def get(self, kind, name, namespace=None):
        api_version, _, ns = self.place(kind, namespace)
        done = self.run("get", api_version, kind, ns, name, check=False)
        if done.status == 0:
            return json.loads(done.stdout)
        if "not found" in done.stderr:
            return None
        raise ClusterError(done.stderr)

    def server_apply(self, text, manager="kubectl", force=False):
        self.run("apply", "--manager", manager, "-n", self.s.ns, stdin=text)

    def client_apply(self, text):
        self.run("client-apply", "-n", self.s.ns, stdin=text)

    def patch(self, kind, name, patch, manager="kubectl-edit", namespace=None, subresource=None):
        patched = merge_patch(self.need(kind, name, namespace), patch)
        del patched["metadata"]["resourceVersion"]  # so that it gets another
        more = ["--subresource", subresource] if subresource else []
        self.run("put", "--manager", manager, *more, stdin=json.dumps(patched))
        if "deletionTimestamp" in patched["metadata"] and not patched["metadata"].get("finalizers"):
            self.delete(kind, name, namespace)

    def delete(self, kind, name, namespace=None):
        api_version, _, ns = self.place(kind, namespace)
        self.run("delete", api_version, kind, ns, name)

    def create_namespace(self, name):
        self.server_apply(json.dumps({"apiVersion": "v1", "kind": "Namespace",
                                      "metadata": {"name": name}}), manager="setup")

    def refuse(self, refusals):
        """What an API server would refuse by RBAC or admission; see plan/cluster/file/."""
        os.makedirs(self.dir, exist_ok=True)
        with open(os.path.join(self.dir, "refusals.json"), "w", encoding="utf-8") as f:
            json.dump(refusals, f)

    def diff(self, objects):
        return None


class KubeServer:
    """A real API server in a folder; tests/kube/README.md."""

    def __init__(self, directory):
        self.dir = directory
        self.kubeconfig = os.path.join(directory, "kubeconfig")
        self.kubectl = os.path.join(directory, "bin", "kubectl")
        with open(self.kubeconfig, encoding="utf-8") as f:
            text = f.read()
        host = re.search(r"server: https://([\d.]+):(\d+)", text)
        self.host, self.port = host.group(1), int(host.group(2))
        self.ssl = ssl.create_default_context(
            cadata=self._decoded(text, "certificate-authority-data").decode())
        self.ssl.check_hostname = False
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write(self._decoded(text, "client-certificate-data"))
            pem.write(self._decoded(text, "client-key-data"))
            pem.flush()
            self.ssl.load_cert_chain(pem.name)
        self.local = threading.local()

    @staticmethod
    def _decoded(text, key):
        return base64.b64decode(re.search(key + r": (\S+)", text).group(1))

    def request(self, method, path, body=None, content_type="application/json"):
        for attempt in (1, 2):
            connection = getattr(self.local, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(self.host, self.port, timeout=30,
                                                         context=self.ssl)
                self.local.connection = connection
            try:
                connection.request(method, path,
                                   json.dumps(body) if body is not None else None,
                                   {"Content-Type": content_type})
                answer = connection.getresponse()
                text = answer.read()
                return answer.status, json_or_none(text)
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        return None


class KubeCluster(Cluster):
    name = "kube"

    def __init__(self, scenario, server):
        super().__init__(scenario)
        self.server = server
        self.args = []
        self.env = {"KUBECONFIG": server.kubeconfig}

    def run(self, *args, stdin=None, check=True, env=None):
        done = self.s.run([self.server.kubectl, "--kubeconfig", self.server.kubeconfig,
                           "--cache-dir", os.path.join(self.s.dir, "kubectl-cache"), *args],
                          stdin=stdin, env=env)
        if check and done.status != 0:
            raise ClusterError(f"kubectl {args[0]}: {done.stderr.strip()}")
        return done

    def path(self, kind, name, namespace=None):
        api_version, plural, ns = self.place(kind, namespace)
        root = "/api/v1" if api_version == "v1" else "/apis/" + api_version
        return root + (f"/namespaces/{ns}" if ns else "") + f"/{plural}/{name}"

    def get(self, kind, name, namespace=None):
        status, body = self.server.request("GET", self.path(kind, name, namespace))
        if status == 404:
            return None
        if status != 200:
            raise ClusterError(f"get {kind} {name}: {status} {body}")
        return body

    def resource(self, kind, namespace):
        api_version, plural, ns = self.place(kind, namespace)
        group = api_version.split("/")[0] if "/" in api_version else ""
        return [plural + ("." + group if group else ""), *(["-n", ns] if ns else [])]

    def server_apply(self, text, manager="kubectl", force=False):
        self.run("apply", "--server-side", "--field-manager", manager, "-n", self.s.ns,
                 *(["--force-conflicts"] if force else []), "-f", "-", stdin=text)

    def client_apply(self, text):
        self.run("apply", "-n", self.s.ns, "-f", "-", stdin=text)

    def patch(self, kind, name, patch, manager="kubectl-edit", namespace=None, subresource=None):
        self.run("patch", *self.resource(kind, namespace), name, "--type=merge",
                 "--field-manager", manager, "-p", json.dumps(patch),
                 *(["--subresource", subresource] if subresource else []))

    def delete(self, kind, name, namespace=None):
        self.run("delete", *self.resource(kind, namespace), name, "--wait=true")

    def create_namespace(self, name):
        status, body = self.server.request("POST", "/api/v1/namespaces?fieldManager=setup", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if status != 201:
            raise ClusterError(f"create namespace {name}: {status} {body}")

    def diff(self, objects):
        """What `kubectl diff --server-side` finds different: {object file name: (live, merged)},
        or the text of its error.

        The external diff program only copies the two folders that kubectl prepares.
        """
        out = tempfile.mkdtemp(dir=self.s.dir, prefix="diff-")
        copy, scratch = os.path.join(out, "copy"), os.path.join(out, "tmp")
        os.mkdir(scratch)
        with open(copy, "w", encoding="utf-8") as f:
            f.write('#!/bin/sh\ncp -r "$1" "$2" "$E2E_DIFF"\n')
        os.chmod(copy, 0o755)
        done = self.run("diff", "--server-side", "--force-conflicts", "--field-manager=rhumb",
                        "-f", "-", check=False,
                        stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
                        env={"KUBECTL_EXTERNAL_DIFF": copy, "E2E_DIFF": out, "TMPDIR": scratch})
        sides = {"LIVE": {}, "MERGED": {}}
        for folder in sorted(os.listdir(out)):
            side = folder.split("-")[0]
            if side not in sides:
                continue
            for name in os.listdir(os.path.join(out, folder)):
                with open(os.path.join(out, folder, name), encoding="utf-8") as f:
                    sides[side][name] = f.read()
        if done.status > 1:
            return done.stderr.strip() or "kubectl diff failed"
        return {name: (sides["LIVE"].get(name, ""), sides["MERGED"].get(name, ""))
                for name in sides["LIVE"].keys() | sides["MERGED"].keys()}
