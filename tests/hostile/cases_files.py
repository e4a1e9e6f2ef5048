"""Hostile plan files, kubeconfigs and results."""

import json
import random

from suite import CONFIG_MAP, MIB, case, kubeconfig

PLAN_COMMANDS = (["show"], ["apply", "--cluster", "file:cluster"])


def refused(h, name, **expected):
    """Neither show nor apply takes this plan."""
    for command in PLAN_COMMANDS:
        h.rhumb(command[0], *command[1:], name, status=1, **expected)


def good_plan(h):
    """The text of a plan that rhumb wrote."""
    import subprocess
    h.repository()
    subprocess.run([h.rhumb_path, "plan", "-q", "-C", h.path("repository"), "--cluster", "file:" + h.path("cluster"),
                    "--path", ".", "-o", h.path("good.json")], check=True, stderr=subprocess.DEVNULL)
    with open(h.path("good.json")) as f:
        return f.read()


@case
def plan_of_random_bytes(h):
    source = random.Random(1)
    for size in (1, 100, 10000, MIB):
        h.write("p.json", source.randbytes(size))
        refused(h, "p.json", says="p.json")


@case
def plan_that_is_empty(h):
    h.write("p.json", "")
    refused(h, "p.json", says="p.json")


@case
def plan_of_100_MB_on_one_line(h):
    h.write("p.json", b'{"apiVersion":"', b"a" * (100 * MIB), b'"}')
    refused(h, "p.json", says="p.json")


@case
def plan_of_100_MB_of_brackets(h):
    h.write("p.json", b"[" * (100 * MIB))
    refused(h, "p.json", says="p.json")


@case
def plan_of_100_MB_of_numbers(h):
    h.write("p.json", b"[", *[b"1," * MIB] * 50, b"1]")
    refused(h, "p.json", says="p.json")


@case
def plan_of_100_MB_of_space(h):
    h.write("p.json", b" " * (100 * MIB))
    refused(h, "p.json", says="p.json")


@case
def plan_with_nesting_of_100000(h):
    h.write("p.json", '{"a":' * 100000 + "1" + "}" * 100000)
    refused(h, "p.json", says=["p.json:1:", "nested"])


