"""train.sweep: the grid, names of cells, what is refused, failures, resuming, the comparison."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests.compare.made_runs import run_folder
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train.errors import SetupError
from train.sweep import __main__ as command
from train.sweep import grid, running


def parse(*arguments):
    return grid.parse(["train.sweep", *arguments])


def names(*arguments):
    return [cell.name for cell in parse(*arguments).cells]


def test_the_grid_in_the_order_of_the_flags(tmp_path):
    found = parse(
        "--model=vae",
        "--config.regularizer.name=kl,mmd",
        "--steps=7",
        "--config.train.learning_rate=1e-3,1e-4",
        f"--workdir={tmp_path}",
        "--metrics=log_likelihood,reconstruction",
    )
    assert [cell.name for cell in found.cells] == [
        f"regularizer={r},learning_rate={rate}" for r in ("kl", "mmd") for rate in ("1e-3", "1e-4")
    ]
    assert found.metrics == ("reconstruction", "log_likelihood")
    cell = found.cells[1]
    assert cell.folder == tmp_path / cell.name
    assert cell.arguments == (
        "--model=vae",
        "--steps=7",
        "--config.regularizer.name=kl",
        "--config.train.learning_rate=1e-4",
        f"--workdir={cell.folder}",
    )


def test_names_are_short_and_differ():
    found = parse("--model=vae,uvae", "--seed=1,2", "--metrics=none")
    assert [cell.name for cell in found.cells][1] == "model=vae,seed=2"
    assert str(found.folder) == "runs/vae-digits-sweep" and found.metrics == ()
    assert names("--model=vae", "--config.mapping.width=2,3", "--config.inference.width=4,5")[
        0
    ] == ("mapping.width=2,inference.width=4")
    # Commas belong to tuples.
    assert names("--model=vae", "--config.mapping.dense=16,8;32") == ["dense=16_8", "dense=32"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model=vae", "--config.mapping.dense=16,8"], "no flag has several values"),
        (["--model=vae", "--config.model.latnt_dim=2,3"], "config.model has no 'latnt_dim'"),
        (["--model=vae", "--seed", "0,1"], "write --seed=VALUE, with an equals sign"),
        (["--model=vae", "--seed=1,1"], "must have different values, got 1,1"),
        (["--model=vae", "--seed=1,"], "must have different values, got 1,"),
        (["--model=vae", "--seed=1,2", "--seed=3,4"], "--seed is given twice"),
        (["--seed=1,2"], "--model is required"),
        (["--model=vae", "--config.train.steps=5,many"], "steps=many: "),
        (["--model=vae", "--config.family.name=bernoulli,none"], "family=none: unknown family"),
        (["--model=vae", "--seed=1,2", "--workdir", "x"], "write --workdir=VALUE"),
        (["--model=vae", "--seed=1,2", "--metrics=fid"], "unknown metric fid"),
        (["--model=vae", "--config.data.name=a/b,a:b", "--seed=1"], "two cells have the name"),
        (["--model=vae", "--seed=" + ",".join(map(str, range(1001)))], "at most 1000 cells"),
    ],
)
def test_what_is_refused_before_anything_starts(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(running, "run", lambda sweep: pytest.fail("it started"))
    with pytest.raises(SetupError, match=message):
        parse(*arguments)
    assert command.main(["train.sweep", *arguments]) == 2
    assert message in capsys.readouterr().err


class Fake:
    """Instead of processes: makes run folders; the runs whose names are in `bad` fail."""

    def __init__(self, bad=()):
        self.bad, self.started = bad, []

    def __call__(self, kind, arguments):
        folder = next(a.partition("=")[2] for a in arguments if a.startswith("--workdir"))
        name = os.path.basename(folder)
        self.started.append((kind, name))
        if name in self.bad:
            return 1
        if kind == "train":
            seed = int(name.partition("=")[2])
            run_folder(
                pathlib.Path(folder), {"seed": seed, "train.steps": 4}, {"elbo": -1.0 * seed}
            )
        return 0


def test_a_failed_cell_does_not_stop_the_others_and_the_same_command_goes_on(tmp_path):
    sweep = parse("--model=vae", "--steps=4", "--seed=1,2,3", f"--workdir={tmp_path}")
    lines, first, again = [], Fake(bad=("seed=2",)), Fake()
    with pytest.raises(running.CellsFailed, match="1 of 3 cells failed:\n  seed=2: training") as e:
        running.run(sweep, lines.append, first)
    assert e.value.exit_code == 1
    cells = ("seed=1", "seed=3")
    assert first.started == [
        ("train", "seed=1"),
        ("evaluate", "seed=1"),
        ("train", "seed=2"),
        ("train", "seed=3"),
        ("evaluate", "seed=3"),
    ]
    said = "\n".join(lines)
    assert "[2/3] seed=2" in said and "test.elbo" in said
    assert all(name in (tmp_path / "compare.csv").read_text() for name in cells)
    running.run(sweep, lines.append, again)
    assert [name for kind, name in again.started if kind == "train"] == ["seed=2"]
    assert "seed=2" in (tmp_path / "compare.csv").read_text()
    # A longer run goes on.
    longer = parse("--model=vae", "--steps=9", "--seed=1,2,3", f"--workdir={tmp_path}")
    assert not any(map(running.is_finished, longer.cells))


def test_the_status_of_a_process():
    assert running.start("train", ["--model=vae", "--no_such_flag=1"]) == 2


TINY = [*tiny.SMALLEST, "--config.train.checkpoint_every=50", "--config.pictures.num=0"]


@pytest.mark.slow
def test_a_sweep_that_is_killed_and_goes_on(tmp_path):
    """The real processes: killed with its run, resumed, evaluated, compared."""
    arguments = [*TINY, "--steps=400", "--seed=1,2", f"--workdir={tmp_path}"]
    line = [sys.executable, "-m", "train.sweep", *arguments, "--metrics=reconstruction"]
    with open(tmp_path.with_name("said"), "w") as said:  # A pipe that nobody reads would fill.
        process = subprocess.Popen(line, cwd=tiny.ROOT, stdout=said, stderr=said)
    folder, end = tmp_path / "seed=1", time.monotonic() + 300
    while not runs.checkpoints(folder) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=120)
    assert process.returncode == 128 + signal.SIGTERM
    (step, _) = runs.checkpoints(folder)[-1]
    assert step < 400
    done = subprocess.run(line, cwd=tiny.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Resuming {folder} at step {step}." in done.stdout
    assert "reconstruction.squared_error" in (tmp_path / "compare.csv").read_text()
