"""Every R in REGULARIZERS as a layer of a model: saved files, and several replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.regularizers.cases import build, every
from tests.regularizers.clouds import gaussian_q, standard
from tfgvae import seeds
from tfgvae.regularizers import REGULARIZERS


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
