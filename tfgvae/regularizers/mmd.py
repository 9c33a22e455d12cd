"""R(q) = MMD^2(q(z), p(z)), the squared maximum mean discrepancy (Gretton et al. 2012)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.regularizers import batch, kernels
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class MMD(Regularizer):
    """R = E k(z, z') + E k(y, y') - 2 E k(z, y), z ~ q(z), y ~ p(z); both kernels characteristic.

    R >= 0 and R = 0 iff q(z) = p(z) (Eq. 7). The weight turns this pure number, at most 2, into
    nats per image. The estimate uses the z of all replicas and `num_prior_samples` draws y.

    "unbiased" leaves out the pairs of a row with itself: its expectation is R, and it can be
    negative where R is small. "biased" keeps them, as the authors do: it is never negative, and its
    expectation exceeds R by up to 1/B + 1/num_prior_samples.

    The authors use kernel="gaussian", widths=(1.0,), estimator="biased" and weight 1e5 with a loss
    summed over the 100 images of a batch, hence weight 1000 here.

    Args:
      kernel: a name in KERNELS: "gaussian" or "imq" (inverse multiquadratic, with heavier tails: a
        z far from the prior also gets a gradient).
      widths: multiples of the scale D (kernels.py), averaged. The default goes from half to twice
        the distance between draws of the prior.
      estimator: "unbiased" or "biased".
      num_prior_samples: draws from the prior per step, >= 2.

    Raises:
      ValueError: an argument out of range; one row in the batch with the unbiased estimator, in
        training (elsewhere its penalty is 0).
    """

    batch_level = True

    def __init__(
        self,
        weight: float = 1000.0,
        kernel: str = "gaussian",
        widths: tuple = (0.25, 1.0, 4.0),
        estimator: str = "unbiased",
        num_prior_samples: int = 200,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        self.kernel = kernel
        self.widths = kernels.check(kernel, widths, estimator)
        self.estimator = estimator
        self.num_prior_samples = checks.size("num_prior_samples", num_prior_samples, 2)

    @property
    def least_rows(self) -> int:
        return kernels.LEAST_ROWS[self.estimator]

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        draws = batch.prior_draws(prior, seed, self.num_prior_samples, z)
        x, y = batch.flatten(batch.gather(z)), batch.flatten(draws)  # [N, D], [M, D]
        cross = tf.reduce_mean(self._kernel(x, y))
        own = sum(kernels.pair_mean(self._kernel(a, a), self.estimator) for a in (x, y))
        return batch.spread(own - 2 * cross, z)

    def _kernel(self, x, y):
        r2 = kernels.squared_distances(x, y)
        return kernels.evaluate(self.kernel, self.widths, r2, x.shape[1])[0]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel": self.kernel,
            "widths": list(self.widths),
            "estimator": self.estimator,
            "num_prior_samples": self.num_prior_samples,
        }
