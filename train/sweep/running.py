"""Run the cells of a sweep, each in a process of its own, and compare them."""

import os
import subprocess
import sys

from train import signals
from train.errors import Interrupted, TrainError

# What a process runs. If its parent is killed, it gets SIGTERM: PR_SET_PDEATHSIG of Linux. It asks
# for this itself, because Python code between fork and exec may wait for ever for TensorFlow's
# threads. `tfgvae_console` works beside a file train.py of the user, too.
_STARTS = """
import contextlib, ctypes, os, signal
with contextlib.suppress(AttributeError, OSError):
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != {parent}:
    raise SystemExit(128 + signal.SIGTERM)
import tfgvae_console
tfgvae_console.{command}()
"""


class CellsFailed(TrainError):
    """Some cells failed; the others are done."""


def start(command, arguments):
    """Run a console script in its own process and wait: its exit status.

    A signal is passed on, so that the run saves a checkpoint. If this process is killed, the other
    one gets SIGTERM (on Linux).

    Args:
      command: "train" or "evaluate".
      arguments: its command line.

    Raises:
      Interrupted: after a signal.
    """
    code = _STARTS.format(parent=os.getpid(), command=command)
    # A session of its own: Ctrl-C reaches it only through us, and once.
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], start_new_session=True)
    received = []

    def pass_on(number, frame):
        received.append(number)
        process.send_signal(number)

    before = signals.handle(pass_on)
    try:
        status = process.wait()
    finally:
        signals.put_back(before)
    if received:
        raise Interrupted("Interrupted. The same command goes on.", received[0])
    return status


def is_finished(cell):
    """Whether a cell's run has trained its last step and tested the model."""
    from train import configuration, flags, workdir  # These import TensorFlow.

    command = flags.parse(["train.run", *cell.arguments])
    settled = configuration.settle(command.config, command.folder, command.given, True)
    return workdir.MetricsFile(cell.folder).has(settled.config.train.steps, "test")


def run(sweep, say=print, start=start):
    """Train, evaluate and compare the cells.

    Args:
      sweep: a grid.Sweep.
      say: called with each line for the user.
      start: as `start`.

    Raises:
      CellsFailed: after all cells were tried.
      Interrupted: a signal came; the same command goes on.
    """
    failed = {}
    for number, cell in enumerate(sweep.cells, 1):
        say(f"[{number}/{len(sweep.cells)}] {cell.name}")
        if is_finished(cell):
            say("This cell is trained.")
        elif status := start("train", cell.arguments):
            failed[cell.name] = f"training ended with status {status}"
            continue
        if sweep.metrics:
            asked = (f"--workdir={cell.folder}", f"--metrics={','.join(sweep.metrics)}")
            if status := start("evaluate", asked):
                failed[cell.name] = f"evaluation ended with status {status}"
    _compare(sweep, say)
    if failed:
        lines = [f"  {name}: {said}" for name, said in failed.items()]
        raise CellsFailed(f"{len(failed)} of {len(sweep.cells)} cells failed:\n" + "\n".join(lines))


def _compare(sweep, say):
    """The table and the page of the cells that have begun."""
    from train.compare import compare

    begun = [cell.folder for cell in sweep.cells if (cell.folder / "config.json").is_file()]
    if begun:
        compare(begun, sweep.folder, "python -m train.sweep", say)
