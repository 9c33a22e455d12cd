"""train.select = "best": which checkpoint is kept, who takes it, and that resuming keeps it."""

import numpy as np
import pytest

from configs.check import check
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import workdir
from train.datasets import Datasets
from train.loop import train_and_evaluate
from train.opened import open_run
from train.selection import Best


def silent(line):
    pass


def selecting(**train):
    config = tiny.config(**{"validation": 0.1, "select": "best", **train})
    config.pictures.num = 0
    return config


# --- which checkpoint ---------------------------------------------------------------------------


class Folder:
    """A run folder whose checkpoints are text files."""

    def __init__(self, path):
        self.path, self.best = path, Best(path)
        self.metrics = workdir.MetricsFile(path)
        (path / "checkpoints").mkdir()

    def step(self, step, value, keep=1):
        self.metrics.append(step, "validation", {"elbo": value})
        runs.checkpoint_path(self.path, step).write_text(f"weights {step}")
        for _, old in runs.checkpoints(self.path)[:-keep]:
            old.unlink()

    def kept(self):
        """{step: content} of the best checkpoints."""
        return {step: path.read_text() for step, path in runs.best_checkpoints(self.path)}


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_the_best_is_kept_when_its_own_file_is_gone(folder):
    assert folder.best.update(0) is None and folder.kept() == {}
    for step, value, best in ((1, -5.0, 1), (2, -3.0, 2), (3, -4.0, 2), (4, None, 2), (5, -3.0, 2)):
        folder.step(step, value)
        assert folder.best.update(step)[0] == best
        assert folder.kept() == {best: f"weights {best}"}
    assert [step for step, _ in runs.checkpoints(folder.path)] == [5]


def test_a_kill_between_the_checkpoint_and_the_best_is_made_good(folder):
    folder.step(1, -5.0)
    folder.best.update(1)
    folder.step(2, -3.0)  # Killed here.
    assert folder.best.update(2)[0] == 2 and folder.kept() == {2: "weights 2"}


def test_a_run_that_goes_back_forgets_what_came_after(folder):
    folder.step(1, -5.0, keep=2)
    folder.best.update(1)
    folder.step(2, -3.0, keep=2)
    folder.best.update(2)
    folder.metrics.rewind(1)  # The checkpoint of step 2 was damaged.
    assert folder.best.update(1)[0] == 1 and folder.kept() == {1: "weights 1"}


def test_the_bound_of_the_objective_comes_first(folder):
    for step, (bound, elbo) in enumerate([(-3.0, -9.0), (-4.0, -8.0)], 1):
        folder.step(step, elbo, keep=2)
        rows = runs.read_metrics(folder.path)
        rows[-1]["bound"] = bound
        folder.metrics.rewind(0)
        for row in rows:
            folder.metrics.append(**{"metrics": row, "step": row["step"], "split": row["split"]})
    assert folder.best.update(2)[0] == 1


# --- a run --------------------------------------------------------------------------------------


def test_validation_images_are_neither_trained_nor_tested_on():
    config = selecting()
    data = Datasets(config)
    plain = Datasets(tiny.config())
    aside, rest = data.validation_info.num_examples, data.training_info.num_examples
    assert aside == round(0.1 * plain.training_info.num_examples)
    assert aside + rest == plain.training_info.num_examples
    assert plain.validation_info == plain.test_info == data.test_info


def weights_of(model):
    return [np.array(w) for w in model.trainable_weights]


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ema", [None, pytest.param(0.5, marks=pytest.mark.slow)])
def test_everything_takes_the_best_and_a_longer_run_the_last(tmp_path, ema):
    """A learning rate that destroys the model after the first validation; then two steps more."""
    config = selecting(steps=4, keep=1, learning_rate=1.0, clip_norm=100.0, ema_momentum=ema)
    lines = []
    model, metrics = train_and_evaluate(config, tmp_path, "one", say=lines.append)
    rows = {r["step"]: r["elbo"] for r in runs.read_metrics(tmp_path) if r["split"] == "validation"}
    best = max(rows, key=rows.get)
    assert set(rows) == {2, 4}
    assert [step for step, _ in runs.checkpoints(tmp_path)] == [4]
    ((kept, path),) = runs.best_checkpoints(tmp_path)
    assert kept == best and f"Selected: step {best}, validation elbo" in "\n".join(lines)
    opened = open_run(tmp_path)
    assert opened.checkpoint["step"] == best
    for other in (runs.load(tmp_path), runs.load(tmp_path, best), runs.load(path), opened.model):
        assert_same(weights_of(other), weights_of(model))
    assert runs.load(tmp_path, 4) is not None and metrics["elbo"] is not None
    if best != 4:
        assert any(
            (a != b).any()
            for a, b in zip(weights_of(runs.load(tmp_path, 4)), weights_of(model), strict=True)
        )


@pytest.mark.slow
def test_a_run_in_two_sittings_selects_the_same(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train_and_evaluate(selecting(steps=6), whole, "one", say=silent)
    for steps in (2, 6):
        train_and_evaluate(selecting(steps=steps), parts, "one", say=silent)
    assert runs.best_checkpoints(whole)[0][0] == runs.best_checkpoints(parts)[0][0]
    assert_same(weights_of(runs.load(parts)), weights_of(runs.load(whole)))


@pytest.mark.parametrize(
    ("train", "message"),
    [
        ({"validation": 0.0}, "--config.train.validation=0.1"),
        ({"validation": 0.7}, "train.validation must be from 0 to 0.5, got 0.7"),
        ({"validation": float("nan")}, "train.validation must be from 0 to 0.5"),
        ({"select": "first"}, "train.select must be one of last, best, got 'first'"),
    ],
)
def test_what_is_refused(train, message):
    with pytest.raises(ValueError, match=message):
        check(selecting(**train))
