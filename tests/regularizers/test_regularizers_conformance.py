"""Every R in REGULARIZERS. For a new one Case() is assumed: R = 0 iff q(z) = p(z)."""

import dataclasses
import inspect
import json
import math
import typing

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, stats

from tests.regularizers.clouds import (
    EVENTS,
    MarkovPrior,
    evaluate,
    gaussian_q,
    noise,
    repeats,
    standard,
    standard_error,
)
from tfgvae import seeds
from tfgvae.registry import arguments, make
from tfgvae.regularizers import REGULARIZERS
from tfgvae.regularizers.schedules import SCHEDULES

ROWS = 64


def moments_under_prior(size):
    """E sum_d |mean| + |var - 1| of ROWS standard normal rows, by integration of chi-square."""
    mean = math.sqrt(2 / (math.pi * ROWS))
    n = ROWS - 1
    law = stats.chi2(n)
    spread = integrate.quad(lambda v: abs(v / n - 1) * law.pdf(v), 0, 5 * n, points=[n])[0]
    return size * (mean + spread)


@dataclasses.dataclass
class Case:
    """The mathematics of one regularizer.

    under_prior: its expectation on ROWS rows with q(z|x) = p(z), from the latent size.
    target: (mu, s) that minimise it among N(mu, s^2); None where it leaves one free.
    remainder: what a short descent may leave of the way to the target.
    options: constructor arguments for the tests.
    """

    under_prior: typing.Callable = lambda size: 0.0
    target: tuple = (0.0, 1.0)
    remainder: float = 0.1
    options: dict = dataclasses.field(default_factory=dict)


CASES = {
    # The game of critic and encoder circles its equilibrium (Mescheder et al. 2018).
    "adversarial": Case(remainder=0.25, options={"hidden": (32, 32)}),
    # s is not bounded in these tests, and R falls without end as it grows.
    "center": Case(target=(0.0, None)),
    "kl": Case(),
    "mmd": Case(),
    "moments": Case(under_prior=moments_under_prior),
    "none": Case(target=(None, None)),
    "norm": Case(under_prior=lambda size: size / 2, target=(0.0, 0.0)),
    "stein": Case(),
}

CASES = {**{name: Case() for name in REGULARIZERS}, **CASES}

every = pytest.mark.parametrize("name", sorted(REGULARIZERS))
both_events = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)


def build(name, event=(3,), **options):
    with seeds.initialization(0):
        reg = REGULARIZERS[name](**{**CASES[name].options, **options})
        reg.build((None, *event))
    return reg


