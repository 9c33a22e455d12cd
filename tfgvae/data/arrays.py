"""Arrays in memory as a data set, and what every array of images must be.

Images are [N, H, W] or [N, H, W, C]. Their pixels are

    integers from 0 to 255      the levels k
    bools                       k = 0 or 255
    floats x in [0, 1]          k = round(255 x): a set has 256 levels, whatever its source
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.data.source import Source
from tfgvae.types import Array

SPLITS = ("train", "validation", "test")
IMAGES, LABELS = ("image", "images"), ("label", "labels")
Arrays: TypeAlias = Array | Mapping[str, Array]
_ROWS = 1024  # Images converted at a time.
_SLACK = 1e-5  # Rounding errors of floats are allowed.


def open_arrays(given: Arrays, split: str) -> Source:
    """The `Source` of arrays in Python.

    With keys x_train, ... it is the split of that name. Of an array, or of {"image", "label"}, it
    is all rows: `split` is then only a name, which the noise of the set depends on.
    """
    named = given if isinstance(given, Mapping) else {"image": given}
    table = {str(key): np.asarray(value) for key, value in named.items() if value is not None}
    image, label, every_label = chosen("the dict of arrays", tuple(table), split)
    images = table[image]
    labels = None if label is None else checked_labels(label, table[label], len_of(images))
    known = [checked_labels(key, table[key]) for key in every_label]
    return source(
        image, images.shape, images.dtype, lambda: levels(image, images), labels, num_classes(known)
    )


def chosen(
    where: str, keys: tuple[str, ...], split: str
) -> tuple[str, str | None, tuple[str, ...]]:
    """(key of the images, key of their labels or None, keys of the labels of all splits).

    Raises:
      ValueError: no such split, or no images under a known key.
    """
    splits = [name for name in SPLITS if f"x_{name}" in keys]
    if splits:
        if split not in splits:
            raise ValueError(f"split of {where} must be one of {', '.join(splits)}, got {split!r}")
        label = f"y_{split}" if f"y_{split}" in keys else None
        return f"x_{split}", label, tuple(f"y_{s}" for s in splits if f"y_{s}" in keys)
    image = next((key for key in IMAGES if key in keys), None)
    if image is None:
        shown = ", ".join(keys[:10]) or "none"
        raise ValueError(
            f"{where} must have images under x_train and x_test, or under image; its keys: {shown}"
        )
    label = next((key for key in LABELS if key in keys), None)
    return image, label, () if label is None else (label,)


def source(
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
    load: Callable[[], np.ndarray],
    labels: np.ndarray | None,
    classes: int | None,
) -> Source:
    """The `Source` of images of a shape and a dtype.

    Args:
      name: in errors.
      shape, dtype: of the array of images.
      load: reads the images as `levels` gives them, at the first use of a record.
      labels: int64 [N], or None.
      classes: the number of classes, or None.
    """
    if len(shape) not in (3, 4):
        raise ValueError(f"{name}: expected images [N, H, W] or [N, H, W, C], got shape {shape}")
    if 0 in shape:
        raise ValueError(f"{name}: expected at least one image with pixels, got shape {shape}")
    if dtype.kind not in "buif":
        raise ValueError(
            f"{name}: expected pixels that are integers, bools or floats, got dtype {dtype}"
        )

    @functools.cache
    def table() -> dict[str, tf.Tensor]:
        # Host memory, outside of the graph that reads from it.
        with tf.init_scope(), tf.device("CPU"):
            found = {"image": tf.constant(load())}
            return found if labels is None else {**found, "label": tf.constant(labels)}

    def records() -> tf.data.Dataset:
        table()  # Errors of the file are raised here, not in a graph.
        return tf.data.Dataset.range(shape[0])

    return Source(
        name=name,
        image_shape=(shape[1], shape[2], 1 if len(shape) == 3 else shape[3]),
        num_examples=shape[0],
        num_classes=classes,
        records=records,
        decode=lambda row: {key: tf.gather(value, row) for key, value in table().items()},
        shuffle_buffer=shape[0],  # Records are row numbers: all of them fit.
    )


def levels(name: str, images: np.ndarray) -> np.ndarray:
    """Images as levels, uint8 [N, H, W, C].

    Raises:
      ValueError: integers outside of 0 .. 255, floats outside of [0, 1], NaN; or integers that are
        only 0 and 1, which would be black.
    """
    images = images[..., None] if images.ndim == 3 else images
    if images.dtype == bool:
        return images.astype(np.uint8) * np.uint8(255)
    low, high = images.min(), images.max()
    floats = images.dtype.kind == "f"
    most, slack = (1, _SLACK) if floats else (255, 0)
    # Written so that NaN fails.
    if not (low >= -slack and high <= most + slack):
        kind = "floats in [0, 1]" if floats else "integers from 0 to 255"
        raise ValueError(f"{name}: expected {kind}, got (lowest, highest) {low:g}, {high:g}")
    if not floats:
        if high == 1:
            raise ValueError(
                f"{name}: expected levels from 0 to 255, got only 0 and 1: save binary images as "
                "bools or floats"
            )
        return images.astype(np.uint8)
    found = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _ROWS):
        part = images[start : start + _ROWS].astype(np.float64)
        found[start : start + _ROWS] = np.rint(255 * np.clip(part, 0, 1))
    return found


def checked_labels(name: str, labels: np.ndarray, count: int | None = None) -> np.ndarray:
    """Labels as int64 [N], from integers [N] or [N, 1]; -1 is an image without a label.

    Raises:
      ValueError: other numbers, another shape, or not one for each of `count` images.
    """
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.dtype.kind not in "ui" or labels.ndim != 1:
        raise ValueError(
            f"{name}: expected labels that are integers [N], got shape {labels.shape} of dtype "
            f"{labels.dtype}"
        )
    if count is not None and len(labels) != count:
        raise ValueError(f"{name}: expected a label for each of {count} images, got {len(labels)}")
    last = checks.MOST["num_classes"] - 1
    if len(labels) and not (labels.min() >= -1 and labels.max() <= last):
        raise ValueError(
            f"{name}: expected labels from 0 to {last} (-1: no label), got (lowest, highest) "
            f"{labels.min()}, {labels.max()}"
        )
    return labels.astype(np.int64)


def num_classes(labels: list[np.ndarray]) -> int | None:
    """The largest label of all splits, plus 1; None without labels."""
    largest = [int(part.max()) for part in labels if len(part)]
    return max(largest) + 1 or None if largest else None


def len_of(images: Any) -> int | None:
    """The number of rows, or None for a number, which has none."""
    return images.shape[0] if images.ndim else None
