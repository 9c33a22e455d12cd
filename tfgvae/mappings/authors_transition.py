"""A step of the authors' sequential VAE: `generator_ladder` in their code (Section 3)."""

from typing import Any

import keras

from tfgvae.layers import blocks
from tfgvae.layers.authors_encoder import AuthorsEncoder
from tfgvae.mappings.authors_ladder import AuthorsLadder
from tfgvae.mappings.transition import Transition
from tfgvae.types import Shape


@keras.saving.register_keras_serializable("tfgvae.mappings")
class AuthorsTransition(Transition, AuthorsLadder):
    """A Transition with the authors' layers.

    The encoder's top passes one more dense layer. The top's latents are combined with it in the
    same way as those of the scales with their features.
    """

    encoder = AuthorsEncoder

    def __init__(
        self, latent_dim: int, params_shape: Shape, image_shape: Shape, **kwargs: Any
    ) -> None:
        super().__init__(latent_dim, params_shape, image_shape, **kwargs)
        self._top_image = blocks.dense(self.dense[0], **self._options("leaky_relu"))

    def _make_top_latents(self):
        return self._inject_into(self.dense, self.latent_groups[-1] + self.num_classes)

    def _build_top(self):
        self._top_latents.build()
        self._top_in.build((None, *self._top_latents.output_shape()))
        self._top_out.build((None, self.dense[0]))
        self._top_image.build((None, self.dense[0]))

    def _read_top(self, z, top, training):
        image = self._top_image(*top, training=training)
        return self._top_latents(image, z=z, training=training)
