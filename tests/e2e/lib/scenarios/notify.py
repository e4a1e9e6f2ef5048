"""What is told of an apply: webhooks and the report on a terminal."""

import fcntl
import hashlib
import hmac
import json
import os
import pty
import struct
import subprocess
import termios
import time

from ..suite import scenario
from ..scenario import EXIT_DONE, EXIT_ERROR, EXIT_REFUSED, EXIT_STALE, EXIT_USAGE
from ..documented import documented
from ..webhook import Webhook

TOKEN = "T0KEN-of-the-webhook"


def change(s, old, new):
    s.edit("flags.yaml", old, new)
    s.commit(f"flags <b>{new}</b>")
    return s.plan()


def one(s, hook):
    got = hook.take()
    s.equal(len(got), 1, "posts")
    return got[0]


def silent(s, result):
    for text in (result["stdout"], result["stderr"], json.dumps(result)):
        s.check(TOKEN not in text, "the webhook's token was told")


@scenario("notify")
def notify(s):
    """a webhook hears how an apply ended: formats, signature, retries"""
    s.start()
    with Webhook() as hook:
        url = hook.url(f"/services/{TOKEN}?sig={TOKEN}")
        plan = change(s, "blue", "green")
        hook.answers = [(503, "busy"), (429, "slow")]
        result = s.apply(plan, "--notify", url, env={"RHUMB_NOTIFY_KEY": "shared key"})
        silent(s, result)
        got = hook.take()
        s.equal(len(got), 3, "posts until it was taken")
        s.equal(len({(p, h["x-rhumb-signature"], b) for p, h, b, _ in got}), 1, "different posts")
        path, headers, body, sent = got[2]
        s.equal(path, f"/services/{TOKEN}?sig={TOKEN}", "path")
        stamp = headers["x-rhumb-timestamp"]
        s.check(abs(int(stamp) - time.time()) < 300, "the timestamp is not of now")
        mac = hmac.new(b"shared key", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        s.equal(headers["x-rhumb-signature"], "sha256=" + mac, "signature")
        # The receiver of the documentation agrees.
        is_genuine = documented(s.root, "result.md")["is_genuine"]
        names = {"X-Rhumb-Timestamp": stamp, "X-Rhumb-Signature": "sha256=" + mac}
        s.check(is_genuine(b"shared key", names, body), "docs/result.md refuses the signature")
        s.check(not is_genuine(b"shared key", names, body + b" "), "docs/result.md takes another body")
        names["X-Rhumb-Timestamp"] = str(int(stamp) - 1)
        s.check(not is_genuine(b"shared key", names, body), "docs/result.md takes another time")
        s.equal(sent["kind"], "Notification", "kind")
        s.contains(sent["text"], "applied: 1 applied", "text")
        s.equal(sent["commit"], plan["git"]["head"], "commit")
        written = {k: v for k, v in result.items() if k not in ("stdout", "stderr")}
        s.equal(sent["result"], written, "the result in the post")

        # Unsigned without a key; both other formats; more than one; taken from a variable.
        plan = change(s, "green", "red")
        s.apply(plan, "--notify", "env:CHAT", "--notify", url, "--notify-format", "slack",
                env={"CHAT": hook.url("/chat")})
        got = hook.take()
        s.equal([g[0] for g in got], ["/chat", f"/services/{TOKEN}?sig={TOKEN}"], "paths")
        s.check("x-rhumb-signature" not in got[0][1], "signed without a key")
        s.equal(got[0][3]["blocks"][0]["type"], "header", "Slack")
        s.contains(json.dumps(got[0][3]), "flags &lt;b&gt;red", "the subject")
        plan = change(s, "red", "pink")
        s.apply(plan, "--notify", url, "--notify-format", "teams")
        sent = one(s, hook)[3]
        s.equal(sent["attachments"][0]["content"]["type"], "AdaptiveCard", "Teams")

        # Only failures; a plan that is applied already is none.
        s.apply(plan, "--notify", url, "--notify-on", "failure")
        s.equal(hook.take(), [], "posts of a success")
        # Credentials of the URL go where they belong.
        s.apply(plan, "--notify", url.replace("//", f"//me:{TOKEN}@"))
        headers = one(s, hook)[1]
        s.check(headers["authorization"].startswith("Basic "), "no credentials")


@scenario("notify-outcomes")
def outcomes(s):
    """stale, refused and impossible applies are told as well"""
    s.start()
    with Webhook() as hook:
        url = hook.url("/x")
        plan = change(s, "blue", "green")
        s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "mine"}})
        result = s.apply(plan, "--notify", url, "--notify-on", "failure", expect=EXIT_STALE)
        sent = one(s, hook)[3]
        s.equal(sent["result"]["outcome"], "stale", "outcome")
        s.contains(sent["text"], "the plan is stale", "text")
        s.equal(sent["result"]["next"], result["next"], "next")
        none = s.plan("--base", "HEAD~1", cluster=("--cluster", "none"))
        s.rhumb("apply", "--notify", url, none.file, expect=EXIT_REFUSED)
        s.equal(one(s, hook)[3]["result"]["outcome"], "refused", "outcome")
        s.rhumb("apply", "--kubeconfig", "/nonexistent", "--notify", url, plan.file,
                expect={EXIT_ERROR, EXIT_REFUSED})
        sent = one(s, hook)[3]
        s.check(sent["result"]["outcome"] in ("failed", "refused"), "outcome")
        s.equal({o["outcome"] for o in sent["result"]["objects"]}, {"not-tried"}, "objects")


