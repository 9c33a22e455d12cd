"""What an estimator takes as images: arrays, dicts with labels, data sets of either.

A data set is read once, into memory.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.images import check_spec
from tfgvae.messages import reason
from tfgvae.types import Array, Images, Shape

IMAGE_RANK = 4
_BATCH = 512  # Rows of a data set of single images that are read at a time.
_IN_MEMORY = "the images of a data set"
_KIND = {4: ("images", "[H, W, C]", "[B, H, W, C]"), 2: ("features", "[D]", "[B, D]")}


def gathered(
    images: Images,
    image_shape: Shape | None = None,
    most: int | None = None,
    rank: int = IMAGE_RANK,
) -> tuple[Array, Array | None]:
    """(images, labels or None) of everything that an estimator takes.

    A tf.data.Dataset is read once, and its images are held in memory. Its elements are images
    [H, W, C], batches [B, H, W, C], or dicts of them with "image" and maybe "label". Of a tuple the
    first entry counts, as in Keras's `fit`.

    Args:
      images: an Images of tfgvae.types.
      image_shape: (H, W, C) that a data set must have, checked before it is read.
      most: read at most this many rows of a data set.
      rank: 4 for images; 2 for features [N, D].

    Raises:
      ValueError: a dict without "image"; a data set of other elements, without end, empty, larger
        than the memory allows, or that cannot be read.
    """
    if not isinstance(images, tf.data.Dataset):
        rows, label = _parts(images)
        return rows, None if label is None else label[:most]
    parts, labels = [], []
    for rows, label in _batches(images, image_shape, most, rank):
        parts.append(rows)
        labels.append(label)
    if not parts:
        raise ValueError(f"expected at least one row, got an empty data set {images.element_spec}")
    found = np.concatenate(parts)[:most]
    return found, None if labels[0] is None else np.concatenate(labels)[:most]


def _parts(value):
    """(images, labels or None) of a dict or of images alone."""
    if not isinstance(value, Mapping):
        return value, None
    if "image" not in value:
        raise ValueError(f"expected a dict with 'image', got keys {sorted(value)}")
    return value["image"], value.get("label")


def _element(value):
    return _parts(value[0] if isinstance(value, tuple) else value)


def _batches(
    data: tf.data.Dataset, image_shape: Shape | None, most: int | None, rank: int
) -> Iterator[tuple[Any, Any]]:
    """(rows, labels or None) of each batch, numpy arrays."""
    spec = _checked_spec(data, image_shape, rank)
    if most is None:
        _check_length(data, spec)
    if spec.shape.rank == rank - 1:
        data = data.batch(_BATCH)
    count = size = 0
    try:
        for element in data.as_numpy_iterator():
            rows, label = _element(element)
            count, size = count + len(rows), size + rows.nbytes
            checks.in_memory(_IN_MEMORY, size, "use data.take(n)")
            yield rows, label
            if most is not None and count >= most:
                return
    except tf.errors.OpError as error:  # A damaged file, or images that differ in size.
        raise ValueError(f"the data set cannot be read: {reason(error)}") from error


def _check_length(data, spec):
    """Refuse what is known to be too large before anything is read."""
    length = int(data.cardinality())
    if length == tf.data.INFINITE_CARDINALITY:
        raise ValueError("expected a data set with an end, got one that repeats: use data.take(n)")
    numbers = spec.shape.num_elements()
    if numbers is not None and length > 0:
        # The last batch may be smaller.
        checks.in_memory(_IN_MEMORY, numbers * (length - 1) * spec.dtype.size, "use data.take(n)")


def _checked_spec(data, image_shape, rank):
    """The TensorSpec of the rows in an element."""
    spec, _ = _element(data.element_spec)
    what, single, batch = _KIND[rank]
    if not isinstance(spec, tf.TensorSpec) or spec.shape.rank not in (rank - 1, rank):
        raise ValueError(
            f"expected a data set of {what} {single} or of batches {batch}, got elements {spec}"
        )
    if image_shape is not None:
        single = spec.shape[-len(image_shape) :]
        check_spec(tf.TensorSpec([None, *single], spec.dtype), image_shape)
    return spec
