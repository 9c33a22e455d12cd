"""log p(x) >= E log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k ~ q(z|x) (Burda et al. 2016)."""

import dataclasses
import math

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks, seeds
from tfgvae.distributions.divergence import is_gaussian
from tfgvae.estimators import batching
from tfgvae.estimators.estimate import Estimate
from tfgvae.graphs import COUNT, LABELS, ROWS, compiled, image_spec
from tfgvae.types import Array, Distribution, Images, Model, Progress, Seed, Tensor

_SUMS = tf.TensorSpec([2, None], tf.float64)


# One call of the decoder gets about so many pixels: small images in many draws at a time.
_PIXELS = 2**18


def log_weights(
    model: Model, x: Tensor, label: Tensor, q: Distribution, rows: Tensor, draws: Tensor
) -> Tensor:
    """log p(x|z_k) + log p(z_k) - log q(z_k|x), z_k ~ q = q(z|x), for every k in `draws`.

    Args:
      model, x, label: as in log_likelihood.
      q: q(z|x).
      rows: row seeds [N]; draw k of a row uses fold_in(row, k).
      draws: int32 [D].

    Returns:
      [N, D] nats.
    """
    count = tf.size(draws)
    seed = tf.reshape(seeds.fold_in(rows[:, None], draws[None, :]), [-1])
    noise = seeds.short_normal(seed, model.noise_shape)
    repeated, labels = tf.repeat(x, count, axis=0), tf.repeat(label, count)
    weights = model.log_weight(repeated, _repeated(model, repeated, q, count), noise, labels)
    return tf.reshape(weights, [tf.shape(x)[0], count])


def _repeated(model, repeated, q, count):
    """q(z|x) with `count` rows for each image. Only a Gaussian does not run the encoder again."""
    if not is_gaussian(q):
        return model.posterior(repeated)
    loc = q.distribution.loc
    scale = tf.broadcast_to(q.distribution.scale, tf.shape(loc))
    moments = [tf.repeat(moment, count, axis=0) for moment in (loc, scale)]
    return tfd.Independent(tfd.Normal(*moments), q.reinterpreted_batch_ndims)


def _accumulate(model, x, label, rows, start, stop, add, sums):
    """Loop over the draws in [start, stop), several at a time: sums = add(sums, log_weights)."""
    # Outside the loop: the encoder runs once.
    q = model.posterior(x)
    height, width, _ = model.image_shape
    most = tf.maximum(1, _PIXELS // (height * width * tf.shape(x)[0]))

    def step(k, sums):
        draws = tf.range(k, tf.minimum(k + most, stop))
        weights = log_weights(model, x, label, q, rows, draws)
        return k + most, add(sums, tf.ensure_shape(weights, [x.shape[0], None]))

    _, sums = tf.while_loop(
        lambda k, _: k < stop,
        step,
        [start, sums],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None] * sums.shape.rank)],
    )
    return sums


def log_likelihood(
    model: Model, x: Tensor, label: Tensor, rows: Tensor, num_samples: Tensor
) -> Tensor:
    """The importance-weighted bound with K = num_samples draws: [N] nats.

    A few draws are made at a time, so that memory does not grow with K. For K = 1 its expectation
    is the ELBO; it rises to log p(x) with K.

    Args:
      model: a latent variable model.
      x: images [N, H, W, C].
      label: [N] int32.
      rows: row seeds [N]; draw k of a row uses fold_in(row, k).
      num_samples: int32 scalar, K.
    """
    num_samples = tf.convert_to_tensor(num_samples)

    def add(total, weights):
        return tf.experimental.numpy.logaddexp(total, tf.reduce_logsumexp(weights, axis=1))

    none = tf.fill(tf.shape(x)[:1], -math.inf)
    total = _accumulate(model, x, label, rows, 0, num_samples, add, none)
    return total - tf.math.log(tf.cast(num_samples, tf.float32))


