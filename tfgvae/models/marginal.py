"""p(x) = P_theta(x): one member of the family P, without latents."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks
from tfgvae.families import FAMILIES, Family
from tfgvae.images import num_rows
from tfgvae.models.base import LatentVariableModel
from tfgvae.registry import make
from tfgvae.types import Array, Distribution, Seed, Shape, Spec, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Marginal(LatentVariableModel):
    """maximise E_{p_data(x)} [log P_theta(x)]: f is a learned constant theta.

    It is the model to compare with: the gain of a model over it is the gain from the latent code.
    A factorised P learns the marginal distribution of each pixel, as a model that ignores its code
    does. An autoregressive P learns its best model of the data.

    The latents have the event shape [0], so that sampling and evaluation are the same as for other
    models: encode gives [N, 0], decode takes [N, 0], and reconstruct and gibbs_sample draw from
    p(x) for any image. The KL and the penalty are 0, and elbo is log p(x) itself.

    Args:
      image_shape: (H, W, C).
      family: an instance, a class, a name in FAMILIES, or a dict {"name": ..., argument: value}.
      num_classes: > 0 for p(x | label) with a theta for each label.
      seed: int of the initial weights and the training noise; None draws one and keeps it.
    """

    def __init__(
        self,
        image_shape: Shape,
        family: Spec = "bernoulli",
        num_classes: int = 0,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(image_shape, (0,), num_classes, seed, **kwargs)
        with self._construction():
            self.family = make(FAMILIES, family, "family", Family)
            params_shape = tuple(self.family.params_shape(self.image_shape))
            self.family.build((None, *params_shape), (None, *self.image_shape))
            # Not zeros: the kernels of an autoregressive family on theta would get no gradient.
            small = keras.initializers.RandomNormal(stddev=0.05)
            shape = (max(self.num_classes, 1), *params_shape)
            self.theta = self.add_weight(
                shape=shape,
                initializer=small,
                autocast=False,  # Densities are float32 under any policy.
                name="theta",
            )
        self._finish()

    def posterior(self, x: Tensor, training: bool = False) -> Distribution:
        none = tf.zeros([num_rows(x), 0])
        return tfd.Independent(tfd.Normal(none, tf.ones_like(none)), 1)

    def likelihood(self, z: Tensor, label: Tensor | None = None, training: bool = False) -> Tensor:
        if not self.num_classes:
            label = tf.zeros(tf.shape(z)[:1], tf.int32)
        # A product, not a lookup, because its gradient is a plain tensor.
        chosen = tf.one_hot(label, self.theta.shape[0])
        theta = tf.tensordot(chosen, tf.cast(self.theta, tf.float32), 1)
        return self.family.constrain(theta)

    def terms(
        self, x: Tensor, label: Tensor | None, seed: Tensor, training: bool
    ) -> dict[str, Tensor]:
        q = self.posterior(x, training)
        params = self.likelihood(q.mean(), label, training)
        nll = -self.family.log_prob(x, params, seed if training else None)
        self.add_batch_loss(nll)
        nothing = tf.zeros_like(nll)
        return {"nll": nll, "kl": nothing, "elbo": -nll, "penalty": nothing}

    def log_likelihood(
        self, x: Array, num_samples: int = 64, seed: Seed = None, label: Array | int | None = None
    ) -> Tensor:
        """log p(x), exact: [N] nats. num_samples has no effect: there are no latents to draw."""
        checks.integer("num_samples", num_samples, 1)
        return super().log_likelihood(x, 1, seed, label)

    def get_config(self) -> dict[str, Any]:
        family = keras.saving.serialize_keras_object(self.family)
        return {**super().get_config(), "family": family}
