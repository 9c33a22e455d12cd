"""Is q(z) = p(z)? The two-sample MMD test with permutations (Gretton et al. 2012).

MMD^2 = E k(z, z') + E k(y, y') - 2 E k(z, y),  z ~ q(z) = E_p_data q(z|x),  y ~ p(z)

Prop. 3: ancestral sampling is correct if the two are equal.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.estimators import batching
from tfgvae.graphs import ROWS, compiled
from tfgvae.regularizers import kernels
from tfgvae.sampling.ancestral import draw_prior
from tfgvae.types import Images, Model, Progress


@dataclasses.dataclass(frozen=True)
class TwoSample:
    """The result of aggregate_posterior.

    Attributes:
      statistic: the unbiased MMD^2, without a unit and at most 2; it may be below 0 by chance.
      standard_error: of the statistic, to first order. Use it only if the p-value is small: if
        q(z) = p(z), the first order is 0, and `null` shows the random error instead.
      p_value: (1 + #{null >= statistic}) / (1 + P).
      null: [P], the statistic after permutations of the rows of both samples.
      count: n, rows of each sample.
    """

    statistic: float
    standard_error: float
    p_value: float
    null: np.ndarray
    count: int


def aggregate_posterior(
    model: Model,
    images: Images,
    seed: int = 0,
    num_permutations: int = 999,
    width: float | str = "median",
    max_images: int = 2000,
    batch_size: int = 500,
    progress: Progress = None,
) -> TwoSample:
    """Test the hypothesis q(z) = p(z) with one z ~ q(z|x) per image, and as many z ~ p(z).

    If the hypothesis is true and the images are independent draws from the data, the p-value is
    uniform on 1/(P + 1), ..., 1, exactly, for any n and any kernel. A p-value that is not small
    does not show that the two are equal: n rows may be too few to see the difference.

    Args:
      model: a latent variable model.
      images: [N, H, W, C] in [0, 1], N >= 2, an Images of tfgvae.types.
      seed: int of the codes, the prior's draws and the permutations.
      num_permutations: P.
      width: k = exp(-|a - b|^2 / (2 width D)), a number > 0; the authors' kernel has 1. "median"
        uses the median of the squared distances of all rows instead of width D.
      max_images: the largest n; only the first n images are used. Memory holds a [2 n, 2 n] matrix.
      batch_size: images encoded at a time.
      progress: None, or called as progress(done, total) in images.

    Returns:
      TwoSample.

    Raises:
      ValueError: images that the model refuses, fewer than 2 of them, a model without latents, or
        an option out of range.
    """
    batching.require_latents(model, "there is no q(z) to test")
    num_permutations = checks.integer("num_permutations", num_permutations, 1)
    if width != "median":
        width = checks.real("width", width, above=0)
    max_images = checks.integer("max_images", max_images, 2)
    x = batching.model_images(model, images, least=2, most=max_images)
    count = x.shape[0]
    code_seed, prior_seed, order_seed = seeds.split(seeds.check(seed), 3)
    rows, codes = seeds.rows(code_seed, count), []
    for part in batching.batches(count, batch_size):
        codes.append(model.encode(x[part], rows[part]))
        batching.report(progress, part.stop, count)
    draws = compiled(model, draw_prior, ROWS)(seeds.rows(prior_seed, count))
    gram = _gram(tf.concat([*codes, draws], axis=0), width)
    order = np.random.default_rng(int(order_seed) % 2**63)
    # The first column is the sample itself, the others its permutations.
    first = np.concatenate([np.ones(count), np.zeros(count)])
    columns = [first, *(order.permutation(first) for _ in range(num_permutations))]
    statistic, *null = _statistics(gram, np.stack(columns, axis=1))
    null = np.array(null)
    # Sums of the same terms in another order count as equal: the tolerance covers rounding.
    exceed = (null >= statistic - 1e-12).sum()
    p_value = (1 + exceed) / (1 + num_permutations)
    return TwoSample(float(statistic), _standard_error(gram, count), float(p_value), null, count)


def _gram(rows, width):
    """k of all pairs of rows, 0 on the diagonal: [2 n, 2 n] float64."""
    rows = tf.cast(tf.reshape(rows, [rows.shape[0], -1]), tf.float64)
    r2 = kernels.squared_distances(rows, rows)
    dim = rows.shape[1]
    if width == "median":
        pairs = r2.numpy()[np.triu_indices(len(rows), 1)]
        # The median is 0 if more than half of the pairs are equal codes.
        width = (np.median(pairs) or pairs.mean() or 1.0) / dim
    gram = kernels.evaluate("gaussian", (width,), r2, dim)[0].numpy()
    np.fill_diagonal(gram, 0.0)
    return gram


def _statistics(gram, first):
    """The unbiased MMD^2 for each column of `first` [2 n, P], 1 for rows of the first sample."""
    n = len(gram) // 2
    product = gram @ first  # [2 n, P]
    within = (first * product).sum(0)  # a' K a
    cross = product.sum(0) - within  # b' K a, b = 1 - a
    other = gram.sum() - 2 * cross - within  # b' K b
    return (within + other) / (n * (n - 1)) - 2 * cross / n**2


def _standard_error(gram, n):
    """2 stddev_i(h_i) / sqrt(n), h_i the mean over all pairs with row i (Hoeffding)."""
    own = gram[:n, :n].sum(1) + gram[n:, n:].sum(1)
    cross = gram[:n, n:].sum(1) + gram[n:, :n].sum(1)
    influence = own / (n - 1) - cross / n
    return float(2 * influence.std(ddof=1) / np.sqrt(n))
