"""Start workers on this machine. Each gets a free port, and none outlives a test."""

import contextlib
import os
import signal
import subprocess
import sys
import time

from tests.train import tiny_runs
from train.workers.loopback import free_ports, tf_config

TIMEOUT = 900  # seconds for everything that a test starts; machines may be busy


def start(arguments, ports, index, **environment):
    """Start `python ARGUMENTS` as a worker: a Popen with its output in pipes."""
    more = {"PYTHONPATH": str(tiny_runs.ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tiny_runs.ROOT,
        env={**os.environ, **more, "TF_CONFIG": tf_config(ports, index), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def workers(arguments, count=2, **environment):
    """`count` workers of one command; those that are left at the end are killed."""
    ports = free_ports(count)
    processes = [start(arguments, ports, i, **environment) for i in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def ends(processes, timeout=TIMEOUT):
    """[(status, output, errors)] of processes, once all have ended."""
    deadline = time.monotonic() + timeout
    found = []
    for process in processes:
        out, err = process.communicate(timeout=max(deadline - time.monotonic(), 1))
        found.append((process.returncode, out, err))
    return found


def run(arguments, count=2, **environment):
    """Run workers to their ends, which must be good."""
    with workers(arguments, count, **environment) as processes:
        found = ends(processes)
    assert [status for status, *_ in found] == [0] * count, "\n".join(e for *_, e in found)
    return found


def wait_for(condition, processes, timeout=TIMEOUT):
    """Wait until a condition holds, while no process ends."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes), "ended too early"
        time.sleep(0.01)


def kill(process, number=signal.SIGKILL):
    process.send_signal(number)
