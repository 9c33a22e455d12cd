"""One step of the sequential VAE: p_t(x | z(t), x(t-1)) as parameters and a gate (Section 3)."""

from typing import Any

import keras

from tfgvae import checks
from tfgvae.layers.ladder_encoder import LadderEncoder
from tfgvae.mappings.ladder import Ladder
from tfgvae.types import BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae.mappings")
class Transition(Ladder):
    """A ladder that also reads the last image, with skip connections at each scale.

    An encoder reads x(t-1). Its top is an input of the dense top, and its features are added
    on the way up. A second head gives the gate r in (0, 1) of each pixel. The model's parameters
    become r * new + (1 - r) * old.

    Args:
      image_shape: (H, W, C) of x(t-1).
      skip: whether features are added at each scale; if not, only the top reads x(t-1).
      **kwargs: arguments of Ladder.
    """

    # The class of the encoder.
    encoder = LadderEncoder

    def __init__(
        self,
        latent_dim: int,
        params_shape: Shape,
        image_shape: Shape,
        skip: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, params_shape, **kwargs)
        self.image_shape = tuple(image_shape)
        self.skip = checks.boolean("skip", skip)
        self._encoder = self.encoder(
            self.image_shape, self.width, self.dense[0], self.kernel_size, self.norm, self.channels
        )
        self._gate = self._output(1, "sigmoid")

    def _top_width(self):
        return super()._top_width() + self.dense[0]

    def build(self, z_shape: BatchShape | None = None, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._encoder.build((None, *self.image_shape))
        self._gate.build((None, *self._last_shape()))
        super().build(z_shape)

    def feature_shapes(self) -> list[Shape]:
        """The shapes of what `read` returns."""
        return [*self._encoder.feature_shapes(), self.dense]

    def read(self, x: Tensor, training: bool = False) -> list[Tensor]:
        """The features of x(t-1) at each scale, and the top."""
        return self._encoder(x, training=training)

    def call(  # type: ignore[override]  # x(t-1) and the gate come in addition.
        self,
        z: Tensor,
        x: Tensor | None = None,
        label: Tensor | None = None,
        training: bool = False,
        features: list[Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """z [B, Z], x [B, H, W, C] to raw parameters [B, H, W, K] and gate [B, H, W, 1].

        Features that `read` gave can replace x.
        """
        *features, top = self.read(x, training) if features is None else features
        skips = features[::-1] if self.skip else None
        h = self._features(z, label, training, top=(top,), skips=skips)
        return self._head(h), self._gate(h)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "image_shape": self.image_shape, "skip": self.skip}
