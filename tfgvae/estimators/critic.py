"""A trained critic c(x, z): the lower bound on I(x; z) where q~(z|x) has no density.

    log M + E_i log softmax_j c(x_j, z_i) [j = i]  <=  I(x; z)

for M images and any c that was not chosen with them (InfoNCE, van den Oord et al. 2018; Poole et
al. 2019). The best c is log q~(z|x) up to a function of z. Here

    c(x, z) = -t(z) || A(m(x)) - B(z) ||^2

with m(x), the code of the image without its corruption, and t, A, B dense networks.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.estimators.batching import in_parts
from tfgvae.types import Model, Tensor

BATCH = 500  # Images that are told apart in one training step.
STEPS = 600  # 12 s on one core.
DRAWS = 4  # Corruptions of each training image.
LEARNING_RATE = 2e-3


class Networks(keras.Model):
    """c of all pairs: ([B, Z] of images, [L, Z] of codes) -> [L, B]."""

    def __init__(self, latent_dim: int, seed: int) -> None:
        super().__init__(dtype="float32")
        draws = iter(range(seed, seed + 100))
        self.image = self._network(256, 64, draws)
        self.code = self._network(256, 64, draws)
        self.sharpness = self._network(128, 1, draws)
        for network in (self.image, self.code, self.sharpness):
            network.build((None, latent_dim))

    @staticmethod
    def _network(width, outputs, draws):
        def dense(units, activation=None):
            start = keras.initializers.GlorotUniform(seed=next(draws))
            return keras.layers.Dense(units, activation, kernel_initializer=start, dtype="float32")

        return keras.Sequential([dense(width, "gelu"), dense(width, "gelu"), dense(outputs)])

    def call(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        # The codes themselves, too: where the image is not corrupted, z is near m(x).
        image, code = (
            tf.concat([value, network(value)], axis=1)
            for value, network in zip(inputs, (self.image, self.code), strict=True)
        )
        squares = (
            tf.reduce_sum(image**2, axis=1)[None, :]
            + tf.reduce_sum(code**2, axis=1)[:, None]
            - 2 * tf.matmul(code, image, transpose_b=True)
        )
        return -tf.exp(self.sharpness(inputs[1])) * squares


@dataclasses.dataclass(frozen=True)
class Scores:
    """c(x_j, .) of a batch of images, for pairwise.log_prob.

    Attributes:
      networks: of the critic.
      image: m(x_j), standardised: [B, Z].
      mean, deviation: of codes, for the others: [Z].
    """

    networks: Networks
    image: Tensor
    mean: np.ndarray
    deviation: np.ndarray

    def pairs(self, z: Tensor) -> Tensor:
        """c(x_j, z_i): [L, B] float64."""
        code = (z - self.mean) / self.deviation
        return tf.cast(self.networks((self.image, code)), tf.float64)


def trained(model: Model, x: Tensor, seed: Tensor) -> Callable[[Tensor], Scores]:
    """A critic for codes of a model with a corruption.

    Each training step tells at most BATCH images apart by one code of each.

    Args:
      model: a model whose posterior is a distributions.corrupted.Corrupted.
      x: training images [N, H, W, C], N >= 2.
      seed: of the codes, the first weights and the order.

    Returns:
      A function from images [B, H, W, C] to their Scores.
    """
    images = in_parts(functools.partial(_undamaged, model), x, batch_size=BATCH)
    mean, deviation = images.mean(axis=0), images.std(axis=0) + 1e-6
    codes = []
    for draw in range(DRAWS):
        rows = seeds.rows(seeds.fold_in(seed, draw), x.shape[0])
        codes.append(in_parts(model.encode, x, rows, batch_size=BATCH))
    start = int(seeds.fold_in(seed, DRAWS)) % 2**31
    networks = Networks(images.shape[1], start)
    _fit(networks, (images - mean) / deviation, (np.stack(codes) - mean) / deviation, start)
    return lambda x: Scores(networks, (_undamaged(model, x) - mean) / deviation, mean, deviation)


def _undamaged(model, x):
    """m(x): the code of the image itself, at noise 0, which is the mean of a Gaussian q."""
    q = model.posterior(x).undamaged()
    return from_noise(q, tf.zeros([x.shape[0], *q.event_shape])).numpy()


def _fit(networks, images, codes, seed):
    count = images.shape[0]
    batch = min(BATCH, count)
    networks.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, STEPS)),
        lambda own, scores: keras.losses.sparse_categorical_crossentropy(
            own, scores, from_logits=True
        ),
    )
    random = np.random.default_rng(seed)
    orders = (random.permutation(count) for _ in itertools.count())
    starts = range(0, count - batch + 1, batch)
    chosen = (order[i : i + batch] for order in orders for i in starts)
    chosen = np.stack(list(itertools.islice(chosen, STEPS)))

    def pair(step, chosen):
        draw = tf.gather(codes, step % DRAWS)
        return (tf.gather(images, chosen), tf.gather(draw, chosen)), tf.range(batch)

    data = tf.data.Dataset.from_tensor_slices((np.arange(STEPS), chosen)).map(pair)
    networks.fit(data, shuffle=False, verbose=0)
