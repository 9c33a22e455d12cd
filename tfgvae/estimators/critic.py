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
        images, codes = inputs
        return scores(self.of_images(images), self.of_codes(codes))

    def of_images(self, images: Tensor) -> Tensor:
        """What c takes of images, from their codes [B, Z]: [B, D]."""
        # The codes themselves, too: where the image is not corrupted, z is near m(x).
        return tf.concat([images, self.image(images)], axis=1)

    def of_codes(self, codes: Tensor) -> Tensor:
        """What c takes of codes [L, Z]: log t beside them, [L, D + 1]."""
        return tf.concat([codes, self.code(codes), self.sharpness(codes)], axis=1)


def scores(images: Tensor, codes: Tensor) -> Tensor:
    """c of all pairs: [L, B] from what Networks take, [B, D] of images and [L, D + 1] of codes."""
    codes, log_sharpness = codes[:, :-1], codes[:, -1:]
    squares = (
        tf.reduce_sum(images**2, axis=1)[None, :]
        + tf.reduce_sum(codes**2, axis=1)[:, None]
        - 2 * tf.matmul(codes, images, transpose_b=True)
    )
    return -tf.exp(log_sharpness) * squares


@dataclasses.dataclass(frozen=True)
class Scores:
    """c(x_j, .) of a batch of images, for pairwise.log_prob.

    Attributes:
      images: what c takes of them, [B, D].
    """

    images: Tensor

    def pairs(self, z: Tensor) -> Tensor:
        """c(x_j, z_i): [L, B] float64, from Critic.of_codes, [L, D + 1]."""
        return tf.cast(scores(self.images, z), tf.float64)


@dataclasses.dataclass(frozen=True)
class Critic:
    """A trained critic. Each image and each code goes through its networks once.

    Attributes:
      model: whose codes they are.
      networks: of the critic.
      mean, deviation: of m(x), to standardise codes: [Z].
    """

    model: Model
    networks: Networks
    mean: np.ndarray
    deviation: np.ndarray

    def of_images(self, x: Tensor) -> Scores:
        """The scores of images [B, H, W, C]."""
        return Scores(self.networks.of_images(self.standardised(_undamaged(self.model, x))))

    def of_codes(self, z: Tensor) -> Tensor:
        """What Scores take of codes [L, Z]: [L, D + 1]."""
        return self.networks.of_codes(self.standardised(z))

    def standardised(self, codes: Tensor) -> Tensor:
        """Codes as the networks take them: [..., Z]."""
        return (codes - self.mean) / self.deviation


def trained(model: Model, x: Tensor, seed: Tensor) -> Critic:
    """A critic for codes of a model with a corruption.

    Each training step tells at most BATCH images apart by one code of each.

    Args:
      model: a model whose posterior is a distributions.corrupted.Corrupted.
      x: training images [N, H, W, C], N >= 2.
      seed: of the codes, the first weights and the order.
    """
    images = in_parts(functools.partial(_undamaged, model), x, batch_size=BATCH)
    codes = []
    for draw in range(DRAWS):
        rows = seeds.rows(seeds.fold_in(seed, draw), x.shape[0])
        codes.append(in_parts(model.encode, x, rows, batch_size=BATCH))
    start = int(seeds.fold_in(seed, DRAWS)) % 2**31
    networks = Networks(images.shape[1], start)
    critic = Critic(model, networks, images.mean(axis=0), images.std(axis=0) + 1e-6)
    _fit(networks, critic.standardised(images), critic.standardised(np.stack(codes)), start)
    return critic


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
