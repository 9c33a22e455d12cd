"""The console scripts: `tfgvae-train` is `python -m train.run`, and so on.

They run in any folder. They have a module of their own, because a file `train.py` or `export.py`
may be in the working directory, and the working directory may be on PYTHONPATH.
"""

import pathlib
import runpy
import sys

OURS = pathlib.Path(__file__).with_name("train") / "ours.py"


def _run(module):
    try:
        runpy.run_path(str(OURS))["claim"]("train", "configs", "export")
    except ImportError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def train():
    """`tfgvae-train`: see train/run.py."""
    _run("train.run")


def evaluate():
    """`tfgvae-evaluate`: see train/evaluate."""
    _run("train.evaluate")


def compare():
    """`tfgvae-compare`: see train/compare."""
    _run("train.compare")


def sweep():
    """`tfgvae-sweep`: see train/sweep."""
    _run("train.sweep")


def publish():
    """`tfgvae-publish`: see train/publish."""
    _run("train.publish")


def reproduce():
    """`tfgvae-reproduce`: see train/reproduce."""
    _run("train.reproduce")


def export():
    """`tfgvae-export`: see export/run.py."""
    _run("export.run")


def verify():
    """`tfgvae-verify`: see export/verify.py."""
    _run("export.verify")


def check():
    """`tfgvae-check`: see export/check.py."""
    _run("export.check")
