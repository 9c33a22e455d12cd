"""f: the mapping from latents to parameters of the family (Section 2)."""

from typing import Any

import keras

from tfgvae import checks
from tfgvae.types import BatchShape, Shape, Tensor


class Mapping(keras.layers.Layer):
    """z [B, Z] to unconstrained parameters [B, H, W, K], in the layer's compute type.

    A mapping that is a plain stack only sets `_layers_in_order`, a keras.Sequential. Any other
    defines `build` and `call`.

    Args:
      latent_dim: Z.
      params_shape: (H, W, K), from the family.
    """

    # Constructor arguments that a user may not set: the model supplies them.
    supplied: tuple[str, ...] = ("latent_dim", "params_shape", "num_classes")

    def __init__(self, latent_dim: int, params_shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latent_dim = checks.size("latent_dim", latent_dim, 1)
        self.params_shape = checks.integers("params_shape", params_shape, 1, length=3)

    def build(self, z_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._layers_in_order.build((None, self.latent_dim))
        self.built = True

    def call(self, z: Tensor, training: bool = False) -> Tensor:
        return self._layers_in_order(z, training=training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "params_shape": self.params_shape,
        }
