"""P_c(x) = prod_i p(x_i | x_<i, c): families that draw one pixel after another.

The order is row by row, from left to right, and channel by channel within a pixel. The mapping f
gives the condition c of a network, which belongs to the family.
"""

from typing import Any

import tensorflow as tf

from tfgvae import checks
from tfgvae.autoregressive.causal import shift_down, shift_right
from tfgvae.autoregressive.compilation import sample
from tfgvae.autoregressive.evaluation import Evaluator, WholeImage
from tfgvae.autoregressive.incremental import Scale
from tfgvae.distributions.autoregressive import AutoregressiveDistribution
from tfgvae.families.base import Family
from tfgvae.types import BatchShape, Distribution, Shape, Tensor

CONDITIONS = ("vector", "map")


class Autoregressive(Family):
    """A family with a network that reads the image itself.

    A subclass defines the network, as a program for the evaluators of autoregressive.evaluation,
    and the distribution of one sub-pixel.

    Args:
      condition: "vector": f gives [1, 1, features], which the gates add at every position;
        "map": f gives [H, W, features], one vector for each position.
      features: K, the length of a vector.
    """

    has_mean = False

    def __init__(self, condition: str = "vector", features: int = 64, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.condition = checks.choice("condition", condition, CONDITIONS)
        self.features = checks.size("features", features, 1)

    def params_shape(self, image_shape: Shape) -> Shape:
        size = (1, 1) if self.condition == "vector" else tuple(image_shape[:2])
        return (*size, self.features)

    def build(  # type: ignore[override]  # Both shapes are needed here.
        self, params_shape: BatchShape, x_shape: BatchShape
    ) -> None:
        """Build the network for parameters [B, h, w, K] and images [B, H, W, C]."""
        if self.built:
            return
        self.image_shape = tuple(x_shape[1:])
        self.build_network(params_shape)
        self.built = True

    def distribution(self, params: Tensor) -> Distribution:
        return AutoregressiveDistribution(self, params)

    def log_prob(self, x: Tensor, params: Tensor, seed: Tensor | None = None) -> Tensor:
        per_pixel = self.pixel_log_prob(x, self.outputs(x, params, seed))
        return tf.reduce_sum(per_pixel, axis=[1, 2])

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        if not tf.executing_eagerly():
            return sample(self, params, noise)
        # The loops need a graph, traced at the first call. It is stored in __dict__: Keras would
        # track an attribute.
        if "_graph_of_sample" not in self.__dict__:
            specs = [tf.TensorSpec([None, *tensor.shape[1:]]) for tensor in (params, noise)]
            traced = tf.function(lambda *args: sample(self, *args), specs, autograph=False)
            self.__dict__["_graph_of_sample"] = traced
        return self.__dict__["_graph_of_sample"](params, noise)

    def outputs(self, x: Tensor, params: Tensor, seed: Tensor | None = None) -> Tensor:
        """The network's outputs in one pass: [B, H, W, ...]; each position sees earlier ones only.

        Args:
          x: images [B, H, W, C].
          params: the condition.
          seed: int64 scalar of a training step, for dropout; None: no dropout.
        """
        return self.run(WholeImage(params, self.colours, self.dropout, seed), x)

    def run(self, run: Evaluator, x: Tensor) -> Tensor:
        """Run both programs on whole images, with the evaluator `run`: [B, H, W, ...]."""
        image = self.network_input(x)
        self.vertical(run, shift_down(image))
        return self.horizontal(run, shift_right(image), image)

    def draw_pixel(self, run: Evaluator, left: Tensor, noise: Tensor) -> Tensor:
        """Draw one pixel [B, C], colour by colour if the network has `colours` > 1.

        Args:
          run: an autoregressive.incremental.OnePixel.
          left: `network_input` of the pixel to the left.
          noise: the pixel's uniform noise [B, N].
        """
        drawn, image = [], None
        for colour, part in enumerate(tf.split(noise, self.colours, axis=-1)):
            run.start(colour)
            drawn.append(self.draw(self.horizontal(run, left, image), part))
            if colour + 1 < self.colours:
                image = self.network_input(tf.concat(drawn, axis=-1))
        return tf.concat(drawn, axis=-1)

    # --- defined by a subclass --------------------------------------------------------------

    dropout = 0.0  # The rate.

    @property
    def colours(self) -> int:
        """Number of groups of the horizontal stream's channels."""
        return 1

    @property
    def input_channels(self) -> int:
        """Channels of `network_input`."""
        raise NotImplementedError

    def build_network(self, params_shape: BatchShape) -> None:
        """Make and build the layers; `image_shape` is known."""
        raise NotImplementedError

    def network_input(self, x: Tensor) -> Tensor:
        """The network's inputs for pixels [..., C] in [0, 1]. Outside the image they are zeros."""
        raise NotImplementedError

    def scales(self) -> list[Scale]:
        """The layers: one Scale for each scale, the finest first."""
        raise NotImplementedError

    def vertical(self, run: Evaluator, above: Tensor) -> None:
        """The vertical program; `above` is `network_input` of the image shifted down."""
        raise NotImplementedError

    def horizontal(self, run: Evaluator, left: Tensor, image: Tensor | None) -> Tensor:
        """The horizontal program: the network's outputs.

        Args:
          run: an evaluator.
          left: `network_input` of the image shifted right.
          image: `network_input` of the colours that later colours may see: the whole image, or,
            while a pixel is drawn, its colours so far; None before the first.
        """
        raise NotImplementedError

    def draw(self, outputs: Tensor, noise: Tensor) -> Tensor:
        """Draw a pixel, or one colour of it, from its outputs [B, ...] and its noise: [B, n]."""
        raise NotImplementedError

    def pixel_log_prob(self, x: Tensor, outputs: Tensor) -> Tensor:
        """log p(x_ij | x_<ij, c) summed over the channels: [B, H, W] nats."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "condition": self.condition, "features": self.features}
