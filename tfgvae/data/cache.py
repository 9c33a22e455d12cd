"""From a source to batches of levels: decoded once into memory, or decoded as they are read."""

import numpy as np
import tensorflow as tf

_CHUNK = 512  # Examples copied to the cache at a time.


def decoded(source, geometry, noise, seed):
    """A function record -> {"image": uint8 [H, W, C], "label": int64 []}, with lasting noise."""

    def decode(record):
        image = geometry.apply(source.decode(record["image"]))
        image = tf.ensure_shape(image, geometry.output_shape(source.image_shape))
        example = {"image": noise.once(image, record["index"], seed)}
        if "label" in record:
            example["label"] = record["label"]
        return example

    return decode


def streamed(source, decode):
    """Records and a decode step for sets that do not fit in memory.

    Returns:
      (dataset of records with their "index" in the set, function for `stream.batches`).
    """
    records = source.records().enumerate().map(lambda index, r: {**r, "index": index})

    def decode_batches(ordered, batch_size, drop_remainder):
        examples = ordered.map(decode, tf.data.AUTOTUNE, deterministic=True)
        return examples.batch(batch_size, drop_remainder=drop_remainder)

    return records, decode_batches


def cached(source, decode, image_shape):
    """Records, which are indices, and a lookup step for sets that fit in memory.

    Returns:
      (dataset of int64 indices, function for `stream.batches`).
    """
    table = _read(source, decode, image_shape)

    def look_up(ordered, batch_size, drop_remainder):
        chosen = ordered.batch(batch_size, drop_remainder=drop_remainder)
        return chosen.map(lambda i: {k: tf.gather(v, i) for k, v in table.items()})

    return tf.data.Dataset.range(source.num_examples), look_up


def _read(source, decode, image_shape):
    """Every example of the source: {"image": uint8 [N, H, W, C], "label": int64 [N]}, in order."""
    records, decode_batches = streamed(source, decode)
    images = np.empty((source.num_examples, *image_shape), np.uint8)
    labels, filled = [], 0
    try:
        for batch in decode_batches(records, _CHUNK, False).as_numpy_iterator():
            images[filled : filled + len(batch["image"])] = batch["image"]
            filled += len(batch["image"])
            labels.append(batch.get("label"))
    except tf.errors.InvalidArgumentError as error:
        raise ValueError(f"{source.name}: an image cannot be read: {error.message}") from error
    if filled != source.num_examples:
        raise ValueError(f"{source.name}: expected {source.num_examples} examples, found {filled}")
    # Host memory: a set may be larger than what the accelerator has to spare.
    with tf.device("CPU"):
        table = {"image": tf.constant(images)}
        if labels[0] is not None:
            table["label"] = tf.constant(np.concatenate(labels))
    return table
