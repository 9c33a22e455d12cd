"""All that a data set gives, as arrays."""

import numpy as np

from tfgvae import data


def collect(*args, **options):
    """All of one pass: images [N, H, W, C], labels [N] or None."""
    batches = list(data.load(*args, batch_size=8, **options).as_numpy_iterator())
    labels = np.concatenate([b["label"] for b in batches]) if "label" in batches[0] else None
    return np.concatenate([b["image"] for b in batches]), labels


def levels(images):
    """Levels k of pixels k / 255, and a check that they are that."""
    k = np.rint(images * 255)
    np.testing.assert_array_equal(images, (k / 255).astype(np.float32))
    return k.astype(np.uint8)
