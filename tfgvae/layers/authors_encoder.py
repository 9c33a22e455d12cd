"""The encoder of the authors' sequential VAE: `inference_ladder` in their code."""

import keras

from tfgvae.layers import blocks
from tfgvae.layers.ladder_encoder import LadderEncoder
from tfgvae.types import Shape, Tensor

# The initial kernels of the layers before a normalisation: N(0, 0.02^2).
NORMAL = {"class_name": "RandomNormal", "config": {"stddev": 0.02}}


@keras.saving.register_keras_serializable("tfgvae")
class AuthorsEncoder(LadderEncoder):
    """A LadderEncoder whose scales keep their channels, with one more halving before the top.

    With c_0 .. c_S channels, scale i has convolutions of stride 2 and 1 to c_(i-1) channels. A
    convolution of stride 2 to c_S channels and the dense top follow. At 64x64 and width 48 the
    sizes are 32 16 8 4 and the channels 48 96 192 384. The network reads 2 x - 1: the authors' data
    are in [-1, 1].

    The authors' layers also have a bias before each normalisation, where it has no effect, and no
    scale in it. These layers have the scale and no bias: as many weights and the same functions.
    """

    def _make_layers(self):
        options = {"norm": self.norm, "activation": "leaky_relu", "initializer": NORMAL}
        *kept, last = self.channels
        self._scales = [
            keras.Sequential(
                [blocks.conv(c, self.kernel_size, strides, **options) for strides in (2, 1)]
            )
            for c in kept
        ]
        self._top = keras.Sequential(
            [
                blocks.conv(last, self.kernel_size, 2, **options),
                keras.layers.Flatten(),
                blocks.dense(self.dense, **options),
            ]
        )

    def feature_shapes(self) -> list[Shape]:
        sizes = zip(self._sizes[1:], self.channels[:-1], strict=True)
        return [(*size, channels) for size, channels in sizes]

    def call(self, x: Tensor, training: bool = False) -> list[Tensor]:
        return super().call(2 * x - 1, training=training)
