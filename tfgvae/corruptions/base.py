"""C(x~|x): a random image x~ instead of x, as input of q.

With it, q~(z|x) = E_{C(x~|x)} q(z|x~) (generalized denoising autoencoders, Bengio et al. 2013). A
C that can erase everything makes the Gibbs chain of Eq. 6 irreducible: from any image, the next one
can be any image that p(x|z) gives.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks
from tfgvae.layers.scales import check_image_shape
from tfgvae.types import Shape, Tensor


class Corruption(keras.layers.Layer):
    """A corruption whose rate r is random for each image.

        r = 0 with probability `clean`, r = 1 with probability `erase`, else uniform in (0, 1)

    A subclass gives `noise_size` and `corrupted`.

    Args:
      image_shape: (H, W, C).
      clean: probability that x~ = x, in [0, 1].
      erase: probability that nothing of x is left, in [0, 1].

    Raises:
      ValueError: a probability out of range, or clean + erase > 1.
    """

    # Arguments that the model supplies.
    supplied: tuple[str, ...] = ("image_shape",)

    def __init__(
        self, image_shape: Shape, clean: float = 0.5, erase: float = 0.05, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = check_image_shape(image_shape)
        self.clean = checks.real("clean", clean, 0, 1)
        self.erase = checks.real("erase", erase, 0, 1)
        if self.clean + self.erase > 1:
            raise ValueError(f"clean + erase must be <= 1, got {clean} + {erase}")

    def build(self, x_shape: Any = None) -> None:
        self.built = True

    @property
    def noise_size(self) -> int:
        """M: how many uniform numbers a row needs, one for the rate among them. 0 for none."""
        raise NotImplementedError

    def corrupted(self, x: Tensor, rate: Tensor, noise: Tensor) -> Tensor:
        """x~ at a rate: x at rate 0, nothing of x at rate 1.

        Args:
          x: images [B, H, W, C].
          rate: [B, 1, 1, 1] in [0, 1].
          noise: uniform [B, M - 1].
        """
        raise NotImplementedError

    def rate(self, u: Tensor) -> Tensor:
        """r as a function of uniform numbers u: r <= 0 is clean, r >= 1 erases."""
        between = max(1.0 - self.clean - self.erase, 1e-6)
        rate = tf.clip_by_value((u - self.clean) / between, 0.0, 1.0)
        return tf.where(u >= 1.0 - self.erase, 1.0, rate) if self.erase else rate

    def call(self, x: Tensor, noise: Tensor) -> Tensor:
        """x~ ~ C(x~|x): [B, H, W, C], as a function of uniform noise [B, M]."""
        rate = self.rate(noise[:, 0])[:, None, None, None]
        return self.corrupted(x, rate, noise[:, 1:])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "clean": self.clean,
            "erase": self.erase,
        }
