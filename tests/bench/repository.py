"""Git repositories as large as one likes, made with git fast-import: packed, as a clone is."""

import subprocess

NAMESPACE = "bench"

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/part-of: bench
spec:
  # Paused: the controller writes a status, and makes no pods that would load the server.
  paused: true
  replicas: {replicas}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
        app.kubernetes.io/part-of: bench
    spec:
      serviceAccountName: default
      containers:
      - name: main
        image: registry.example/team/{name}:1.{replicas}.0
        args: ["--listen=:8080", "--log-level=info"]
        env:
        - name: LOG_FORMAT
          value: json
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 256Mi
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        volumeMounts:
        - name: config
          mountPath: /etc/{name}
      volumes:
      - name: config
        configMap:
          name: {name}
"""

CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: {name}
data:
  level: "{replicas}"
  app.properties: |
    server.port=8080
    server.name={name}
    cache.size=1024
    feature.search=true
    feature.export=false
"""

NAMESPACE_OBJECT = """apiVersion: v1
kind: Namespace
metadata:
  name: {namespace}
"""


def objects(n_each, replicas=2, namespace=NAMESPACE, folder="apps/bench"):
    """{path: text} of a namespace, n Deployments and n ConfigMaps."""
    files = {f"{folder}/namespace.yaml": NAMESPACE_OBJECT.format(namespace=namespace)}
    for i in range(n_each):
        values = {"name": f"web-{i:05}", "namespace": namespace, "replicas": replicas}
        files[f"{folder}/web-{i:05}/deployment.yaml"] = DEPLOYMENT.format(**values)
        files[f"{folder}/web-{i:05}/config.yaml"] = CONFIG_MAP.format(**values)
    return files


def config(applications, namespace=NAMESPACE):
    """rhumb.yaml for {name: folder}."""
    lines = ["apiVersion: rhumb.dev/v1", "kind: Config", "applications:"]
    for name, folder in applications.items():
        lines += [f"- name: {name}", f"  path: {folder}", f"  namespace: {namespace}"]
    return "\n".join(lines) + "\n"


def create(directory, commits):
    """A bare repository with a commit for each {path: text}; a commit holds the files of those before it, too."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", directory], check=True)
    importer = subprocess.Popen(["git", "-C", directory, "fast-import", "--quiet"], stdin=subprocess.PIPE)
    for n, files in enumerate(commits, 1):
        message = f"commit {n}"
        lines = [f"commit refs/heads/main\ncommitter A <a@example> {1700000000 + n} +0000\n"
                 f"data {len(message)}\n{message}\n"]
        lines += [f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n" for path, text in files.items()]
        importer.stdin.write("".join(lines).encode())
    importer.stdin.close()
    if importer.wait():
        raise RuntimeError("git fast-import failed")
