"""The strategy of several workers, once all of them have come."""

import contextlib
import os
import signal
import sys
import threading

import tensorflow as tf

from train.errors import SetupError
from train.workers import cluster as clusters
from train.workers.cluster import WAIT


def join(seconds=WAIT):
    """The tf.distribute.MultiWorkerMirroredStrategy of TF_CONFIG, one per process.

    It waits until every worker has come. If one does not, the process ends with one sentence and
    status 1: TensorFlow waits in a call that Python cannot interrupt.

    Args:
      seconds: how long to wait.

    Raises:
      SetupError: TF_CONFIG is missing or wrong, or the port is not free, or TensorFlow was used
        before.
    """
    if not hasattr(join, "strategy"):
        found = clusters.from_environment()
        found.check_port()
        with _at_most(seconds, found), _interruptible(), _own_handler(signal.SIGTERM):
            try:
                join.strategy = tf.distribute.MultiWorkerMirroredStrategy()
            except RuntimeError as error:  # "Collective ops must be configured at startup".
                raise SetupError(f"--strategy=multiworker must come first: {error}") from error
            except tf.errors.OpError as error:
                raise SetupError(f"the workers cannot connect: {error.message}") from error
    return join.strategy


@contextlib.contextmanager
def _at_most(seconds, found):
    """End the process if the body takes longer."""
    timer = threading.Timer(seconds, _give_up, (seconds, found))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up(seconds, found):
    missing = found.silent()
    if missing:
        names = ", ".join(map(found.describe, missing))
        said = f"{names} did not come within {seconds:g} s (--wait_for_workers)"
    else:
        said = (
            f"the workers did not join within {seconds:g} s (--wait_for_workers), and all of them "
            "answer: do they have the same cluster in TF_CONFIG?"
        )
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        os.write(2, f"\n{said}. Nothing was trained.\n".encode())
    os._exit(1)


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
