"""p(z) = (1/K) sum_k q(z|u_k), u_k learned pseudo-inputs (Tomczak and Welling 2018)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.distributions.divergence import is_gaussian
from tfgvae.distributions.mixture import GaussianMixture
from tfgvae.priors.base import Prior
from tfgvae.types import Distribution, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.priors")
class Vamp(Prior):
    """The VampPrior: a mixture of the posteriors of K learned images in [0, 1].

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      components: K.

    Raises:
      ValueError: when used, a q(z|x) that is no diagonal Gaussian.
    """

    def __init__(
        self, latent_dim: int, image_shape: Shape, components: int = 50, **kwargs: Any
    ) -> None:
        super().__init__(latent_dim, image_shape, **kwargs)
        self.components = checks.size("components", components, 1)

    def build(self, z_shape: Any = None) -> None:
        if self.built:
            return
        # Random images: equal ones would stay equal.
        self._inputs = self.add_weight(
            shape=(self.components, *self.image_shape),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            dtype="float32",
            autocast=False,
            name="pseudo_inputs",
        )
        self.built = True

    @property
    def pseudo_inputs(self) -> Tensor:
        """u_1, ..., u_K: [K, H, W, C] in [0, 1]."""
        return tf.sigmoid(tf.convert_to_tensor(self._inputs))

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        q = inference.distribution(self.pseudo_inputs)
        if not is_gaussian(q):
            raise ValueError(
                f"the prior 'vamp' needs a diagonal Gaussian q(z|x), this one is {type(q).__name__}"
            )
        logits = tf.zeros([self.components])
        return GaussianMixture(logits, q.distribution.mean(), q.distribution.stddev())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "components": self.components}
