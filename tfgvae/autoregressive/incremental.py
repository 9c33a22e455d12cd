"""The evaluators of the next row and of the next pixel: see layers.evaluation.

They compute what a new row or pixel needs and nothing more, and keep what later ones will ask for:
the rows of its input that a vertical convolution still sees, the columns that a horizontal one
still sees, and of the row above what it gives to this one. A coarser scale is due at every second
row and column of the finer one. What it gives to the row and the column between is kept too.
"""

import collections

import tensorflow as tf

# The layers of one scale. `vertical` and `horizontal`: the convolutions of the two streams, the one
# of stride 2 that leaves the scale among them; `up`: the horizontal stream's transposed one that
# comes back from below; None at the coarsest scale.
Scale = collections.namedtuple("Scale", ["vertical", "horizontal", "up"])


class OneRow:
    """The next row of the vertical stream: streams are [B, 1, W, F].

    Args:
      params: the condition of this row: [B, 1, 1, K] or [B, 1, W, K].
      row: its index i.
      state: for each scale {"kept": {layer name: the rows it saw last, oldest first}, "next": what
        the scale below gave to the row after}. A new state replaces it as the program runs.
      width: of the image.
    """

    def __init__(self, params, row, state, width):
        self.state = state
        self.widths = {}  # scale -> numbers of channels given, in order
        self._params, self._row, self._width = params, row, width
        self._scale = 0
        self._given = [[] for _ in state]

    def conv(self, layer, x):
        """The layer at this row, from the rows it sees, x the last of them."""
        return layer.on_rows(self._seen(layer, x))

    def _seen(self, layer, x):
        if layer.rows == 1:
            return x
        kept = self.state[self._scale]["kept"]
        rows = tf.concat([kept[layer.name], x], axis=1)
        kept[layer.name] = rows[:, 1:]
        return rows

    def condition(self, layer):
        """The layer applied to the condition."""
        return layer(self._params)

    def dropout(self, x):
        """Nothing is dropped."""
        return x

    def give(self, x):
        """Hand x to the horizontal program; a condition without a width is that of every pixel."""
        if x.shape[2] != self._width:
            x = tf.repeat(x, self._width, axis=2)
        self._given[self._scale].append(x)

    def given(self, scale=0):
        """What the program gave, for each scale from `scale` on: [W, B, sum of channels]."""
        self.widths[scale] = [x.shape[-1] for x in self._given[scale]]
        return [pixel_first(self._given[scale]), *self._given[scale + 1 :]]

    def below(self, down, up, x, inner):
        """up(inner(down(x))) at this row: computed at even rows, which keep it for the odd ones."""
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
            # Traced after `compute`, which has found out the numbers of channels.
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
    """The next pixel of the horizontal stream, colour by colour: streams are [B, F / colours].

    Args:
      weights: {layer name: layer.matrix of every group}.
      rows: for each scale a RowOfScale: what this row has for its pixels.
      column: the index j.
      due: for each scale, whether this row is one of its rows: bool scalars.
      state: for each scale {"left": {layer name: the columns that it still sees, [B, left *
        in_channels]}, "next": what the scale below gave to the column after, "record": what the
        next row of this scale will ask for, [B, D]}. A new state replaces it as the program runs.
      colours: number of groups of the horizontal stream.
    """

    groups = 1  # A stream holds one colour: there is nothing to cut.

    def __init__(self, weights, rows, column, due, state, colours=1):
        self.state = state
        self._weights, self._rows, self._due, self._colours = weights, rows, due, colours
        self._scale, self._column = 0, column
        self._parts = rows[0].at(column)
        self._inputs = {}
        self.start(0)

    def start(self, colour):
        """Begin the program for a colour, which sees the earlier ones at this pixel."""
        self._colour = colour
        self._taken = 0

    def conv(self, layer, x):
        """The colour's output channels of the layer at this pixel."""
        return self._product(layer, self._seen(layer, x))

    def _seen(self, layer, x):
        """The columns to the left that the layer sees, then x and earlier colours' part of it."""
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

    def dropout(self, x):
        """Nothing is dropped."""
        return x

    def take(self):
        """The colour's part of what the vertical program gave at this place."""
        part = self._parts["given", self._taken]
        self._taken += 1
        if self._colours == 1:
            return part
        return tf.split(part, self._colours, axis=-1)[self._colour]

    def below(self, down, up, x, inner):
        """up(inner(down(x))): computed at even columns of the rows that are due, else kept."""
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
            # A row between takes what the row above has computed for it.
            now = tf.where(self._due[scale + 1], kept, outer[0]["between"])
            return now, kept, copy(deeper)

        is_due = tf.logical_and(self._due[scale + 1], column % 2 == 0)
        now, later, self.state[scale + 1 :] = tf.cond(is_due, compute, skip)
        self._parts, self._taken = outer
        self.state[scale]["next"] = later
        return now

    def finish(self, *more):
        """Keep what the next pixel and the next row of this scale ask for, after the last colour.

        `more` is what the scale itself gives to the next row of the finer one.
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
    """What one row of a scale has for each of its pixels, in one piece of memory.

    Args:
      keys, sizes: the names and the numbers of channels of what there is, in order.
      parts: [W, B, D] tensors that hold it.
      recorded: names of the layers whose input the next row asks for, in order.
    """

    def __init__(self, keys, sizes, parts, recorded):
        self.recorded = recorded
        self._keys, self._sizes = keys, sizes
        self._joined = tf.concat(parts, axis=-1)

    def at(self, column):
        """{key: [B, D]} of a pixel."""
        return dict(zip(self._keys, tf.split(self._joined[column], self._sizes, -1), strict=True))


def pixel_first(streams):
    """Streams of one row, [B, 1, W, F] each, as [W, B, sum of F]."""
    return tf.transpose(tf.concat(streams, axis=-1)[:, 0], [1, 0, 2])


def copy(state):
    """The same tensors in new containers: a branch of tf.cond must not change the other's."""
    return tf.nest.map_structure(lambda tensor: tensor, state)
