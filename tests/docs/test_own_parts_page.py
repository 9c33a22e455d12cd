"""The page of own parts, run as it is written: its files, its Python, its commands."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "own_parts.md"
# A block of Python, or indented commands, whose lines may go on.
PART = re.compile(r"^```python\n(.*?)^```|((?:^    [^\n]*\n)+)", re.DOTALL | re.MULTILINE)


def run(folder, *arguments):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_page_works_from_its_first_line_to_its_last(tmp_path):
    ran, printed = [], []
    for python, commands in PART.findall(PAGE.read_text()):
        file = re.match(r"# (\w+\.py)\n", python)
        if file:
            (tmp_path / file[1]).write_text(python)
        elif python:
            # What a comment says is printed.
            said = re.findall(r"^print\(.*\)  # (.*)$", python, re.MULTILINE)
            out = run(tmp_path, "-c", python).split()
            assert out[-len(said) :] == said
            printed += said
        for command in commands.replace("\\\n", " ").strip().splitlines():
            program, *arguments = shlex.split(command)
            assert program == "python"
            ran.append(arguments[1])
            run(tmp_path, *arguments)
    assert ran == ["train.run", "train.run", "train.evaluate", "export.run"]
    assert printed == ["8", "LowRank"]
    assert (tmp_path / "served" / "mine" / "1" / "saved_model.pb").exists()
