"""Sampling an autoregressive family under XLA, for batches of chosen sizes.

The noise is an input of the compiled part, so it is the same noise as without XLA, and so are the
pixels, but for a rounding that moves a probability over a uniform number.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from tfgvae.autoregressive import raster
from tfgvae.types import Tensor

_current: contextvars.ContextVar["Compiled | None"] = contextvars.ContextVar(
    "compiled", default=None
)


class Compiled:
    """The sampler of one family, compiled for some batch sizes.

    Args:
      family: an Autoregressive, built.
      sizes: increasing batch sizes. A batch is padded to the next of them. A batch of more rows
        than the largest is drawn without XLA.
    """

    def __init__(self, family: Any, sizes: tuple[int, ...]) -> None:
        self._family, self._sizes = family, sizes
        # One function per size for all graphs, so that XLA compiles it once.
        self._functions: dict[tuple[Any, ...], Any] = {}

    def sample(self, family: Any, params: Tensor, noise: Tensor) -> Tensor:
        """As raster.sample, in a graph. Other families than this one's are drawn without XLA."""
        if family is not self._family:
            return raster.sample(family, params, noise)
        return self._choose(params, noise, self._sizes)

    def _choose(self, params, noise, sizes):
        if not sizes:
            return raster.sample(self._family, params, noise)
        return tf.cond(
            tf.shape(noise)[0] <= sizes[0],
            lambda: self._padded(params, noise, sizes[0]),
            lambda: self._choose(params, noise, sizes[1:]),
        )

    def _padded(self, params, noise, size):
        rows = tf.shape(noise)[0]
        padded = [_pad(tensor, size) for tensor in (params, noise)]
        shapes = tuple(tuple(tensor.shape) for tensor in padded)
        if shapes not in self._functions:
            specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
            self._functions[shapes] = tf.function(
                lambda *given: raster.sample(self._family, *given),
                specs,
                autograph=False,
                jit_compile=True,
            )
        return self._functions[shapes](*padded)[:rows]


def _pad(tensor, size):
    """[n, ...] with zeros up to [size, ...]."""
    after = [size - tf.shape(tensor)[0], *[0] * (tensor.shape.rank - 1)]
    return tf.ensure_shape(tf.pad(tensor, [[0, n] for n in after]), [size, *tensor.shape[1:]])


@contextlib.contextmanager
def compiled_sampling(family: Any, sizes: tuple[int, ...]) -> Iterator[None]:
    """Graphs that are traced inside draw from `family` under XLA: see Compiled.

    Args:
      family: an Autoregressive, built.
      sizes: increasing batch sizes; () changes nothing.
    """
    token = _current.set(Compiled(family, tuple(sizes)) if sizes else None)
    try:
        yield
    finally:
        _current.reset(token)


def sample(family: Any, params: Tensor, noise: Tensor) -> Tensor:
    """raster.sample, under XLA inside of compiled_sampling."""
    compiled = _current.get()
    if compiled is None:
        return raster.sample(family, params, noise)
    return compiled.sample(family, params, noise)
