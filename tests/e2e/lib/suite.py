"""Choosing, running and reporting scenarios."""

import argparse
import importlib
import os
import pkgutil
import queue
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import traceback

from .clusters import ClusterError, FileCluster, KubeCluster, KubeServer
from .scenario import Failed, Scenario, Skipped

WORKERS = 2
SERVER_SECONDS = 900  # the first start builds the servers

SCENARIOS = []  # (name, backends, function)


def scenario(name, backends=("file", "kube")):
    """Marks a function as the scenario of that name."""
    def mark(function):
        SCENARIOS.append((name, backends, function))
        return function
    return mark


def load_scenarios():
    from . import scenarios
    for module in sorted(m.name for m in pkgutil.iter_modules(scenarios.__path__)):
        importlib.import_module(f"{scenarios.__name__}.{module}")
    names = [name for name, _, _ in SCENARIOS]
    assert len(names) == len(set(names)), "two scenarios of one name"


class Suite:
    def __init__(self, options):
        self.options = options
        here = os.path.dirname(os.path.abspath(__file__))
        self.root = os.path.abspath(os.path.join(here, "..", "..", ".."))
        self.build = os.path.abspath(options.build or os.path.join(self.root, "build"))
        self.run_id = secrets.token_hex(2)
        self.dir = tempfile.mkdtemp(prefix="rhumb-e2e-")
        self.server = None
        self.server_error = None
        self.server_ready = threading.Event()
        self.starting = None
        self.stop = threading.Event()
        self.print_lock = threading.Lock()
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    # ---- the API server, once for all

    def start_server(self):
        directory = self.options.server or os.path.join(self.dir, "kube")
        try:
            if not self.options.server:
                self.starting = subprocess.Popen(
                    [os.path.join(self.root, "tests", "kube", "up"), "--nodes", "2", directory],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                _, stderr = self.starting.communicate(timeout=SERVER_SECONDS)
                if self.starting.returncode != 0:
                    raise OSError((stderr.strip().splitlines() or ["tests/kube/up failed"])[-1])
            self.server = KubeServer(directory)
        except (OSError, subprocess.SubprocessError, ValueError) as e:
            self.server_error = str(e)
        finally:
            self.server_ready.set()

    def stop_server(self):
        if self.starting is None:
            return
        if self.starting.poll() is None:
            self.starting.terminate()
            self.starting.wait()
        subprocess.run([os.path.join(self.root, "tests", "kube", "down"),
                        os.path.join(self.dir, "kube")], check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # ---- one scenario

    def report(self, kind, line, details=""):
        with self.print_lock:
            self.counts[kind] += 1
            print(line, flush=True)
            if details:
                print(details, flush=True)

    def run_one(self, backend, name, function):
        directory = os.path.join(self.dir, f"{backend}-{name}")
        os.makedirs(directory)
        s = Scenario(name, directory, self)
        started = time.monotonic()
        try:
            if backend == "kube":
                self.server_ready.wait()
                if self.server_error:
                    raise Skipped(f"no API server: {self.server_error}")
                started = time.monotonic()
                s.cluster = KubeCluster(s, self.server)
            else:
                s.cluster = FileCluster(s)
            function(s)
        except Skipped as e:
            self.report("skipped", f"skip {backend} {name}: {e}")
        except (Failed, ClusterError) as e:
            if not self.stop.is_set():
                self.report("failed", f"not ok {backend} {name}: {first_line(e)}",
                            self.details(s, e, trace(e)))
        except Exception as e:  # a fault of the scenario itself: the others still run
            if not self.stop.is_set():
                self.report("failed", f"not ok {backend} {name}: {type(e).__name__}: "
                            f"{first_line(e)}", self.details(s, e, traceback.format_exc()))
        else:
            seconds = time.monotonic() - started
            self.report("passed", f"ok {backend} {name}" +
                        (f"  {seconds:.1f} s" if self.options.times else ""))
            if not self.options.keep:
                shutil.rmtree(directory, ignore_errors=True)

    def details(self, s, error, where):
        if self.options.brief:
            return "\n".join(f"    {line}" for line in where.splitlines()[-6:])
        lines = [f"    {line}" for line in str(error).splitlines()[:40]]
        lines += [f"    {line}" for line in where.splitlines()]
        lines += ["    the last commands:"]
        for done in s.log[-4:]:
            lines.append(f"    $ {' '.join(done.args)[:400]}   exit {done.status}")
            for text in (done.stdout, done.stderr):
                shown = text.strip().splitlines()
                lines += [f"      {l[:200]}" for l in shown[:6]]
                lines += [f"      ... {len(shown) - 6} more"] if len(shown) > 6 else []
        if self.options.keep:
            lines.append(f"    kept in {s.dir}")
        return "\n".join(lines)

    # ---- all of them

    def work(self, tasks):
        while not self.stop.is_set():
            try:
                task = tasks.get_nowait()
            except queue.Empty:
                return
            self.run_one(*task)

    def run(self):
        tasks = queue.Queue()
        wanted = [(b, name, f) for b in ("file", "kube") for name, backends, f in SCENARIOS
                  if b in backends and self.options.backend in (b, None) and
                  (not self.options.only or any(o in name for o in self.options.only))]
        for task in wanted:
            tasks.put(task)
        if any(b == "kube" for b, _, _ in wanted):
            threading.Thread(target=self.start_server, daemon=True).start()
        workers = [threading.Thread(target=self.work, args=(tasks,), daemon=True)
                   for _ in range(WORKERS)]
        for w in workers:
            w.start()
        for w in workers:
            while w.is_alive():
                w.join(0.2)

    def finish(self):
        self.stop.set()
        self.stop_server()
        if self.options.keep:
            print(f"kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        print("{passed} passed, {failed} failed, {skipped} skipped".format(**self.counts),
              flush=True)


def first_line(error):
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__


def trace(error):
    """Where in the scenario it failed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/scenarios/" in f.filename]
    return "\n".join(f"{os.path.basename(f.filename)}:{f.lineno}: {f.line}" for f in frames)


def interrupt(number, frame):
    raise KeyboardInterrupt


def main(argv):
    parser = argparse.ArgumentParser(prog="tests/e2e/run", description="Runs the scenarios.")
    parser.add_argument("--backend", choices=("file", "kube"), help="only this one")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="only scenarios whose name holds NAME (again for more)")
    parser.add_argument("--brief", action="store_true", help="no commands below what failed")
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder")
    parser.add_argument("--times", action="store_true", help="how long each took")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument("--build", metavar="DIR", help="where rhumb was built; else build")
    parser.add_argument("--server", metavar="DIR",
                        help="use the cluster that tests/kube/up has started in DIR")
    options = parser.parse_args(argv)
    load_scenarios()
    if options.list:
        for name, backends, function in SCENARIOS:
            print(f"{name:24} {'+'.join(backends):10} {first_line(function.__doc__ or '')}")
        return 0
    signal.signal(signal.SIGTERM, interrupt)
    suite = Suite(options)
    status = 130
    try:
        suite.run()
        counts = suite.counts
        status = 0 if counts["passed"] and not counts["failed"] else 1
        if options.backend == "kube" and suite.server_error:
            status = 1
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        suite.finish()
    return status
