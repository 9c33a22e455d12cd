"""TF_CONFIG: the workers of a run, and which one this process is. No TensorFlow is needed here.

    {"cluster": {"worker": ["host0:port", "host1:port"]}, "task": {"type": "worker", "index": 0}}

The first worker is the chief, or the one of the job "chief" if there is one.
"""

import contextlib
import dataclasses
import errno
import json
import os
import re
import socket

from train.errors import SetupError

VARIABLE = "TF_CONFIG"
WAIT = 300.0  # seconds: how long a worker waits for the others
LONGEST_WAIT = 7 * 24 * 3600.0
_EXAMPLE = (
    '{"cluster": {"worker": ["host0:12345", "host1:12345"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers of a run.

    Attributes:
      addresses: "host:port" of every worker, the chief first.
      index: which one this process is.
    """

    addresses: tuple
    index: int

    @property
    def is_chief(self):
        """Whether this process writes the run folder."""
        return self.index == 0

    def describe(self, index):
        """A worker for an error: "worker 1 (host:port)"."""
        name = "the chief" if index == 0 else f"worker {index}"
        return f"{name} ({self.addresses[index]})"

    def answers(self, index, seconds=2.0):
        """Whether a worker's port answers, within some seconds."""
        try:
            socket.create_connection(_split(self.addresses[index]), seconds).close()
        except OSError:
            return False
        return True

    def silent(self):
        """The indices of the other workers that do not answer."""
        others = [i for i in range(len(self.addresses)) if i != self.index]
        return [i for i in others if not self.answers(i)]

    @contextlib.contextmanager
    def listening(self):
        """Within it this worker's port answers. The system takes the connections: no thread.

        Raises:
          SetupError: the port is in use. TensorFlow would share it with another process.
        """
        port = _split(self.addresses[self.index])[1]
        with socket.socket() as own:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                own.bind(("", port))
                own.listen(1024)
            except OSError as error:
                used = error.errno == errno.EADDRINUSE
                said = "address in use by another process" if used else error.strerror
                raise SetupError(
                    f"{VARIABLE}: this process is {self.describe(self.index)}, and port {port} of "
                    f"this machine is not free: {said}"
                ) from error
            yield


def _split(address):
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def from_environment(environment=os.environ):
    """The Cluster of TF_CONFIG.

    Raises:
      SetupError: TF_CONFIG is missing, or wrong; the message is one sentence.
    """
    text = environment.get(VARIABLE)
    if not text:
        raise SetupError(
            f"--strategy=multiworker needs the environment variable {VARIABLE}, on every worker "
            f"with its own index, such as {_EXAMPLE}"
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{VARIABLE} is not JSON: {error}; got {text!r}") from error
    jobs = _jobs(config)
    addresses = (*jobs.get("chief", ()), *jobs["worker"])
    twice = sorted({a for a in addresses if addresses.count(a) > 1})
    if twice:
        raise SetupError(f"{VARIABLE} has one address for two workers: {', '.join(twice)}")
    return Cluster(addresses, _index(config, jobs))


def unused(environment=os.environ):
    """A line that says that TF_CONFIG names other workers, for a run without them; else None."""
    try:
        count = len(from_environment(environment).addresses)
    except SetupError:
        return None
    if count == 1:
        return None
    return (
        f"{VARIABLE} names {count} workers, but this run trains alone: all of them together need "
        "--strategy=multiworker"
    )


def _jobs(config):
    """{job: [address]} of a TF_CONFIG, checked."""
    jobs = config.get("cluster") if isinstance(config, dict) else None
    if not isinstance(jobs, dict) or "worker" not in jobs:
        raise SetupError(
            f'{VARIABLE} has no cluster with a list "worker" of addresses; expected such as '
            f"{_EXAMPLE}, got {json.dumps(config)}"
        )
    other = sorted(set(jobs) - {"chief", "worker"})
    if other == ["evaluator"]:
        raise SetupError(f"{VARIABLE}: the chief evaluates the run, so there is no job evaluator")
    if other:
        raise SetupError(
            f"{VARIABLE}: the jobs of a run are chief and worker, got also {', '.join(other)}"
        )
    for job, addresses in jobs.items():
        if not isinstance(addresses, list) or not addresses or not all(map(_is_address, addresses)):
            raise SetupError(
                f'{VARIABLE}: "{job}" must be a list of "host:port", got {json.dumps(addresses)}'
            )
    if len(jobs.get("chief", [0])) != 1:
        raise SetupError(f'{VARIABLE}: there is one "chief", got {len(jobs["chief"])}')
    return jobs


def _is_address(address):
    if not isinstance(address, str) or not re.fullmatch(r"[^\s/]+:[0-9]{1,5}", address):
        return False
    return 0 < int(address.rpartition(":")[2]) < 65536


def _index(config, jobs):
    """The index of this process among all workers."""
    task = config.get("task")
    if not isinstance(task, dict) or not {"type", "index"} <= task.keys():
        raise SetupError(
            f'{VARIABLE} has no "task" with "type" and "index", which say which worker this '
            f"process is; got {json.dumps(task)}"
        )
    job, index = task["type"], task["index"]
    if not isinstance(job, str) or job not in jobs:
        raise SetupError(
            f"{VARIABLE}: the task's type must be one of {', '.join(sorted(jobs))}, got {job!r}"
        )
    if isinstance(index, str) and re.fullmatch("[0-9]{1,9}", index):
        index = int(index)  # Shells write it as a string, and TensorFlow takes it.
    count = len(jobs[job])
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < count:
        raise SetupError(
            f"{VARIABLE}: the task's index must be from 0 to {count - 1}, one of the {count} of "
            f'"{job}", got {json.dumps(index)}'
        )
    return index + (len(jobs.get("chief", ())) if job == "worker" else 0)
