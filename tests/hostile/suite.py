"""Cases, their limits, and what every one of them has to keep to."""

import json
import os
import re
import subprocess
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import measure  # noqa: E402

MIB = 1 << 20
CPU_SECONDS, PEAK = 1.0, 64 * MIB
CASES = []
# What may go to a terminal: no control character but line feed and tab, of either set.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def case(function):
    """A test; its name without underscores is what is printed."""
    CASES.append(function)
    return function


CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: a
data:
  key: value
"""

# More than rhumb reads one by one, so that it asks for lists.
MANY = {f"b{i}.yaml": CONFIG_MAP.replace("name: a", f"name: b{i}") for i in range(8)}


class Hostile:
    """What a case works with: a folder of its own and rhumb under limits."""

    def __init__(self, options, directory):
        self.rhumb_path, self.factor, self.directory = os.path.abspath(options.rhumb), options.factor, directory
        self.server = None
        self.took = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, *pieces):
        """A file of many pieces, which need not be in memory all at once."""
        with open(self.path(name), "wb") as f:
            for piece in pieces:
                f.write(piece if isinstance(piece, bytes) else piece.encode())
        return self.path(name)

    def repository(self, *commits, name="repository"):
        """A bare repository; a commit is {path: text, bytes, ("120000", target) or ("160000", commit)}."""
        directory = self.path(name)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", directory], check=True)
        importer = subprocess.Popen(["git", "-C", directory, "fast-import", "--quiet"], stdin=subprocess.PIPE)
        put = importer.stdin.write
        for n, files in enumerate(commits or [{"a.yaml": CONFIG_MAP}]):
            put(f"commit refs/heads/main\ncommitter A <a@example> {1700000000 + n} +0000\ndata 1\n{n}\n".encode())
            for path, content in files.items():
                mode, content = content if isinstance(content, tuple) else ("100644", content)
                quoted = path if isinstance(path, bytes) else '"' .encode() + path.encode().replace(b"\\", b"\\\\").replace(
                    b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
                if mode == "160000":
                    put(b"M 160000 " + content.encode() + b" " + quoted + b"\n")
                    continue
                data = content if isinstance(content, bytes) else content.encode()
                put(f"M {mode} inline ".encode() + quoted + f"\ndata {len(data)}\n".encode() + data + b"\n")
        importer.stdin.close()
        assert importer.wait() == 0, "git fast-import failed"
        return directory

    def rhumb(self, *argv, status=(1, 4), says=(), wall=120, cpu=CPU_SECONDS, peak=PEAK, stdin=None):
        """Runs rhumb; checks its limits, its exit status and what it says."""
        before = self.files()
        home = {**os.environ, "HOME": self.directory, "KUBECONFIG": self.path("none"), "NO_COLOR": "1"}
        run = measure.run([self.rhumb_path, *argv], env=home, cwd=self.directory, seconds=wall * self.factor, stdin=stdin)
        self.took.append(run)
        text = (run.out + run.err).decode("utf-8", "surrogateescape")
        shown = text if len(text) < 2000 else text[:1000] + " [...] " + text[-1000:]
        assert run.status is not None, f"still running after {wall} s"
        assert run.status in ((status,) if isinstance(status, int) else status), f"exit status {run.status}\n{shown}"
        assert len(text) < 50000, f"{len(text)} bytes of output\n{shown}"
        for part in [says] if isinstance(says, str) else says:
            assert part in text, f"does not say {part!r}\n{shown}"
        found = CONTROL.search(text)
        assert not found, f"control character {found[0]!r} in the output\n{shown!r}"
        assert run.status != 1 or self.files() == before, f"wrote {self.files() - before}"
        if self.factor == 1:
            assert run.cpu <= cpu, f"{run.cpu:.2f} s CPU, more than {cpu}\n{shown}"
            assert run.rss <= peak, f"{run.rss / MIB:.0f} MiB, more than {peak / MIB:.0f}\n{shown}"
        return run

    def plan(self, *more, **expected):
        """rhumb plan without a cluster, everything new, of the repository "repository"."""
        return self.rhumb("plan", "-C", self.path("repository"), "--cluster", "none", "--base", "none",
                          "--path", ".", "-o", "plan.json", *more, **expected)

    def plan_cluster(self, *more, timeout=20, **expected):
        """rhumb plan against the API server of this case."""
        run = self.rhumb("plan", "-C", self.path("repository"), "--kubeconfig", self.path("kubeconfig"),
                         "--path", ".", "-n", "default", "--timeout", str(timeout), "--base", "none", *more, **expected)
        assert not self.server.writes, f"wrote to the cluster: {self.server.writes}"
        return run

    def files(self):
        return {os.path.join(d, f) for d, _, names in os.walk(self.directory) for f in names}


def kubeconfig(server, user="{}", **cluster):
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": json.loads(user)}]})


def run_case(function, options):
    """Prints the line of a case, with the most that a run of it took; whether it passed."""
    name = function.__name__.replace("_", " ")
    with tempfile.TemporaryDirectory(prefix="rhumb-hostile-") as directory:
        h = Hostile(options, directory)
        try:
            function(h)
            problem = None
        except Exception as e:  # a case that breaks has failed, whatever the reason
            problem = str(e) if isinstance(e, AssertionError) else traceback.format_exc()
        finally:
            if h.server:
                h.server.stop()
    wall, cpu, rss = (max((getattr(r, of) for r in h.took), default=0) for of in ("wall", "cpu", "rss"))
    lines = [f"{'not ok' if problem else 'ok    '} {name:52} {wall:6.2f} s  {cpu:5.2f} s CPU  {rss / MIB:5.1f} MiB"]
    if problem:
        lines += ["    " + line.encode("ascii", "backslashreplace").decode() for line in problem.split("\n")]
    print("\n".join(lines), flush=True)
    return not problem
