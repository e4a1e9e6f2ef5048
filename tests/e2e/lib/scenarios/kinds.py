"""Kinds, lists and forms of manifests."""

import base64

from ..suite import scenario
from ..scenario import EXIT_ERROR, EXIT_INCOMPLETE, EXIT_REFUSED, EXIT_DONE, EXIT_PARTIAL

MAIN = '/spec/template/spec/containers[name="main"]'


@scenario("new-world")
def new_world(s):
    """Namespace, CRD and custom resource in one plan, with all that lies in the namespace"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    plan = s.plan()
    s.changes(plan, {f"Namespace/{s.ns}": "create",
                     f"CustomResourceDefinition/widgets.{s.ns}.example.com": "create",
                     "ConfigMap/flags": "create", "Deployment/web": "create",
                     "Secret/db": "create", "Widget/first": "create"})
    verified = {c["object"]["kind"]: c["verified"] for c in plan["changes"]}
    s.equal(verified, {"Namespace": "server", "CustomResourceDefinition": "server",
                       "ConfigMap": "deferred", "Secret": "deferred", "Deployment": "deferred",
                       "Widget": "deferred"}, "verified")
    # kubectl cannot ask about objects whose namespace or kind is not there yet.
    s.roll_out(plan, kubectl=False)
    # And now it is an ordinary object.
    s.edit("widget.yaml", "size: 3", "size: 5", "  - name: b\n    weight: 2\n", "",
           "  - name: a\n    weight: 1\n", "  - name: c\n    weight: 1\n  - name: a\n    weight: 7\n")
    s.commit("grow")
    plan = s.plan()
    s.changes(plan, {"Widget/first": "update"})
    s.only_fields(plan, "first", "/spec/size", '/spec/parts[name="a"]/weight',
                  '/spec/parts[name="b"]', '/spec/parts[name="c"]')
    s.field(plan, "first", "/spec/size", 3, 5, why="git", line=6)
    s.roll_out(plan)


@scenario("deferred-invalid")
def deferred_invalid(s):
    """what is wrong with a custom resource is seen although its CRD is not there yet"""
    s.init()
    s.tree("new-world")
    s.edit("widget.yaml", "size: 3", "sise: 3")
    s.commit("first")
    done = s.plan(expect=EXIT_ERROR)
    s.contains(done.stderr, "app/widget.yaml:6:3: unknown field \"sise\"", "the error")
    s.contains(done.stderr, "did you mean \"size\"", "the error")


@scenario("secret")
def secret(s):
    """stringData, data, a change, a removal and drift, and never a value to be seen"""
    s.start()
    new, binary = s.secret + "-new", s.secret + "-binary"
    s.secrets += [new, binary]
    encoded = base64.b64encode(binary.encode()).decode()
    s.write("db.yaml", f"""apiVersion: v1
kind: Secret
metadata:
  name: db
data:
  key: {encoded}
stringData:
  password: {new}
""")
    s.commit("rotate")
    plan = s.plan()
    s.changes(plan, {"Secret/db": "update"})
    s.only_fields(plan, "db", "/data/key", "/data/password", "/data/user")
    s.equal({p: f["secret"] for p, f in plan.fields("db").items()},
            {"/data/key": "added", "/data/password": "changed", "/data/user": "removed"},
            "what happens to the values")
    s.equal(plan.change("db")["desired"]["data"], {"key": None, "password": None},
            "the values in the plan")
    s.roll_out(plan)
    s.equal(s.cluster.need("Secret", "db")["data"],
            {"key": encoded, "password": base64.b64encode(new.encode()).decode()}, "data")
    # Somebody changes a value in the cluster.
    planted = s.secret + "-drift"
    s.secrets.append(planted)
    s.cluster.patch("Secret", "db", {"data": {
        "password": base64.b64encode(planted.encode()).decode()}})
    plan = s.plan()
    s.field(plan, "db", "/data/password", why="drift", secret="changed", owner="kubectl-edit")
    s.contains(plan.text, "changed", "the plan's text")
    s.roll_out(plan)


@scenario("secret-refused")
def secret_refused(s):
    """the server refuses a Secret; its message does not carry the value further"""
    s.start()
    bad = s.secret + "-in-error"
    s.secrets.append(bad)
    s.write("bad.yaml", f"""apiVersion: v1
