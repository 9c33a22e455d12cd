"""p(z): the prior (Section 2). Ancestral sampling draws z from it."""

from typing import Any

import keras

from tfgvae import checks
from tfgvae.layers.scales import check_image_shape
from tfgvae.types import Distribution, Shape


class Prior(keras.layers.Layer):
    """A distribution over z without a batch, event [Z]. A subclass gives `distribution`.

    Args:
      latent_dim: Z, > 0.
      image_shape: (H, W, C).
    """

    # Arguments that the model supplies.
    supplied: tuple[str, ...] = ("latent_dim", "image_shape")

    # Whether it is N(0, I).
    is_normal = False

    def __init__(self, latent_dim: int, image_shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latent_dim = checks.size("latent_dim", latent_dim, 1)
        self.image_shape = check_image_shape(image_shape)

    def build(self, z_shape: Any = None) -> None:
        self.built = True

    def distribution(self, inference: keras.layers.Layer) -> Distribution:
        """p(z): a tfd.Distribution without batch, event [Z].

        Args:
          inference: q, built. A prior may be made of it.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "image_shape": self.image_shape,
        }
