#!/usr/bin/env python3
"""Makes plan/merge/schema_builtin.inc from the OpenAPI v3 documents of a Kubernetes version.

    schema.py DIR VERSION > plan/merge/schema_builtin.inc

DIR is api/openapi-spec/v3 of the module k8s.io/kubernetes:

    go mod download -json k8s.io/kubernetes@v1.36.3      (prints where it is)

The table holds facts only: names of fields, their types, and how lists and maps merge.  Types
that have become equal (v1 and v1beta1 of one thing) are one node.
"""
import glob
import json
import os
import sys

SCALAR, LIST, MAP = 1, 2, 4
SCALARS = {
    "ANY": 0, "STRING": 1, "BYTES": 2, "INTEGER": 3, "NUMBER": 4, "BOOLEAN": 5,
    "INT_OR_STRING": 6, "QUANTITY": 7, "TIME": 8,
}
PREFIX = "#/components/schemas/"
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
RAW = "io.k8s.apimachinery.pkg.runtime.RawExtension"
# Lists that are optional and that Go writes even when they are empty (no omitempty): what its
# types make of an object depends on it.
WRITTEN = {
    "ClusterRole": {"rules"}, "DeviceClaim": {"requests"}, "EndpointSlice": {"endpoints", "ports"},
    "ProjectedVolumeSource": {"sources"}, "ResourcePolicyRule": {"namespaces"},
    "Role": {"rules"},
}
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def load(folder):
    models = {}
    for name in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(name) as f:
            document = json.load(f)
        models.update(document.get("components", {}).get("schemas", {}))
    return models


def empty():
    return {"accepts": 0, "scalar": "ANY", "list": "ATOMIC", "map_atomic": False, "open": False,
            "items": None, "values": None, "fields": [], "keys": ()}


