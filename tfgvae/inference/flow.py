"""q(z|x): an inverse autoregressive flow of a Gaussian (Kingma et al. 2016).

z = b(u; h(x)), u ~ N(m(x), s(x)^2), with b the inverse of a masked autoregressive flow: one pass
gives a draw and its density. The density of another z takes Z passes.
"""

from typing import Any

import keras
from tensorflow_probability import bijectors as tfb
from tensorflow_probability import distributions as tfd

from tfgvae import checks
from tfgvae.distributions.flow import Flow as FlowDistribution
from tfgvae.inference.gaussian import Gaussian
from tfgvae.layers.autoregressive_flow import AutoregressiveFlow
from tfgvae.types import Distribution, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.inference")
class Flow(Gaussian):
    """A flow over the Gaussian of any trunk; the trunk's features are its context.

    It starts as the Gaussian, but for the order of the latents. There is no closed KL: it is
    log q(z|x) - log p(z) of the z that was drawn.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      transforms: how many autoregressive transforms.
      hidden: units of the hidden layers of each.
      context: units of h(x).
      trunk, width, dense, norm, activation, min_stddev: as of Gaussian.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        transforms: int = 2,
        hidden: tuple = (64, 64),
        context: int = 32,
        trunk: str = "conv",
        width: int = 32,
        dense: tuple = (256,),
        norm: str = "none",
        activation: str = "elu",
        min_stddev: float = 1e-3,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            latent_dim, image_shape, trunk, width, dense, norm, activation, min_stddev, **kwargs
        )
        self.transforms = checks.size("transforms", transforms, 1)
        self.hidden = checks.sizes("hidden", hidden, 1)
        self.context = checks.size("context", context, 1)
        self._flow = AutoregressiveFlow(self.latent_dim, transforms, hidden, context)
        self._to_context = keras.layers.Dense(self.context, activation="elu")

    def build(self, x_shape: Any = None) -> None:
        if self.built:
            return
        self._flow.build()
        # The base class builds the trunk, whose features the context is made of.
        super().build(x_shape)
        self._to_context.build(self._trunk.output_shape)

    def call(  # type: ignore[override]
        self, x: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(mean, stddev) [B, Z] of u, and the context h [B, context]."""
        features = self._trunk(x, training=training)
        return (*self.moments(self._heads(features)), self._to_context(features))

    def distribution(self, x: Tensor, training: bool = False) -> Distribution:
        mean, stddev, h = self(x, training=training)
        base = tfd.Independent(tfd.Normal(mean, stddev), 1)
        return FlowDistribution(base, tfb.Invert(self._flow.bijector(h)))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "transforms": self.transforms,
            "hidden": self.hidden,
            "context": self.context,
        }
