"""f(z) of the authors' sequential VAE: `generator_ladder` in their code, without x(t-1)."""

import math

import keras
import tensorflow as tf

from tfgvae.layers import blocks
from tfgvae.layers.activations import leaky_relu
from tfgvae.layers.authors_encoder import NORMAL
from tfgvae.layers.combine import Inject
from tfgvae.mappings.ladder import Ladder
from tfgvae.types import BatchShape


@keras.saving.register_keras_serializable("tfgvae.mappings")
class AuthorsLadder(Ladder):
    """A Ladder at half the resolution; its head is a transposed convolution of stride 2.

    The dense top gives features of c_S channels, one halving below the coarsest scale. A transposed
    convolution of stride 2 leads to scale i, with c_(i-1) channels. The group of latents of the
    scale enters, and a transposed convolution of stride 1 keeps the channels. At 64x64 and width 48
    the sizes are 4 8 16 32 and the channels 384 192 96 48.

    The top's group of latents has a dense layer of its own. Each unit of the dense layers of
    latents is normalised by itself.
    """

    def _options(self, activation):
        return {"norm": self.norm, "activation": activation, "initializer": NORMAL}

    def _output(self, filters, activation=None):
        size = self.sizes[0]
        return blocks.conv_up(filters, self.kernel_size, 2, activation=activation, size=size)

    def _feature_shape(self, scale):
        """Of scale 1 .. S, or, for S + 1, of the halving below the coarsest."""
        if scale < len(self.sizes):
            return (*self.sizes[scale], self._channels[scale - 1])
        return (*(-(-n // 2) for n in self.sizes[-1]), self._channels[-1])

    def _last_shape(self):
        return self._feature_shape(1)

    def _inject_into(self, shape, group):
        norm = {"norm": self.norm, "by_unit": True, "initializer": NORMAL}
        return Inject(shape, group, self.combine, **norm)

    def _make_top(self):
        self._top_latents = self._make_top_latents()
        self._top_in = blocks.dense(self.dense[0], **self._options("relu"))
        units = math.prod(self._feature_shape(len(self.sizes)))
        self._top_out = blocks.dense(units, **self._options("relu"))

    def _make_top_latents(self):
        """The layer that reads the top's group of latents and the label."""
        return blocks.dense(self.dense[0], **self._options("leaky_relu"))

    def _make_scales(self):
        self._inject, self._up, self._same = [], [], []
        for i in range(len(self.sizes) - 1, 0, -1):
            *size, channels = shape = self._feature_shape(i)
            up = blocks.conv_up(channels, self.kernel_size, 2, size=size, **self._options(None))
            self._up.append(up)
            self._inject.append(self._inject_into(shape, self.latent_groups[i - 1]))
            same = blocks.conv_up(channels, self.kernel_size, 1, **self._options("leaky_relu"))
            self._same.append(same)

    def build(self, z_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._build_top()
        shape = self._feature_shape(len(self.sizes))
        for up, inject, same in zip(self._up, self._inject, self._same, strict=True):
            up.build((None, *shape))
            shape = inject.feature_shape
            inject.build((None, *shape))
            same.build((None, *inject.output_shape()))
        self._head.build((None, *self._last_shape()))
        self.built = True

    def _build_top(self):
        self._top_latents.build((None, self.latent_groups[-1] + self.num_classes))
        self._top_in.build((None, self.dense[0]))
        self._top_out.build((None, self.dense[0]))

    def _features(self, z, label, training, top=(), skips=None):
        """Features at half the resolution: [B, H/2, W/2, c_0]. The arguments are Ladder's."""
        *groups, top_group = tf.split(z, self.latent_groups, axis=-1)
        if self.num_classes:
            one_hot = tf.one_hot(label, self.num_classes, dtype=z.dtype)
            top_group = tf.concat([top_group, one_hot], -1)
        h = self._top_in(self._read_top(top_group, top, training), training=training)
        h = self._top_out(h, training=training)
        h = tf.reshape(h, [-1, *self._feature_shape(len(self.sizes))])
        layers = zip(self._up, self._inject, self._same, strict=True)
        for i, (up, inject, same) in enumerate(layers):
            h = up(h, training=training)
            # The authors' code has ReLU where features are added, and leaky ReLU elsewhere.
            h = leaky_relu(h) if skips is None else tf.nn.relu(h + skips[i])
            h = same(inject(h, z=groups[-1 - i], training=training), training=training)
        return h

    def _read_top(self, z, top, training):
        """The inputs of the dense top from the top's latents [B, Z_top]."""
        return self._top_latents(z, training=training)
