"""Write a run folder: config.json and metrics.jsonl, both complete at all times."""

import contextlib
import fcntl
import json
import pathlib

from tfgvae import runs
from train.configuration import as_json
from train.errors import SetupError
from train.files import write_whole


@contextlib.contextmanager
def lock(folder, busy="training in"):
    """Lock a folder against other processes. The lock ends with the process.

    Args:
      folder: a run folder, or another one that only one process at a time may write.
      busy: what the process with the lock is doing, for the error of the others.

    Raises:
      SetupError: another process has the lock, or the folder cannot be written.
    """
    path = pathlib.Path(folder) / ".lock"
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(path, "a"))
        except OSError as error:
            raise SetupError(f"cannot write the run folder {folder}: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SetupError(
                f"another process is {busy} {folder}: wait for it, or give another folder"
            ) from error
        except OSError:
            pass  # Some network file systems have no locks: train without one.
        yield


def prepare(folder, config):
    """Create the run folder and write its config.json.

    Raises:
      SetupError: the folder cannot be written.
    """
    folder = pathlib.Path(folder)
    new = as_json(config)
    try:
        for name in ("checkpoints", "samples", "tensorboard"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if runs.read_config(folder) != new:
            write_whole(folder / "config.json", json.dumps(new, indent=2) + "\n")
    except OSError as error:
        raise SetupError(f"cannot write the run folder {folder}: {error}") from error


class MetricsFile:
    """metrics.jsonl: one JSON object per line.

    Args:
      folder: the run folder.
    """

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "metrics.jsonl"
        self.folder = folder

    def rewind(self, step):
        """Drop the lines after training step `step`: the run repeats these steps."""
        rows = [row for row in runs.read_metrics(self.folder) if row["step"] <= step]
        if self.path.exists():
            write_whole(self.path, "".join(json.dumps(row) + "\n" for row in rows))

    def append(self, step, split, metrics):
        """Add a line {"step", "split", ...}; `split` is "train", "validation" or "test"."""
        row = {"step": step, "split": split, **metrics}
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")

    def has(self, step, split):
        """Whether there is a line with this step and split."""
        return any(
            row["step"] == step and row["split"] == split for row in runs.read_metrics(self.folder)
        )
