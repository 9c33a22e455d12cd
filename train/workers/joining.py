"""The strategy of several workers, once all of them have come."""

import contextlib
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time

import tensorflow as tf

from tfgvae import checks
from train.errors import SetupError, TrainError
from train.workers import cluster as clusters
from train.workers.cluster import WAIT

PATIENCE = 5.0  # seconds until a line says which workers have not come
_TELL = "import sys, time; time.sleep(float(sys.argv[1])); sys.stderr.write(sys.argv[2])"


def join(seconds=WAIT):
    """The tf.distribute.MultiWorkerMirroredStrategy of TF_CONFIG, one per process.

    It waits until every worker has come.

    Args:
      seconds: how long to wait, at most clusters.LONGEST_WAIT.

    Raises:
      SetupError: TF_CONFIG is missing or wrong, or the port is not free, or TensorFlow was used
        before.
      TrainError: a worker did not come.
      ValueError: `seconds` is out of range.
    """
    seconds = checks.real("wait_for_workers", seconds, 0, clusters.LONGEST_WAIT)
    if not hasattr(join, "strategy"):
        found = clusters.from_environment()
        _meet(found, seconds)
        with _at_most(seconds), _interruptible(), _own_handler(signal.SIGTERM):
            try:
                strategy = tf.distribute.MultiWorkerMirroredStrategy()
                # Workers with different numbers of devices would wait for each other here.
                strategy.reduce(tf.distribute.ReduceOp.SUM, tf.constant([0.0]), axis=None)
                join.strategy = strategy
            except RuntimeError as error:  # "Collective ops must be configured at startup".
                raise SetupError(f"--strategy=multiworker must come first: {error}") from error
            except tf.errors.OpError as error:
                raise SetupError(f"the workers cannot connect: {error.message}") from error
    return join.strategy


def _meet(found, seconds):
    """Wait until every other worker has answered once.

    TensorFlow's own wait holds Python's lock: no signal and no thread of Python could end it. So
    the workers meet here first. Each listens at its port until it has seen all others; from then
    on TensorFlow listens there.

    Raises:
      SetupError: the port is not free.
      TrainError: a worker did not come.
    """
    begun, told = time.monotonic(), False
    with found.listening():
        missing = found.silent()
        while missing:
            waited = time.monotonic() - begun
            names = ", ".join(map(found.describe, missing))
            if waited >= seconds:
                raise TrainError(
                    f"{names} did not come within {seconds:g} s (--wait_for_workers). Nothing was "
                    "trained."
                )
            if waited >= PATIENCE and not told:
                told = True
                print(
                    f"Waiting for {names}, at most {seconds:g} s (--wait_for_workers).",
                    file=sys.stderr,
                    flush=True,
                )
            time.sleep(0.2)
            missing = [index for index in missing if not found.answers(index)]


@contextlib.contextmanager
def _at_most(seconds):
    """End the process with status 1 if the body takes longer, also if it holds Python's lock."""
    said = (
        f"\nThe workers did not join within {seconds:g} s (--wait_for_workers), although all of "
        "them have answered. Do they have the same cluster in TF_CONFIG, and the same number of "
        "devices? Nothing was trained.\n"
    )
    # Another process writes the line, and a thread of C ends this one.
    teller = subprocess.Popen([sys.executable, "-S", "-c", _TELL, str(seconds), said])
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(seconds + 2, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            teller.kill()
            teller.wait()


@contextlib.contextmanager
def _own_handler(number):
    """Put the handler of a signal back. TensorFlow's own takes SIGTERM, and the process goes on."""
    before = signal.getsignal(number)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and before is not None:
            signal.signal(number, before)


@contextlib.contextmanager
def _interruptible():
    """Within it Ctrl-C ends the process at once, not when the call returns."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
