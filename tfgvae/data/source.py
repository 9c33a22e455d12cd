"""A source: one split of a set of images, before any preprocessing.

Every source gives uint8 images, so that families on 256 levels see exact levels k / 255 for every
set. A source reads records and decodes them to images. Records are shuffled and skipped before
they are decoded, so that skipping costs no decoding.
"""

import dataclasses
import hashlib
from collections.abc import Callable

import tensorflow as tf

from tfgvae import checks
from tfgvae.data.pixels import Geometry


def is_test(name: str) -> bool:
    """Whether an example is in the test split of a set without splits: one in ten, by a hash.

    An example stays in its split when others are added.
    """
    digest = hashlib.md5(name.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big") % 10 == 0


@dataclasses.dataclass(frozen=True)
class Source:
    """One split of a set of images.

    Attributes:
      name: its name in errors.
      image_shape: (H, W, C) of a decoded image; H and W are None if images differ in size.
      num_examples: how many examples the split has.
      num_classes: None for a set without labels.
      records: () -> dataset of undecoded examples, in a fixed order.
      decode: record -> {"image": uint8 [H, W, C]} and, for a set with labels, "label": int64 [].
      shuffle_buffer: the number of records that a shuffle may hold in memory.
      geometry: the default crop and size of the set.
      at_once: how many images are decoded at a time, because they are large; None: no limit.
      size_note: why H and W are None, for the error that asks for image_size.
    """

    name: str
    image_shape: tuple[int | None, int | None, int]
    num_examples: int
    num_classes: int | None
    records: Callable[[], tf.data.Dataset]
    decode: Callable[..., dict[str, tf.Tensor]]
    shuffle_buffer: int
    geometry: Geometry = dataclasses.field(default_factory=Geometry)
    at_once: int | None = None
    size_note: str = "its images differ in size"

    def __post_init__(self) -> None:
        most, channels = checks.MOST["channels"], self.image_shape[-1]
        if not 1 <= channels <= most:
            raise ValueError(
                f"{self.name}: images must have from 1 to {most} channels, got {channels}"
            )

    def take(self, num_examples: int | None) -> "Source":
        """The same source with only its first `num_examples` (None: all)."""
        if num_examples is None:
            return self
        if num_examples > self.num_examples:
            raise ValueError(
                f"num_examples must be at most {self.num_examples}, the size of {self.name}, "
                f"got {num_examples}"
            )
        return dataclasses.replace(
            self,
            num_examples=num_examples,
            records=lambda: self.records().take(num_examples),
            shuffle_buffer=min(self.shuffle_buffer, num_examples),
        )
