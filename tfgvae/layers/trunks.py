"""Trunks: networks from images [B, H, W, C] to features [B, F]."""

import keras

from tfgvae.layers import blocks
from tfgvae.layers.scales import pyramid
from tfgvae.types import Shape


def mlp(
    image_shape: Shape, width: int, dense: tuple, norm: str, activation: str
) -> keras.Sequential:
    """Flatten, then one dense layer for each number in `dense`. `width` is not used."""
    del image_shape, width
    layers = [blocks.dense(n, norm=norm, activation=activation) for n in dense]
    return keras.Sequential([keras.layers.Flatten(), *layers])


def _down(image_shape, width, norm, activation, after=()):
    layers = []
    for i in range(len(pyramid(image_shape)) - 1):
        filters = width * 2**i
        layers.append(blocks.conv(filters, 4, 2, norm=norm, activation=activation))
        layers.extend(make(filters) for make in after)
    return layers


def conv(
    image_shape: Shape, width: int, dense: tuple, norm: str, activation: str
) -> keras.Sequential:
    """4x4 convolutions of stride 2 down the pyramid, width * 2^i filters, then dense layers."""
    layers = _down(image_shape, width, norm, activation)
    return keras.Sequential([*layers, *mlp(image_shape, width, dense, norm, activation).layers])


def resnet(
    image_shape: Shape, width: int, dense: tuple, norm: str, activation: str
) -> keras.Sequential:
    """As `conv`, with two residual blocks after each halving."""

    def residual(filters):
        return blocks.Residual(filters, norm=norm, activation=activation)

    layers = _down(image_shape, width, norm, activation, after=(residual, residual))
    return keras.Sequential([*layers, *mlp(image_shape, width, dense, norm, activation).layers])


TRUNKS = {"conv": conv, "mlp": mlp, "resnet": resnet}
