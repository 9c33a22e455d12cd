"""Loss scaling: exact where nothing overflows, a skipped step where something does."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.train.test_fused_adam import fitted
from train import optimizers
from train.callbacks.guards import NonFiniteLoss, StopIfNotFinite
from train.fused_adam import FusedAdam
from train.loss_scaling import LARGEST, LossScaling
from train.optimizers import ClippedAdam

OPTIONS = [
    pytest.param(FusedAdam, {}, marks=pytest.mark.slow),
    pytest.param(
        FusedAdam,
        {"use_ema": True, "ema_momentum": 0.9, "weight_decay": 0.1},
        marks=pytest.mark.slow,
    ),
    pytest.param(ClippedAdam, {"global_clipnorm": 0.1}, marks=pytest.mark.slow),
]


def states(model):
    inner = optimizers.inner(model.optimizer)
    return [v.numpy() for v in (*model.weights, *inner.variables)]


@pytest.mark.parametrize(("cls", "options"), OPTIONS)
def test_a_power_of_two_changes_no_step(cls, options, mirrored):
    """Bit for bit on one replica; clipping sees the gradient itself, not the scaled one."""
    plain = fitted(lambda: cls(1e-2, **options))
    for strategy, tolerance in ((None, 0), (mirrored, 1e-6)):
        scaled = fitted(lambda: LossScaling(cls(1e-2, **options)), strategy)
        assert scaled.optimizer.skipped_steps.numpy() == 0
        for a, b in zip(states(plain), states(scaled), strict=True):
            np.testing.assert_allclose(b, a, rtol=100 * tolerance, atol=tolerance)


def small(strategy=None, **options):
    """(weight, optimizer around SGD with rate 1)."""
    with (strategy or tf.distribute.get_strategy()).scope():
        weight = keras.Variable(np.ones(2, np.float32))
        optimizer = LossScaling(keras.optimizers.SGD(1.0), initial_scale=8.0, **options)
        optimizer.build([weight])
    return weight, optimizer


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_step_that_is_not_finite_is_skipped(graph, bad):
    weight, optimizer = small()

    def step(gradient):
        optimizer.apply([gradient], [weight])

    step = tf.function(step) if graph else step
    for gradient in ([8.0, 0.0], [bad, 0.0], [4.0, 0.0]):
        step(tf.constant(gradient))
    np.testing.assert_array_equal(weight, [1 - 8 / 8 - 4 / 4, 1])  # The scale was 8, then 4.
    assert optimizer.skipped_steps.numpy() == 1 and optimizer.iterations.numpy() == 2
    assert optimizers.steps_taken(optimizer) == 3


@pytest.mark.parametrize("replica", [0, 1])
def test_all_replicas_skip_what_one_of_them_must_skip(replica, mirrored):
    weight, optimizer = small(mirrored)

    @tf.function
    def step(bad):
        def one():
            here = tf.distribute.get_replica_context().replica_id_in_sync_group
            value = tf.where(here == replica, bad, 1.0)
            optimizer.apply([tf.fill([2], value)], [weight])

        mirrored.run(one)

    step(tf.constant(np.inf, tf.float32))
    np.testing.assert_array_equal(weight, [1, 1])
    assert optimizer.dynamic_scale.numpy() == 4 and optimizer.skipped_steps.numpy() == 1
    step(tf.constant(3.0))
    np.testing.assert_array_equal(weight, [0, 0])  # 1 - (1 + 3) / 4


def test_the_scale_grows_to_its_bound():
    weight, optimizer = small(dynamic_growth_steps=2)
    for _ in range(2):
        optimizer.apply([tf.zeros(2)], [weight])
    assert optimizer.dynamic_scale.numpy() == 16
    optimizer.dynamic_scale.assign(LARGEST)
    for _ in range(2):
        optimizer.apply([tf.zeros(2)], [weight])
    assert optimizer.dynamic_scale.numpy() == LARGEST


def test_a_gradient_that_is_never_finite_is_an_error():
    """The scale falls; below 1 scaling cannot be the cause."""
    weight, optimizer = small()

    class Model:
        pass

    class Clock:
        step = 7

    class Checkpoints:
        def describe_last(self):
            return "there is no earlier checkpoint"

    model = Model()
    model.optimizer = optimizer
    guard = StopIfNotFinite(Clock(), Checkpoints())
    guard.set_model(model)
    for _ in range(3):
        optimizer.apply([tf.constant([np.nan, 0])], [weight])
    guard.on_train_batch_end(0, {"loss": 1.0})
    optimizer.apply([tf.constant([np.nan, 0])], [weight])
    with pytest.raises(NonFiniteLoss, match=r"scale of 0\.5 and after 4 skipped.*mixed_bfloat16"):
        guard.on_train_batch_end(0, {"loss": 1.0})


def test_its_file_gives_it_back(tmp_path):
    model = fitted(lambda: LossScaling(FusedAdam(1e-2)), steps=3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, LossScaling)
    for a, b in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(b, a)
