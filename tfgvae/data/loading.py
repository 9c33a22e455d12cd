"""`load` and `info`: a name and options give datasets of image batches."""

import inspect
import os
from typing import Any

import tensorflow as tf

from tfgvae.data import stream
from tfgvae.data.arrays import Arrays
from tfgvae.data.noise import Noise
from tfgvae.data.split import CACHE_BYTES, ImageInfo, Split


def load(
    name: str | Arrays,
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    image_size: int | tuple[int, int] | None = None,
    crop: int | str | None = None,
    grayscale: bool = False,
    binarize: str = "none",
    dequantize: bool = False,
    augment: str = "none",
    batch_size: int | None = None,
    shuffle: bool = False,
    repeat: bool = False,
    start_step: int = 0,
    seed: int | None = 0,
    drop_remainder: bool = False,
    num_examples: int | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> tf.data.Dataset:
    """Batches of a set of images, as a function of (seed, step) only.

    >>> batch = next(iter(load("digits", batch_size=4)))
    >>> batch["image"].shape.as_list(), batch["label"].shape.as_list()
    ([4, 8, 8, 1], [4])

    Args:
      name: "digits", "folder:PATH", "npz:PATH", the TFDS name of an image set; or arrays: images
        [N, H, W] or [N, H, W, C], {"image": images, "label": integers [N]}, or a dict with x_train,
        x_test, y_train and y_test. Pixels of arrays are integers from 0 to 255, bools, or floats in
        [0, 1], which are rounded to the 256 levels.
      split: "train", "test", ...; for TFDS sets a slice such as "train[:90%]" too. Arrays without
        splits are one set: all rows are used, whatever the split is called.
      data_dir: folder of the TFDS data; None is $TFDS_DATA_DIR, then ~/tensorflow_datasets.
      download: whether a TFDS set that has no prepared data is downloaded.
      image_size: side or (height, width) to resize to, in pixels; None is the set's default (64 for
        celeb_a and lsun), or else keeps the size.
      crop: side in pixels of a centred square that is cut out before the resize; "square" is the
        largest one, "none" is no crop; None is the set's default (148 for celeb_a, "square" for
        lsun), or else no crop.
      grayscale: whether RGB becomes its luma, one channel.
      binarize: "none", or a draw from Bernoulli(x) for every pixel x. "dynamic" draws again at each
        step; "static" draws once for each image, as a function of (seed, split, image index). The
        fixed binarized MNIST of Larochelle is another such draw, published as files with its own
        50000/10000/10000 split; "static" has the same distribution, not the same bits.
      dequantize: whether x is (k + u) / 256, for level k in 0..255 and u uniform on [0, 1), instead
        of k / 255.
      augment: "none", or "flip" to mirror each image left to right with probability 1/2.
      batch_size: images per batch; None gives single examples without the axis B.
      shuffle: whether each epoch has its own random order.
      repeat: whether the stream is infinite. All batches are then full, and an epoch leaves out
        the num_examples % batch_size examples at the end of its order.
      start_step: the step to start at. The batches are, bit for bit, those of a stream from step 0
        after its first `start_step` steps.
      seed: of the order and all noise; None draws one from the operating system.
      drop_remainder: whether a single pass leaves out its last batch if that is not full.
      num_examples: use only this many examples, the first ones of the split.
      cache_bytes: a set of at most this many bytes, as uint8, is decoded once, kept in memory and
        shuffled as a whole. A larger set is decoded while it is read, and shuffled in a buffer of
        records. The two give different orders.

    Returns:
      Dataset of {"image": float32 [B, H, W, C] in [0, 1], "label": int64 [B] if there are labels}.

    Raises:
      ValueError: an option out of its range, an unknown name or split, a damaged image.
      FileNotFoundError: no such folder, or no prepared data; the message says how to get it.
    """
    noise = Noise(binarize, dequantize, augment)
    schedule = stream.Schedule(batch_size, shuffle, repeat, start_step, seed, drop_remainder)
    opened = Split(
        name,
        split,
        data_dir=data_dir,
        download=download,
        image_size=image_size,
        crop=crop,
        grayscale=grayscale,
        num_examples=num_examples,
        cache_bytes=cache_bytes,
    )
    return opened.batches(noise, schedule)


def info(
    name: str | Arrays,
    split: str = "train",
    *,
    data_dir: str | os.PathLike | None = None,
    download: bool = False,
    image_size: int | tuple[int, int] | None = None,
    crop: int | str | None = None,
    grayscale: bool = False,
    num_examples: int | None = None,
    **others: Any,
) -> ImageInfo:
    """The ImageInfo of `load` with the same options, without reading the images.

    Options of `load` that do not change the answer are accepted and ignored.
    """
    unknown = sorted(set(others) - set(inspect.signature(load).parameters))
    if unknown:
        raise TypeError(f"info takes the options of load, got {', '.join(unknown)}")
    return Split(
        name,
        split,
        data_dir=data_dir,
        download=download,
        image_size=image_size,
        crop=crop,
        grayscale=grayscale,
        num_examples=num_examples,
    ).info
