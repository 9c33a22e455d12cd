"""Sampling an autoregressive family in raster order.

The vertical stack runs once per row, the horizontal one once per pixel, a coarser scale when it is
due. The features in memory are those of a few rows, not of the whole image.
"""

from typing import Any

import tensorflow as tf

from tfgvae.autoregressive.incremental import OnePixel, OneRow, RowOfScale, copy
from tfgvae.types import Tensor


def sample(family: Any, params: Tensor, noise: Tensor) -> Tensor:
    """Draw images [B, H, W, C], a deterministic function of uniform noise. It runs in a graph.

    Args:
      family: an Autoregressive, built.
      params: the condition [B, h, w, K].
      noise: [B, *family.noise_shape(image_shape)] in [0, 1).
    """
    return _Raster(family, params, noise).image()


class _Raster:
    """The loops over rows and pixels, and the zeros before the first row and pixel.

    `recorded` {scale: [W, B, D]} is what the last row of a scale keeps for its next row: the inputs
    of the horizontal convolutions of two rows, and a coarser scale's output for the row in between
    of the finer one. A scale that keeps nothing is left out.
    """

    def __init__(self, family, params, noise):
        self.family = family
        self.height, self.width, self.channels = family.image_shape
        self.scales = family.scales()
        self.widths = [-(-self.width // 2**s) for s in range(len(self.scales))]
        # All loop variables must have the same static batch size, known or not.
        (self.known_batch,) = known = params.shape[:1].merge_with(noise.shape[:1])
        self.batch = tf.shape(noise)[0] if self.known_batch is None else self.known_batch
        self.params = tf.ensure_shape(params, known + params.shape[1:])
        noise = tf.ensure_shape(noise, known + noise.shape[1:])
        self.noise = tf.transpose(noise, [1, 2, 0, 3])  # [H, W, B, ...]
        # Once for the image, not for each pixel.
        self.weights = {}
        for scale in self.scales:
            for layer in scale.horizontal:
                self.weights[layer.name] = [layer.matrix(g) for g in range(layer.groups)]
            if scale.up is not None:
                self.weights[scale.up.name] = scale.up.matrix()

    # --- loops ------------------------------------------------------------------------------

    def image(self):
        """[B, H, W, C]."""
        image = tf.TensorArray(
            tf.float32,
            size=self.height,
            element_shape=[self.width, self.known_batch, self.channels],
        )
        above = self._zeros(self.batch, 1, self.width, self.family.input_channels)
        recorded = {
            s: self._zeros(self.widths[s], self.batch, size) for s, size in self._records().items()
        }
        *_, image = _loop(self.height, self._row, above, self._rows_before(), recorded, image)
        return tf.transpose(image.stack(), [2, 0, 1, 3])

    def _row(self, i, above, state, recorded, image):
        """Row i of the image, from the row above."""
        params = self.params if self.params.shape[1] == 1 else self.params[:, i][:, None]
        run = OneRow(params, i, copy(state), self.width)
        self.family.vertical(run, above)
        due = [i % 2**s == 0 for s in range(len(self.scales))]
        row, records = self._pixels(self._rows(run, recorded), due, self.noise[i])
        recorded = {s: tf.where(due[s], records[s], old) for s, old in recorded.items()}
        above = tf.transpose(self.family.network_input(row), [1, 0, 2])[:, None]
        return above, run.state, recorded, image.write(i, row)

    def _pixels(self, rows, due, noise):
        """(one row [W, B, C], its records {scale: [W, B, D]})."""
        family = self.family

        def one_pixel(j, left, state, row, records):
            run = OnePixel(self.weights, rows, j, due, copy(state), family.colours)
            x = family.draw_pixel(run, left, noise[j])
            run.finish()
            records = {
                s: record.write(j // 2**s, run.state[s]["record"]) for s, record in records.items()
            }
            return family.network_input(x), run.state, row.write(j, x), records

        left = self._zeros(self.batch, family.input_channels)
        row = tf.TensorArray(
            tf.float32, size=self.width, element_shape=[self.known_batch, self.channels]
        )
        records = {
            s: tf.TensorArray(
                family.compute_dtype, self.widths[s], element_shape=[self.known_batch, size]
            )
            for s, size in self._records().items()
        }
        *_, row, records = _loop(self.width, one_pixel, left, self._pixels_before(), row, records)
        return row.stack(), {s: record.stack() for s, record in records.items()}

    # --- the inputs of the pixels in a row ----------------------------------------------------

    def _rows(self, run, recorded):
        """A RowOfScale for each scale."""
        given = run.given()
        inputs = {s: self._split_record(s, record) for s, record in recorded.items()}
        rows = []
        for s, scale in enumerate(self.scales):
            keys = [("given", k) for k in range(len(run.widths[s]))]
            parts, sizes = [given[s]], list(run.widths[s])
            for finer, layer in self._taller(s):
                keys.append(layer.name)
                sizes.append(layer.filters)
                parts.append(_from_above(layer, inputs[finer][layer.name]))
            if scale.up is not None:
                keys.append("between")
                sizes.append(scale.up.filters)
                parts.append(_interleave(inputs[s + 1]["between"])[: self.widths[s]])
            recorded_names = [layer.name for layer in self._recorded(s)]
            rows.append(RowOfScale(keys, sizes, parts, recorded_names))
        return rows

    def _recorded(self, s):
        """The horizontal convolutions of two rows whose input is of scale s."""
        return [layer for layer in self.scales[s].horizontal if layer.rows > 1]

    def _taller(self, s):
        """(scale of the input, layer) of the horizontal convolutions of two rows that lead to s."""
        here = [(s, layer) for layer in self._recorded(s) if layer.stride == 1]
        finer = self._recorded(s - 1) if s else []
        return here + [(s - 1, layer) for layer in finer if layer.stride == 2]

    def _record_sizes(self, s):
        sizes = {layer.name: layer.in_channels for layer in self._recorded(s)}
        if s:
            sizes["between"] = 2 * self.scales[s - 1].up.filters
        return sizes

    def _records(self):
        """{scale: channels of its record}, for scales that have a record."""
        sizes = {s: sum(self._record_sizes(s).values()) for s in range(len(self.scales))}
        return {s: size for s, size in sizes.items() if size}

    def _split_record(self, s, record):
        sizes = self._record_sizes(s)
        return dict(zip(sizes, tf.split(record, list(sizes.values()), axis=-1), strict=True))

    # --- zeros before the first row and the first pixel, like the padding of a whole image -------

    def _zeros(self, *shape):
        return tf.zeros(shape, self.family.compute_dtype)

    def _rows_before(self):
        state = []
        for scale, width in zip(self.scales, self.widths, strict=True):
            kept = {
                layer.name: self._zeros(self.batch, layer.rows - 1, width, layer.in_channels)
                for layer in scale.vertical
                if layer.rows > 1
            }
            state.append({"kept": kept})
            if scale.up is not None:
                state[-1]["next"] = self._zeros(self.batch, 1, width, scale.up.filters)
        return state

    def _pixels_before(self):
        state = []
        for s, scale in enumerate(self.scales):
            left = {
                layer.name: self._zeros(self.batch, layer.left * layer.in_channels)
                for layer in scale.horizontal
                if layer.left
            }
            state.append({"left": left})
            if scale.up is not None:
                state[-1]["next"] = self._zeros(self.batch, scale.up.filters)
            if s in self._records():
                state[-1]["record"] = self._zeros(self.batch, self._records()[s])
        return state


def _loop(length, body, *start):
    """body(k, *state) -> state for k = 0 .. length - 1."""
    return tf.while_loop(
        lambda k, *_: k < length,
        lambda k, *state: (k + 1, *body(k, *state)),
        [tf.constant(0), *start],
        maximum_iterations=length,
        parallel_iterations=1,
    )


def _from_above(layer, record):
    """A layer's part from the row above: that row's inputs [W, B, in] to [W', B, filters]."""
    y = layer.of_rows_above(tf.transpose(record, [1, 0, 2])[:, None])
    return tf.transpose(y[:, 0], [1, 0, 2])


def _interleave(pairs):
    """[W, B, 2 F], two neighbours side by side, as [2 W, B, F]."""
    width, filters = pairs.shape[0], pairs.shape[-1] // 2
    pairs = tf.reshape(pairs, [width, -1, 2, filters])
    return tf.reshape(tf.transpose(pairs, [0, 2, 1, 3]), [2 * width, -1, filters])
