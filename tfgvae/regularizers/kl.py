"""R(q) = E KL(q(z|x) || p(z)), the ELBO regularizer (Eq. 8), with optional free bits."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, replicas
from tfgvae.distributions.divergence import is_factorised, kl_divergence, kl_terms
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class KL(Regularizer):
    """penalty = KL(q(z|x) || p(z)) per example, in nats; R = 0 iff q(z|x) = p(z) for every x.

    It has the closed form of TFP if there is one. Otherwise it is the estimate from one draw,
    log q(z|x) - log p(z), which is unbiased and may be negative for an example.

    Free bits (Kingma et al. 2016): R = sum_d max(free_bits, KL_d), where KL_d is the divergence in
    latent dimension d, averaged over the global batch. The penalty's mean over the rows is R. A
    dimension below the floor gets no gradient. With free_bits = 0 it is the plain divergence.

    Args:
      free_bits: the floor, in nats per latent dimension, >= 0.

    Raises:
      ValueError: a negative floor; when called with free bits, a q or a prior without a divergence
        per dimension: it is not a tfd.Independent of scalar distributions.
    """

    def __init__(
        self,
        weight: float = 1.0,
        free_bits: float = 0.0,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        self.free_bits = checks.real("free_bits", free_bits, 0)
        self.batch_level = self.free_bits > 0

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
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

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "free_bits": self.free_bits}
