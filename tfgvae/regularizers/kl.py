"""R(q) = E KL(q(z|x) || p(z)), the ELBO regularizer (Eq. 8)."""

import keras
import tensorflow_probability as tfp

from tfgvae.regularizers.base import Regularizer

tfd = tfp.distributions


@keras.saving.register_keras_serializable("tfgvae")
class KL(Regularizer):
    """KL(q(z|x) || p(z))."""

    def penalty(self, q, z, prior, seed):
        return tfd.kl_divergence(q, prior)
