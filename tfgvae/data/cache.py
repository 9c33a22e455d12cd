"""From a source to batches of levels: decoded once into memory, or decoded while they are read."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tfgvae.data.noise import Noise
from tfgvae.data.pixels import Geometry
from tfgvae.data.source import Source
from tfgvae.messages import reason
from tfgvae.types import Shape, Tensor

# (dataset of records, batch size, whether only full batches are kept) -> dataset of batches.
DecodeBatches: TypeAlias = Callable[[tf.data.Dataset, int, bool], tf.data.Dataset]
Decode: TypeAlias = Callable[[Tensor, Any], dict[str, Tensor]]
_CHUNK = 512  # Examples decoded to the cache at a time.


def decoded(source: Source, geometry: Geometry, noise: Noise, seed: Tensor) -> Decode:
    """(index, record) -> {"image": uint8 [H, W, C], "label": int64 []}, with `noise.once`.

    A label that is out of range is an error of TensorFlow when the record is read.
    """
    shape = geometry.output_shape(source.image_shape)

    def decode(index, record):
        example = source.decode(record)
        image = tf.ensure_shape(geometry.apply(example["image"]), shape)
        if "label" in example and source.num_classes:
            example = {**example, "label": _in_range(example["label"], source)}
        return {**example, "image": noise.once(image, index, seed)}

    return decode


def _in_range(label, source):
    """The label, int64 []. -1 is allowed: TFDS gives it to images without a label."""
    last = source.num_classes - 1
    inside = tf.debugging.Assert(
        tf.logical_and(label >= -1, label <= last),
        [f"{source.name}: labels must be from 0 to {last} (-1: no label), got", label],
    )
    with tf.control_dependencies([] if inside is None else [inside]):
        return tf.identity(label)


def streamed(source: Source, decode: Decode) -> tuple[tf.data.Dataset, DecodeBatches]:
    """Records and a decode step for sets that do not fit in memory.

    Returns:
      (dataset of (index in the set, record), argument `decode` of `stream.batches`).
    """

    def decode_batches(ordered, batch_size, drop_remainder):
        calls = source.at_once or tf.data.AUTOTUNE
        examples = ordered.map(decode, calls, deterministic=True)
        return examples.batch(batch_size, drop_remainder=drop_remainder)

    return source.records().enumerate(), decode_batches


def cached(num_examples: int, table: dict[str, Tensor]) -> tuple[tf.data.Dataset, DecodeBatches]:
    """Indices as records and a lookup step, for sets that fit in memory.

    Args:
      num_examples: use only the first examples of the table, this many.
      table: the result of `read`.

    Returns:
      (dataset of int64 indices, argument `decode` of `stream.batches`).
    """

    def look_up(ordered, batch_size, drop_remainder):
        chosen = ordered.batch(batch_size, drop_remainder=drop_remainder)
        return chosen.map(lambda i: {k: tf.gather(v, i) for k, v in table.items()})

    return tf.data.Dataset.range(num_examples), look_up


def read(source: Source, decode: Decode, image_shape: Shape) -> dict[str, Tensor]:
    """Every example of the source: {"image": uint8 [N, H, W, C], "label": int64 [N]}, in order."""
    images = np.empty((source.num_examples, *image_shape), np.uint8)
    labels, filled = [], 0
    try:
        for batch in _chunks(source, decode).as_numpy_iterator():
            images[filled : filled + len(batch["image"])] = batch["image"]
            filled += len(batch["image"])
            labels.append(batch.get("label"))
    except tf.errors.OpError as error:  # A damaged or missing file, or an image in it.
        raise ValueError(f"{source.name} cannot be read: {reason(error)}") from error
    if filled != source.num_examples:
        raise ValueError(f"{source.name}: expected {source.num_examples} examples, found {filled}")
    # Host memory: a set may not fit in the memory of the accelerator.
    with tf.device("CPU"):
        table = {"image": tf.constant(images)}
        if labels[0] is not None:
            table["label"] = tf.constant(np.concatenate(labels))
    return table


def _chunks(source, decode):
    """The examples in batches of _CHUNK; large images one after the other.

    One call per batch with a loop in it takes half the time of one call per example: for small
    images a call costs more than the decoding.
    """
    if source.at_once:
        _, decode_batches = streamed(source, decode)
        return decode_batches(source.records().enumerate(), source.at_once, False)
    records = source.records().enumerate()
    signature = records.map(decode).element_spec

    @tf.autograph.experimental.do_not_convert
    def decode_chunk(index, record):
        return tf.map_fn(
            lambda numbered: decode(*numbered), (index, record), fn_output_signature=signature
        )

    return records.batch(_CHUNK).map(decode_chunk, tf.data.AUTOTUNE, deterministic=True)
