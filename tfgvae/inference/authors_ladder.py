"""q(z|x) of the authors' sequential VAE: `inference_ladder` in their code (Section 3)."""

import keras
import tensorflow as tf

from tfgvae.inference.ladder import Ladder
from tfgvae.layers.authors_encoder import AuthorsEncoder
from tfgvae.types import Tensor


@keras.saving.register_keras_serializable("tfgvae.inference")
class AuthorsLadder(Ladder):
    """A Ladder with an AuthorsEncoder. A sigmoid gives the deviations, from min_stddev to 1."""

    encoder = AuthorsEncoder

    def moments(self, heads: Tensor) -> tuple[Tensor, Tensor]:
        mean, raw = tf.split(tf.cast(heads, tf.float32), 2, axis=-1)
        return mean, self.min_stddev + (1 - self.min_stddev) * tf.sigmoid(raw)
