"""Noise that is part of the data: binarization, dequantization, random flips.

With level k in 0..255 of a pixel and u uniform on [0, 1):

    binarize    x = 1[u < k / 255]       a draw of Bernoulli(k / 255)
    dequantize  x = (k + u) / 256        floor(256 x) = k

All of it is stateless: one draw per batch, from a seed that is a function of (seed, step).
"""

import dataclasses

import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.types import Tensor

# The largest u with an exact k + u in float32 for every k < 256. With a larger u, 255 + u may round
# up to 256, which is no level.
_MAX_UNIFORM = 1.0 - 2.0**-16


def flip(levels: Tensor, seed: Tensor) -> Tensor:
    """Mirror each image left to right with probability 1/2: [B, H, W, C] -> [B, H, W, C]."""
    coins = seeds.batch_uniform(seed, tf.shape(levels)[0], [1, 1, 1]) < 0.5
    return tf.where(coins, tf.reverse(levels, axis=[2]), levels)


BINARIZATIONS = ("none", "static", "dynamic")
AUGMENTATIONS = {"none": lambda levels, seed: levels, "flip": flip}


def bernoulli(levels: Tensor, uniform: Tensor) -> Tensor:
    """1[u < k / 255] as levels 0 and 255: uint8 and float32 of one shape -> uint8."""
    ones = uniform * 255.0 < tf.cast(levels, tf.float32)
    return tf.cast(ones, tf.uint8) * tf.constant(255, tf.uint8)


@dataclasses.dataclass(frozen=True)
class Noise:
    """The random part of each example.

    Attributes:
      binarize: "none"; "static", one fixed draw per image, a function of (seed, image index);
        "dynamic", a new draw at every step.
      dequantize: whether uniform noise fills the gaps between levels.
      augment: a name of AUGMENTATIONS.
    """

    binarize: str = "none"
    dequantize: bool = False
    augment: str = "none"

    def __post_init__(self) -> None:
        checks.choice("binarize", self.binarize, BINARIZATIONS)
        checks.boolean("dequantize", self.dequantize)
        checks.choice("augment", self.augment, AUGMENTATIONS)
        if self.dequantize and self.binarize != "none":
            raise ValueError(
                "dequantize must be False when images are binarized: pixels in {0, 1} have no gaps "
                f"between levels to fill, got dequantize=True and binarize={self.binarize!r}"
            )

    def once(self, image: Tensor, index: Tensor, seed: Tensor) -> Tensor:
        """Noise that an image always keeps: uint8 [H, W, C], int64 [] -> uint8 [H, W, C]."""
        if self.binarize != "static":
            return image
        image_seed = seeds.stateless(seeds.fold_in(seed, index))
        return bernoulli(image, tf.random.stateless_uniform(tf.shape(image), image_seed))

    def every_step(self, levels: Tensor, seed: Tensor) -> Tensor:
        """Noise of one step: uint8 levels [B, H, W, C] -> float32 [B, H, W, C] in [0, 1]."""
        flip_seed, pixel_seed = seeds.split(seed, 2)
        levels = AUGMENTATIONS[self.augment](levels, flip_seed)
        batch_size, shape = tf.shape(levels)[0], levels.shape[1:]
        if self.binarize == "dynamic":
            uniform = seeds.batch_uniform(pixel_seed, batch_size, shape)
            return tf.cast(bernoulli(levels, uniform), tf.float32) / 255.0
        if self.dequantize:
            uniform = seeds.batch_uniform(pixel_seed, batch_size, shape)
            filled = tf.cast(levels, tf.float32) + tf.minimum(uniform, _MAX_UNIFORM)
            return filled / 256.0
        return tf.cast(levels, tf.float32) / 255.0
