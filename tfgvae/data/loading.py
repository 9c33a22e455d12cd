"""`load`, `info` and `Split`: a name and options give datasets of image batches."""

import dataclasses
import inspect
import math
import os
import reprlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.data import arrays, cache, digits, folder, npz, stream, tfds_images
from tfgvae.data.arrays import Arrays
from tfgvae.data.held_out import Part
from tfgvae.data.noise import Noise
from tfgvae.data.pixels import Geometry
from tfgvae.data.source import Source

# word -> function that opens a split. In a name "word:rest" the word is looked up here; every other
# name is a TFDS name.
SOURCES: dict[str, Callable[..., Source]] = {
    "digits": digits.open_split,
    "folder": folder.open_split,
    "npz": npz.open_split,
    "npy": npz.open_split,
}
CACHE_BYTES = 1 << 30


@dataclasses.dataclass(frozen=True)
class ImageInfo:
    """The data that `load` gives.

    Attributes:
      image_shape: (H, W, C).
      num_examples: examples in one pass.
      num_classes: None if there are no labels.
    """

    image_shape: tuple[int, int, int]
    num_examples: int
    num_classes: int | None


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


class Split:
    """One split, opened once: its streams share the decoded images.

    Changes of the files after that are ignored. It holds at most `cache_bytes`.

    Args:
      name, split, ...: as in `load`.
      part: a held_out.Part of the split; None for all of it.

    Attributes:
      info: ImageInfo.
      geometry: the Geometry, with the set's defaults.
    """

    def __init__(
        self,
        name: str | Arrays,
        split: str = "train",
        *,
        data_dir: str | os.PathLike | None = None,
        download: bool = False,
        image_size: int | tuple[int, int] | None = None,
        crop: int | str | None = None,
        grayscale: bool = False,
        num_examples: int | None = None,
        cache_bytes: int = CACHE_BYTES,
        part: Part | None = None,
    ) -> None:
        geometry = Geometry(image_size, crop, grayscale)
        self.name = split
        self.cache_bytes = checks.integer("cache_bytes", cache_bytes, 0)
        self._source, self.geometry = _open(name, split, data_dir, download, num_examples, geometry)
        if part is not None:
            self._source = part.of(self._source)
            if part.held_out:  # Its noise is not that of the training batches.
                self.name = f"{split}/held out"
        source = self._source
        shape = self.geometry.output_shape(source.image_shape, source.name, source.size_note)
        self.info = ImageInfo(shape, source.num_examples, source.num_classes)
        self._table = None, None  # (key of the decoding, the decoded examples)

    def batches(
        self, noise: Noise, schedule: stream.Schedule, num_examples: int | None = None
    ) -> tf.data.Dataset:
        """The stream that `load` describes.

        Args:
          noise: a Noise.
          schedule: a Schedule.
          num_examples: use only this many examples, the first ones.
        """
        source = self._source.take(num_examples)
        schedule.steps_per_epoch(source.num_examples)  # Raises before anything is read.
        # A run uses one seed for its model and for every split; no two of them may share noise.
        run_seed = seeds.fold_in(schedule.seed, zlib.crc32(f"data/{self.name}".encode()))
        once_seed, stream_seed = seeds.split(run_seed, 2)
        decode = cache.decoded(source, self.geometry, noise, once_seed)
        if self._fits(source):
            lasting = schedule.seed if noise.binarize == "static" else None
            table = self._decoded(source, decode, lasting)
            records, decode_batches = cache.cached(source.num_examples, table)
            buffer = source.num_examples
        else:
            records, decode_batches = cache.streamed(source, decode)
            buffer = source.shuffle_buffer
        return stream.batches(
            records,
            source.num_examples,
            buffer,
            schedule,
            stream_seed,
            decode_batches,
            noise.every_step,
        )

    def _fits(self, source):
        return source.num_examples * math.prod(self.info.image_shape) <= self.cache_bytes

    def _decoded(self, source, decode, lasting):
        """The decoded examples, at least those of `source`; the newest are kept."""
        # The whole split if it fits: it contains every part.
        source = self._source if self._fits(self._source) else source
        key = source.num_examples, lasting
        if self._table[0] != key:
            self._table = None, None  # Frees the memory before the next table is read.
            self._table = key, cache.read(source, decode, self.info.image_shape)
        return self._table[1]


def _open(name, split, data_dir, download, num_examples, geometry):
    """The source of a split, and the geometry with the set's defaults."""
    if not isinstance(split, str):
        raise ValueError(f"split must be a string, got {split!r}")
    checks.boolean("download", download)
    if num_examples is not None:
        checks.integer("num_examples", num_examples, 1)
    if isinstance(name, (np.ndarray, tf.Tensor, Mapping)):
        source = arrays.open_arrays(name, split)
    else:
        source = _named(name, split, data_dir, download)
    return source.take(num_examples), geometry.defaults_from(source.geometry)


def _named(name, split, data_dir, download):
    """The source of a split of the set with a name."""
    if not isinstance(name, str) or not name:
        raise ValueError(
            f"name must be the name of a data set, or arrays, got {reprlib.repr(name)}"
        )
    word, _, rest = name.partition(":")
    opener, argument = (SOURCES[word], rest) if word in SOURCES else (tfds_images.open_split, name)
    return opener(argument, split, data_dir=data_dir, download=download)
