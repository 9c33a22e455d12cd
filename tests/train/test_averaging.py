"""Averages of the weights: their recurrence, their use, saving, resuming and loading."""

import itertools
import os
import signal

import keras
import numpy as np
import pytest

import configs
import tfgvae
from tests.train import tiny_runs as tiny
from tfgvae import runs
from train import build, optimizers, strategies
from train.callbacks import Clock
from train.checkpoints import Checkpoints
from train.datasets import Datasets
from train.errors import Interrupted, SetupError, TrainError
from train.loop import train_and_evaluate
from train.workdir import MetricsFile

STEPS = 5  # Two fits: steps 1 to 4 in intervals of 2, and step 5.
MOMENTUM = 0.7


def config(**train):
    made = tiny.config(**{"steps": STEPS, "clip_norm": 0.5, "ema_momentum": MOMENTUM, **train})
    made.mapping.update(name="mlp", width=None)  # traced in half the time
    return made


def silent(line):
    pass


def values(variables):
    return [np.array(v) for v in variables]


def assert_equal(first, second, **tolerance):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, **{"rtol": 0, "atol": 0, **tolerance})


def recurrence(weights):
    """[a_1, a_2, ...] of [w_1, w_2, ...], where a_t = m a_{t-1} + (1 - m) w_t.

    Keras sets a_1 = w_1, the weights after the first step, so no start at zero must be corrected.
    """
    averages = [weights[0]]
    for w in weights[1:]:
        pairs = zip(averages[-1], w, strict=True)
        averages.append([MOMENTUM * a + (1 - MOMENTUM) * b for a, b in pairs])
    return averages


class Observed:
    """A run's `model`, `metrics`, `folder`, and weights by step.

    weights[t - 1]: the raw ones after step t; drawn[t]: those that the pictures of step t showed.
    """

    def __init__(self, folder, config, strategy="one"):
        self.folder, self.weights, self.drawn = folder, [], {}
        count = Clock.on_train_batch_end

        def note(clock, batch, logs=None):
            count(clock, batch, logs)
            self.weights.append(values(clock.model.trainable_variables))

        def draw(model, step, **_):
            self.drawn[step] = values(model.trainable_variables)
            return []

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Clock, "on_train_batch_end", note)
            patch.setattr("train.pictures.draw", draw)
            self.model, self.metrics = train_and_evaluate(config, folder, strategy, say=silent)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory):
    return Observed(tmp_path_factory.mktemp("averaged"), config())


def restored(folder, step):
    """(raw weights, averages) of a checkpoint, as a resume has them."""
    made = config()
    model = build.compiled(made, Datasets(made).training_info)
    Checkpoints(folder, 3).restore(model, runs.checkpoint_path(folder, step), step)
    weights = values(model.trainable_variables)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return weights, values(model.trainable_variables)


def test_checkpoints_have_the_weights_and_the_averages_of_the_recurrence(averaged):
    expected = recurrence(averaged.weights)
    for step in (2, 4, 5):
        weights, averages = restored(averaged.folder, step)
        assert_equal(weights, averaged.weights[step - 1])
        assert_equal(averages, expected[step - 1], atol=1e-6)
        assert any((a != w).any() for a, w in zip(averages, weights, strict=True))


def test_pictures_evaluation_and_the_returned_model_have_the_averages(averaged):
    for step in (2, 4, 5):
        assert_equal(averaged.drawn[step], restored(averaged.folder, step)[1])
    assert_equal(values(averaged.model.trainable_variables), averaged.drawn[STEPS])
    model, metrics = train_and_evaluate(config(), averaged.folder, "one", say=silent)
    assert metrics is None  # It had finished.
    assert_equal(values(model.trainable_variables), averaged.drawn[STEPS])


def test_metrics_are_those_of_a_model_with_the_averages(averaged):
    rows = {(r["step"], r["split"]): r for r in runs.read_metrics(averaged.folder)}
    data = Datasets(config())
    model = build.compiled(config(), data.training_info)
    for step, split, count in ((2, "validation", 16), (4, "validation", 16), (5, "test", None)):
        count = count or data.test_info.num_examples
        for variable, value in zip(model.trainable_variables, averaged.drawn[step], strict=True):
            variable.assign(value)
        size = strategies.evaluation_batch_size(count, config().train.batch_size, 1)
        batches = data.evaluation(model.family, size, count)
        found = model.evaluate(batches, verbose=0, return_dict=True)
        row = {name: rows[step, split][name] for name in found}
        assert row == pytest.approx(found, rel=1e-5)


@pytest.mark.slow
def test_training_is_the_same_without_averages(averaged, tmp_path):
    plain = Observed(tmp_path, config(ema_momentum=None))
    for a, b in zip(plain.weights, averaged.weights, strict=True):
        assert_equal(a, b)
    assert_equal(values(plain.model.trainable_variables), plain.weights[-1])
    assert_equal(values(tfgvae.load(tmp_path).trainable_variables), plain.weights[-1])


