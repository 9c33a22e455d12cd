"""Writing a run folder: config.json and metrics.jsonl, whole at every moment."""

import contextlib
import fcntl
import fnmatch
import json
import os
import pathlib

from tfgvae import runs
from train.errors import SetupError

# Fields that change no number of a run: a run may go on with others, on another machine say.
FREE = ("data.data_dir", "data.download", "train.keep", "train.log_every", "pictures.*")


def write_whole(path, content):
    """Write a file of text or bytes that is there as a whole or, if the process dies, as it was."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.writing")
    content = content.encode() if isinstance(content, str) else content
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def as_json(config):
    """A ConfigDict as config.json has it: plain dicts, tuples as lists."""
    return json.loads(json.dumps(config.to_dict()))


def flatten(config, prefix=""):
    """{"train.steps": 100, ...} from nested dicts."""
    flat = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def differences(old, new):
    """Lines "key: old -> new" for the fields in which two configurations differ."""
    old, new = flatten(old), flatten(new)
    # A field that one side does not know is the same as a field left at None.
    return [
        f"{key}: {json.dumps(old.get(key))} -> {json.dumps(new.get(key))}"
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def check(folder, config):
    """Check that a run folder is new or holds a run of this configuration, but for FREE fields.

    Raises:
      SetupError: it holds a run with another configuration; each difference is shown.
    """
    old = runs.read_config(folder)
    found = [] if old is None else differences(old, as_json(config))
    changed = [line for line in found if not _free(line.partition(":")[0])]
    if changed:
        raise SetupError(
            f"{folder} holds a run with another configuration:\n  "
            + "\n  ".join(changed)
            + "\nGive another --workdir, or --overwrite_config to go on with the new one."
        )


def _free(key):
    return any(fnmatch.fnmatchcase(key, pattern) for pattern in FREE)


@contextlib.contextmanager
def lock(folder, busy="training in"):
    """Keep other processes out of a folder; the system lets go when the process dies.

    Args:
      folder: a run folder, or another that one process at a time writes.
      busy: what a process that has it is doing, for the error.

    Raises:
      SetupError: another process has it, or the folder cannot be written.
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
            pass  # Some network file systems have no locks: better to train than to refuse.
        yield


def prepare(folder, config):
    """Make the run folder and write its config.json.

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
    """metrics.jsonl: one JSON object a line, appended as whole lines.

    Args:
      folder: the run folder.
    """

    def __init__(self, folder):
        self.path = pathlib.Path(folder) / "metrics.jsonl"
        self.folder = folder

    def rewind(self, step):
        """Drop the lines after training step `step`: the run repeats them."""
        rows = [row for row in runs.read_metrics(self.folder) if row["step"] <= step]
        if self.path.exists():
            write_whole(self.path, "".join(json.dumps(row) + "\n" for row in rows))

    def append(self, step, split, metrics):
        """Add a line {"step", "split", ...}; `split` is "train", "validation" or "test"."""
        row = {"step": step, "split": split, **metrics}
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")

    def has(self, step, split):
        """Whether there is a line of that step and split."""
        return any(
            row["step"] == step and row["split"] == split for row in runs.read_metrics(self.folder)
        )
