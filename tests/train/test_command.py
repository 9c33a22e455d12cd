"""The command, killed in many ways: an interrupted run ends as an uninterrupted one."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import time

import keras
import numpy as np
import pytest

import tfgvae.models  # noqa: F401
from tests.train import tiny_runs as tiny
from tfgvae import runs

STEPS = 300
RUN = (
    f"--steps={STEPS}",
    "--config.train.checkpoint_every=100",
    "--config.train.log_every=5",
    "--config.pictures.num=0",
)


def wait_until(process, happened, seconds=120):
    """Poll until `happened()`; fail if the process ends before, or after `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, f"it ended first: {process.communicate()}"
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.001)


def logged(folder):
    """The last training step in metrics.jsonl."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return max((row["step"] for row in runs.read_metrics(folder)), default=0)
    return 0


def writing(folder):
    """Whether a checkpoint is being written."""
    return any((folder / "checkpoints" / ".writing").glob("*"))


def finish(process, status=0):
    out, err = process.communicate(timeout=180)
    assert process.returncode == status, out + err
    assert "Traceback" not in err, err
    return out + err


def kill(folder, happened, *arguments):
    process = tiny.start(f"--workdir={folder}", *RUN, *arguments)
    wait_until(process, happened)
    process.kill()
    process.communicate()


def weights(folder):
    """All variables of the last checkpoint, the optimizer's too."""
    model = keras.models.load_model(runs.checkpoint_path(folder, STEPS))
    return [np.array(v) for v in (*model.variables, *model.optimizer.variables)]


def history(folder):
    """metrics.jsonl without what depends on the clock."""
    rows = runs.read_metrics(folder)
    return [{k: v for k, v in row.items() if k != "images_per_second"} for row in rows]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A function that waits for an undisturbed run, which goes on meanwhile; gives its folder."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    process = tiny.start(f"--workdir={folder}", *RUN)

    @functools.cache
    def wait():
        out = finish(process)
        assert "Test set: " in out and f"Run folder: {folder}" in out
        return folder

    yield wait
    process.kill()


def assert_same_run(folder, undisturbed):
    for a, b in zip(weights(folder), weights(undisturbed), strict=True):
        np.testing.assert_array_equal(a, b)
    steps = [(row["step"], row["split"]) for row in history(folder)]
    assert len(steps) == len(set(steps))


@pytest.mark.slow
def test_sigterm_then_sigkill_then_the_end(undisturbed, tmp_path):
    process = tiny.start(f"--workdir={tmp_path}", *RUN)
    wait_until(process, lambda: logged(tmp_path) >= 5)
    process.send_signal(signal.SIGTERM)
    out = finish(process, 143)
    assert "SIGTERM" in out and "resumes" in out
    step, _ = runs.checkpoints(tmp_path)[-1]
    assert f"at step {step}" in out
    kill(tmp_path, lambda: logged(tmp_path) >= step + 15)
    out = finish(tiny.start(f"--workdir={tmp_path}", *RUN))
    assert "Resuming" in out
    assert_same_run(tmp_path, undisturbed())


@pytest.mark.slow
def test_a_closed_terminal_ends_a_run_after_a_checkpoint(tmp_path):
    ours, theirs = os.openpty()
    folder = tmp_path / "run"
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *tiny.command(f"--workdir={folder}", *RUN, "--steps=5000")],
        cwd=tiny.ROOT,
        env={**os.environ, "PYTHONPATH": str(tiny.ROOT)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    wait_until(process, lambda: logged(folder) >= 5)
    os.close(ours)  # The kernel sends SIGHUP.
    process.wait(timeout=60)
    step, path = runs.checkpoints(folder)[-1]
    assert 5 <= step < 5000 and runs.damage(path) is None


@pytest.mark.slow
def test_sigkill_at_several_moments(undisturbed, tmp_path):
    kill(tmp_path, lambda: (tmp_path / "config.json").exists())
    kill(tmp_path, lambda: logged(tmp_path) >= 10)
    kill(tmp_path, lambda: writing(tmp_path))
    kill(tmp_path, lambda: runs.checkpoints(tmp_path) != [])
    kill(tmp_path, lambda: logged(tmp_path) >= 150)
    finish(tiny.start(f"--workdir={tmp_path}", *RUN))
    assert_same_run(tmp_path, undisturbed())
    assert history(tmp_path) == history(undisturbed())


@pytest.mark.slow
def test_sigkill_while_checkpoints_are_written(tmp_path):
    often = (
        "--workdir=" + str(tmp_path),
        "--steps=400",
        "--config.train.checkpoint_every=1",
        "--config.pictures.num=0",
    )
    for _ in range(4):
        process = tiny.start(*often)
        wait_until(process, lambda: writing(tmp_path))
        process.kill()
        process.communicate()
        assert all(runs.damage(path) is None for _, path in runs.checkpoints(tmp_path))
    process = tiny.start(*often)
    wait_until(process, lambda: len(runs.checkpoints(tmp_path)) == 3)
    process.send_signal(signal.SIGINT)
    assert "The same command resumes" in finish(process, 130)
    assert not writing(tmp_path)
