"""p(x|z) = N(x; mu(z), s^2 I): the 2-norm loss of Eq. 9 at s = 1 / sqrt(2), or a learned scale."""

import math
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks
from tfgvae.distributions.noise import open_interval
from tfgvae.families.base import Family
from tfgvae.types import BatchShape, Distribution, Shape, Tensor

SCALES = ("fixed", "global", "pixel")
LINKS = {"sigmoid": tf.sigmoid, "identity": tf.identity}


@keras.saving.register_keras_serializable("tfgvae.families")
class Gaussian(Family):
    """Independent Normal pixels. A density on the [0, 1] scale: dequantise discrete data.

    With scale = 1 / sqrt(2) the negative log-density is |x - mu|^2 + (D / 2) log(pi). A draw may
    lie outside [0, 1]; `mean` with the sigmoid link does not.

    Args:
      scale: the standard deviation s, > 0 (if learned: its initial value).
      learned: "fixed"; "global", one learned scale; "pixel", one for each sub-pixel of each image.
      min_scale: lower bound of a learned scale, > 0: the density is unbounded without it.
      link: "sigmoid" (mean in [0, 1]) or "identity".
    """

    discrete = False

    def __init__(
        self,
        scale: float = 1.0 / math.sqrt(2.0),
        learned: str = "fixed",
        min_scale: float = 0.01,
        link: str = "sigmoid",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scale = checks.real("scale", scale, above=0)
        self.min_scale = checks.real("min_scale", min_scale, above=0)
        self.learned = checks.choice("learned", learned, SCALES)
        self.link = checks.choice("link", link, LINKS)
        if learned != "fixed" and scale <= min_scale:
            raise ValueError(f"scale must be > min_scale = {min_scale}, got {scale}")

    def build(
        self, params_shape: BatchShape | None = None, x_shape: BatchShape | None = None
    ) -> None:
        if self.built:
            return
        if self.learned == "global":
            # The inverse softplus of the initial value.
            raw = math.log(math.expm1(self.scale - self.min_scale))
            self.raw_scale = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(raw),
                autocast=False,  # Densities are float32 under any policy.
                name="raw_scale",
            )
        self.built = True

    @property
    def data_range(self) -> tuple[float, float]:
        # With the identity link the user chooses the scale of the data.
        return super().data_range if self.link == "sigmoid" else (tf.float32.min, tf.float32.max)

    @property
    def draw_range(self) -> tuple[float, float]:
        if self.link != "sigmoid":
            return self.data_range
        # The normal quantile of the smallest noise is -5.42 (open_interval).
        margin = max(4.0, 5.5 * self.scale)
        return -margin, 1.0 + margin

    def params_shape(self, image_shape: Shape) -> Shape:
        *size, channels = image_shape
        return (*size, 2 * channels if self.learned == "pixel" else channels)

    def constrain(self, raw: Tensor) -> Tensor:
        if self.learned != "pixel":
            return LINKS[self.link](raw)
        mean, scale = tf.split(raw, 2, axis=-1)
        offset = math.log(math.expm1(self.scale - self.min_scale))
        scale = self.min_scale + tf.nn.softplus(scale + offset)
        return tf.concat([LINKS[self.link](mean), scale], axis=-1)

    def _mean_and_scale(self, params):
        if self.learned == "pixel":
            return tf.split(params, 2, axis=-1)
        if self.learned == "global":
            scale = self.min_scale + tf.nn.softplus(tf.convert_to_tensor(self.raw_scale))
        else:
            scale = tf.constant(self.scale)
        return params, tf.broadcast_to(scale, tf.shape(params))

    def distribution(self, params: Tensor) -> Distribution:
        return tfd.Independent(tfd.Normal(*self._mean_and_scale(params)), 3)

    def sample(self, params: Tensor, noise: Tensor) -> Tensor:
        mean, scale = self._mean_and_scale(params)
        return mean + scale * tf.math.ndtri(open_interval(noise))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "learned": self.learned,
            "min_scale": self.min_scale,
            "link": self.link,
        }
