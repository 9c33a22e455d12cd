"""p(z) = sum_k w_k N(z; m_k, L_k L_k') with learned weights, means and covariances."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.distributions.mixture import GaussianMixture
from tfgvae.layers.activations import softplus_one
from tfgvae.priors.base import Prior
from tfgvae.types import Distribution, Shape


@keras.saving.register_keras_serializable("tfgvae.priors")
class Mixture(Prior):
    """A mixture of Gaussians, trained with the model or fitted to its codes (`fit_prior`).

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      components: K.
      spread: deviation of the first means around 0; with equal means all components would stay
        equal.
      min_stddev: lower bound of every deviation; with full covariances of the diagonal of L_k.
      covariance: "diag", where L_k is diagonal; or "full".
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        components: int = 10,
        spread: float = 1.0,
        min_stddev: float = 1e-3,
        covariance: str = "diag",
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **kwargs)
        self.components = checks.size("components", components, 1)
        self.spread = checks.real("spread", spread, 0)
        self.min_stddev = checks.real("min_stddev", min_stddev, above=0)
        self.covariance = checks.choice("covariance", covariance, ("diag", "full"))

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
        if self.covariance == "full":
            square = (*shape, self.latent_dim)
            self._lower = self.add_weight(
                shape=square, initializer="zeros", name="lower", **options
            )
        self.built = True

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        scales = self.min_stddev + softplus_one(tf.convert_to_tensor(self._raw))
        if self.covariance == "full":
            below = tf.linalg.band_part(tf.convert_to_tensor(self._lower), -1, 0)
            scales = tf.linalg.set_diag(below, scales)
        return GaussianMixture(
            tf.convert_to_tensor(self._logits), tf.convert_to_tensor(self._means), scales
        )

    def assign(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> None:
        """Set w [K], m [K, Z] and the covariances [K, Z] or [K, Z, Z]."""
        self._logits.assign(np.log(np.maximum(weights, 1e-30)))
        self._means.assign(means)
        if self.covariance == "full":
            lower = np.linalg.cholesky(covariances)
            self._lower.assign(np.tril(lower, -1))
            stddevs = np.diagonal(lower, axis1=1, axis2=2)
        else:
            stddevs = np.sqrt(covariances)
        excess = np.maximum(stddevs - self.min_stddev, 1e-6)
        # The inverse of softplus_one.
        self._raw.assign(excess + np.log(-np.expm1(-excess)) - math.log(math.expm1(1.0)))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "components": self.components,
            "spread": self.spread,
            "min_stddev": self.min_stddev,
            "covariance": self.covariance,
        }
