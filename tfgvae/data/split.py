"""`Split`: a set of images by name, opened once."""

import dataclasses
import math
import os
import reprlib
import zlib
from collections.abc import Callable, Mapping

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
