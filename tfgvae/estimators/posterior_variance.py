"""sum_i Var_q(x|z)[x_i]: the squared error at z of the best decoder of Prop. 4, seen as blur.

q(x|z) = q(z|x) p_data(x) / q(z), with the given images as p_data: image j has the weight
w_j(z) = q(z|x_j) / sum_k q(z|x_k). E_q(x|z)[x] is then the optimal f(z) of a Gaussian P.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgvae.estimators import batching, pairwise
from tfgvae.types import Array, Distribution, Images, Model, Progress, Tensor


@dataclasses.dataclass(frozen=True)
class PosteriorVariance:
    """The result of posterior_variance at each of L latents.

    Attributes:
      total: [L], sum_i Var_q(x|z)[x_i], pixels in [0, 1].
      standard_error: [L], of `total` as an estimate for the distribution of the images.
      effective_sample_size: [L], 1 / sum_j w_j^2, from 1 to N.
      mean: [L, H, W, C], E_q(x|z)[x].
    """

    total: np.ndarray
    standard_error: np.ndarray
    effective_sample_size: np.ndarray
    mean: np.ndarray


def posterior_variance(
    model: Model,
    images: Images,
    z: Array,
    batch_size: int = 1000,
    progress: Progress = None,
    posterior: Callable[[Tensor], Distribution] | None = None,
) -> PosteriorVariance:
    """Mean and total variance of q(x|z) at any z, by importance weights over the images.

    They are exact if the N images are all the data. As an estimate for the distribution of the
    images, the variance has a bias of order -total / ESS: with an effective sample size near 1 it
    is that of one image, which is 0. The weights do not show whether any image explains z well.

    The standard error is that of a self-normalised importance estimate, by the delta method:
    sqrt(sum_j w_j^2 (|x_j - mean|^2 - total)^2). It covers the choice of images. Do not use it if
    the effective sample size is below about 10.

    Args:
      model: a latent variable model.
      images: [N, H, W, C] in [0, 1], an Images of tfgvae.types.
      z: latents [L, Z...].
      batch_size: images at a time.
      progress: None, or called as progress(done, total) in images, over two passes.
      posterior: a function from images to q(z|x), for z of its event shape; None is
        model.posterior. With q of the first t steps of a chain, the result is the variance of
        Prop. 5 at step t.

    Returns:
      PosteriorVariance.

    Raises:
      ValueError: images that the model refuses, none of them, a q(z|x) without a density, latents
        of another shape or not finite, or latents that no image explains at all.
    """
    x = batching.model_images(model, images, least=1)
    if posterior is None:
        batching.require_posterior_density(model, x, "the weights of the images need it")
    count = x.shape[0]
    posteriors = batching.posteriors(
        model, x, batch_size, lambda done, _: batching.report(progress, done, 2 * count), posterior
    )
    z = _checked_latents(z, posteriors[0].event_shape)
    parts = batching.batches(count, batch_size)
    flat = tf.reshape(x, [count, -1])
    # Subtracting the mean image reduces rounding: products in float32 have an error of 1e-4.
    center = tf.reduce_mean(flat, axis=0)
    flat -= center
    log_sum, squares, mean, norm = _weighted_sums(posteriors, z, flat, parts)
    total = tf.nn.relu(norm - tf.reduce_sum(mean**2, axis=1))
    error = tf.zeros_like(total)
    for q, part in zip(posteriors, parts, strict=True):
        weights = tf.exp(pairwise.log_prob(q, z) - log_sum[:, None])  # [L, B]
        distances = _squared_distances(mean, flat[part])
        error += tf.reduce_sum(weights**2 * (distances - total[:, None]) ** 2, axis=1)
        batching.report(progress, count + part.stop, 2 * count)
    image = tf.cast(mean, tf.float32) + center
    image = tf.reshape(image, [-1, *x.shape[1:]])
    found = (total, tf.sqrt(error), 1 / squares, image)
    return PosteriorVariance(*(value.numpy() for value in found))


def _checked_latents(z, event_shape):
    z = tf.cast(tf.convert_to_tensor(z), tf.float32)
    if not z.shape.is_compatible_with([None, *event_shape]) or z.shape[0] == 0:
        raise ValueError(f"expected latents [L, *{tuple(event_shape)}], got shape {z.shape}")
    if not np.isfinite(z).all():
        raise ValueError("expected finite latents, got NaN or infinity")
    return z


def _weighted_sums(posteriors, z, flat, parts):
    """log sum_j q(z|x_j); and sum w^2, sum w x and sum w |x|^2 with the weights w."""
    largest = tf.fill([z.shape[0]], tf.constant(-np.inf, tf.float64))
    sums, squares = 0.0, 0.0
    for q, part in zip(posteriors, parts, strict=True):
        pairs = pairwise.log_prob(q, z)  # [L, B]
        old, largest = largest, tf.maximum(largest, tf.reduce_max(pairs, axis=1))
        # Weights relative to the largest so far; a shift of 0 avoids -inf - -inf before any weight.
        shift = tf.where(tf.math.is_finite(largest), largest, 0.0)
        weights, scale = tf.exp(pairs - shift[:, None]), tf.exp(old - shift)
        norms = tf.reduce_sum(flat[part] ** 2, axis=1, keepdims=True)
        columns = tf.concat([tf.ones_like(norms), norms, flat[part]], axis=1)
        products = tf.matmul(tf.cast(weights, tf.float32), columns)
        sums = sums * scale[:, None] + tf.cast(products, tf.float64)
        squares = squares * scale**2 + tf.reduce_sum(weights**2, axis=1)
    unexplained = np.flatnonzero(~np.isfinite(largest))
    if unexplained.size:
        raise ValueError(f"no image has q(z|x) > 0 at latents {unexplained.tolist()[:10]}")
    total = sums[:, 0]
    mean, norm = sums[:, 2:] / total[:, None], sums[:, 1] / total
    return largest + tf.math.log(total), squares / total**2, mean, norm


def _squared_distances(a, b):
    """|a_i - b_j|^2: [N, D], [M, D] -> [N, M] float64, from products in float32."""
    a = tf.cast(a, tf.float32)
    norms = tf.reduce_sum(a**2, axis=1)[:, None] + tf.reduce_sum(b**2, axis=1)
    return tf.cast(norms - 2 * tf.matmul(a, b, transpose_b=True), tf.float64)
