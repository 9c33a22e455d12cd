"""f(z) by dense layers; with none of them f is affine."""

import math
from typing import Any

import keras

from tfgvae import checks
from tfgvae.layers import blocks
from tfgvae.mappings.base import Mapping
from tfgvae.types import Shape


@keras.saving.register_keras_serializable("tfgvae.mappings")
class MLP(Mapping):
    """Dense layers, then a linear layer to the parameters.

    Args:
      latent_dim: Z.
      params_shape: (H, W, K).
      dense: units of the hidden layers; () is an affine mapping.
      norm: normalisation: "none", "batch", "group" or "layer".
      activation: a keras activation's name.
    """

    def __init__(
        self,
        latent_dim: int,
        params_shape: Shape,
        dense: tuple = (256,),
        norm: str = "none",
        activation: str = "elu",
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, params_shape, **kwargs)
        self.dense = checks.sizes("dense", dense, 1)
        self.norm = norm
        self.activation = activation
        hidden = [blocks.dense(n, norm=norm, activation=activation) for n in self.dense]
        output = keras.layers.Dense(math.prod(self.params_shape))
        self._layers_in_order = keras.Sequential(
            [*hidden, output, keras.layers.Reshape(self.params_shape)]
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "dense": self.dense,
            "norm": self.norm,
            "activation": self.activation,
        }
