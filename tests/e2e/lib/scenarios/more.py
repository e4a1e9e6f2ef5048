"""More that is easily got wrong: what servers choose, what runs at the same time, what crosses
applications and namespaces."""

import json
import os
import subprocess

from ..suite import scenario
from ..scenario import EXIT_ERROR, EXIT_STALE
from .. import objects

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\ndata:\n  a: {}\n"


@scenario("service-type")
def service_type(s):
    """a Service becomes a NodePort: the server chooses ports, anew in each dry-run"""
    s.start()
    s.edit("web.yaml", "spec:\n  selector:\n    app: web\n  ports",
           "spec:\n  type: NodePort\n  selector:\n    app: web\n  ports")
    s.commit("node port")
    plan = s.plan()
    s.changes(plan, {"Service/web": "update"})
    s.field(plan, s.id("Service/web"), "/spec/type",
            *(["ClusterIP"] if s.cluster.name == "kube" else []), after="NodePort", why="git")
    s.roll_out(plan)
    port = 30000 + int(s.suite.run_id, 16) % 2767
    s.edit("web.yaml", "    port: 80\n",
           f"    port: 80\n    nodePort: {port}\n",
           "    targetPort: http\n", "    targetPort: http\n  - name: more\n    port: 81\n")
    s.commit("another port")
    s.roll_out(s.plan())
    s.edit("web.yaml", "  type: NodePort\n", "", f"    nodePort: {port}\n", "",
           "port: 80\n", "port: 8080\n")
    s.commit("back")
    s.roll_out(s.plan())


@scenario("job")
def job(s):
    """a Job's template may not change: it is replaced"""
    s.start(None, applied=False)
    s.write("job.yaml", """apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  suspend: true
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: migrate:1
""")
    s.commit("first")
    s.roll_out(s.plan())
    s.edit("job.yaml", "migrate:1", "migrate:2")
    s.commit("second")
    plan = s.plan()
    s.changes(plan, {"Job/migrate": "replace"})
    s.field(plan, "migrate", '/spec/template/spec/containers[name="migrate"]/image', "migrate:1",
            "migrate:2", why="git")
    s.roll_out(plan, apply_args=("--allow-replace",), kubectl=False)


@scenario("restart", backends=("kube",))
def restart(s):
    """kubectl rollout restart is no drift"""
    s.start()
    s.cluster.run("rollout", "restart", "deployment/web", "-n", s.ns)
    s.changes(s.plan(), {})
    s.edit("web.yaml", "web:1.4", "web:1.5")
    s.commit("image")
    s.roll_out(s.plan())
    template = s.cluster.need("Deployment", "web")["spec"]["template"]
    s.check("kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"],
            "the annotation is gone")


@scenario("elsewhere")
def elsewhere(s):
    """without Secrets a plan is applied anywhere; with them the repository is needed"""
    s.start()
    s.edit("flags.yaml", "blue", "green")
    s.commit("colour")
    plan = s.plan()
    s.apply(plan, cwd="/")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "green", "colour")
    s.edit("db.yaml", "user: shop", "user: web")
    s.commit("user")
    plan = s.plan()
    result = s.apply(plan, cwd="/", expect=(EXIT_ERROR, 64))
    s.contains(result["stderr"], "repository", "the error")
    s.apply(plan, "-C", s.repo, cwd="/")
    s.nothing_left(plan)


