"""P: the family of distributions over images with p(x|z) = P_{f(z)}(x) (Section 2)."""

import math

import keras
import tensorflow as tf

from tfgvae.distributions.levels import snap_to_levels
from tfgvae.types import BatchShape, Distribution, Shape, Tensor


class Family(keras.layers.Layer):
    """A parametric family over images [H, W, C] with values in [0, 1].

    The mapping f gives unconstrained outputs `raw` [B, H, W, K]; `constrain` turns them into
    parameters. The set of parameters is convex: the gate of a chain may interpolate between them.

    Attributes:
      discrete: True when `log_prob` is the logarithm of a probability, False when it is a density
        with respect to the [0, 1] scale.
      levels: the number of equally spaced values that a sub-pixel takes, or None.
      has_mean: whether E[x|z] has a closed form. An autoregressive family has none.
    """

    # Constructor arguments that a user may not set.
    supplied: tuple[str, ...] = ()

    discrete = True
    levels: int | None = None
    has_mean = True

    @property
    def data_range(self) -> tuple[float, float]:
        """(lowest, highest) pixel value that a model trains on."""
        return 0.0, 1.0

    @property
    def draw_range(self) -> tuple[float, float]:
        """(lowest, highest) pixel value that the samplers accept as input.

        Draws of a density may lie outside [0, 1]. Values far outside, such as 0 .. 255, are a
        mistake.
        """
        return self.data_range if self.discrete else (-4.0, 5.0)

    def params_shape(self, image_shape: Shape) -> Shape:
        """The shape [H, W, K] that f must output for images [H, W, C]."""
        raise NotImplementedError

    def constrain(self, raw: Tensor) -> Tensor:
        """Parameters [B, H, W, K] from unconstrained outputs of f, of the same shape."""
        return raw

    def distribution(self, params: Tensor) -> Distribution:
        """p(x|z) as a tfd.Distribution, batch [B], event [H, W, C]."""
        raise NotImplementedError

    def log_prob(self, x: Tensor, params: Tensor, seed: Tensor | None = None) -> Tensor:
        """log p(x|z): [B] nats, summed over the image [B, H, W, C].

        Args:
          x: images.
          params: what `constrain` gives.
          seed: int64 scalar of a training step, for the dropout of a family that has one; None: no
            dropout.
        """
        return self.distribution(params).log_prob(x)

    def noise_shape(self, image_shape: Shape) -> Shape:
        """Shape of the uniform noise that one image needs."""
        return tuple(image_shape)

    @property
    def wants_initialization(self) -> bool:
        """Whether `initialize` must still be called, with the first batch."""
        return False

    def initialize(self, x: Tensor, params: Tensor) -> None:
        """Set the data-dependent weights from images x [B, H, W, C] and their parameters."""

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        """A draw x [B, H, W, C] as a deterministic function of uniform noise in [0, 1)."""
        raise NotImplementedError

    def mean(self, params: Tensor) -> Tensor:
        """E[x|z]: [B, H, W, C].

        Raises:
          NotImplementedError: `has_mean` is False.
        """
        if not self.has_mean:
            raise NotImplementedError(
                f"the family {type(self).__name__} has no mean in closed form"
            )
        return self.distribution(params).mean()

    def snap(self, x: Tensor) -> Tensor:
        """The nearest image that the family can produce: [B, H, W, C] in [0, 1]."""
        if self.levels is not None:
            return snap_to_levels(x, self.levels)
        return tf.clip_by_value(x, 0.0, 1.0)

    def bits_per_dim(self, nll: float | Tensor, image_shape: Shape) -> float | Tensor:
        """Bits per sub-pixel of an image with 256 levels, from `nll` nats per image.

        For a discrete family this is nll / (D ln 2). For a density on the [0, 1] scale it is
        nll / (D ln 2) + 8, an upper bound on the discrete value for data dequantised by
        (k + u) / 256 (Theis, van den Oord, Bethge 2016). It has no meaning for other data.
        """
        bits = nll / (math.prod(image_shape) * math.log(2.0))
        return bits if self.discrete else bits + 8.0

    def build(
        self, params_shape: BatchShape | None = None, x_shape: BatchShape | None = None
    ) -> None:
        self.built = True

    def call(self, params: Tensor, x: Tensor) -> Tensor:
        """log_prob as a layer: parameters [B, H, W, K] and images [B, H, W, C] to [B]."""
        return self.log_prob(x, params)
