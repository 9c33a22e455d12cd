"""log p(x) >= E log (1/K) sum_k p(x, z_k) / q(z_k|x), z_k ~ q(z|x) (Burda et al. 2016)."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.estimators import batching
from tfgvae.estimators.estimate import Estimate
from tfgvae.graphs import COUNT, LABELS, ROWS, compiled, image_spec
from tfgvae.types import Array, Distribution, Images, Model, Progress, Seed, Tensor

_SUMS = tf.TensorSpec([2, None], tf.float64)


def log_weight(
    model: Model, x: Tensor, label: Tensor, q: Distribution, prior: Distribution, rows: Tensor
) -> Tensor:
    """log p(x|z) + log p(z) - log q(z|x) for one z ~ q = q(z|x): [N] nats."""
    z = from_noise(q, seeds.normal(rows, model.latent_shape))
    log_joint = model.family.log_prob(x, model.likelihood(z, label)) + prior.log_prob(z)
    return log_joint - q.log_prob(z)


def log_likelihood(
    model: Model, x: Tensor, label: Tensor, rows: Tensor, num_samples: Tensor
) -> Tensor:
    """The importance-weighted bound with K = num_samples draws: [N] nats.

    It uses one draw at a time, so that memory does not grow with K. For K = 1 its expectation is
    the ELBO; it rises to log p(x) with K.

    Args:
      model: a latent variable model.
      x: images [N, H, W, C].
      label: [N] int32.
      rows: row seeds [N]; draw k of a row uses fold_in(row, k).
      num_samples: int32 scalar, K.
    """
    # Both outside the loop: a prior may run the encoder (VampPrior), once and not once per draw.
    q, prior = model.posterior(x), model.prior()

    def step(k, total):
        weight = log_weight(model, x, label, q, prior, seeds.fold_in(rows, k))
        return k + 1, tf.experimental.numpy.logaddexp(total, weight)

    start = tf.fill(tf.shape(x)[:1], -math.inf)
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    _, total = tf.while_loop(
        lambda k, _: k < num_samples, step, [0, start], shape_invariants=shapes
    )
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
    q, prior = model.posterior(x), model.prior()

    def step(k, sums):
        weight = log_weight(model, x, label, q, prior, seeds.fold_in(rows, k))
        weight = tf.cast(weight, tf.float64)
        return k + 1, tf.experimental.numpy.logaddexp(sums, tf.stack([weight, 2 * weight]))

    shapes = [tf.TensorShape([]), tf.TensorShape([2, None])]
    loop = [start, log_sums]
    return tf.while_loop(lambda k, _: k < stop, step, loop, shape_invariants=shapes)[1]


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
