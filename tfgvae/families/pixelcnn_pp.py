"""PixelCNN++ (Salimans, Karpathy, Chen, Kingma 2017), conditioned on z in every block."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.autoregressive.evaluation import Evaluator, Initializing
from tfgvae.autoregressive.gated_resnet import HORIZONTAL, VERTICAL, GatedResnet
from tfgvae.autoregressive.incremental import Scale
from tfgvae.autoregressive.weight_norm import NormalizedConv, NormalizedDeconv
from tfgvae.distributions.levels import check_levels
from tfgvae.families import logistic_mixture
from tfgvae.families.autoregressive import Autoregressive
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.families")
class PixelCNNPP(Autoregressive):
    """p(x|c) = prod_i p(x_i | x_<i, c) over whole pixels, each a mixture of discretised logistics.

    The network goes down through `num_scales` scales, each half the size of the last, and up again.
    Each pass has `num_blocks` gated residual blocks per scale. Every block of the down pass has a
    skip connection to the up pass. A channel of ones marks the image in the zeros around it.
    Weights are normalised; `initialize` sets them from the first batch. The optimizer makes the
    Polyak averages (train.ema_momentum).

    Args:
      levels: number of values of a sub-pixel, 2 to 256.
      num_scales: 3 in the paper.
      num_blocks: residual blocks per scale, 5 in the paper.
      filters: channels of each stream: 160 in the paper, 120 in Zhao et al.
      num_mixtures: logistics per pixel: 10 in the paper, 8 in Zhao et al.
      dropout: rate of the dropout in training, 0.5 in the paper.
      condition: "vector" or "map": see Autoregressive.
      features: K, the length of the condition of an image, or of one position.
    """

    levels: int

    def __init__(
        self,
        levels: int = 256,
        num_scales: int = 3,
        num_blocks: int = 5,
        filters: int = 120,
        num_mixtures: int = 10,
        dropout: float = 0.5,
        condition: str = "vector",
        features: int = 64,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition, features, **kwargs)
        self.levels = check_levels(levels)
        self.num_scales = checks.size("num_scales", num_scales, 1)
        self.num_blocks = checks.size("num_blocks", num_blocks, 1)
        self.filters = checks.size("filters", filters, 1)
        self.num_mixtures = checks.size("num_mixtures", num_mixtures, 1)
        self.dropout = checks.real("dropout", dropout, 0, 1)
        if self.dropout == 1:
            raise ValueError("dropout must be < 1, got 1.0: it would leave nothing")

    def noise_shape(self, image_shape: Shape) -> Shape:
        *size, channels = image_shape
        return (*size, channels + 1)  # The first chooses the component.

    def build_network(self, params_shape: BatchShape) -> None:
        self._make_layers()
        self._initialized = self.add_weight(
            shape=(), dtype="bool", initializer="zeros", trainable=False, name="initialized"
        )
        shape = (None, None, None, self.filters)
        image = (*shape[:-1], self.input_channels)
        for layer in (self._above, self._first, self._left):
            layer.build(image)
        for blocks in (*self._down_blocks, *self._up_blocks):
            for block in blocks:
                block.build(shape, params_shape)
        for layer in (*self._down[0], *self._down[1], *self._up[0], *self._up[1], self._out):
            layer.build(shape)

    def _make_layers(self):
        filters, scales = self.filters, range(self.num_scales)
        self._above = NormalizedConv(filters, left=1, right=1)
        self._first = NormalizedConv(filters, **VERTICAL)
        self._left = NormalizedConv(filters, rows=2)
        self._down_blocks = [[GatedResnet(filters) for _ in range(self.num_blocks)] for _ in scales]
        # One more where the up pass returns to a scale: it takes the scale's first features.
        more = [self.num_blocks + 1] * (self.num_scales - 1) + [self.num_blocks]
        self._up_blocks = [[GatedResnet(filters, has_skip=True) for _ in range(n)] for n in more]
        # The vertical stream's, then the horizontal one's.
        self._down = [
            [NormalizedConv(filters, stride=2, **shape) for _ in scales[1:]]
            for shape in (VERTICAL, HORIZONTAL)
        ]
        self._up = [[NormalizedDeconv(filters, right) for _ in scales[1:]] for right in (1, 0)]
        outputs = logistic_mixture.params_per_pixel(self.image_shape[2], self.num_mixtures)
        self._out = NormalizedConv(outputs)

    @property
    def wants_initialization(self) -> bool:
        return not keras.ops.convert_to_numpy(self._initialized)

    def initialize(self, x: Tensor, params: Tensor) -> None:
        """Set norms and biases so that on x every layer's outputs have mean 0 and a given scale."""
        self.run(Initializing(params), x)
        self._initialized.assign(True)

    # --- the network, written once: see autoregressive.evaluation ---------------------------

    @property
    def input_channels(self) -> int:
        return self.image_shape[2] + 1

    def network_input(self, x: Tensor) -> Tensor:
        # The ones mark the image in the zeros around it.
        x = tf.concat([2.0 * x - 1.0, tf.ones_like(x[..., :1])], axis=-1)
        return tf.cast(x, self.compute_dtype)

    def scales(self) -> list[Scale]:
        found = []
        for s in range(self.num_scales):
            blocks = [*self._down_blocks[s], *self._up_blocks[s]]
            vertical = [layer for block in blocks for layer in block.vertical_layers()]
            horizontal = [layer for block in blocks for layer in block.horizontal_layers()]
            up = None
            if s + 1 < self.num_scales:
                vertical.append(self._down[0][s])
                horizontal.append(self._down[1][s])
                up = self._up[1][s]
            found.append(Scale(vertical, horizontal, up))
        found[0].vertical.extend([self._above, self._first])
        found[0].horizontal.extend([self._left, self._out])
        return found

    def vertical(self, run: Evaluator, above: Tensor) -> None:
        run.give(run.conv(self._above, above))

        def step(block, v, skip=None):
            return block.vertical(run, v, skip)

        self._down_and_up(run, 0, step, run.conv(self._first, above))

    def horizontal(self, run: Evaluator, left: Tensor, image: Tensor | None = None) -> Tensor:
        # The mixture, not the network, connects the colours of a pixel: `image` is not used.

        def step(block, h, skip=None):
            return block.horizontal(run, h, skip)

        h = run.conv(self._left, left) + run.take()
        h = self._down_and_up(run, 1, step, h)
        return tf.cast(run.conv(self._out, tf.nn.elu(h)), tf.float32)

    def _down_and_up(self, run, stream, step, x, scale=0):
        """One stream from a scale down to the coarsest and up again."""
        skips = [x]
        for block in self._down_blocks[scale]:
            x = step(block, x)
            skips.append(x)
        if scale + 1 < self.num_scales:
            down, up = self._down[stream][scale], self._up[stream][scale]
            x = run.below(down, up, x, lambda y: self._down_and_up(run, stream, step, y, scale + 1))
        else:
            skips.pop()
        for block in self._up_blocks[scale]:
            x = step(block, x, skips.pop())
        return x

    def draw(self, outputs: Tensor, noise: Tensor) -> Tensor:
        return logistic_mixture.sample(outputs, noise, self.levels, self.num_mixtures)

    def pixel_log_prob(self, x: Tensor, outputs: Tensor) -> Tensor:
        return logistic_mixture.log_prob(x, outputs, self.levels, self.num_mixtures)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "levels": self.levels,
            "num_scales": self.num_scales,
            "num_blocks": self.num_blocks,
            "filters": self.filters,
            "num_mixtures": self.num_mixtures,
            "dropout": self.dropout,
        }
