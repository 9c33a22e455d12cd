"""R(q) = E KL(q(z|x) || p(z)), the ELBO regularizer (Eq. 8), with optional free bits."""

import keras
import tensorflow as tf

from tfgvae import checks, replicas
from tfgvae.distributions.divergence import is_factorised, kl_divergence, kl_terms
from tfgvae.regularizers.base import Regularizer


@keras.saving.register_keras_serializable("tfgvae")
class KL(Regularizer):
    """penalty = KL(q(z|x) || p(z)) per example, in nats; R = 0 iff q(z|x) = p(z) for every x.

    Analytic where TFP knows the divergence; otherwise its one-draw estimate
    log q(z|x) - log p(z), which is unbiased, and may be negative on an example.

    Free bits (Kingma et al. 2016): R = sum_d max(free_bits, KL_d), KL_d the mean over the batch
    of all replicas of the divergence in latent dimension d. The rows of the penalty have this
    value as their mean, and a dimension below the floor gets no gradient. At 0 it is the plain
    divergence, dimension by dimension.

    Args:
      free_bits: the floor, in nats per latent dimension, >= 0.

    Raises:
      ValueError: a negative floor; or, when called, free bits with a q or a prior that is not a
        tfd.Independent of scalar distributions, which alone have a divergence per dimension.
    """

    def __init__(
        self,
        weight: float = 1.0,
        free_bits: float = 0.0,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs,
    ):
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        self.free_bits = checks.real("free_bits", free_bits, 0)
        self.batch_level = self.free_bits > 0

    def penalty(self, q, z, prior, seed):
        if self.free_bits > 0:
            return self._floored(q, prior)
        return kl_divergence(q, prior, z)

    def _floored(self, q, prior):
        for name, distribution in ("q", q), ("the prior", prior):
            if not is_factorised(distribution):
                raise ValueError(
                    "free_bits needs a divergence per latent dimension, so q and the prior must "
                    f"be tfd.Independent of scalar distributions; {name} is {distribution}"
                )
        kl = kl_terms(q, prior)  # [B, Z] or [B, T, Z]
        above = replicas.mean(kl) >= self.free_bits  # [Z] or [T, Z]
        floored = tf.where(above, kl, tf.cast(self.free_bits, kl.dtype))
        return tf.reduce_sum(floored, axis=range(1, floored.shape.rank))

    def get_config(self):
        return {**super().get_config(), "free_bits": self.free_bits}
