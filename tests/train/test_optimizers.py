"""Clipping acts on the summed gradient; schedules have the right values."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.train import tiny_runs as tiny
from train import optimizers


def step(strategy, optimizer_options, batch):
    """The weights after one step of a linear model on `batch`, split over the replicas."""
    with strategy.scope():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "linear")])
        model.layers[0].kernel.assign([[1.0], [2.0]])
        train = tiny.config(learning_rate=0.5, **optimizer_options).train
        model.compile(optimizers.make(train), "mse", jit_compile=False)
    data = tf.data.Dataset.from_tensor_slices((batch, np.zeros([len(batch), 1], np.float32)))
    model.fit(data.batch(len(batch)), verbose=0, shuffle=False)
    return np.concatenate([np.ravel(w) for w in model.get_weights()])


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_clipping_on_two_replicas_equals_clipping_on_one(name, mirrored):
    # The halves of the batch have gradients of opposite directions and different norms.
    batch = np.array([[5, 1], [3, 0], [-1, 2], [0.5, -4]], np.float32)
    options = {"optimizer": name, "clip_norm": 0.1}
    one = step(tf.distribute.get_strategy(), options, batch)
    two = step(mirrored, options, batch)
    np.testing.assert_allclose(two, one, atol=1e-6)
    if name == "sgd":
        moved = one - [1.0, 2.0, 0.0]
        np.testing.assert_allclose(np.linalg.norm(moved), 0.5 * 0.1, rtol=1e-5)


def test_a_small_gradient_is_not_clipped():
    batch = np.array([[0.1, 0.1]], np.float32)
    strategy = tf.distribute.get_strategy()
    clipped = step(strategy, {"optimizer": "sgd", "clip_norm": 1e6}, batch)
    plain = step(strategy, {"optimizer": "sgd"}, batch)
    np.testing.assert_allclose(clipped, plain, rtol=1e-6)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("warmup", [0, 10])
def test_schedules(schedule, warmup):
    train = tiny.config(schedule=schedule, warmup_steps=warmup, steps=110, learning_rate=0.5).train
    rate = optimizers.make(train)._learning_rate
    at = (lambda n: float(rate(n))) if callable(rate) and warmup + (schedule == "cosine") else None
    if at is None:
        assert float(rate) == 0.5
        return
    if warmup:
        assert at(0) == 0.0 and at(5) == pytest.approx(0.25)
    assert at(warmup) == pytest.approx(0.5)
    assert at(110) == pytest.approx(0.0 if schedule == "cosine" else 0.5, abs=1e-6)


NUMBERS = ("learning_rate", "clip_norm", "weight_decay", "ema_momentum")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", 0.0),
        ("clip_norm", -1.0),
        ("weight_decay", -1.0),
        ("warmup_steps", -1),
        ("optimizer", "adm"),
        *((field, float(value)) for field in NUMBERS for value in ("nan", "inf")),
    ],
)
def test_bad_settings(field, value):
    with pytest.raises(ValueError, match=field):
        optimizers.make(tiny.config(**{field: value}).train)


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_clipping_optimizers_are_saved_and_loaded(name):
    made = optimizers.make(tiny.config(optimizer=name, clip_norm=2.0).train)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert type(again) is type(made) and again.global_clipnorm == 2.0
