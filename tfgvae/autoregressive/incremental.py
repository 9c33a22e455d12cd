"""The evaluators of the next row and of the next pixel: see autoregressive.evaluation.

They compute only the new row or pixel, and keep what later ones need: the input rows of a vertical
convolution, the input columns of a horizontal one, and the part of a row that comes from the row
above. A coarser scale is due at every second row and column of the finer one. Its outputs for the
row and the column in between are kept too.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf
from keras.layers import Layer

from tfgvae.types import Tensor


class Scale(NamedTuple):
    """The layers of one scale.

    Attributes:
      vertical, horizontal: the convolutions of the two streams, with the one of stride 2 that leads
        to the next coarser scale.
      up: the transposed convolution of the horizontal stream from the next coarser scale; None at
        the coarsest.
    """

    vertical: list[Layer]
    horizontal: list[Layer]
    up: Layer | None


class OneRow:
    """The evaluator of the next row of the vertical stream: streams are [B, 1, W, F].

    Args:
      params: the condition of this row: [B, 1, 1, K] or [B, 1, W, K].
      row: its index i.
      state: for each scale {"kept": {layer name: its last input rows, oldest first}, "next": the
        next coarser scale's output for the next row}. The program updates it as it runs.
      width: W.
    """

    def __init__(
        self, params: Tensor, row: Tensor, state: list[dict[str, Any]], width: int
    ) -> None:
        self.state = state
        self.widths: dict[int, list[int]] = {}  # scale -> numbers of channels given, in order
        self._params, self._row, self._width = params, row, width
        self._scale = 0
        self._given: list[list[Tensor]] = [[] for _ in state]

    def conv(self, layer: Layer, x: Tensor) -> Tensor:
        """The layer's output at this row. x is the last of its input rows."""
        return layer.on_rows(self._seen(layer, x))

    def _seen(self, layer, x):
        if layer.rows == 1:
            return x
        kept = self.state[self._scale]["kept"]
        rows = tf.concat([kept[layer.name], x], axis=1)
        kept[layer.name] = rows[:, 1:]
        return rows

    def condition(self, layer: Layer) -> Tensor:
        """The layer applied to the condition."""
        return layer(self._params)

    def dropout(self, x: Tensor) -> Tensor:
        """Nothing is dropped."""
        return x

    def give(self, x: Tensor) -> None:
        """Pass x to the horizontal program. A condition of width 1 is repeated for every pixel."""
        if x.shape[2] != self._width:
            x = tf.repeat(x, self._width, axis=2)
        self._given[self._scale].append(x)

    def given(self, scale: int = 0) -> list[Tensor]:
        """What the program gave, for each scale from `scale` on: [W, B, sum of channels]."""
        self.widths[scale] = [x.shape[-1] for x in self._given[scale]]
        return [pixel_first(self._given[scale]), *self._given[scale + 1 :]]

    def below(self, down: Layer, up: Layer, x: Tensor, inner: Callable[[Tensor], Tensor]) -> Tensor:
        """up(inner(down(x))) at this row. Even rows compute it for the next row too."""
        scale, rows = self._scale, self._seen(down, x)
        kept, deeper = self.state[scale]["next"], self.state[scale + 1 :]
        outer, width = (self._params, self._row, self._width), self._width

        def compute():
            self.state[scale + 1 :] = copy(deeper)
            self._scale = scale + 1
            self._params, self._row = outer[0][:, :, ::2], outer[1] // 2
            self._width = -(-width // 2)
            y = up(inner(down.on_rows(rows)))[:, :, :width]
            self._scale = scale
            self._params, self._row, self._width = outer
            return y[:, :1], y[:, 1:], self.state[scale + 1 :], self.given(scale + 1)

        def skip():
            # Traced after `compute`, which sets `widths`.
            batch, given = tf.shape(x)[0], []
            for s in range(scale + 1, len(self.state)):
                size = -(-width // 2 ** (s - scale))
                given.append(tf.zeros([size, batch, sum(self.widths[s])], x.dtype))
            return kept, kept, copy(deeper), given

        now, later, self.state[scale + 1 :], self._given[scale + 1 :] = tf.cond(
            self._row % 2 == 0, compute, skip
        )
        self.state[scale]["next"] = later
        return now


class OnePixel:
    """The evaluator of the next pixel, colour by colour: streams are [B, F / colours].

    Args:
      weights: {layer name: layer.matrix of every group}.
      rows: for each scale, the RowOfScale of this row.
      column: the index j.
      due: for each scale, whether it is due at this row: bool scalars.
      state: for each scale {"left": {layer name: its input columns to the left, [B, left *
        in_channels]}, "next": the next coarser scale's output for the next column, "record": what
        the next row of this scale needs, [B, D]}. The program updates it as it runs.
      colours: number of groups of the horizontal stream.
    """

    groups = 1  # A stream holds one colour.

    def __init__(
        self,
        weights: dict[str, Any],
        rows: list["RowOfScale"],
        column: Tensor,
        due: list[Tensor],
        state: list[dict[str, Any]],
        colours: int = 1,
    ) -> None:
        self.state = state
        self._weights, self._rows, self._due, self._colours = weights, rows, due, colours
        self._scale, self._column = 0, column
        self._parts = rows[0].at(column)
        self._inputs: dict[str, Tensor] = {}
        self.start(0)

    def start(self, colour: int) -> None:
        """Begin the program for one colour, which sees the pixel's earlier colours."""
        self._colour = colour
        self._taken = 0

    def conv(self, layer: Layer, x: Tensor) -> Tensor:
        """The layer's output for this pixel and colour."""
        return self._product(layer, self._seen(layer, x))

    def _seen(self, layer, x):
        """The layer's inputs: columns to the left, then earlier colours of this pixel, then x."""
        if layer.sees == "own" and self._colours > 1:
            earlier = self._inputs.get(layer.name)
            x = x if earlier is None else tf.concat([earlier, x], axis=-1)
        self._inputs[layer.name] = x
        return tf.concat([self._left(layer), x], axis=-1) if layer.left else x

    def _left(self, layer):
        return self.state[self._scale]["left"][layer.name]

    def _product(self, layer, taps):
        kernel, bias = self._weights[layer.name][self._colour]
        y = tf.matmul(taps, kernel)
        if bias is not None:
            y = tf.nn.bias_add(y, bias)
        return y + self._parts[layer.name] if layer.rows > 1 else y

    def dropout(self, x: Tensor) -> Tensor:
        """Nothing is dropped."""
        return x

    def take(self) -> Tensor:
        """This colour's part of the next x that the vertical program gave."""
        part = self._parts["given", self._taken]
        self._taken += 1
        if self._colours == 1:
            return part
        return tf.split(part, self._colours, axis=-1)[self._colour]

    def below(self, down: Layer, up: Layer, x: Tensor, inner: Callable[[Tensor], Tensor]) -> Tensor:
        """up(inner(down(x))): computed at even columns of due rows, elsewhere the kept output."""
        scale, column, taps = self._scale, self._column, self._seen(down, x)
        outer = self._parts, self._taken
        kept, deeper = self.state[scale]["next"], self.state[scale + 1 :]
        filters = up.filters

        def compute():
            self.state[scale + 1 :] = copy(deeper)
            self._scale, self._column = scale + 1, column // 2
            self._parts, self._taken = self._rows[scale + 1].at(self._column), 0
            kernel, bias = self._weights[up.name]
            y = inner(self._product(down, taps))
            four = tf.nn.bias_add(tf.matmul(y, kernel), bias)
            self.finish(four[:, 2 * filters :])
            self._scale, self._column = scale, column
            return four[:, :filters], four[:, filters : 2 * filters], self.state[scale + 1 :]

        def skip():
            # A row in between takes what the row above computed for it.
            now = tf.where(self._due[scale + 1], kept, outer[0]["between"])
            return now, kept, copy(deeper)

        is_due = tf.logical_and(self._due[scale + 1], column % 2 == 0)
        now, later, self.state[scale + 1 :] = tf.cond(is_due, compute, skip)
        self._parts, self._taken = outer
        self.state[scale]["next"] = later
        return now

    def finish(self, *more: Tensor) -> None:
        """After the last colour, keep what the next pixel and the next row of this scale need.

        `more` is the output of this scale for the next row of the finer one.
        """
        state = self.state[self._scale]
        for name, left in state["left"].items():
            x = self._inputs[name]
            reach = left.shape[1] - x.shape[1]
            state["left"][name] = tf.concat([left[:, -reach:], x], axis=-1) if reach else x
        if "record" in state:
            names = self._rows[self._scale].recorded
            state["record"] = tf.concat([*(self._inputs[name] for name in names), *more], axis=-1)


class RowOfScale:
    """The inputs of the pixels in one row of a scale, in one tensor.

    Args:
      keys, sizes: names and numbers of channels of the inputs, in order.
      parts: [W, B, D] tensors that hold them.
      recorded: names of the layers whose input the next row needs, in order.
    """

    def __init__(
        self, keys: list[Any], sizes: list[int], parts: list[Tensor], recorded: list[str]
    ) -> None:
        self.recorded = recorded
        self._keys, self._sizes = keys, sizes
        self._joined = tf.concat(parts, axis=-1)

    def at(self, column: Tensor) -> dict[Any, Tensor]:
        """{key: [B, D]} of a pixel."""
        return dict(zip(self._keys, tf.split(self._joined[column], self._sizes, -1), strict=True))


def pixel_first(streams: list[Tensor]) -> Tensor:
    """Streams of one row, [B, 1, W, F] each, as [W, B, sum of F]."""
    return tf.transpose(tf.concat(streams, axis=-1)[:, 0], [1, 0, 2])


def copy(state: Any) -> Any:
    """The same tensors in new containers: a branch of tf.cond must not change the other's."""
    return tf.nest.map_structure(lambda tensor: tensor, state)
