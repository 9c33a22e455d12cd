"""A share of a split that is set aside, for validation: a function of (seed, number of examples).

The examples with the smallest fold_in(seed, VALIDATION, index) are held out.
"""

import dataclasses
import zlib

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.data.source import Source

_STREAM = zlib.crc32(b"data/held_out")


@dataclasses.dataclass(frozen=True)
class Part:
    """One of the two parts of a split.

    Attributes:
      share: of the examples that are held out, > 0 and <= 0.5.
      seed: an int.
      held_out: whether this is the part that is held out, or the rest.
    """

    share: float
    seed: int
    held_out: bool

    def __post_init__(self) -> None:
        checks.real("share", self.share, maximum=0.5, minimum=0)
        checks.boolean("held_out", self.held_out)

    def of(self, source: Source) -> Source:
        """The examples of this part, in their order.

        Raises:
          ValueError: the share is less than two examples of the source.
        """
        total = source.num_examples
        count = round(self.share * total)
        if count < 2:
            raise ValueError(
                f"a share of {self.share:g} of the {total} examples of {source.name} is {count}: "
                "validation needs 2 or more"
            )
        order = np.argsort(seeds.fold_in(self.seed, _STREAM, np.arange(total)), kind="stable")
        kept = np.full(total, not self.held_out)
        kept[order[:count]] = self.held_out
        mask = tf.constant(kept)
        size = int(kept.sum())

        def records():
            numbered = source.records().enumerate()
            return numbered.filter(lambda i, _: mask[i]).map(lambda _, record: record)

        return dataclasses.replace(
            source,
            num_examples=size,
            records=records,
            shuffle_buffer=min(source.shuffle_buffer, size),
        )
