"""Folders left by killed processes go away; a folder in use, and one of somebody else, stay."""

import errno
import fcntl
import os
import subprocess
import sys
import time

import pytest

from tests.train import tiny_runs as tiny
from train import unfinished

NAME = ".writing-" + "0123456789abcdef" * 2
# Makes a folder and waits.
PROGRAM = """
import sys
from train import unfinished
with unfinished.new_folder(sys.argv[1], ".writing-") as folder:
    (folder / "file").write_text("half")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def left(parent, name=NAME, content=("file", "file.tmp0123")):
    """A folder as a killed process leaves it."""
    folder = parent / name
    folder.mkdir()
    for file in content:
        (folder / file).write_text("half")
    return folder


def remove(parent):
    unfinished.remove_left(parent, ".writing-", {"file"})
    return {path.name for path in parent.iterdir()}


def test_the_folder_of_a_running_process_stays_and_that_of_a_killed_one_goes(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    name = process.stdout.readline().strip()
    left(tmp_path)
    assert remove(tmp_path) == {name}
    process.kill()
    process.communicate()
    assert (tmp_path / name / "file").exists()
    assert remove(tmp_path) == set()


def test_what_is_not_ours_stays(tmp_path):
    left(tmp_path, NAME + "0")
    left(tmp_path, ".writing-notes")
    left(tmp_path, content=("file", "letter.txt"))
    (tmp_path / (NAME[:-1] + "0")).symlink_to(tmp_path)
    (tmp_path / (NAME[:-1] + "1")).write_text("a file")
    before = {path.name for path in tmp_path.iterdir()}
    assert remove(tmp_path) == before and len(before) == 5


@pytest.mark.parametrize(("age", "stays"), [(0.5, True), (1.5, False)])
def test_without_locks_a_folder_stays_for_a_day(tmp_path, monkeypatch, age, stays):
    def no_locks(handle, operation):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    folder = left(tmp_path)
    with unfinished.new_folder(tmp_path, ".writing-") as own:
        then = time.time() - age * unfinished.DAY
        for path in (*folder.iterdir(), folder):
            os.utime(path, (then, then))
        assert remove(tmp_path) == ({NAME} if stays else set()) | {own.name}


def test_an_error_in_the_body_removes_the_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), unfinished.new_folder(tmp_path, ".writing-") as folder:
        (folder / "file").write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    names, make = iter(["a", "b"]), unfinished.held

    def removed_first(path):
        if path.name == "a":
            path.rmdir()
        return make(path)

    monkeypatch.setattr(unfinished, "new_name", lambda prefix: next(names))
    monkeypatch.setattr(unfinished, "held", removed_first)
    with unfinished.new_folder(tmp_path, ".writing-") as folder:
        assert folder.name == "b" and folder.is_dir()
