"""Is q(z) = p(z)? The two-sample test by MMD (Gretton et al. 2012), with permutations.

MMD^2 = E k(z, z') + E k(y, y') - 2 E k(z, y),  z ~ q(z) = E_p_data q(z|x),  y ~ p(z)

Prop. 3: ancestral sampling is right where the two are equal.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.estimators import batching
from tfgvae.graphs import ROWS, compiled
from tfgvae.regularizers import kernels
from tfgvae.sampling.ancestral import draw_prior


@dataclasses.dataclass(frozen=True)
class TwoSample:
    """What aggregate_posterior finds.

    Attributes:
      statistic: the unbiased MMD^2, a pure number at most 2; it falls below 0 by chance.
      standard_error: of the statistic, first order: to be read where the p-value is small. Where
        q(z) = p(z) that order vanishes, and `null` is how chance moves the statistic.
      p_value: (1 + #{null >= statistic}) / (1 + P).
      null: [P], the statistic with the rows of both samples permuted.
      count: n, rows of each sample.
    """

    statistic: float
    standard_error: float
    p_value: float
    null: np.ndarray
    count: int


def aggregate_posterior(
    model,
    images,
    seed=0,
    num_permutations=999,
    width="median",
    max_images=2000,
    batch_size=500,
    progress=None,
):
    """Test the hypothesis q(z) = p(z) with one z ~ q(z|x) an image, and as many from p(z).

    Under the hypothesis, and for images that are independent draws from the data, the p-value is
    uniform on 1/(P + 1), ..., 1: exact at any n, whatever the kernel. A p-value that is not small
    says that n rows could not tell the two apart, not that they are equal.

    Args:
      model: a latent variable model.
      images: [N, H, W, C] in [0, 1], N >= 2.
      seed: int of the codes, the prior's draws and the permutations.
      num_permutations: P.
      width: k = exp(-|a - b|^2 / (2 width D)), a number > 0: the authors' kernel has 1. "median"
        is the median of the squared distances of all rows in the place of width D.
      max_images: n is at most that: the first so many images. There is a matrix [2 n, 2 n].
      batch_size: images encoded at once.
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
    x = batching.model_images(model, images, least=2)[: checks.integer("max_images", max_images, 2)]
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
    # Sums of equal terms in another order are equal: not larger or smaller by their rounding.
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
        # More than half of the pairs may be equal codes.
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
    """2 stddev_i(h_i) / sqrt(n), h_i the mean of row i of both samples in all pairs (Hoeffding)."""
    own = gram[:n, :n].sum(1) + gram[n:, n:].sum(1)
    cross = gram[:n, n:].sum(1) + gram[n:, :n].sum(1)
    influence = own / (n - 1) - cross / n
    return float(2 * influence.std(ddof=1) / np.sqrt(n))
