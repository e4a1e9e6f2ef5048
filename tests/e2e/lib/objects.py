"""Objects, paths into them, and comparisons, written anew in Python: what rhumb says is checked
without rhumb's own code."""

import base64
import json

ABSENT = object()
LABEL = "applyset.kubernetes.io/part-of"


def group_of(api_version):
    return api_version.split("/")[0] if "/" in api_version else ""


def object_id(o):
    """[group/]Kind/[namespace/]name"""
    meta = o["metadata"]
    parts = [group_of(o["apiVersion"]), o["kind"], meta.get("namespace", ""), meta["name"]]
    return "/".join(p for p in parts if p)


def _steps(path):
    """The elements of a field path: ("field", name), ("key", {...}), ("value", v), ("index", n)."""
    at = 0
    while at < len(path):
        if path[at] == "/":
            end = at + 1
            while end < len(path) and path[end] not in "/[":
                end += 1
            name = path[at + 1:end].replace("~2", "[").replace("~1", "/").replace("~0", "~")
            yield "field", name
            at = end
            continue
        assert path[at] == "[", path
        end, quoted = at + 1, False
        while quoted or path[end] != "]":
            if path[end] == "\\" and quoted:
                end += 1
            elif path[end] == '"':
                quoted = not quoted
            end += 1
        inside = path[at + 1:end]
        at = end + 1
        if inside.isdigit():
            yield "index", int(inside)
        elif inside.startswith("="):
            yield "value", json.loads(inside[1:])
        else:
            yield "key", _keys(inside)


def _keys(text):
    keys, decoder, at = {}, json.JSONDecoder(), 0
    while at < len(text):
        if text[at] == '"':
            name, at = decoder.raw_decode(text, at)
        else:
            end = text.index("=", at)
            name, at = text[at:end], end
        keys[name], at = decoder.raw_decode(text, at + 1)
        at += text[at:at + 1] == ","
    return keys


# What a list item that does not state a key means by it.
KEY_DEFAULTS = {"protocol": "TCP"}


def lookup(o, path):
    """The value at a field path of a plan, or ABSENT."""
    for kind, step in _steps(path):
        if kind == "field":
            o = o.get(step, ABSENT) if isinstance(o, dict) else ABSENT
        elif not isinstance(o, list):
            return ABSENT
        elif kind == "index":
            o = o[step] if step < len(o) else ABSENT
        elif kind == "value":
            o = step if step in o else ABSENT
        else:
            fits = [i for i in o if isinstance(i, dict) and
                    all(i.get(k, KEY_DEFAULTS.get(k)) == v for k, v in step.items())]
            o = fits[0] if fits else ABSENT
        if o is ABSENT:
            return ABSENT
    return o


def not_held(declared, live, path=""):
    """Paths of declared leaves that live does not have with the declared value.  null leaves a
    value to the server, and what is empty may be absent."""
    if declared is None or (declared in ({}, []) and live is ABSENT):
        return []
    if isinstance(declared, dict):
        if not isinstance(live, dict):
            return [path or "/"] if declared else []
        return [bad for k, v in declared.items()
                for bad in not_held(v, live.get(k, ABSENT), f"{path}/{k}")]
    if isinstance(declared, list):
        if not isinstance(live, list):
            return [path]
        return [f"{path}[{i}]" for i, item in enumerate(declared)
                if all(not_held(item, other) for other in live)]
    return [] if declared == live else [f"{path} ({declared!r} declared, " +
                                        ("absent)" if live is ABSENT else f"{live!r} live)")]


def quiet(o):
    """An object without what controllers and the server write by themselves, to tell whether
    anybody wrote to it."""
    o = json.loads(json.dumps(o))
    o.pop("status", None)
    meta = o["metadata"]
    for key in ("resourceVersion", "generation"):
        meta.pop(key, None)
    annotations = meta.get("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    if not annotations:
        meta.pop("annotations", None)
    meta["managedFields"] = [e for e in meta.get("managedFields", [])
                             if e.get("subresource") != "status" and
                             e.get("manager") != "kube-controller-manager"]
    return o


# Kinds whose resourceVersion moves only when somebody writes to them.
STILL = {"ConfigMap", "Secret", "Service", "Role", "RoleBinding", "ClusterRole"}


def same_state(before, after):
    if before is None or after is None:
        return before is after
    if before["kind"] in STILL:
        return before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]
    return quiet(before) == quiet(after)


def diff_lines(text):
    """An object as kubectl diff prints it, without the lines that no plan lists: the ApplySet
    label, which is bookkeeping, and the generation."""
    lines = [l for l in text.splitlines()
             if LABEL + ":" not in l and not l.startswith("  generation:")]
    # A "labels:" that only held our label.
    return [l for i, l in enumerate(lines)
            if l != "  labels:" or (i + 1 < len(lines) and lines[i + 1].startswith("    "))]


def diff_file(o):
    """The name that kubectl diff gives to an object's file."""
    meta = o["metadata"]
    group, _, version = o["apiVersion"].rpartition("/")
    return ".".join(([group] if group else []) +
                    [version, o["kind"], meta.get("namespace", ""), meta["name"]])


def disguises(value):
    """A secret value in the forms that it may leak in: as it is, in base64, and within base64 of
    a longer text, which depends on where it starts there."""
    raw = value.encode()
    forms = {value, json.dumps(value)[1:-1], base64.b64encode(raw).decode().rstrip("=")}
    for shift in (1, 2):
        text = base64.b64encode(b"x" * shift + raw).decode()
        # Groups of four characters that hold bytes of nothing but the value.
        forms.add(text[4:len(text) - 4 if text.endswith("=") else len(text)])
    twice = base64.b64encode(base64.b64encode(raw)).decode()
    forms.add(twice[:len(twice) - 4])
    return forms