class Schema:
    """Nodes by number; a reference is a number, None is the deduced node."""

    def __init__(self, models):
        self.models = models
        self.nodes = []
        self.named = {}

    def add(self, node):
        self.nodes.append(node)
        return len(self.nodes) - 1

    def of_name(self, name, atomic=None):
        if (name, atomic) not in self.named:
            number = self.add(None)
            self.named[(name, atomic)] = number
            node = self.convert(self.models[name], name)
            if atomic is not None and node["accepts"] & MAP:
                node["map_atomic"] = atomic
            self.nodes[number] = node
        return self.named[(name, atomic)]

    def of_spec(self, spec):
        ref = spec.get("$ref")
        if not ref and len(spec.get("allOf", [])) == 1:
            ref = spec["allOf"][0].get("$ref")
        if ref:
            atomic = {"atomic": True, "granular": False}.get(spec.get("x-kubernetes-map-type"))
            return self.of_name(ref[len(PREFIX):], atomic)
        return self.add(self.convert(spec, ""))

    def convert(self, spec, name):
        node = empty()
        kind = spec.get("type", "")
        if name == QUANTITY:
            node.update(accepts=SCALAR, scalar="QUANTITY")
        elif name == RAW:
            node.update(accepts=SCALAR | LIST | MAP, open=True)
        elif spec.get("format") == "int-or-string":
            node.update(accepts=SCALAR, scalar="INT_OR_STRING")
        elif kind == "object":
            node["accepts"] = MAP
            written = WRITTEN.get(name.rsplit(".", 1)[-1], set())
            self.convert_map(spec, node, written)
        elif kind == "array":
            node["accepts"] = LIST
            self.convert_list(spec, node)
        elif kind == "":
            node["accepts"] = SCALAR | LIST | MAP
            self.convert_map(spec, node)
        else:
            scalar = {"integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}.get(kind)
            if kind == "string":
                scalar = {"": "STRING", "byte": "BYTES", "date-time": "TIME"}.get(
                    spec.get("format", ""), "ANY")
            node.update(accepts=SCALAR, scalar=scalar or "ANY")
        return node

    def convert_map(self, spec, node, written=frozenset()):
        required = set(spec.get("required", [])) | written
        for name, member in sorted(spec.get("properties", {}).items()):
            default = member.get("default")
            if isinstance(default, list) or (isinstance(default, dict) and default):
                default = None
            text = None if default is None else json.dumps(default)
            node["fields"].append((name, self.of_spec(member), text, name in required))
        more = spec.get("additionalProperties")
        if isinstance(more, dict):
            node["open"], node["values"] = True, self.of_spec(more)
        elif more or (more is None and not node["fields"]):
            node["open"] = True
        node["map_atomic"] = spec.get("x-kubernetes-map-type") == "atomic"

    def convert_list(self, spec, node):
        node["items"] = self.of_spec(spec["items"]) if "items" in spec else None
        how = spec.get("x-kubernetes-list-type")
        if how is None and spec.get("x-kubernetes-patch-strategy", "").startswith("merge"):
            key = spec.get("x-kubernetes-patch-merge-key")
            node["list"], node["keys"] = ("MAP", (key,)) if key else ("SET", ())
        elif how in ("set", "map"):
            node["list"] = how.upper()
            node["keys"] = tuple(spec.get("x-kubernetes-list-map-keys", ()))


def merge_equal(schema):
    """Partition refinement: the class of each node, numbered from 0 in order of appearance."""
    def local(n):
        return (n["accepts"], n["scalar"], n["list"], n["map_atomic"], n["open"], n["keys"],
                tuple((f[0], f[2], f[3]) for f in n["fields"]))

    def number(signatures):
        seen = {}
        return [seen.setdefault(s, len(seen)) for s in signatures], len(seen)

    classes, count = number([local(n) for n in schema.nodes])
    while True:
        def deep(i):
            n = schema.nodes[i]

            def at(ref):
                return None if ref is None else classes[ref]
            return (classes[i], at(n["items"]), at(n["values"]),
                    tuple(at(f[1]) for f in n["fields"]))
        finer, finer_count = number([deep(i) for i in range(len(schema.nodes))])
        if finer_count == count:
            return classes, count
        classes, count = finer, finer_count


def roots(models):
    for name, model in sorted(models.items()):
        meta = model.get("properties", {}).get("metadata", {})
        if META not in json.dumps(meta):
            continue
        for gvk in model.get("x-kubernetes-group-version-kind", []):
            yield gvk["group"], gvk["version"], gvk["kind"], name


def c_string(text):
    return json.dumps(text)


def wrap(items, indent="\t"):
    line = indent
    for item in items:
        if len(line.expandtabs(8)) + len(item) + 2 > 100:
            yield line.rstrip()
            line = indent
        line += item + ", "
    if line.strip():
        yield line.rstrip()


def write(schema, kinds, version, out):
    classes, count = merge_equal(schema)
    nodes = [None] * count
    for i, n in enumerate(schema.nodes):
        nodes[classes[i]] = nodes[classes[i]] or n
    key_sets = sorted({n["keys"] for n in nodes if n["keys"]})

    def ref(r):
        return "NULL" if r is None else f"N({classes[r]})"

    print(f"""/* Generated by plan/merge/generate/schema.py from the OpenAPI documents of Kubernetes
 * {version}.  Do not edit. */
#define N(i) (&nodes[i])
#define F(name, i) {{ name, N(i), NULL, false }}
#define R(name, i) {{ name, N(i), NULL, true }}
#define D(name, i, fallback) {{ name, N(i), fallback, false }}
#define E(name, i, fallback) {{ name, N(i), fallback, true }}

static const struct schema_node nodes[{count}];
""", file=out)
    for i, keys in enumerate(key_sets):
        print(f"static const char *const k{i}[] = {{ {', '.join(map(c_string, keys))} }};", file=out)
    print(file=out)
    for i, n in enumerate(nodes):
        if not n["fields"]:
            continue
        rows = []
        for name, r, fallback, required in sorted(n["fields"]):
            if fallback is None:
                rows.append(f"{'R' if required else 'F'}({c_string(name)}, {classes[r]})")
            else:
                rows.append(f"{'E' if required else 'D'}({c_string(name)}, {classes[r]}, "
                            f"{c_string(fallback)})")
        print(f"static const struct schema_field f{i}[] = {{", file=out)
        for line in wrap(rows):
            print(line, file=out)
        print("};", file=out)
    print(f"\nstatic const struct schema_node nodes[{count}] = {{", file=out)
    for i, n in enumerate(nodes):
        parts = [f".accepts = {n['accepts']}"]
        if n["scalar"] != "ANY":
            parts.append(f".scalar = SCALAR_{n['scalar']}")
        if n["list"] != "ATOMIC":
            parts.append(f".list = LIST_{n['list']}")
        if n["map_atomic"]:
            parts.append(".map_atomic = true")
        if n["open"]:
            parts.append(".open = true")
        if n["items"] is not None:
            parts.append(f".items = {ref(n['items'])}")
        if n["values"] is not None:
            parts.append(f".values = {ref(n['values'])}")
        if n["fields"]:
            parts.append(f".fields = f{i}, .n_fields = {len(n['fields'])}")
        if n["keys"]:
            parts.append(f".keys = k{key_sets.index(n['keys'])}, .n_keys = {len(n['keys'])}")
        print(f"\t[{i}] = {{ {', '.join(parts)} }},", file=out)
    print("};\n\nconst struct schema_kind schema_builtin[] = {", file=out)
    for group, version_, kind, name in sorted(kinds):
        number = classes[schema.named[(name, None)]]
        print(f"\t{{ {c_string(group)}, {c_string(version_)}, {c_string(kind)}, N({number}) }},",
              file=out)
    print("};\n", file=out)
    print(f"const struct schema_node *const schema_object_meta = "
          f"N({classes[schema.of_name(META)]});", file=out)


def main():
    folder, version = sys.argv[1:3]
    models = load(folder)
    schema = Schema(models)
    kinds = list(roots(models))
    for kind in kinds:
        schema.of_name(kind[3])
    schema.of_name(META)
    write(schema, kinds, version, sys.stdout)


main()