@scenario("notify-fails")
def fails(s):
    """a webhook that cannot be told does not fail the apply, and that is reported"""
    s.start()
    with Webhook() as hook:
        for i, (answers, said) in enumerate((
                ([(302, "")], "answers 302, a redirect"),
                ([(403, "invalid_token")], "answers 403: invalid_token"),
                ([(404, f"Cannot POST /services/{TOKEN}")], "answers 404"),
                (None, "notify 127.0.0.1"))):
            plan = change(s, f"{'blue' if i == 0 else f'color{i - 1}'}", f"color{i}")
            hook.answers = list(answers or [])
            url = hook.url(f"/services/{TOKEN}") if answers else \
                f"http://127.0.0.1:1/services/{TOKEN}"
            result = s.apply(plan, "--notify", url, expect=EXIT_DONE)
            silent(s, result)
            s.equal(result["outcome"], "applied", "outcome")
            s.contains(result["stderr"], said, "stderr")
            s.contains(result["stdout"], said, "the report")
            s.contains(" ".join(result["problems"]), said, "the problems of the result")
            s.check("/elsewhere" not in [g[0] for g in hook.got], "a redirect was followed")
            hook.got = []
    for bad in (f"not a URL {TOKEN}", f"ftp://h/{TOKEN}", "env:NOTHING_HERE"):
        done = s.rhumb("apply", "--notify", bad, plan.file, expect=EXIT_USAGE)
        s.check(TOKEN not in done.stderr, "the webhook's token was told")


@scenario("report-terminal")
def terminal(s):
    """one terminal for stdout and stderr: nothing is told twice"""
    s.start()
    s.write("new.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: new\ndata:\n  a: b\n")
    plan = change(s, "blue", "green")
    s.cluster.patch("ConfigMap", "flags", {"data": {"colour": "mine"}})
    text = on_terminal(s, "apply", *s.cluster.args, plan.file)
    said = [line.strip() for line in text.splitlines() if line.strip()]
    s.equal(sorted(set(said)), sorted(said), "lines told twice")
    s.equal(sum("kubectl-edit" in line for line in said), 1, f"times the reason is told in {said}")
    s.contains(text, "Plan again", "the next step")


def on_terminal(s, *args, columns=0, env=None):
    """What rhumb prints where stdout and stderr are one terminal; 0 columns: of unknown size."""
    main, side = pty.openpty()
    if columns:
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {"PATH": os.environ["PATH"], "HOME": s.home, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                   **s.cluster.env, **(env or {})}
    process = subprocess.Popen([os.path.join(s.build, "rhumb"), *args], cwd=s.repo,
                               env=environment, stdout=side, stderr=side)
    os.close(side)
    out = b""
    try:
        while piece := os.read(main, 65536):
            out += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(main)
    process.wait()
    return out.decode()
