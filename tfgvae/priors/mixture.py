"""p(z) = sum_k w_k N(z; m_k, diag(s_k^2)) with learned weights, means and deviations."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.distributions.mixture import GaussianMixture
from tfgvae.layers.activations import softplus_one
from tfgvae.priors.base import Prior
from tfgvae.types import Distribution, Shape


@keras.saving.register_keras_serializable("tfgvae.priors")
class Mixture(Prior):
    """A mixture of diagonal Gaussians, trained with the model.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      components: K.
      spread: deviation of the first means around 0; with equal means all components would stay
        equal.
      min_stddev: lower bound of every deviation.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        components: int = 10,
        spread: float = 1.0,
        min_stddev: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **kwargs)
        self.components = checks.size("components", components, 1)
        self.spread = checks.real("spread", spread, 0)
        self.min_stddev = checks.real("min_stddev", min_stddev, above=0)

    def build(self, z_shape: Any = None) -> None:
        if self.built:
            return
        shape = (self.components, self.latent_dim)
        normal = keras.initializers.RandomNormal(stddev=self.spread)
        # A density in half precision would overflow: these weights are float32 under any policy.
        options = {"dtype": "float32", "autocast": False}
        self._means = self.add_weight(shape=shape, initializer=normal, name="means", **options)
        self._raw = self.add_weight(shape=shape, initializer="zeros", name="stddevs", **options)
        self._logits = self.add_weight(
            shape=shape[:1], initializer="zeros", name="logits", **options
        )
        self.built = True

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        stddevs = self.min_stddev + softplus_one(tf.convert_to_tensor(self._raw))
        return GaussianMixture(
            tf.convert_to_tensor(self._logits), tf.convert_to_tensor(self._means), stddevs
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "components": self.components,
            "spread": self.spread,
            "min_stddev": self.min_stddev,
        }
