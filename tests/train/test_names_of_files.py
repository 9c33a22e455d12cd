"""Names of files that are not UTF-8: a command works, or says one sentence."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from export import run as export_run
from export import verify
from tests.train import tiny_runs as tiny
from train import classifier, files, run
from train.evaluate import __main__ as evaluate
from train.reproduce import __main__ as reproduce

BAD = "r\udcff"  # The byte 255, as Python passes it.


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run of one step."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    flags = ("--steps=1", "--config.pictures.num=0")
    assert run.main(["run", *tiny.SMALLEST, f"--workdir={folder}", *flags]) == 0
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (run.main, ["run", *tiny.SMALLEST, "--steps=1", "--workdir={bad}"]),
        (run.main, ["run", "--workdir={old}"]),
        (evaluate.main, ["--workdir={old}"]),
        (evaluate.main, ["--workdir={run}", "--output={bad}"]),
        (export_run.main, ["--workdir={old}", "--name=x", "--output={new}"]),
        (export_run.main, ["--workdir={run}", "--output={bad}"]),
        (verify.main, ["{bad}"]),
        (reproduce.main, ["--experiment=propositions", "--output={bad}"]),
        (classifier.main, ["--dataset=digits", "--output={bad}.keras"]),
    ],
)
def test_folders_of_such_names_are_refused(trained, tmp_path, capsys, main, arguments):
    old = shutil.copytree(trained, tmp_path / f"old{BAD}")
    before = sorted(path.name for path in tmp_path.iterdir())
    places = {"bad": tmp_path / BAD, "old": old, "run": trained, "new": tmp_path / "new"}
    assert main([argument.format(**places) for argument in arguments]) in (1, 2)
    error = capsys.readouterr().err.strip()
    assert "must be UTF-8, got b'" in error and "r\\xff" in error and len(error.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", ["{bad}/train/0.png", "train/{bad}/0.png", "train/{bad}.png"])
def test_images_of_such_names_are_refused(tmp_path, capsys, place):
    path = tmp_path / place.format(bad=BAD)
    path.parent.mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)
    folder = path.parent.parent if place.startswith("{bad}") else tmp_path
    flags = [f"--dataset=folder:{folder}", f"--workdir={tmp_path / 'run'}"]
    assert run.main(["run", *tiny.SMALLEST, *flags]) == 2
    error = capsys.readouterr().err.strip()
    assert "the name of an image file must be UTF-8" in error and "\\xff" in error


@pytest.mark.slow
def test_other_files_of_such_names_are_ignored(tmp_path):
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        (tmp_path / split / f"{BAD}.txt").touch()
        for i in range(8):
            Image.fromarray(np.full((8, 8), i, np.uint8)).save(tmp_path / split / f"é{i}.png")
    flags = ["--steps=1", "--config.pictures.num=0", f"--dataset=folder:{tmp_path}"]
    assert run.main(["run", *tiny.SMALLEST, *flags, f"--workdir={tmp_path / 'é'}"]) == 0


def test_a_name_is_printed_to_an_output_that_takes_utf_8_only():
    program = (
        "from train.errors import exit_status; import sys;"
        "sys.exit(exit_status(lambda: print('r\\udcff')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tiny.ROOT,
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT), "PYTHONIOENCODING": "utf-8:strict"},
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"r\\udcff\n", b"")


def test_a_text_with_such_a_name_is_written(tmp_path):
    files.write_whole(tmp_path / "page.html", f"--data_dir={BAD}")
    assert (tmp_path / "page.html").read_bytes() == b"--data_dir=r\\udcff"
