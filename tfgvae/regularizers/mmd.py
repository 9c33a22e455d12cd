"""R(q) = MMD^2(q(z), p(z)), the squared maximum mean discrepancy (Gretton et al. 2012)."""

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.regularizers import batch, kernels
from tfgvae.regularizers.base import Regularizer


@keras.saving.register_keras_serializable("tfgvae")
class MMD(Regularizer):
    """R = E k(z, z') + E k(y, y') - 2 E k(z, y), z ~ q(z), y ~ p(z); both kernels characteristic.

    R >= 0 and R = 0 iff q(z) = p(z) (Eq. 7). The weight turns this pure number, at most 2, into
    nats per image. The estimate sees the z of all replicas and `num_prior_samples` draws y.

    "unbiased" leaves out the pairs of a row with itself: its expectation is R, and it falls below
    0 by chance where R is small. "biased" keeps them, as the authors do: it is never negative and
    exceeds R by up to 1/B + 1/num_prior_samples.

    The authors: kernel="gaussian", widths=(1.0,), estimator="biased" and 1e5 beside a loss summed
    over the 100 images of a batch, hence weight 1000.

    Args:
      kernel: a name in KERNELS: "gaussian" or "imq" (inverse multiquadratic, heavier tails: a
        gradient also for a z far from the prior).
      widths: multiples of the scale D (kernels.py), averaged. The default spans a factor of 2
        in distance to either side of the prior's own.
      estimator: "unbiased" or "biased".
      num_prior_samples: draws from the prior in a step, >= 2.

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
        **kwargs,
    ):
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        self.kernel = kernel
        self.widths = kernels.check(kernel, widths, estimator)
        self.estimator = estimator
        self.num_prior_samples = checks.integer("num_prior_samples", num_prior_samples, 2)

    @property
    def least_rows(self):
        return kernels.LEAST_ROWS[self.estimator]

    def penalty(self, q, z, prior, seed):
        draws = batch.prior_draws(prior, seed, self.num_prior_samples, z)
        x, y = batch.flatten(batch.gather(z)), batch.flatten(draws)  # [N, D], [M, D]
        cross = tf.reduce_mean(self._kernel(x, y))
        own = sum(kernels.pair_mean(self._kernel(a, a), self.estimator) for a in (x, y))
        return batch.spread(own - 2 * cross, z)

    def _kernel(self, x, y):
        r2 = kernels.squared_distances(x, y)
        return kernels.evaluate(self.kernel, self.widths, r2, x.shape[1])[0]

    def get_config(self):
        return {
            **super().get_config(),
            "kernel": self.kernel,
            "widths": list(self.widths),
            "estimator": self.estimator,
            "num_prior_samples": self.num_prior_samples,
        }