kind: Secret
metadata:
  name: bad
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: "{bad} is no JSON"
""")
    s.commit("bad")
    if s.cluster.name == "file":
        s.cluster.refuse({"rules": [{"verbs": ["create"], "kinds": ["Secret"], "names": ["bad"],
                                     "code": 422, "message":
                                     f"invalid value \"{bad} is no JSON\": no JSON"}]})
    plan = s.plan(expect=EXIT_INCOMPLETE)
    s.changes(plan, {"Secret/bad": "unknown"})
    s.show(plan)


@scenario("list")
def list_of_objects(s):
    """kind: List is unfolded, in JSON too"""
    s.start(None, applied=False)
    s.tree("list")
    s.commit("first")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/one": "create", "ConfigMap/two": "create", "Secret/three": "create",
                     "Service/four": "create", "Role/five": "create"})
    s.roll_out(plan)
    s.edit("list.yaml", "value: second", "value: changed")
    s.edit("list.json", '"port": 81', '"port": 82')
    s.edit("list.yaml", "    password: $secret", "    password: $secret-2")
    s.secrets.append(s.secret + "-2")
    s.commit("change items")
    plan = s.plan()
    s.changes(plan, {"ConfigMap/two": "update", "Service/four": "update", "Secret/three": "update"})
    s.field(plan, "two", "/data/value", "second", "changed", why="git", line=14)
    s.roll_out(plan)


@scenario("items")
def items(s):
    """items of lists are added, removed and reordered by their keys"""
    s.start()
    web = s.id("Deployment/web")
    s.edit("web.yaml",
           "        - name: LEVEL\n          value: info\n",
           "        - name: FIRST\n          value: \"1\"\n        - name: LEVEL\n          value: info\n",
           "          containerPort: 8080\n",
           "          containerPort: 8080\n        - name: dns\n          containerPort: 53\n"
           "        - name: dns-udp\n          containerPort: 53\n          protocol: UDP\n",
           "      - name: proxy\n        image: proxy:2\n",
           "      - name: agent\n        image: agent:1\n",
           "      volumes:\n", "      volumes:\n      - name: scratch\n        emptyDir: {}\n")
    s.commit("items")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.only_fields(plan, web, MAIN + '/env[name="FIRST"]',
                  MAIN + '/ports[containerPort=53,protocol="TCP"]',
                  MAIN + '/ports[containerPort=53,protocol="UDP"]',
                  '/spec/template/spec/containers[name="agent"]',
                  '/spec/template/spec/containers[name="proxy"]',
                  '/spec/template/spec/volumes[name="scratch"]')
    s.equal(plan.fields(web)['/spec/template/spec/containers[name="agent"]']["line"], 41,
            "line of the agent")
    s.roll_out(plan)
    names = [c["name"] for c in
             s.cluster.need("Deployment", "web")["spec"]["template"]["spec"]["containers"]]
    s.equal(names, ["main", "agent"], "containers")
    # The same items in another order.
    text = s.read("web.yaml")
    agent = "      - name: agent\n        image: agent:1\n"
    s.write("web.yaml", text.replace(agent, "").replace("      containers:\n",
                                                        "      containers:\n" + agent))
    s.commit("reorder")
    plan = s.plan()
    s.changes(plan, {"Deployment/web": "update"})
    s.only_fields(plan, web, "/spec/template/spec/containers")
    s.roll_out(plan)
    names = [c["name"] for c in
             s.cluster.need("Deployment", "web")["spec"]["template"]["spec"]["containers"]]
    s.equal(names, ["agent", "main"], "containers")


@scenario("messy")
def messy(s):
    """manifests as kubectl get prints them, and values that the server writes otherwise"""
    s.start(None, applied=False)
    s.tree("messy")
    s.commit("first")
    # The server's quantities are not compared by their text.
    plan = s.plan()
    s.roll_out(plan, server_sets=("/spec/template/spec/containers",))
    s.edit("web.yaml", "cpu: 0.5", "cpu: 500m")
    s.commit("the same in other words")
    plan = s.plan()
    s.check(not any(c["fields"] for c in plan["changes"]) or s.cluster.name == "file",
            f"fields where the value is the same: {plan.actions()}")


@scenario("versions", backends=("kube",))
def versions(s):
    """an object moves to another version of its kind"""
    s.start(None, applied=False)
    s.write("hpa.yaml", """apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  maxReplicas: 5
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: web
  targetCPUUtilizationPercentage: 80