@scenario("at-once")
def at_once(s):
    """the same plan applied three times at the same time, without locks"""
    s.start(None, applied=False)
    s.write("many.yaml", "---\n".join(CONFIG.format(f"c{n}", "'1'") for n in range(40)))
    s.commit("first")
    s.apply(s.plan())
    s.write("many.yaml", "---\n".join(CONFIG.format(f"c{n}", "'2'") for n in range(20, 60)))
    s.commit("second")
    plan = s.plan()
    env = {"PATH": os.environ["PATH"], "HOME": s.home, **s.cluster.env}
    runs = [subprocess.Popen([os.path.join(s.build, "rhumb"), "apply", *s.cluster.args,
                              "--lock=false", "-o", os.path.join(s.dir, f"at-once-{n}.json"),
                              plan.file], cwd=s.repo, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for n in range(3)]
    done = [r.communicate(timeout=50) for r in runs]
    s.equal([r.returncode for r in runs], [0, 0, 0], f"exit statuses: {done}")
    s.nothing_left(plan)
    values = {n: s.cluster.get("ConfigMap", f"c{n}") for n in range(60)}
    s.check(all(values[n] is None for n in range(20)), "some were not deleted")
    s.check(all(values[n]["data"]["a"] == "2" for n in range(20, 60)), "some were not updated")


@scenario("predict-gallery")
def predict_gallery(s):
    """what is predicted of many kinds holds when it is applied"""
    s.start(None, applied=False)
    s.cluster.kinds.update(GALLERY)
    s.tree("gallery")
    s.commit("first")
    s.apply(s.plan("--verify", "predict"))
    s.changes(s.plan(), {})
    s.edit("workloads.yaml", "store:1", "store:2", "agent:1", "agent:2", "- key: dedicated",
           "- key: reserved", '"0 3 * * *"', "0 4 * * *")
    s.edit("network.yaml", "- {port: 5432}", "- {port: 5432}\n    - {port: 5433}",
           "host: web.example.com", "host: shop.example.com")
    s.edit("rest.yaml", "verbs: [get, list]", "verbs: [get, list, watch]", "maxReplicas: 3",
           "maxReplicas: 4", 'pods: "100"', 'pods: "90"')
    s.commit("change")
    verified = s.plan()
    plan = s.plan("--verify", "predict")
    s.equal(plan.actions(), verified.actions(), "changes")
    s.apply(plan)
    s.changes(s.plan(), {})


GALLERY = {
    "DaemonSet": ("apps/v1", "daemonsets", True), "CronJob": ("batch/v1", "cronjobs", True),
    "Pod": ("v1", "pods", True), "Ingress": ("networking.k8s.io/v1", "ingresses", True),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies", True),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "ResourceQuota": ("v1", "resourcequotas", True),
    "LimitRange": ("v1", "limitranges", True),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "StorageClass": ("storage.k8s.io/v1", "storageclasses", False),
    "PriorityClass": ("scheduling.k8s.io/v1", "priorityclasses", False),
}


@scenario("adopt-delete")
def adopt_delete(s):
    """made by kubectl apply and dropped by the first commit that rhumb applies"""
    first = s.start(applied=False)
    s.cluster.client_apply(s.manifests())
    s.remove("flags.yaml")
    s.commit("drop")
    plan = s.plan("--base", first)
    s.equal(plan.change(s.id("ConfigMap/flags"))["action"], "delete", "action")
    s.roll_out(plan, plan_args=("--base", first))


@scenario("taken-over")
def taken_over(s):
    """two repositories declare the same objects: the plan says whose they were"""
    s.start()
    s.git("clone", "-q", s.repo, os.path.join(s.dir, "second"))
    s.repo = os.path.join(s.dir, "second")
    s.app = os.path.join(s.repo, "app")
    s.write_config([{"name": "second", "path": "app", "namespace": s.ns}])
    s.commit("another application")
    plan = s.plan()
    s.equal(set(plan.actions().values()), {"adopt"}, "actions")
    s.check(any("another ApplySet" in n for n in plan["notes"]), f"notes: {plan['notes']}")
    s.contains(plan.text, "another ApplySet", "the plan's text")
    s.roll_out(plan, kubectl=False)


@scenario("left-behind-elsewhere")
def left_behind_elsewhere(s):
    """members of the ApplySet in another namespace, and of a kind that is not declared any more"""
    other = s.ns + "-2"
    s.cluster.create_namespace(other)
    s.start()
    s.write("far.yaml", CONFIG.format("far", "b").replace("name: far", f"name: far\n  namespace: {other}"))
    s.write("sa.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: runner\n")
    s.commit("far")
    s.roll_out(s.plan())
    s.remove("far.yaml")
    s.remove("sa.yaml")
    s.commit("drop")
    plan = s.plan("--base", "HEAD")
    s.equal(plan.actions(), {f"ConfigMap/{other}/far": "delete",
                             s.id("ServiceAccount/runner"): "delete"}, "changes")
    s.roll_out(plan, plan_args=("--base", "HEAD"))


@scenario("characters")
def characters(s):
    """values that JSON and YAML write differently arrive as they are"""
    s.start()
    s.write("odd.yaml", 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: odd\ndata:\n'
                        '  a: "\\e[31mred\\a\\r\\n\\u009b\\x7f\\L\\P\\N\\uFEFF<&>"\n  b: "1e3"\n'
                        "  c: 'no'\n  d: \"\"\n  e: |+\n    kept\n\n")
    s.commit("odd")
    # kubectl sends control characters as they are, which the server refuses.
    s.roll_out(s.plan(), kubectl=False)
    s.equal(s.cluster.need("ConfigMap", "odd")["data"]["a"],
            "\x1b[31mred\a\r\n\x9b\x7f\u2028\u2029\x85\ufeff<&>", "the value")


@scenario("secret-number")
def secret_number(s):
    """a value of the wrong type in a Secret is an error that does not show it"""
    s.start()
    s.secrets.append("471147114711")
    for key in ("stringData", "data"):
        s.write("pin.yaml", f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: pin\n"
                            f"{key}:\n  pin: 471147114711\n")
        s.commit("pin")
        done = s.plan(expect=EXIT_ERROR)
        s.contains(done.stderr, "app/pin.yaml:6", "the error")


@scenario("crd-version")
def crd_version(s):
    """a CRD gets a new version and its object moves to it, in one plan"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    s.apply(s.plan())
    uid = s.cluster.need("Widget", "first")["metadata"]["uid"]
    crd = s.read("crd.yaml")
    version = crd[crd.index("  - name: v1\n"):]
    s.write("crd.yaml", crd + version.replace("name: v1\n", "name: v2\n").replace(
        "storage: true", "storage: false"))
    s.edit("widget.yaml", "example.com/v1", "example.com/v2", "size: 3", "size: 4")
    s.commit("v2")
    plan = s.plan()
    s.changes(plan, {f"CustomResourceDefinition/widgets.{s.ns}.example.com": "update",
                     "Widget/first": "update"})
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v2", "widgets", True)
    s.show(plan)
    s.apply(plan)
    live = s.cluster.need("Widget", "first")
    s.equal((live["metadata"]["uid"], live["spec"]["size"]), (uid, 4), "the object")
    s.changes(s.plan(), {})


@scenario("stale-secret-source")
def stale_secret_source(s):
    """the Git object of a Secret is what is applied, whatever the branch says by now"""
    s.start()
    s.edit("db.yaml", "user: shop", "user: web")
    s.commit("user")
    plan = s.plan()
    s.edit("db.yaml", "user: web", "user: later")
    s.commit("later")
    s.apply(plan)
    import base64
    s.equal(base64.b64decode(s.cluster.need("Secret", "db")["data"]["user"]).decode(), "web",
            "the value")