def add_draws(
    model: Model,
    x: Tensor,
    label: Tensor,
    rows: Tensor,
    start: Tensor,
    stop: Tensor,
    log_sums: Tensor,
) -> Tensor:
    """log sum_k w_k and log sum_k w_k^2 after adding the draws k in [start, stop): [2, N] float64.

    Args:
      model, x, label, rows: as in log_likelihood.
      start, stop: int32 scalars.
      log_sums: [2, N], the sums over k < start.
    """

    def add(sums, weights):
        weights = tf.cast(weights, tf.float64)
        both = tf.reduce_logsumexp(tf.stack([weights, 2 * weights]), axis=2)
        return tf.experimental.numpy.logaddexp(sums, both)

    return _accumulate(model, x, label, rows, start, stop, add, log_sums)


@dataclasses.dataclass(frozen=True)
class ImportanceWeighted:
    """The result of importance_weighted.

    Attributes:
      log_likelihood: [N] nats, the bound for each image.
      effective_sample_size: [N], (sum_k w_k)^2 / sum_k w_k^2, from 1 to K. If it is near 1,
        one draw dominates the sum, and the bound may be far below log p(x).
      estimate: the mean over the images.
    """

    log_likelihood: np.ndarray
    effective_sample_size: np.ndarray
    estimate: Estimate


def importance_weighted(
    model: Model,
    images: Images,
    num_samples: int = 5000,
    seed: Seed = 0,
    label: Array | int | None = None,
    chunk_size: int = 500,
    batch_size: int = 100,
    progress: Progress = None,
) -> ImportanceWeighted:
    """E log (1/K) sum_k w_k, w_k = p(x, z_k) / q(z_k|x), z_k ~ q(z|x): a lower bound on log p(x).

    In expectation it is at most log p(x) and rises with K. Its limit is log p(x) if q(z|x) is
    positive wherever p(z|x) is (Burda et al. 2016). Memory does not grow with K. The draws are
    those of `model.log_likelihood` for the same seed and K: the two agree to rounding. For a
    density, such as a Gaussian family, pixels are on the [0, 1] scale, and it may be positive.

    The standard error is over the images, as independent draws from the data. It covers the choice
    of images and the randomness of the draws, not the gap from the bound to log p(x). A model
    without latents has no gap for any K: its estimate is "exact".

    Args:
      model: a latent variable model.
      images: [N, H, W, C] in [0, 1], an Images of tfgvae.types.
      num_samples: K.
      seed: an int, or one int per image.
      label: int [N], for a model with classes; None if the images bring their labels.
      chunk_size: draws in one call of the graph.
      batch_size: images in one call of the graph.
      progress: None, or called as progress(done, total) after each call of the graph.

    Returns:
      ImportanceWeighted.

    Raises:
      ValueError: images, labels or seeds that the model refuses, or a number that is not >= 1.
    """
    num_samples = checks.integer("num_samples", num_samples, 1)
    chunk_size = checks.integer("chunk_size", chunk_size, 1)
    x, labels = batching.model_batch(model, images, label)
    count = x.shape[0]
    rows = seeds.rows(seed, count)
    exact = not model.has_latents
    num_samples = 1 if exact else num_samples
    parts = batching.batches(count, batch_size)
    starts = range(0, num_samples, chunk_size)
    run = compiled(model, add_draws, image_spec(model), LABELS, ROWS, COUNT, COUNT, _SUMS)
    found = []
    for done, part in enumerate(parts):
        size = part.stop - part.start
        sums = tf.fill([2, size], tf.constant(-math.inf, tf.float64))
        for number, start in enumerate(starts, 1):
            stop = min(start + chunk_size, num_samples)
            limits = tf.constant(start), tf.constant(stop)
            sums = run(x[part], labels[part], rows[part], *limits, sums)
            batching.report(progress, done * len(starts) + number, len(parts) * len(starts))
        found.append(sums.numpy())
    log_sum, log_sum_squares = np.concatenate(found, axis=1)
    bound = log_sum - math.log(num_samples)
    estimate = Estimate.of_mean(bound, "exact" if exact else "lower bound")
    return ImportanceWeighted(bound, np.exp(2 * log_sum - log_sum_squares), estimate)
