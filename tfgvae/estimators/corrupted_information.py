"""Bounds on I(x; z) under a corrupted q~(z|x) = E_C q(z|x~), which has no density.

With z_i drawn from q(z|x~_i), and L more images x~_jl ~ C(.|x_j) of each x_j:

lower  log M + E_i log ((1 - d) f(z_i, x_i) / sum_j f(z_i, x_j) + d / M),
       f = mean over l and w of q_w(z|x~_jl),  d = DOUBT
upper  E_i [ log (q(z_i|x~_i) + sum_l q(z_i|x~_il)) / (L + 1)
             - log (1/(M - 1)) sum_{j != i} (1/L) sum_l q(z_i|x~_jl) ]

The lower one is InfoNCE, which holds for any classifier of the M images that does not use x~_i
(Poole et al. 2019). With d, an image that is erased costs log d and not more.
q_w is q with the deviation sqrt(s^2 + w^2), for a few w: the code of a corrupted image lies near
those of other corruptions of the same image, not at them. A trained critic instead of f gives a
larger bound (estimators/critic.py).
In the upper one, the first mean contains the density that z_i was drawn from, so in expectation it
is at least log q~(z_i|x_i) (Yin and Zhou 2018); the second is unbiased inside of -log.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import graphs, seeds
from tfgvae.distributions.divergence import is_gaussian
from tfgvae.distributions.noise import condition, from_noise
from tfgvae.estimators import batching, contrastive
from tfgvae.estimators.critic import Critic
from tfgvae.estimators.pairwise import Mean
from tfgvae.types import Distribution, Model, Tensor

# L.
NUM_CORRUPTED = 4
# The widths w, in units of the spread of the codes.
WIDTHS = (0.0, 0.3, 1.0)
# How often the code of an image that is mostly erased says nothing about it, roughly.
DOUBT = 0.2


def terms(
    model: Model,
    x: Tensor,
    seed: Tensor,
    batch_size: int,
    tick: Callable[[], None],
    critic: Critic | None = None,
    leave_one_out: bool = True,
) -> dict[str, np.ndarray]:
    """The terms of the bounds, their shares and the KL, with one code per image: {name: [M]}.

    Args:
      model: a model whose posterior is a distributions.noise.Conditioned.
      x: images [M, H, W, C].
      seed: of the codes.
      batch_size: images per block.
      tick: called twice for each block and bound.
      critic: for the lower bound instead of f and d.
      leave_one_out: whether the upper bound is among them.
    """
    rows = seeds.rows(seed, x.shape[0])
    parts = batching.batches(x.shape[0], batch_size)
    needed = NUM_CORRUPTED if leave_one_out or critic is None else 0
    own, z, several = [], [], []
    for part in parts:
        # The code that `encode` gives for these seeds.
        q = _draw(model, x[part], seeds.fold_in(rows[part], seeds.LATENT))
        own.append(q[0])
        z.append(from_noise(*q))
        others = [seeds.fold_in(rows[part], seeds.IMAGE, n) for n in range(needed)]
        several.append([_draw(model, x[part], other)[0] for other in others])
    if critic is None:
        found = contrastive.terms(_critics(several, z), z, tick, DOUBT, ("lower",))
    else:
        scores = [critic.of_images(x[part]) for part in parts]
        codes = [critic.of_codes(each) for each in z]
        found = contrastive.terms(scores, codes, tick, bounds=("lower",))
    found["kl"] = batching.divergences(own, z, model.prior())
    if leave_one_out:
        upper = contrastive.terms([Mean(each) for each in several], z, tick, bounds=("upper",))
        blocks = zip(own, several, z, strict=True)
        gain = [Mean([q, *each]).log_prob(c) - Mean(each).log_prob(c) for q, each, c in blocks]
        upper["upper"] += np.concatenate(gain)
        found |= upper
    return found


def _draw(model: Model, x: Tensor, rows: Tensor) -> tuple[Distribution, Tensor]:
    """q(z|x~) of one x~ for each image, and the noise that is left for z."""
    return condition(model.posterior(x), graphs.compiled(model, _noise, graphs.ROWS)(rows))


def _noise(model, rows):
    return seeds.normal(rows, model.noise_shape)


def _critics(several, z):
    """f of each block."""
    spread = float(np.sqrt(np.mean(np.var(np.concatenate(z), axis=0))))
    return [Mean([_widened(q, w * spread) for q in each for w in WIDTHS]) for each in several]


def _widened(q, width):
    if not (width and is_gaussian(q)):
        return q
    normal = q.distribution
    scale = tf.sqrt(normal.scale**2 + width**2)
    return tfd.Independent(tfd.Normal(normal.loc, scale), q.reinterpreted_batch_ndims)
