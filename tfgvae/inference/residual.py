"""q_t(z(t) | x, x(t-1)), given by its difference from p_t(z(t) | x(t-1)) (ladder VAEs).

mean = mean_p + stddev_p * shift(x, x(t-1)),   stddev = stddev_p * scale(x, x(t-1))
KL(q || p) = sum_d (scale_d^2 + shift_d^2 - 1) / 2 - log scale_d
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae.layers.authors_encoder import AuthorsEncoder
from tfgvae.layers.ladder_encoder import LadderEncoder
from tfgvae.layers.ladder_heads import LadderHeads
from tfgvae.types import BatchShape, Shape, Tensor

Moments = tuple[Tensor, Tensor]


@keras.saving.register_keras_serializable("tfgvae.inference")
class Residual(keras.layers.Layer):
    """A LadderEncoder over the channels of x and x(t-1). At the start q_t = p_t and the KL is 0.

    Args:
      image_shape: (H, W, C).
      latent_groups: sizes of the groups, finest scale first, top last.
      width, dense, kernel_size, norm, channels: of LadderEncoder; dense is (n,).
    """

    # The class of the encoder.
    encoder = LadderEncoder

    def __init__(
        self,
        image_shape: Shape,
        latent_groups: tuple,
        width: int = 32,
        dense: tuple = (256,),
        kernel_size: int = 4,
        norm: str = "batch",
        channels: tuple = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape, self.latent_groups = tuple(image_shape), tuple(latent_groups)
        self.width, self.dense = width, tuple(dense)
        self.kernel_size, self.norm = kernel_size, norm
        self.channels = tuple(channels)
        *size, depth = self.image_shape
        both = (*size, 2 * depth)
        self._encoder = self.encoder(both, width, self.dense[0], kernel_size, norm, self.channels)
        shapes = [*self._encoder.feature_shapes(), self.dense]
        self._heads = LadderHeads(self.latent_groups, shapes)

    def build(self, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._encoder.build()
        self._heads.build()
        self.built = True

    def call(self, x: Tensor, old: Tensor, prior: Moments, training: bool = False) -> Moments:
        """x and x(t-1), [B, H, W, C], and the moments of p_t to those of q_t: float32 [B, Z]."""
        features = self._encoder(tf.concat([x, old], axis=-1), training=training)
        shift, scale = self._heads(features)
        mean, stddev = (tf.cast(moment, tf.float32) for moment in prior)
        return mean + stddev * shift, stddev * scale

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "latent_groups": self.latent_groups,
            "width": self.width,
            "dense": self.dense,
            "kernel_size": self.kernel_size,
            "norm": self.norm,
            "channels": self.channels,
        }


@keras.saving.register_keras_serializable("tfgvae.inference")
class AuthorsResidual(Residual):
    """A Residual with an AuthorsEncoder."""

    encoder = AuthorsEncoder
