"""The 1797 handwritten digits of 8x8 pixels that are part of scikit-learn: no download, no files.

Their pixels k are in 0..16; the level of a pixel is round(255 k / 16).
"""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgvae.data.source import Source

_NUM_TRAIN = 1500
_SHUFFLE_SEED = 0  # The split is part of the set's definition, not an option.


def open_split(argument: str, split: str, **_: Any) -> Source:
    """The `Source` of split "train" (1500 images) or "test" (297)."""
    from sklearn.datasets import load_digits  # Slow to import, and only needed here.

    if argument:
        raise ValueError(f"digits takes no argument, got 'digits:{argument}'")
    slices = {"train": slice(_NUM_TRAIN), "test": slice(_NUM_TRAIN, None)}
    if split not in slices:
        raise ValueError(f"split of digits must be one of train, test, got {split!r}")
    digits = load_digits()
    order = np.random.RandomState(_SHUFFLE_SEED).permutation(len(digits.target))[slices[split]]
    images = np.round(digits.images[order, :, :, None] * (255 / 16)).astype(np.uint8)
    labels = digits.target[order].astype(np.int64)
    return Source(
        name=f"digits/{split}",
        image_shape=(8, 8, 1),
        num_examples=len(order),
        num_classes=10,
        records=lambda: tf.data.Dataset.from_tensor_slices({"image": images, "label": labels}),
        decode=lambda example: example,
        shuffle_buffer=len(order),
    )