@case
def plan_that_is_cut_short(h):
    text = good_plan(h)
    for n in range(0, len(text) - 2, max(1, len(text) // 40)):
        h.write("p.json", text[:n])
        h.rhumb("show", "p.json", status=1, says="p.json")


@case
def plan_with_a_byte_changed(h):
    text, source = good_plan(h).encode(), random.Random(2)
    for _ in range(60):
        at = source.randrange(len(text) - 1)
        byte = bytes([source.randrange(32, 127)])
        h.write("p.json", text[:at], byte, text[at + 1:])
        h.rhumb("show", "p.json", status=(0, 1))


def places(value, path=()):
    """The path of every value in a tree."""
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, path + (key,))


def replaced(value, path, by):
    copy = json.loads(json.dumps(value))
    if not path:
        return by
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = by
    return copy


@case
def plan_with_wrong_types_and_huge_numbers(h):
    plan = json.loads(good_plan(h))
    wrong = [None, [], {}, "\x1b[31m", 10 ** 400, -1, 1e300, True, "../../../etc/passwd"]
    for i, path in enumerate(places(plan)):
        h.write("p.json", json.dumps(replaced(plan, path, wrong[i % len(wrong)])))
        h.rhumb("show", "p.json", status=(0, 1))
        h.rhumb("apply", "--cluster", "file:cluster", "p.json", status=(0, 1, 5, 64))


@case
def plan_that_is_a_folder_or_a_device(h):
    refused(h, ".", says="not a regular file")
    refused(h, "/dev/zero", says="/dev/zero")
    refused(h, "/dev/null", says="/dev/null")


@case
def kubeconfig_of_100_MB(h):
    h.repository()
    h.write("kubeconfig", b"apiVersion: ", b"a" * (100 * MIB))
    h.rhumb("plan", "-C", h.path("repository"), "--path", ".", "--kubeconfig", h.path("kubeconfig"), status=1,
            says=["kubeconfig", "bytes"])


def bad_kubeconfig(h, text, **expected):
    h.write("kubeconfig", text)
    h.rhumb("plan", "-C", h.path("repository"), "--path", ".", "--timeout", "1", "--kubeconfig", h.path("kubeconfig"),
            status=1, **expected)


@case
def kubeconfig_of_random_bytes(h):
    h.repository()
    source = random.Random(3)
    for size in (1, 100, 10000, MIB):
        bad_kubeconfig(h, source.randbytes(size), says="kubeconfig")


@case
def kubeconfig_that_is_a_bomb(h):
    h.repository()
    bomb = "a0: &a0 lol\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    bad_kubeconfig(h, "apiVersion: v1\nkind: Config\n" + bomb, says=["kubeconfig:", "aliases"])


@case
def kubeconfig_with_nesting_of_100000(h):
    h.repository()
    bad_kubeconfig(h, "clusters: " + "[" * 100000 + "]" * 100000, says=["kubeconfig:", "nested"])


@case
def kubeconfig_with_wrong_types(h):
    h.repository()
    good = json.loads(kubeconfig("http://127.0.0.1:1", user=json.dumps({
        "token": "secret-token", "client-certificate-data": "aGFsbG8=", "client-key-data": "aGFsbG8=",
        "exec": {"command": "/nonexistent/plugin", "apiVersion": "client.authentication.k8s.io/v1", "args": ["a"],
                 "env": [{"name": "A", "value": "b"}]}}), **{"certificate-authority-data": "aGFsbG8="}))
    wrong = [None, [], {}, "\x1b[31m", 10 ** 40, -1, True, "../../../etc/passwd", [[]], {"a": {}}]
    for i, path in enumerate(places(good)):
        for value in (wrong[i % len(wrong)], wrong[(i * 7 + 3) % len(wrong)]):
            bad_kubeconfig(h, json.dumps(replaced(good, path, value)))
            text = (h.took[-1].out + h.took[-1].err).decode()
            assert "secret-token" not in text, text


@case
def kubeconfig_with_odd_servers(h):
    h.repository()
    for server in ("", "x", "file:///etc/passwd", "ftp://127.0.0.1", "https://", "http://[::1", "http://127.0.0.1:99999",
                   "http://127.0.0.1:1/\x1b[31m", "http://a b", "http://user:pass-word@127.0.0.1:1", "gopher://127.0.0.1:1/x",
                   "http://" + "a" * 100000, "http://127.0.0.1:1/" + "a" * 1000000):
        bad_kubeconfig(h, kubeconfig(server))
        text = (h.took[-1].out + h.took[-1].err).decode()
        assert "pass-word" not in text, text


@case
def kubeconfig_whose_plugin_never_stops_writing(h):
    h.repository()
    user = {"exec": {"command": "/usr/bin/yes", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}}
    bad_kubeconfig(h, kubeconfig("http://127.0.0.1:1", user=json.dumps(user)), says="/usr/bin/yes")


@case
def kubeconfig_whose_plugin_fails_with_escape_sequences(h):
    h.repository()
    user = {"exec": {"command": "/bin/sh", "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
                     "args": ["-c", "printf '\\033]0;owned\\007\\033[31mno\\n' >&2; exit 1"]}}
    bad_kubeconfig(h, kubeconfig("http://127.0.0.1:1", user=json.dumps(user)), says="no")


@case
def certificate_file_of_100_MB(h):
    h.repository()
    path = h.write("ca.pem", b"a" * (100 * MIB))
    bad_kubeconfig(h, kubeconfig("https://127.0.0.1:1", **{"certificate-authority": path}), says="ca.pem")


@case
def token_file_that_is_endless(h):
    h.repository()
    bad_kubeconfig(h, kubeconfig("https://127.0.0.1:1", user='{"tokenFile":"/dev/zero"}'), says="/dev/zero")


@case
def manifest_on_a_terminal(h):
    """show of a plan with escape sequences in its values."""
    evil = CONFIG_MAP.replace("value", '"\\e]0;owned\\a\\u009b31m\\u202e"')
    h.repository({"a.yaml": evil})
    import subprocess
    subprocess.run([h.rhumb_path, "plan", "-q", "-C", h.path("repository"), "--cluster", "none", "--base", "none",
                    "--path", ".", "-o", h.path("good.json")], check=True)
    h.rhumb("show", "good.json", status=0)
    h.rhumb("show", "--format", "json", "good.json", status=0)
