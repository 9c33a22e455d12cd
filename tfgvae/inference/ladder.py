"""q(z|x) with a group of latents for each scale of the encoder (Zhao et al. 2017, "ladder")."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.inference.base import Inference
from tfgvae.layers.groups import latent_groups as share_out
from tfgvae.layers.ladder_encoder import LadderEncoder
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.inference")
class Ladder(Inference):
    """A diagonal Gaussian. Each group of latents reads the features of its scale.

    Args:
      latent_dim: Z, the sum of the groups.
      image_shape: (H, W, C).
      latent_groups: sizes of the groups, finest scale first, top last; () splits Z evenly.
      width, dense, kernel_size, norm, channels: of LadderEncoder; dense is (n,).
      min_stddev: lower bound of the standard deviation.
    """

    # The class of the encoder.
    encoder = LadderEncoder

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        latent_groups: tuple = (),
        width: int = 32,
        dense: tuple = (256,),
        kernel_size: int = 4,
        norm: str = "batch",
        min_stddev: float = 1e-3,
        channels: tuple = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, min_stddev, **kwargs)
        self.latent_groups = share_out(image_shape, latent_dim, latent_groups)
        self.width = checks.size("width", width, 1)
        self.dense = checks.sizes("dense", dense, 1)
        self.kernel_size = checks.size("kernel_size", kernel_size, 1)
        self.norm = norm
        self.channels = checks.sizes("channels", channels, 1)
        if len(self.dense) != 1:
            raise ValueError(f"the ladder has one dense layer, got dense = {self.dense}")
        self._encoder = self.encoder(
            self.image_shape, width, self.dense[0], kernel_size, norm, self.channels
        )
        self._heads = [
            keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2 * n)])
            for n in self.latent_groups
        ]

    def build(self, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._encoder.build((None, *self.image_shape))
        shapes = [*self._encoder.feature_shapes(), (self.dense[0],)]
        for head, shape in zip(self._heads, shapes, strict=True):
            head.build((None, *shape))
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        features = self._encoder(x, training=training)
        groups = [self.moments(head(h)) for head, h in zip(self._heads, features, strict=True)]
        means, stddevs = zip(*groups, strict=True)
        return tf.concat(means, axis=-1), tf.concat(stddevs, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_groups": self.latent_groups,
            "width": self.width,
            "dense": self.dense,
            "kernel_size": self.kernel_size,
            "norm": self.norm,
            # Absent at its default, as in the files of earlier versions.
            **({"channels": self.channels} if self.channels else {}),
        }
