"""From a source to batches of levels: decoded once into memory, or decoded as they are read."""

import numpy as np
import tensorflow as tf

from tfgvae.messages import reason

_CHUNK = 512  # Examples decoded to the cache at a time.


def decoded(source, geometry, noise, seed):
    """(index, record) -> {"image": uint8 [H, W, C], "label": int64 []}, with lasting noise."""
    shape = geometry.output_shape(source.image_shape)

    def decode(index, record):
        example = source.decode(record)
        image = tf.ensure_shape(geometry.apply(example["image"]), shape)
        return {**example, "image": noise.once(image, index, seed)}

    return decode


def streamed(source, decode):
    """Records and a decode step for sets that do not fit in memory.

    Returns:
      (dataset of (index in the set, record), function for `stream.batches`).
    """

    def decode_batches(ordered, batch_size, drop_remainder):
        examples = ordered.map(decode, tf.data.AUTOTUNE, deterministic=True)
        return examples.batch(batch_size, drop_remainder=drop_remainder)

    return source.records().enumerate(), decode_batches


def cached(num_examples, table):
    """Records, which are indices, and a lookup step for sets that fit in memory.

    Args:
      num_examples: how many examples of the table are used, from its start.
      table: what `read` gave.

    Returns:
      (dataset of int64 indices, function for `stream.batches`).
    """

    def look_up(ordered, batch_size, drop_remainder):
        chosen = ordered.batch(batch_size, drop_remainder=drop_remainder)
        return chosen.map(lambda i: {k: tf.gather(v, i) for k, v in table.items()})

    return tf.data.Dataset.range(num_examples), look_up


def read(source, decode, image_shape):
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
    # Host memory: a set may be larger than what the accelerator has to spare.
    with tf.device("CPU"):
        table = {"image": tf.constant(images)}
        if labels[0] is not None:
            table["label"] = tf.constant(np.concatenate(labels))
    return table


def _chunks(source, decode):
    """The examples in batches of _CHUNK. A loop within one call for each batch takes half the time
    of a call for each example: small images cost less to decode than to hand on."""
    records = source.records().enumerate()
    signature = records.map(decode).element_spec

    def decode_chunk(index, record):
        return tf.map_fn(
            lambda numbered: decode(*numbered), (index, record), fn_output_signature=signature
        )

    return records.batch(_CHUNK).map(decode_chunk, tf.data.AUTOTUNE, deterministic=True)
