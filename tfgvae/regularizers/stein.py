"""R(q) = KSD^2(q(z), p(z)), the squared kernelised Stein discrepancy (Liu, Lee, Jordan 2016)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae.regularizers import batch, kernels
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Stein(Regularizer):
    """R = E u(z, z'), z and z' independent draws of q(z), s = grad log p the prior's score:

        u(x, y) = k s(x).s(y) + s(x).grad_y k + s(y).grad_x k + trace grad_x grad_y k

    R >= 0 and, for q(z) with a smooth positive density, R = 0 iff q(z) = p(z). It needs the
    log_prob of the prior, but no draws. The unit is that of |s|^2; the weight turns it into nats
    per image. With p = N(0, I), q(z) = N(mu, I) and width 1, R = (1 + 2 / D)^(-D / 2) |mu|^2:
    |mu|^2 / 2 at D = 2, |mu|^2 / e for large D. The KL is |mu|^2 / 2.

    The authors move each z_i along 1e4 phi(z_i), the direction of Stein variational gradient
    descent. Their surrogate loss -1e4 sum_i z_i . stop_gradient(phi(z_i)) is not a discrepancy;
    their kernel is exp(-|x - y|^2 / (2 sigma^2 D)), sigma^2 = 1. Near the prior, for a shift of the
    mean, the gradient of R is twice their direction, hence weight 5000.

    Args:
      kernel: a name in KERNELS. In many dimensions the Gaussian one is almost 0 far from the center
        of the batch; "imq" decays slowly.
      widths: multiples of the scale D (kernels.py), averaged; the authors' sigma^2.
      estimator: "unbiased" leaves out the pairs of a row with itself, and can be negative where R
        is small; "biased" keeps them: never negative, above R by about (D + 1) / B.

    Raises:
      ValueError: an argument out of range; one row in the batch with the unbiased estimator, in
        training (elsewhere its penalty is 0); a prior whose log_prob has no gradient in z.
    """

    batch_level = True

    def __init__(
        self,
        weight: float = 5000.0,
        kernel: str = "gaussian",
        widths: tuple = (1.0,),
        estimator: str = "unbiased",
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        self.kernel = kernel
        self.widths = kernels.check(kernel, widths, estimator)
        self.estimator = estimator

    @property
    def least_rows(self) -> int:
        return kernels.LEAST_ROWS[self.estimator]

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        rows = batch.gather(z)
        x, s = batch.flatten(rows), batch.flatten(score(prior, rows))  # [N, D]
        dim = x.shape[1]
        r2 = kernels.squared_distances(x, x)
        g, g1, g2 = kernels.evaluate(self.kernel, self.widths, r2, dim)
        # (s(x) - s(y)).(x - y), in matrix products: no tensor is larger than [N, N].
        sx = tf.matmul(s, x, transpose_b=True)
        own = tf.linalg.diag_part(sx)
        product = own[:, None] + own[None, :] - sx - tf.transpose(sx)
        # grad_x k = 2 g1 (x - y) = -grad_y k; the trace is -2 D g1 - 4 r2 g2.
        u = g * tf.matmul(s, s, transpose_b=True) - 2 * g1 * (product + dim) - 4 * r2 * g2
        return batch.spread(kernels.pair_mean(u, self.estimator), z)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel": self.kernel,
            "widths": list(self.widths),
            "estimator": self.estimator,
        }


def score(prior: Distribution, z: Tensor) -> Tensor:
    """grad_z log p(z), itself differentiable: [N, ...] -> [N, ...]."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        log_prob = prior.log_prob(z)  # [N]
    gradient = tape.gradient(log_prob, z)
    if gradient is None:
        raise ValueError(f"the Stein discrepancy needs a gradient of log p(z); {prior} gives none")
    return gradient
