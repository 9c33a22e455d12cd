"""Convolution, normalisation and activation in one layer, and a residual pair of them."""

from collections.abc import Callable
from typing import Any, Self

import keras

from tfgvae.layers import narrow_transpose
from tfgvae.layers.activations import leaky_relu
from tfgvae.layers.batch_norm import BatchNormalization
from tfgvae.registry import lookup
from tfgvae.types import BatchShape, Shape, Tensor

NORMS = {
    "none": lambda: None,
    # Statistics over the global batch, so that one replica and many give the same network.
    "batch": lambda: BatchNormalization(momentum=0.9),
    "group": lambda: keras.layers.GroupNormalization(groups=8),
    "layer": lambda: keras.layers.LayerNormalization(),
}


def activation_function(name: str | None) -> Callable[[Tensor], Tensor]:
    """The activation of a name: "leaky_relu" has the authors' slope, others are from Keras."""
    return leaky_relu if name == "leaky_relu" else keras.activations.get(name)


@keras.saving.register_keras_serializable("tfgvae")
class Block(keras.layers.Layer):
    """activation(norm(layer(x))) for a dense or convolutional `layer`.

    Args:
      layer: the keras layer, without activation.
      norm: a name in NORMS.
      activation: "leaky_relu" (slope 0.1), the name of a Keras activation, or None.
      size: (H, W) to which the output is cropped, for odd sizes of the pyramid on the way up.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        norm: str = "none",
        activation: str | None = None,
        size: Shape | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.layer = layer
        self.norm = norm
        self.activation = activation
        self.size = tuple(size) if size else None
        self._normalize = lookup(NORMS, norm, "norm")()
        self._activate = activation_function(activation)

    def build(self, input_shape: BatchShape) -> None:
        if self.built:
            return
        self.layer.build(input_shape)
        if self._normalize is not None:
            self._normalize.build(self.layer.compute_output_shape(input_shape))
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        x = self.layer(x)
        if self.size:
            x = x[:, : self.size[0], : self.size[1]]
        if self._normalize is not None:
            x = self._normalize(x, training=training)
        return self._activate(x)

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        batch, *size, channels = self.layer.compute_output_shape(input_shape)
        return (batch, *(self.size or size), channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "layer": keras.saving.serialize_keras_object(self.layer),
            "norm": self.norm,
            "activation": self.activation,
            "size": self.size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})


@keras.saving.register_keras_serializable("tfgvae")
class Residual(keras.layers.Layer):
    """x + conv(act(norm(conv(act(x))))): a pre-activation residual block (He et al. 2016).

    Args:
      filters: channels of the input and the output.
      norm: a name in NORMS.
      activation: as in Block.
    """

    def __init__(
        self, filters: int, norm: str = "none", activation: str = "elu", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.norm = norm
        self.activation = activation
        self._activate = activation_function(activation)
        self._first = conv(filters, 3, 1, norm=norm, activation=activation)
        # Starts as the identity, so that deep stacks train from the first step.
        self._second = keras.layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros")

    def build(self, input_shape: BatchShape) -> None:
        if self.built:
            return
        if input_shape[-1] != self.filters:
            raise ValueError(f"expected {self.filters} channels, got {input_shape[-1]}")
        self._first.build(input_shape)
        self._second.build(input_shape)
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        return x + self._second(self._first(self._activate(x), training=training))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "norm": self.norm,
            "activation": self.activation,
        }


def _options(initializer=None, norm="none", **_):
    # A normalisation has its own offset: a bias before it has no effect.
    kernel = {} if initializer is None else {"kernel_initializer": initializer}
    return {"use_bias": norm == "none", **kernel}


def conv(
    filters: int, kernel_size: int, strides: int, initializer: Any = None, **kwargs: Any
) -> Block:
    """A convolution block. `initializer` is of its kernel, as Keras takes it; `kwargs` go to Block.

    An initializer object draws the same values for every layer. Its configuration, a dict, does
    not.
    """
    options = _options(initializer, **kwargs)
    layer = keras.layers.Conv2D(filters, kernel_size, strides, padding="same", **options)
    return Block(layer, **kwargs)


def conv_up(
    filters: int, kernel_size: int, strides: int, initializer: Any = None, **kwargs: Any
) -> Block:
    """A transposed convolution block, with the arguments of `conv`."""
    options = _options(initializer, **kwargs)
    layer = narrow_transpose.layer(filters, kernel_size, strides, **options)
    return Block(layer, **kwargs)


def dense(units: int, initializer: Any = None, **kwargs: Any) -> Block:
    """A dense block, with the arguments of `conv`."""
    return Block(keras.layers.Dense(units, **_options(initializer, **kwargs)), **kwargs)
