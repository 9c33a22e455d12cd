"""p(x|z) = N(x; mu(z), s^2 I): the 2-norm loss of Eq. 9 at s = 1 / sqrt(2), or a learned scale."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae.families.base import Family, open_interval

tfd = tfp.distributions

SCALES = ("fixed", "global", "pixel")
LINKS = {"sigmoid": tf.sigmoid, "identity": tf.identity}


@keras.saving.register_keras_serializable("tfgvae.families")
class Gaussian(Family):
    """Independent Normal pixels. A density on the [0, 1] scale: dequantise data with levels.

    With scale = 1 / sqrt(2) the negative log-density is |x - mu|^2 + (D / 2) log(pi). A draw may
    leave [0, 1]; `mean` with the sigmoid link does not.

    Args:
      scale: the standard deviation s, > 0 (where learned: its initial value).
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
        **kwargs,
    ):
        super().__init__(**kwargs)
        if scale <= 0 or min_scale <= 0:
            raise ValueError(f"scale and min_scale must be > 0, got {scale} and {min_scale}")
        if learned not in SCALES:
            raise ValueError(f"learned must be one of {SCALES}, got {learned!r}")
        if learned != "fixed" and scale <= min_scale:
            raise ValueError(f"scale must be > min_scale = {min_scale}, got {scale}")
        if link not in LINKS:
            raise ValueError(f"link must be one of {tuple(LINKS)}, got {link!r}")
        self.scale = scale
        self.learned = learned
        self.min_scale = min_scale
        self.link = link

    def build(self, params_shape=None):
        if self.built:
            return
        if self.learned == "global":
            # Created as a weight of the raw scale, the inverse softplus of the initial value.
            raw = math.log(math.expm1(self.scale - self.min_scale))
            self.raw_scale = self.add_weight(
                shape=(), initializer=keras.initializers.Constant(raw), name="raw_scale"
            )
        self.built = True

    @property
    def bounded(self):
        return self.link != "identity"

    def params_shape(self, image_shape):
        *size, channels = image_shape
        return (*size, 2 * channels if self.learned == "pixel" else channels)

    def constrain(self, raw):
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

    def distribution(self, params):
        return tfd.Independent(tfd.Normal(*self._mean_and_scale(params)), 3)

    def sample(self, params, noise):
        mean, scale = self._mean_and_scale(params)
        return mean + scale * tf.math.ndtri(open_interval(noise))

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "learned": self.learned,
            "min_scale": self.min_scale,
            "link": self.link,
        }
