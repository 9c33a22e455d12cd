"""Remove old versions of a model."""

import contextlib
import os
import pathlib
import shutil

from export import labels, reference
from export.layout import CARD, EXTRA, FILES, REMOVING, WARMUP, read_card, versions
from train import unfinished

_EXTRA_FILES = {CARD, WARMUP, reference.FILE}


def _is_ours(folder):
    """Whether an export wrote this version folder, and everything in it."""
    if folder.is_symlink() or not folder.is_dir() or not (folder / EXTRA).is_dir():
        return False
    try:
        card = read_card(folder)
    except ValueError:
        return False
    if not isinstance(card, dict) or not {"signatures", "libraries", "exported_at"} <= set(card):
        return False
    return set(os.listdir(folder)) <= FILES and set(os.listdir(folder / EXTRA)) <= _EXTRA_FILES


def prune(base, keep):
    """Remove all but the newest `keep` versions that exports wrote.

    A version is renamed first, so a server never sees half of one. Other folders stay, and so do
    versions to which somebody added a file, and versions with a label.

    Args:
      base: the model's folder, DIR/NAME.
      keep: an integer >= 1.

    Returns:
      The removed folders.

    Raises:
      ValueError: keep < 1.
    """
    if keep < 1:
        raise ValueError(f"--keep must be >= 1, got {keep}")
    base, removed = pathlib.Path(base), []
    labelled = set(labels.read(base).values())
    ours = [n for n in versions(base) if _is_ours(base / str(n))]
    for folder in [base / str(n) for n in ours[:-keep] if n not in labelled]:
        aside = base / unfinished.new_name(REMOVING)
        # Another export may be faster.
        with contextlib.suppress(FileNotFoundError), unfinished.held(folder):
            os.rename(folder, aside)
            shutil.rmtree(aside)
            removed.append(folder)
    return removed