def assert_resumes_as(whole, folder):
    """Finish the run in `folder`: it ends as the run `whole`, bit for bit."""
    model, metrics = train_and_evaluate(config(), folder, "one", say=silent)
    assert metrics == whole.metrics
    assert_equal(values(model.trainable_variables), values(whole.model.trainable_variables))
    assert_equal(values(model.optimizer.variables), values(whole.model.optimizer.variables))
    assert_equal(restored(folder, STEPS)[0], whole.weights[-1])


@pytest.mark.parametrize(
    ("split", "saved"),
    [
        pytest.param("train", 3, marks=pytest.mark.slow),
        ("validation", 4),
    ],
)
def test_a_run_stopped_by_a_signal_resumes_exactly(averaged, tmp_path, monkeypatch, split, saved):
    """In the middle of an interval, and while the model has the averages."""
    append = MetricsFile.append

    def kill(self, step, row_split, metrics):
        append(self, step, row_split, metrics)
        if (step, row_split) == (saved, split):
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        patch.setattr(MetricsFile, "append", kill)
        patch.setattr("train.pictures.draw", lambda *_, **__: [])
        with pytest.raises(Interrupted):
            train_and_evaluate(config(), tmp_path, "one", say=silent)
    assert_equal(restored(tmp_path, saved)[0], averaged.weights[saved - 1])
    monkeypatch.setattr("train.pictures.draw", lambda *_, **__: [])
    assert_resumes_as(averaged, tmp_path)


@pytest.mark.slow
def test_an_error_while_the_model_has_the_averages_saves_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError("no space")

    monkeypatch.setattr("train.pictures.draw", fail)
    with pytest.raises(TrainError, match="no space"):
        train_and_evaluate(config(), tmp_path, "one", say=silent)
    assert runs.checkpoints(tmp_path) == []


LOADED = [
    *(
        pytest.param(recipe, {}, marks=() if recipe in ("vae", "seqvae") else pytest.mark.slow)
        for recipe in configs.RECIPES
    ),
    ("gvae", {"regularizer.name": "adversarial", "train.schedule": "cosine"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "fields"), LOADED)
def test_load_gives_the_averages(tmp_path, recipe, fields, tiny_config):
    made = tiny_config(recipe, ema_momentum=MOMENTUM)
    made.update_from_flattened_dict(fields)
    model = build.compiled(made, Datasets(made).training_info)
    optimizer, random = model.optimizer, np.random.default_rng(0)
    pairs = (model.trainable_variables, optimizer._model_variables_moving_average)
    for variable in itertools.chain(*pairs):  # No two are equal: a wrong order would be seen.
        variable.assign(random.normal(size=variable.shape))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "config.json").write_text("{}")
    Checkpoints(tmp_path, 1).save(model, 7)
    raw = keras.models.load_model(runs.checkpoint_path(tmp_path, 7), compile=False)
    for found, expected in zip((raw, tfgvae.load(tmp_path)), pairs, strict=True):
        assert_equal(values(found.trainable_variables), values(expected))


def test_load_of_a_run(averaged):
    for step in (2, STEPS):
        loaded = tfgvae.load(averaged.folder, step)
        assert_equal(values(loaded.trainable_variables), averaged.drawn[step])


@pytest.mark.parametrize("momentum", [0.0, 1.0, -0.5, float("nan")])
def test_a_bad_momentum_is_refused(tmp_path, momentum):
    with pytest.raises(SetupError, match=r"ema_momentum must be > 0 and < 1"):
        train_and_evaluate(config(ema_momentum=momentum), tmp_path / "run", "one", say=silent)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
@pytest.mark.parametrize("clip_norm", [None, 2.0])
def test_every_optimizer_keeps_averages(name, clip_norm):
    made = optimizers.make(config(optimizer=name, clip_norm=clip_norm).train)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert type(again) is type(made) and again.use_ema and again.ema_momentum == MOMENTUM


@pytest.mark.slow
def test_two_replicas_average_as_one(mirrored, tmp_path):
    made = config(optimizer="sgd", learning_rate=0.1, steps=3)
    one = Observed(tmp_path / "one", made)
    two = Observed(tmp_path / "two", made, mirrored)
    assert_equal(two.weights[-1], one.weights[-1], atol=1e-6)
    expected = recurrence(two.weights)
    assert_equal(two.drawn[2], expected[1], atol=1e-6)
    assert_equal(two.drawn[3], expected[2], atol=1e-6)
    for variable, value in zip(two.model.trainable_variables, two.drawn[3], strict=True):
        for replica in variable.value.values:
            np.testing.assert_array_equal(replica.numpy(), value)
