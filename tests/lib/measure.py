"""Runs a program and says what it took: wall clock, CPU time, peak memory.

The kernel counts a process's peak memory from its fork on, so that a child of a big Python process
seems big.  Between us and the program stands a small process, this file run as a program.
"""

import json
import os
import resource
import subprocess
import sys
import time


class Run:
    """status is negative for a signal, None where the time ran out."""

    def __init__(self, status, wall, cpu, rss, out, err):
        self.status, self.wall, self.cpu, self.rss, self.out, self.err = status, wall, cpu, rss, out, err


def run(argv, cwd=None, env=None, stdin=None, seconds=600, cpu_seconds=None, keep=True):
    """`seconds` ends the program, `cpu_seconds` too.  Without `keep` its stdout goes nowhere."""
    r, w = os.pipe()
    with open(stdin or os.devnull, "rb") as source:
        p = subprocess.Popen([sys.executable, "-ISB", __file__, str(w), str(seconds), str(cpu_seconds or 0)] + argv,
                             cwd=cwd, env=env, stdin=source, pass_fds=[w], stderr=subprocess.PIPE,
                             stdout=subprocess.PIPE if keep else subprocess.DEVNULL)
        os.close(w)
        out, err = p.communicate()
    with os.fdopen(r) as answer:
        status, wall, cpu, rss = json.load(answer)
    return Run(status, wall, cpu, rss, out or b"", err)


def _child(argv, cpu_seconds):
    if cpu_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    try:
        os.execvp(argv[0], argv)
    finally:
        os._exit(127)


def _main(fd, seconds, cpu_seconds, *argv):
    import signal
    os.set_inheritable(int(fd), False)
    start = time.monotonic()
    pid = os.fork()
    if not pid:
        _child(list(argv), int(cpu_seconds))
    late = []

    def stop(*_):
        late.append(True)
        os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    answer = [None if late else os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]
    os.write(int(fd), json.dumps(answer).encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
