"""Commands away from the project, and environments from PyPI that do not have it."""

import functools
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest

# What would lead a Python there to this process's packages.
HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def _hidden():
    return {name: value for name, value in os.environ.items() if name not in HIDDEN}


def run(*command, folder):
    """Run a command in `folder`, away from the project: what it printed."""
    done = subprocess.run(command, cwd=folder, env=_hidden(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@functools.cache
def python_with(*packages):
    """The interpreter of a new environment with these packages; its programs are beside it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="environment-"))
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "-q", *packages]
    done = subprocess.run(install, env=_hidden(), capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot install {packages}: {done.stderr.strip().splitlines()[-1]}")
    return python
