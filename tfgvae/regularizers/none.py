"""R(q) = 0: the unregularised VAE (Section 4). Only the Gibbs chain samples it correctly."""

import keras
import tensorflow as tf

from tfgvae.regularizers.base import Regularizer
from tfgvae.types import Distribution, Model, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class NoRegularizer(Regularizer):
    """No penalty: zeros [B] for every q."""

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return tf.zeros(tf.shape(z)[:1], z.dtype)


def is_untied(model: Model) -> bool:
    """Whether q(z) may differ from p(z): no regularizer, and no prior that was fitted to q(z)."""
    if getattr(getattr(model, "inference", None), "matches_prior", False):
        return False
    prior = getattr(model, "latent_prior", None)
    if prior is not None and prior.weights and not prior.trainable:  # See priors.fitting.
        return False
    regularizer = getattr(model, "regularizer", None)
    return isinstance(regularizer, NoRegularizer) or bool(getattr(regularizer, "weight", 1) == 0)
