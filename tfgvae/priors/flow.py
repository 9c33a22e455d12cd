"""p(z): a masked autoregressive flow of N(0, I) (Papamakarios et al. 2017)."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import bijectors as tfb

from tfgvae import checks
from tfgvae.distributions.flow import Flow as FlowDistribution
from tfgvae.distributions.noise import standard_normal
from tfgvae.layers.autoregressive_flow import AutoregressiveFlow
from tfgvae.priors.base import Prior
from tfgvae.types import Distribution, Shape


@keras.saving.register_keras_serializable("tfgvae.priors")
class Flow(Prior):
    """A flow trained with the model. It starts as N(0, I).

    A density is one pass of each network. A draw takes Z passes.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      transforms: how many autoregressive transforms.
      hidden: units of the hidden layers of each.
      standardize: a fixed shift and scale of every coordinate after the flow, which `fit_prior`
        sets; 0 and 1 at the start.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        transforms: int = 2,
        hidden: tuple = (64, 64),
        standardize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **kwargs)
        self.transforms = checks.size("transforms", transforms, 1)
        self.hidden = checks.sizes("hidden", hidden, 1)
        self.standardize = checks.boolean("standardize", standardize)
        self._flow = AutoregressiveFlow(self.latent_dim, self.transforms, self.hidden)

    def build(self, z_shape: Any = None) -> None:
        if self.built:
            return
        self._flow.build()
        if self.standardize:
            options = {"trainable": False, "dtype": "float32", "autocast": False}
            shape = (self.latent_dim,)
            self._shift = self.add_weight(shape=shape, initializer="zeros", name="shift", **options)
            self._scale = self.add_weight(shape=shape, initializer="ones", name="scale", **options)
        self.built = True

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        bijector = self._flow.bijector()
        if self.standardize:
            shift = tfb.Shift(tf.convert_to_tensor(self._shift))
            bijector = tfb.Chain([shift, tfb.Scale(tf.convert_to_tensor(self._scale)), bijector])
        return FlowDistribution(standard_normal((self.latent_dim,)), bijector)

    def assign(self, shift: np.ndarray, scale: np.ndarray) -> None:
        """Set the shift and the scale [Z] of `standardize`."""
        self._shift.assign(shift)
        self._scale.assign(scale)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "transforms": self.transforms,
            "hidden": self.hidden,
            "standardize": self.standardize,
        }
