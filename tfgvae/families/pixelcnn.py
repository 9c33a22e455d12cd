"""The conditional gated PixelCNN (van den Oord, Kalchbrenner, Vinyals et al. 2016)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.autoregressive.causal import CausalConv
from tfgvae.autoregressive.evaluation import Evaluator
from tfgvae.autoregressive.gated import GatedBlock
from tfgvae.autoregressive.incremental import Scale
from tfgvae.distributions.levels import check_levels
from tfgvae.families.autoregressive import Autoregressive
from tfgvae.families.categorical import draw_level, level_log_prob
from tfgvae.types import BatchShape, Tensor


@keras.saving.register_keras_serializable("tfgvae.families")
class PixelCNN(Autoregressive):
    """p(x|c) = prod_i p(x_i | x_<i, c) with gated vertical and horizontal stacks.

    The first block has kernel 7 and reads the shifted image. `num_blocks` residual blocks follow.
    Their skip outputs are summed, and two 1x1 layers give the logits. A sub-pixel is Bernoulli with
    two levels, categorical with more. The channels of a pixel are drawn one after another.

    Args:
      levels: number of values of a sub-pixel, 2 to 256.
      num_blocks: residual blocks, >= 0.
      filters: channels of each stack, a multiple of the image's channels.
      kernel_size: odd side of the residual blocks' kernels.
      condition: "vector" or "map": see Autoregressive.
      features: K, the length of the condition of an image, or of one position.
    """

    levels: int

    def __init__(
        self,
        levels: int = 2,
        num_blocks: int = 6,
        filters: int = 32,
        kernel_size: int = 3,
        condition: str = "vector",
        features: int = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition, features, **kwargs)
        self.levels = check_levels(levels)
        self.num_blocks = checks.size("num_blocks", num_blocks, 0)
        self.filters = checks.size("filters", filters, 1)
        self.kernel_size = checks.size("kernel_size", kernel_size, 3)
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd, got {kernel_size}")

    def build_network(self, params_shape: BatchShape) -> None:
        groups = self.image_shape[2]
        options = {"filters": self.filters, "groups": groups}
        self._blocks = [GatedBlock(kernel_size=7, first=True, **options)]
        for _ in range(self.num_blocks):
            self._blocks.append(GatedBlock(kernel_size=self.kernel_size, **options))
        self._hidden = CausalConv(self.filters, groups=groups, sees="own")
        outputs = groups if self.levels == 2 else groups * self.levels
        self._logits = CausalConv(outputs, groups=groups, sees="own")
        shape = (None, *self.image_shape)
        for block in self._blocks:
            block.build(shape, params_shape)
            shape = (*shape[:-1], self.filters)
        self._hidden.build(shape)
        self._logits.build(shape)

    # --- the network, written once: see autoregressive.evaluation ---------------------------

    @property
    def input_channels(self) -> int:
        return self.image_shape[2]

    @property
    def colours(self) -> int:
        return self.image_shape[2]

    def network_input(self, x: Tensor) -> Tensor:
        """Images in [0, 1], scaled to [-1, 1]. Outside the image the inputs are zeros."""
        return tf.cast(2.0 * x - 1.0, self.compute_dtype)

    def scales(self) -> list[Scale]:
        vertical = [layer for block in self._blocks for layer in block.vertical_layers()]
        horizontal = [layer for block in self._blocks for layer in block.horizontal_layers()]
        return [Scale(vertical, [*horizontal, self._hidden, self._logits], None)]

    def vertical(self, run: Evaluator, v: Tensor) -> None:
        for block in self._blocks:
            v = block.vertical(run, v)

    def horizontal(self, run: Evaluator, h: Tensor, image: Tensor | None) -> Tensor:
        total = 0.0
        for block in self._blocks:
            h, skip = block.horizontal(run, h, image)
            total += skip
        hidden = tf.nn.relu(run.conv(self._hidden, tf.nn.relu(total)))
        return tf.cast(run.conv(self._logits, hidden), tf.float32)

    def _level_logits(self, outputs):
        """[..., C * levels], colour by colour, as [..., C, levels]."""
        colours = outputs.shape[-1] // self.levels
        shape = tf.concat([tf.shape(outputs)[:-1], [colours, self.levels]], axis=0)
        return tf.reshape(outputs, shape)

    def pixel_log_prob(self, x: Tensor, outputs: Tensor) -> Tensor:
        if self.levels == 2:
            log_prob = -tf.nn.sigmoid_cross_entropy_with_logits(x, outputs)
        else:
            log_prob = level_log_prob(x, self._level_logits(outputs))
        return tf.reduce_sum(log_prob, axis=-1)

    def draw(self, outputs: Tensor, noise: Tensor) -> Tensor:
        if self.levels == 2:
            return tf.cast(noise < tf.sigmoid(outputs), tf.float32)
        return draw_level(self._level_logits(outputs), noise)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "levels": self.levels,
            "num_blocks": self.num_blocks,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
        }
