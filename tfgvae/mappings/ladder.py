"""f(z) with a group of latents injected at each scale: the generator of the ladder."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.layers import blocks
from tfgvae.layers.combine import Inject
from tfgvae.layers.groups import latent_groups as share_out
from tfgvae.layers.scales import channels_of, pyramid
from tfgvae.mappings.base import Mapping
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.mappings")
class Ladder(Mapping):
    """The dense top reads the last group. Each scale on the way up reads its own group.

    Channels mirror LadderEncoder: scale i has c_i, and full resolution c_0. The head is one
    convolution.

    Args:
      latent_dim: Z, the sum of the groups.
      params_shape: (H, W, K).
      latent_groups: sizes of the groups, finest scale first, top last; () splits Z evenly.
      width: channels at full resolution, doubled at each coarser scale.
      channels: (c_0, ..., c_S) instead of width; () for width.
      dense: (n,), units of the top.
      kernel_size: side of the kernels.
      combine: how latents enter: "concat", "add" or "gated_add".
      norm: normalisation: "none", "batch", "group" or "layer".
      num_classes: if n > 0, a label 0 .. n - 1 is an input of the top.
    """

    def __init__(
        self,
        latent_dim: int,
        params_shape: Shape,
        latent_groups: tuple = (),
        width: int = 32,
        dense: tuple = (256,),
        kernel_size: int = 4,
        combine: str = "concat",
        norm: str = "batch",
        num_classes: int = 0,
        channels: tuple = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, params_shape, **kwargs)
        self.sizes = pyramid((*self.params_shape[:2], 1))
        self.latent_groups = share_out((*self.params_shape[:2], 1), latent_dim, latent_groups)
        self.width = checks.size("width", width, 1)
        self.channels = checks.sizes("channels", channels, 1)
        self._channels = channels_of(self.sizes, self.width, self.channels)
        self.dense = checks.sizes("dense", dense, 1)
        self.kernel_size = checks.size("kernel_size", kernel_size, 1)
        self.combine = combine
        self.norm = norm
        self.num_classes = checks.size("num_classes", num_classes, 0)
        if len(self.dense) != 1:
            raise ValueError(f"the ladder has one dense layer, got dense = {self.dense}")
        self._make_top()
        self._make_scales()
        self._head = self._output(self.params_shape[-1])

    def _output(self, filters, activation=None):
        """A layer from `_features` to images with `filters` channels."""
        return keras.layers.Conv2D(filters, self.kernel_size, padding="same", activation=activation)

    def _feature_shape(self, scale):
        return (*self.sizes[scale], self._channels[scale])

    def _last_shape(self):
        """The shape of `_features`, without the batch."""
        return self._feature_shape(0)

    def _make_top(self):
        options = {"norm": self.norm, "activation": "leaky_relu"}
        coarsest = self._feature_shape(len(self.sizes) - 1)
        self._top_in = blocks.dense(self.dense[0], **options)
        self._top_out = blocks.dense(math.prod(coarsest), **options)

    def _make_scales(self):
        options = {"norm": self.norm, "activation": "leaky_relu"}
        self._inject, self._up = [], []
        for i in range(len(self.sizes) - 1, 0, -1):
            shape, group = self._feature_shape(i), self.latent_groups[i - 1]
            self._inject.append(Inject(shape, group, self.combine, self.norm))
            same = blocks.conv_up(shape[-1], self.kernel_size, 1, **options)
            finer = self._feature_shape(i - 1)
            up = blocks.conv_up(finer[-1], self.kernel_size, 2, size=finer[:2], **options)
            self._up.append(keras.Sequential([same, up]))

    def _top_width(self):
        """Number of inputs of the top: its group of latents and the label."""
        return self.latent_groups[-1] + self.num_classes

    def build(self, z_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._top_in.build((None, self._top_width()))
        self._top_out.build((None, self.dense[0]))
        for inject, up in zip(self._inject, self._up, strict=True):
            inject.build((None, *inject.feature_shape))
            up.build((None, *inject.output_shape()))
        self._head.build((None, *self._last_shape()))
        self.built = True

    def _features(self, z, label, training, top=(), skips=None):
        """Features at full resolution: [B, H, W, c_0].

        Args:
          z: [B, Z].
          label: [B] int, or None.
          training: bool.
          top: further inputs [B, F] of the dense top.
          skips: features to add at each scale, coarsest first, or None.
        """
        *groups, top_group = tf.split(z, self.latent_groups, axis=-1)
        inputs = [top_group, *top]
        if self.num_classes:
            inputs.append(tf.one_hot(label, self.num_classes, dtype=z.dtype))
        h = self._top_out(self._top_in(tf.concat(inputs, -1), training=training), training=training)
        h = tf.reshape(h, [-1, *self._feature_shape(len(self.sizes) - 1)])
        for i, (inject, up) in enumerate(zip(self._inject, self._up, strict=True)):
            if skips is not None:
                h = h + skips[i]
            h = up(inject(h, z=groups[-1 - i], training=training), training=training)
        return h

    def call(  # type: ignore[override]  # Only a ladder takes a label.
        self, z: Tensor, label: Tensor | None = None, training: bool = False
    ) -> Tensor:
        return self._head(self._features(z, label, training))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_groups": self.latent_groups,
            "width": self.width,
            "dense": self.dense,
            "kernel_size": self.kernel_size,
            "combine": self.combine,
            "norm": self.norm,
            "num_classes": self.num_classes,
            # Absent at its default, as in the files of earlier versions.
            **({"channels": self.channels} if self.channels else {}),
        }
