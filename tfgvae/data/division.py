"""Which rows of every batch this process reads.

Each batch of B rows is cut into `total` equal parts, one per replica: part i has the rows
i B / total .. (i + 1) B / total - 1. A process has the parts of its own replicas.
"""

import dataclasses

import tensorflow as tf

from tfgvae import checks
from tfgvae.types import Tensor


@dataclasses.dataclass(frozen=True)
class Division:
    """The parts first .. first + count - 1 of `total` parts.

    Attributes:
      first: the first part of this process.
      count: how many parts it has.
      total: the parts of all processes.
    """

    first: int
    count: int
    total: int

    def __post_init__(self) -> None:
        checks.integer("count", self.count, 1)
        checks.integer("total", self.total, self.count)
        checks.integer("first", self.first, 0, self.total - self.count)

    def size(self, batch_size: int) -> int:
        """The rows of a part; ValueError unless the batch divides evenly."""
        if batch_size % self.total:
            raise ValueError(
                f"batch_size must be a multiple of the {self.total} parts of a batch, "
                f"got {batch_size}"
            )
        return batch_size // self.total

    def take(self, records: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
        """The records of this process's rows, in order. The first record begins a batch."""
        rows = self.size(batch_size)
        start, stop = self.first * rows, (self.first + self.count) * rows

        def own(index, *_):
            row = index % batch_size
            return tf.logical_and(row >= start, row < stop)

        return records.enumerate().filter(own).map(lambda _, record: record)

    def place(self, index: Tensor, batch_size: int) -> tuple[Tensor, Tensor]:
        """(batch, first row in it) of the part that is element `index` of this process's parts."""
        part = self.first + index % self.count
        return index // self.count, tf.cast(part * self.size(batch_size), tf.int32)
