"""f(z) by dense layers and transposed convolutions up the pyramid: the mirror of the conv trunk."""

import math
from typing import Any

import keras

from tfgvae import checks
from tfgvae.layers import blocks
from tfgvae.layers.scales import pyramid
from tfgvae.mappings.base import Mapping
from tfgvae.types import Shape


@keras.saving.register_keras_serializable("tfgvae.mappings")
class Conv(Mapping):
    """Dense layers, a reshape to the coarsest scale, 4x4 transposed convolutions of stride 2.

    Args:
      latent_dim: Z.
      params_shape: (H, W, K).
      width: filters at the finest hidden scale, doubled at each coarser one.
      dense: units of the dense layers before the convolutions.
      norm: normalisation: "none", "batch", "group" or "layer".
      activation: a keras activation's name.
    """

    def __init__(
        self,
        latent_dim: int,
        params_shape: Shape,
        width: int = 32,
        dense: tuple = (256,),
        norm: str = "none",
        activation: str = "elu",
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, params_shape, **kwargs)
        self.width = checks.size("width", width, 1)
        self.dense = checks.sizes("dense", dense, 1)
        self.norm = norm
        self.activation = activation
        self._layers_in_order = keras.Sequential(self._make_layers())

    def _make_layers(self):
        options = {"norm": self.norm, "activation": self.activation}
        sizes = pyramid((*self.params_shape[:2], 1))
        coarsest = (*sizes[-1], self.width * 2 ** (len(sizes) - 2))
        layers = [blocks.dense(n, **options) for n in self.dense]
        layers.append(blocks.dense(math.prod(coarsest), **options))
        layers.append(keras.layers.Reshape(coarsest))
        for i in range(len(sizes) - 2, 0, -1):
            layers.append(blocks.conv_up(self.width * 2 ** (i - 1), 4, 2, size=sizes[i], **options))
        layers.append(blocks.conv_up(self.params_shape[-1], 4, 2, size=sizes[0]))
        return layers

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "width": self.width,
            "dense": self.dense,
            "norm": self.norm,
            "activation": self.activation,
        }