def train_critic(reg, mu, s, steps=300):
    """Fit the weights a regularizer owns to the cloud N(mu, s^2), which stays where it is."""
    if not reg.trainable_variables:
        return
    optimizer = keras.optimizers.Adam(1e-3, 0.5, 0.9)
    optimizer.build(reg.trainable_variables)

    @tf.function
    def step(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        q, z = gaussian_q(mu, s, noise(z_seed, ROWS, (3,)))
        with tf.GradientTape() as tape:
            loss, _ = evaluate(reg, q, z, standard((3,)), seed=r_seed)
        gradients = tape.gradient(loss, [v.value for v in reg.trainable_variables])
        optimizer.apply(gradients, reg.trainable_variables)

    for i in range(steps):
        step(tf.constant(i, tf.int64))


def test_every_case_is_registered():
    assert set(CASES) == set(REGULARIZERS)


@every
def test_constructor_arguments_are_typed_and_have_defaults(name):
    parameters = inspect.signature(REGULARIZERS[name].__init__).parameters.values()
    for p in parameters:
        assert p.kind != p.VAR_POSITIONAL
        if p.name != "self" and p.kind != p.VAR_KEYWORD:
            assert p.annotation is not p.empty and p.default is not p.empty, p
    assert {"weight", "schedule", "schedule_steps"} <= set(arguments(REGULARIZERS[name]))


def test_shared_arguments_have_one_type():
    types = {}
    for cls in REGULARIZERS.values():
        for p in inspect.signature(cls.__init__).parameters.values():
            assert types.setdefault(p.name, p.annotation) == p.annotation, p


@every
def test_value_under_the_prior(name):
    values = repeats(build(name), mu=0.0, s=1.0, num=200, rows=ROWS)
    expected = CASES[name].under_prior(3)
    # 1e-6 for those whose value is the same on every batch.
    assert abs(values.mean() - expected) <= 5 * standard_error(values) + 1e-6


@every
def test_a_shift_is_seen(name):
    reg = build(name)
    train_critic(reg, mu=1.0, s=1.0)
    values = repeats(reg, mu=1.0, s=1.0, num=50, rows=ROWS, first=10**6)
    if name == "none":
        assert not values.any()
    else:
        assert values.mean() > CASES[name].under_prior(3) + 5 * standard_error(values)


@every
def test_descent_brings_q_to_the_minimum(name):
    """From N(1.5, 0.3^2), under R alone, to the (mu, s) that minimise it.

    What may remain is a tenth of the way, or what the case says: the noise of stochastic
    gradients, which the falling rate keeps small, and for s -> 0 the slow end of a descent in
    log s.
    """
    event, steps = (2,), 400
    reg = build(name, event, weight=1.0)
    variables = [
        keras.Variable(np.full(event, 1.5, np.float32)),
        keras.Variable(np.full(event, math.log(0.3), np.float32)),
        *reg.trainable_variables,
    ]
    mu, log_s, *weights = [v.value for v in variables]
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.03, steps), 0.5, 0.9)
    optimizer.build(variables)

    @tf.function
    def step(seed):
        z_seed, r_seed = seeds.split(seed, 2)
        with tf.GradientTape() as tape:
            q, z = gaussian_q(mu, tf.exp(log_s), noise(z_seed, 128, event))
            loss, _ = evaluate(reg, q, z, standard(event), seed=r_seed)
        gradients = tape.gradient(
            loss, [mu, log_s, *weights], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        optimizer.apply(gradients, variables)

    for i in range(steps):
        step(tf.constant(i, tf.int64))
    starts, ends = (1.5, 0.3), (mu.numpy(), np.exp(log_s.numpy()))
    for start, end, target in zip(starts, ends, CASES[name].target, strict=True):
        if target is not None:
            np.testing.assert_allclose(
                end, target, atol=CASES[name].remainder * abs(start - target)
            )
    if name == "none":
        np.testing.assert_array_equal(ends[0], 1.5)


@every
@both_events
@pytest.mark.parametrize("training", [True, False, None])
def test_shapes_and_one_loss(name, event, training):
    reg = build(name, event)
    q, z = gaussian_q(0.5, 0.8, noise(1, 5, event))
    loss, penalty = evaluate(reg, q, z, standard(event), training=training)
    assert penalty.shape == (5,) and loss.shape == ()
    assert len(reg.losses) == 1
    assert np.all(np.isfinite(penalty))
    if reg.batch_level:
        assert np.ptp(penalty) == 0


@every
@both_events
def test_an_event_of_steps_is_one_long_vector(name, event):
    """R of [T, Z] is R of [T * Z] for every prior that is the same under reshaping."""
    flat = (math.prod(event),)
    eps = noise(2, 6, event)
    reg, long = build(name, event), build(name, flat)
    a = evaluate(reg, *gaussian_q(0.3, 0.9, eps), standard(event))[1]
    b = evaluate(long, *gaussian_q(0.3, 0.9, tf.reshape(eps, (6, *flat))), standard(flat))[1]
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@every
def test_weight_and_schedule_scale_the_loss(name):
    q, z = gaussian_q(0.5, 0.8, noise(3, 8, (3,)))
    for schedule, factor in SCHEDULES.items():
        reg = build(name, weight=3.0, schedule=schedule, schedule_steps=50.0)
        for step in (0, 20, 1000):
            loss, penalty = evaluate(reg, q, z, standard((3,)), step=step)
            expected = 3.0 * factor(tf.constant(float(step)), 50.0) * tf.reduce_mean(penalty)
            np.testing.assert_allclose(loss, expected, rtol=1e-6, atol=1e-6)


@every
def test_a_batch_of_unknown_size(name):
    """What fit traces: the number of rows is known only when the step runs."""
    reg = build(name)

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def graph(eps):
        return evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]

    eps = noise(4, 6, (3,))
    eager = evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]
    np.testing.assert_allclose(graph(eps), eager, rtol=1e-5, atol=1e-6)


