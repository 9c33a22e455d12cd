"""q(z|x) = N(mean(h), stddev(h)^2) with features h = trunk(x)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.inference.base import Inference
from tfgvae.layers.trunks import TRUNKS
from tfgvae.registry import lookup
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.inference")
class Gaussian(Inference):
    """A diagonal Gaussian over any trunk.

    Args:
      latent_dim: Z.
      image_shape: (H, W, C).
      trunk: a name in TRUNKS: "conv", "mlp" or "resnet".
      width: filters after the first halving, doubled at each further one.
      dense: units of the dense layers after the convolutions; () with trunk "mlp" is linear.
      norm: normalisation: "none", "batch", "group" or "layer".
      activation: a keras activation's name.
      min_stddev: lower bound of the standard deviation.
      deviation: "softplus": min_stddev + softplus, about 1 at the start, without an upper bound;
        "sigmoid": max(min_stddev, sigmoid), at most 1, as in the authors' PixelVAE.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        trunk: str = "conv",
        width: int = 32,
        dense: tuple = (256,),
        norm: str = "none",
        activation: str = "elu",
        min_stddev: float = 1e-3,
        deviation: str = "softplus",
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, min_stddev, **kwargs)
        self.deviation = checks.choice("deviation", deviation, ("softplus", "sigmoid"))
        self.trunk = trunk
        self.width = checks.size("width", width, 1)
        self.dense = checks.sizes("dense", dense, 1)
        self.norm = norm
        self.activation = activation
        make = lookup(TRUNKS, trunk, "trunk")
        self._trunk = make(self.image_shape, self.width, self.dense, norm, activation)
        self._heads = keras.layers.Dense(2 * self.latent_dim)

    def build(self, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._trunk.build((None, *self.image_shape))
        self._heads.build(self._trunk.output_shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        return self.moments(self._heads(self._trunk(x, training=training)))

    def moments(self, heads: Tensor) -> tuple[Tensor, Tensor]:
        if self.deviation == "softplus":
            return super().moments(heads)
        mean, raw = tf.split(tf.cast(heads, tf.float32), 2, axis=-1)
        return mean, tf.maximum(tf.sigmoid(raw), self.min_stddev)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "trunk": self.trunk,
            "width": self.width,
            "dense": self.dense,
            "norm": self.norm,
            "activation": self.activation,
            # Absent at its default, as in the files of earlier versions.
            **({} if self.deviation == "softplus" else {"deviation": self.deviation}),
        }
