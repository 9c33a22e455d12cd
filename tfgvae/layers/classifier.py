"""A classifier of images: logits = W h + b with features h = trunk(x).

It gives the fixed inference distribution of Section 2 (Eq. 5) and the feature space in which
estimators compare samples with data.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, seeds, weights
from tfgvae.images import check_range, checked_images
from tfgvae.layers.scales import check_image_shape
from tfgvae.layers.trunks import TRUNKS
from tfgvae.registry import lookup
from tfgvae.types import Array, BatchShape, Shape, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class ClassifierNetwork(keras.Model):
    """Images [B, H, W, C] in [0, 1] to logits [B, num_classes].

    The constructor makes the weights, as a function of `seed`.

    Args:
      image_shape: (H, W, C).
      num_classes: >= 2.
      trunk: a name in TRUNKS.
      width: filters after the first halving, doubled at each further one.
      dense: units of the dense layers after the convolutions; the last one is D, the number of
        features. With () the features are the flattened convolutions.
      norm: normalisation: "none", "batch", "group" or "layer".
      activation: the name of an activation, as in Block.
      seed: of the initial weights; None draws one and stores it.

    Raises:
      ValueError: an argument out of range; when called, images of another shape or outside [0, 1]
        (in a graph an InvalidArgumentError when it runs).
    """

    def __init__(
        self,
        image_shape: Shape,
        num_classes: int,
        trunk: str = "conv",
        width: int = 32,
        dense: tuple = (128,),
        norm: str = "batch",
        activation: str = "elu",
        seed: int | None = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.image_shape = check_image_shape(image_shape)
        self.num_classes = checks.size("num_classes", num_classes, 2)
        self.trunk = trunk
        self.width = checks.size("width", width, 1)
        self.dense = checks.sizes("dense", dense, 1)
        self.norm = norm
        self.activation = activation
        self.seed = seeds.check(seed)
        make = lookup(TRUNKS, trunk, "trunk")
        with seeds.initialization(self.seed), weights.limited():
            self._trunk = make(self.image_shape, self.width, self.dense, norm, activation)
            self._head = keras.layers.Dense(self.num_classes)
            self.build()

    def build(self, x_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        self._trunk.build((None, *self.image_shape))
        self._head.build(self._trunk.output_shape)
        self.built = True

    @property
    def num_features(self) -> int:
        """D, the length of a feature vector."""
        return self._trunk.output_shape[-1]

    def call(self, x: Array, training: bool = False) -> Tensor:
        return self.logits(self.features(x, training))

    def features(self, x: Array, training: bool = False) -> Tensor:
        """The penultimate layer, float32 [B, D], of images [B, H, W, C] in [0, 1]."""
        return tf.cast(self._trunk(self._checked(x), training=training), tf.float32)

    def logits(self, features: Tensor) -> Tensor:
        """The last layer, float32 [B, num_classes], of features [B, D]."""
        return tf.cast(self._head(features), tf.float32)

    def _checked(self, x):
        x = checked_images(x, self.image_shape)
        check_range(x)
        return x

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "num_classes": self.num_classes,
            "trunk": self.trunk,
            "width": self.width,
            "dense": self.dense,
            "norm": self.norm,
            "activation": self.activation,
            "seed": self.seed,
        }