""")
    s.commit("v1")
    s.roll_out(s.plan(), server_sets=("/spec/targetCPUUtilizationPercentage", "/apiVersion"))
    s.edit("hpa.yaml", "autoscaling/v1", "autoscaling/v2", "maxReplicas: 5", "maxReplicas: 6",
           "  targetCPUUtilizationPercentage: 80\n",
           "  metrics:\n  - type: Resource\n    resource:\n      name: cpu\n      target:\n"
           "        type: Utilization\n        averageUtilization: 80\n")
    s.commit("v2")
    plan = s.plan()
    s.changes(plan, {"HorizontalPodAutoscaler/web": "update"})
    s.field(plan, "web", "/spec/maxReplicas", 5, 6, why="git")
    s.roll_out(plan)


@scenario("unknown-kind")
def unknown_kind(s):
    """a kind that the cluster does not serve"""
    s.start()
    s.write("gadget.yaml", """apiVersion: nowhere.example.com/v1
kind: Gadget
metadata:
  name: lamp
spec:
  light: true
""")
    s.edit("flags.yaml", "blue", "green")
    s.commit("gadget")
    s.cluster.kinds["Gadget"] = ("nowhere.example.com/v1", "gadgets", True)
    plan = s.plan(expect=EXIT_INCOMPLETE)
    lamp = plan.change("lamp")
    s.equal(lamp["action"], "unknown", "action")
    s.contains(lamp["reason"], "does not serve kind Gadget", "the reason")
    s.contains(plan.text, "Gadget", "the plan's text")
    s.equal(plan.change(s.id("ConfigMap/flags"))["action"], "update", "the other change")
    s.show(plan)
    s.same_plan_again(plan)
    refused = s.apply(plan, expect=EXIT_REFUSED)
    s.contains(refused["stderr"], "unknown", "the refusal")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "blue", "nothing is written")
    result = s.apply(plan, "--allow-partial", expect={EXIT_DONE, EXIT_PARTIAL})
    s.equal(s.outcomes(result)[lamp["id"]], "not-tried", "the gadget")
    s.equal(s.cluster.need("ConfigMap", "flags")["data"]["colour"], "green", "the rest is written")


@scenario("delete-world")
def delete_world(s):
    """Namespace, CRD, custom resource and all else go in one plan"""
    s.init()
    s.tree("new-world")
    s.commit("first")
    s.cluster.kinds["Widget"] = (f"{s.ns}.example.com/v1", "widgets", True)
    s.apply(s.plan())
    for file in ("namespace.yaml", "crd.yaml", "widget.yaml", "db.yaml", "flags.yaml", "web.yaml"):
        s.write(file, "# gone\n")
    s.commit("gone")
    plan = s.plan(expect=EXIT_REFUSED)
    s.equal({c["object"]["kind"] for c in plan["changes"] if c["action"] == "refused"},
            {"Namespace", "CustomResourceDefinition"}, "what has to be allowed")
    allowed = ("--allow-delete", "Namespace", "--allow-delete", "CustomResourceDefinition")
    plan = s.plan(*allowed)
    s.equal(set(plan.actions().values()), {"delete"}, "actions")
    s.equal(len(plan["changes"]), 6, "changes")
    order = [c["object"]["kind"] for c in plan["changes"]]
    s.check(order.index("Widget") < order.index("CustomResourceDefinition"), f"order: {order}")
    s.equal(order[-1], "Namespace", "the last to go")
    s.roll_out(plan, plan_args=allowed, again=False)
    if s.cluster.name == "kube":
        s.cluster.run("wait", "--for=delete", "--timeout=30s", "namespace/" + s.ns)
    again = s.plan()
    s.changes(again, {})
    s.check(s.cluster.get("Namespace", s.ns) is None, "the namespace is still there")
