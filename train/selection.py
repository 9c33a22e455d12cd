"""train.select: which checkpoint a run gives: the last, or the one with the best validation bound.

The rows "validation" of metrics.jsonl decide, so that a run that was killed at any moment, and
resumed, has the same best checkpoint. Among equal bounds the earliest is the best.
"""

import os
import pathlib
import shutil

from tfgvae import runs

SELECT = ("last", "best")
# The bound on log p(x): that of the objective if it has its own, else the ELBO.
BOUNDS = ("bound", "elbo")


def bound_of(row):
    """(name, value) of the bound in a row of metrics; None if it is not finite."""
    name = next((name for name in BOUNDS if name in row), BOUNDS[-1])
    return name, row.get(name)


class Best:
    """checkpoints/best_STEP.keras of a run folder.

    Args:
      folder: the run folder.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def update(self, step):
        """Keep the best of the checkpoints up to training step `step`; remove another one.

        The file is a second name of a checkpoint's file, which takes no space while both exist.

        Returns:
          (step, row) of the best one, or None before the first validation.
        """
        kept = {s: path for s, path in runs.best_checkpoints(self.folder) if s <= step}
        own = {s: path for s, path in runs.checkpoints(self.folder) if s <= step}
        rows = {}
        for row in runs.read_metrics(self.folder):
            if row["split"] == "validation" and row["step"] in {*kept, *own}:
                rows[row["step"]] = row
        values = {s: bound_of(row)[1] for s, row in rows.items()}
        known = [s for s, value in sorted(values.items()) if value is not None]
        if not known:
            return None
        best = max(known, key=lambda s: values[s])
        target = runs.best_path(self.folder, best)
        if best not in kept:
            _second_name(own[best], target)
        for _, path in runs.best_checkpoints(self.folder):
            if path != target:
                path.unlink(missing_ok=True)
        return best, rows[best]


def _second_name(path, target):
    """Give a file a second name, at once; a copy where the file system has no hard links."""
    temporary = target.with_name(f".{target.name}.writing")
    temporary.unlink(missing_ok=True)
    try:
        os.link(path, temporary)
    except OSError:
        shutil.copyfile(path, temporary)
    os.replace(temporary, target)
