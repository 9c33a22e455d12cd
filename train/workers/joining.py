"""The strategy of several workers, once all of them have come."""

import contextlib
import ctypes
import os
import signal
import sys
import threading

import tensorflow as tf

from tfgvae import checks
from train.errors import SetupError
from train.workers import cluster as clusters
from train.workers.cluster import WAIT

PATIENCE = 5.0  # seconds until a line says which workers have not come


def join(seconds=WAIT):
    """The tf.distribute.MultiWorkerMirroredStrategy of TF_CONFIG, one per process.

    It waits until every worker has come. If one does not, the process ends with one sentence and
    status 1: TensorFlow waits in a call that Python cannot interrupt. Ctrl-C and SIGTERM end it.

    Args:
      seconds: how long to wait, at most clusters.LONGEST_WAIT.

    Raises:
      SetupError: TF_CONFIG is missing or wrong, or the port is not free, or TensorFlow was used
        before.
      ValueError: `seconds` is out of range.
    """
    seconds = checks.real("wait_for_workers", seconds, 0, clusters.LONGEST_WAIT)
    if not hasattr(join, "strategy"):
        found = clusters.from_environment()
        found.check_port()
        with _at_most(seconds, found), _interruptible(), _own_handler(signal.SIGTERM), _mortal():
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


@contextlib.contextmanager
def _at_most(seconds, found):
    """End the process if the body takes longer; before that, say what it waits for."""
    timers = [
        threading.Timer(seconds, _give_up, (seconds, found)),
        threading.Timer(PATIENCE, _say_silent, (seconds, found)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


def _write(text):
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        os.write(2, f"{text}\n".encode())


def _say_silent(seconds, found):
    names = ", ".join(map(found.describe, found.silent()))
    if names:
        _write(f"Waiting for {names}, at most {seconds:g} s (--wait_for_workers).")


def _give_up(seconds, found):
    missing = found.silent()
    if missing:
        names = ", ".join(map(found.describe, missing))
        said = f"{names} did not come within {seconds:g} s (--wait_for_workers)"
    else:
        said = (
            f"the workers did not join within {seconds:g} s (--wait_for_workers), and all of them "
            "answer: do they have the same cluster in TF_CONFIG, and the same number of devices?"
        )
    _write(f"\n{said}. Nothing was trained.")
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
def _mortal():
    """Within it SIGTERM ends the process at once: there is nothing to save yet.

    Python's handlers wait until TensorFlow's call returns, and TensorFlow sets its own, which only
    takes a note. Python sets handlers in the main thread only, hence the C library's function.
    """
    ended = threading.Event()

    def watch():
        default = ctypes.CDLL(None).signal
        default.argtypes, default.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
        while not ended.wait(0.5):
            default(signal.SIGTERM, None)  # SIG_DFL.

    thread = threading.Thread(target=watch, daemon=True)
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if thread.is_alive():
            thread.join()


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
