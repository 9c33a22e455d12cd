"""I(x; z) under q: the estimate of Appendix A.3, its cap log M, a lower and an upper bound.

lower  E_i [ log q(z_i|x_i) - log (1/M)       sum_j        q(z_i|x_j) ]  <= I, and <= log M
upper  E_i [ log q(z_i|x_i) - log (1/(M - 1)) sum_{j != i} q(z_i|x_j) ]  >= I

x_j ~ p_data, z_i ~ q(z|x_i). In Poole et al. (2019) they are InfoNCE, with the true conditional as
its critic, and the leave-one-out bound. The lower one is the paper's I~.
"""

import dataclasses
import math

import numpy as np

from tfgvae import checks, seeds
from tfgvae.distributions.noise import Conditioned
from tfgvae.estimators import batching, contrastive, corrupted_information, critic
from tfgvae.estimators.estimate import Estimate
from tfgvae.types import Array, Images, Model, Progress


@dataclasses.dataclass(frozen=True)
class MutualInformation:
    """The result of mutual_information, in nats. E KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || p(z)).

    Attributes:
      estimate: I~ of Appendix A.3.
      cap: log M, the largest possible value of I~. If I~ is near it, I may be much larger.
      lower: I~ as a lower bound on I(x; z).
      upper: the leave-one-out bound.
      kl: E KL(q(z|x) || p(z)).
      marginal_kl_lower, marginal_kl_upper: bounds on KL(q(z) || p(z)), kl - upper and kl - lower.
        If `upper` is above kl, the first is below 0 and gives no information.
    """

    estimate: Estimate
    cap: float
    lower: Estimate
    upper: Estimate
    kl: Estimate
    marginal_kl_lower: Estimate
    marginal_kl_upper: Estimate

    @property
    def least_upper(self) -> Estimate:
        """The smaller of two upper bounds on I(x; z): leave-one-out, and E KL(q(z|x) || p(z))."""
        if self.upper.value <= self.kl.value:
            return self.upper
        return dataclasses.replace(self.kl, kind="upper bound")


def mutual_information(
    model: Model,
    images: Images,
    seed: int = 0,
    label: Array | int | None = None,
    num_codes: int | None = None,
    batch_size: int = 1000,
    progress: Progress = None,
    training_images: Images | None = None,
    leave_one_out: bool = True,
) -> MutualInformation:
    """Bounds on I(x; z), and on the parts of E KL(q(z|x) || p(z)) (Appendix A.3; Section 4).

    All M^2 log-densities are computed twice, in blocks of batch_size^2. Both bounds hold in
    expectation over images drawn independently from the data. If I is well above log M, a code is
    likely under its own image only. Then the lower bound is at its cap, and the upper bound is far
    above I, and above the KL, which is an upper bound too: see `least_upper`.

    Standard errors cover the choice of images and the randomness of the codes, not the gap to I.
    The terms of a bound share the images, so they are not independent. The error is therefore from
    the infinitesimal jackknife (Efron 1982): stddev_m(l_m - t_m) / sqrt(M), with the term l_m of
    image m, and its share t_m = sum_i q(z_i|x_m) / sum_j q(z_i|x_j) in the denominators of all
    terms. It is correct to first order in 1/M. It is too small for an upper bound if only a few
    images dominate each denominator.

    Args:
      model: a latent variable model.
      images: [M, H, W, C] in [0, 1], M >= 2, an Images of tfgvae.types.
      seed: int of the codes.
      label: ignored, because q(z|x) does not depend on it.
      num_codes: codes z_i drawn per image; None is one.
      batch_size: images per block.
      progress: None, or called as progress(done, total), in blocks of codes.
      training_images: None, or for a corrupted q at least 2 other images, better 10000. They train
        a critic, and the lower bound is closer to I (estimators/critic.py).
      leave_one_out: False leaves out the leave-one-out bound: `upper` is then E KL(q(z|x) || p(z)).
        It saves time with a critic, which needs no densities of pairs.

    A corrupted q~(z|x) = E_C q(z|x~) has no density: its bounds use several x~ for each image
    (estimators/corrupted_information.py), and its KL is the upper bound E_C KL(q(z|x~) || p(z)).

    Returns:
      MutualInformation. The KL is in closed form if TFP has one, else the mean over the codes of
      log q(z|x) - log p(z).

    Raises:
      ValueError: images that the model refuses, fewer than 2 of them, a number not >= 1, or
        training_images for a q that has a density, which is the best critic.
    """
    del label
    num_codes = checks.integer("num_codes", 1 if num_codes is None else num_codes, 1)
    checks.boolean("leave_one_out", leave_one_out)
    x = batching.model_images(model, images, least=2)
    parts = batching.batches(x.shape[0], batch_size)
    posteriors = batching.posteriors(model, x, batch_size)
    corrupted = isinstance(posteriors[0], Conditioned)
    judge = _critic(model, training_images, corrupted, seed)
    each = (4 if corrupted and leave_one_out else 2) * len(parts)
    total = num_codes * each
    found = []
    for code in range(num_codes):
        steps = iter(range(code * each + 1, total + 1))

        def tick(steps=steps):
            batching.report(progress, next(steps), total)

        code_seed = seeds.fold_in(seed, code)
        if corrupted:
            options = (batch_size, tick, judge, leave_one_out)
            found.append(corrupted_information.terms(model, x, code_seed, *options))
            continue
        rows = seeds.rows(code_seed, x.shape[0])
        z = [model.encode(x[part], rows[part]) for part in parts]
        bounds = contrastive.BOUNDS if leave_one_out else ("lower",)
        found.append(contrastive.terms(posteriors, z, tick, bounds=bounds))
        found[-1]["kl"] = batching.divergences(posteriors, z, model.prior())
    terms = {name: np.mean([f[name] for f in found], axis=0) for name in found[0]}
    if not leave_one_out:
        terms |= {"upper": terms["kl"], "upper_share": np.zeros_like(terms["kl"])}
    return _summary(terms)


def _critic(model, training_images, corrupted, seed):
    if training_images is None:
        return None
    if not corrupted:
        raise ValueError("training_images are for a corrupted q: the density of this one is known")
    images = batching.model_images(model, training_images, least=2)
    return critic.trained(model, images, seeds.fold_in(seed, -1))


def _summary(terms):
    kl, lower, upper = terms["kl"], terms["lower"], terms["upper"]
    # The influence of an image on each bound: its own term minus its share in the denominators.
    lower_influence = lower - terms["lower_share"]
    upper_influence = upper - terms["upper_share"]

    def estimate(values, influence, kind):
        error = Estimate.of_mean(influence).standard_error
        return Estimate(float(values.mean()), error, kind, count=len(values))

    return MutualInformation(
        estimate=estimate(lower, lower_influence, "estimate"),
        cap=math.log(len(kl)),
        lower=estimate(lower, lower_influence, "lower bound"),
        upper=estimate(upper, upper_influence, "upper bound"),
        kl=Estimate.of_mean(kl),
        marginal_kl_lower=estimate(kl - upper, kl - upper_influence, "lower bound"),
        marginal_kl_upper=estimate(kl - lower, kl - lower_influence, "upper bound"),
    )