@every
def test_penalty_depends_on_the_seed_given_and_on_nothing_else(name):
    reg = build(name)
    q, z = gaussian_q(0.5, 0.8, noise(5, 8, (3,)))
    a, b, c = (evaluate(reg, q, z, standard((3,)), seed=s)[1] for s in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.any(a != c) == (name in ("mmd", "adversarial"))


@every
@both_events
def test_gradient_by_finite_differences(name, event):
    """d loss / d(mu, s) against central differences in float64.

    With h = 1e-5 and losses of order 1e4 at most the differences err by h^2 f''' / 6 + 1e-16 f / h,
    below 1e-7 of the scale of the loss.
    """
    reg = build(name, event, dtype="float64")
    eps = noise(6, 8, event, tf.float64)
    prior = standard(event, tf.float64)
    size = math.prod(event)

    def loss(parameters):
        mu, s = (tf.reshape(p, event) for p in tf.split(parameters, 2))
        return evaluate(reg, *gaussian_q(mu, s, eps), prior)[0]

    point = tf.concat([tf.linspace(-0.7, 0.6, size), tf.linspace(0.6, 1.2, size)], 0)
    point = tf.cast(point, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(point)
        value = loss(point)
    gradient = tape.gradient(value, point, unconnected_gradients="zero").numpy()
    h = 1e-5
    numeric = [
        (loss(point + h * unit) - loss(point - h * unit)) / (2 * h) for unit in np.eye(2 * size)
    ]
    scale = max(1.0, np.abs(gradient).max())
    np.testing.assert_allclose(gradient, numeric, atol=1e-6 * scale)


@every
def test_config_round_trip(name):
    reg = build(name, weight=2.0, schedule="linear", schedule_steps=7.0)
    config = json.loads(json.dumps(reg.get_config()))
    again = REGULARIZERS[name].from_config(config)
    assert again.get_config() == reg.get_config()
    assert set(arguments(REGULARIZERS[name])) <= set(config)


@keras.saving.register_keras_serializable("tfgvae_tests")
class Cloud(keras.Model):
    """An encoder with a Gaussian q(z|x) and a regularizer: the least model that R needs."""

    def __init__(self, regularizer, size=3, **kwargs):
        super().__init__(**kwargs)
        self.regularizer = regularizer
        self.size = size
        self.dense = keras.layers.Dense(2 * size)
        # A cross-replica operation after the loss is added: the replica threads change places.
        self.norm = keras.layers.BatchNormalization(synchronized=True)

    def build(self, x_shape):
        if not self.dense.built:
            self.dense.build(x_shape)
            self.norm.build((None, self.size))
        self.regularizer.build((None, self.size))
        self.built = True

    def call(self, x, step=0, training=None):
        mu, raw = tf.split(self.dense(x), 2, axis=-1)
        step = tf.cast(step, tf.int64)
        z_seed, r_seed = seeds.split(seeds.fold_in(11, step), 2)
        eps = seeds.batch_normal(z_seed, tf.shape(x)[0], [self.size])
        eps = tf.ensure_shape(eps, [None, self.size])
        q, z = gaussian_q(mu, 0.1 + tf.sigmoid(raw), eps)
        self.regularizer(z, q=q, prior=standard((self.size,)), step=step, seed=r_seed)
        return self.norm(z, training=training)

    def get_config(self):
        regularizer = keras.saving.serialize_keras_object(self.regularizer)
        return {**super().get_config(), "regularizer": regularizer, "size": self.size}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["regularizer"] = keras.saving.deserialize_keras_object(config["regularizer"])
        return cls(**config)


def cloud(name, **options):
    with seeds.initialization(1):
        model = Cloud(build(name, **options))
        model.build((None, 4))
    return model


DATA = np.asarray(seeds.batch_normal(8, 64, [4]))


@every
def test_saved_file_round_trip(name, tmp_path):
    model = cloud(name)
    model(DATA)
    loss = model.losses[0]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for a, b in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    again(DATA)
    np.testing.assert_array_equal(loss, again.losses[0])


TRAINED = {**{name: (name, {}) for name in REGULARIZERS}, "free bits": ("kl", {"free_bits": 0.1})}


class Clouds(keras.Model):
    """A cloud a regularizer, side by side: one trace for all, and no weight in common."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.clouds = [cloud(name, weight=1.0, **options) for name, options in TRAINED.values()]

    def call(self, x, training=None):
        step = self.optimizer.iterations.value
        return tf.concat([c(x, step=step, training=training) for c in self.clouds], axis=1)

    def build(self, x_shape):
        self.built = True


@pytest.fixture(scope="module")
def trained(mirrored):
    """Weights by regularizer and the losses: before, of 1 x 64 rows, and of 2 x 32 rows.

    3 steps of SGD by fit.
    """
    targets = np.tile(DATA[:, :3], len(TRAINED))

    def run(epochs):
        model = Clouds()
        # mse is a mean over the clouds; the factor gives each its own.
        model.compile(keras.optimizers.SGD(0.05), loss="mse", loss_weights=float(len(TRAINED)))
        history = None
        if epochs:
            fit = model.fit(DATA, targets, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
            history = fit.history["loss"]
        return {n: c.get_weights() for n, c in zip(TRAINED, model.clouds, strict=True)}, history

    one = run(3)
    with mirrored.scope():
        two = run(3)
    return run(0), one, two


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TRAINED))
def test_two_replicas_train_as_one(name, trained):
    before, one, two = (weights[name] for weights, _ in trained)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    for a, b in zip(before, one, strict=True):
        # D(y) - D(z) does not depend on the critic's last bias: [1].
        assert a.size == 1 or np.abs(a - b).max() > 1e-5


@pytest.mark.slow
def test_two_replicas_have_the_losses_of_one(trained):
    _, (_, one), (_, two) = trained
    np.testing.assert_allclose(one, two, rtol=1e-5)


@every
def test_one_replica_traces_no_cross_replica_operation(name):
    reg = build(name)

    @tf.function
    def graph(eps):
        return evaluate(reg, *gaussian_q(0.5, 0.8, eps), standard((3,)))[1]

    operations = graph.get_concrete_function(tf.TensorSpec([8, 3])).graph.get_operations()
    assert not [op.type for op in operations if "Collective" in op.type or "Nccl" in op.type]


@every
def test_a_prior_with_only_sample_and_log_prob(name):
    event = (2, 3)
    prior = MarkovPrior(2, 3, a=0.9, b=0.5)
    q, z = gaussian_q(0.2, 0.7, noise(9, 8, event))
    reg = build(name, event)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss, penalty = evaluate(reg, q, z, prior)
    assert penalty.shape == (8,) and np.isfinite(loss)
    if name in ("kl", "mmd", "stein", "adversarial"):
        assert np.any(tape.gradient(loss, z) != 0)


@every
def test_mixed_precision_leaves_the_penalty_in_float32(name):
    reg = build(name, dtype="mixed_float16")
    _, penalty = evaluate(reg, *gaussian_q(0.5, 0.8, noise(10, 8, (3,))), standard((3,)))
    assert penalty.dtype == tf.float32


@every
@pytest.mark.parametrize(
    "bad",
    [
        {"weight": -1.0},
        {"weight": float("nan")},
        {"weight": float("inf")},
        {"schedule": "cubic"},
        {"schedule_steps": 0.0},
    ],
)
def test_bad_arguments_are_refused(name, bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        make(REGULARIZERS, {"name": name, **bad})
