"""Limits that are fixed at export."""

import dataclasses

from export import batching


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits that are fixed at export.

    Attributes:
      max_num_steps: the longest Gibbs chain of a request; None for the default of cost.py, which
        depends on the measured time of a step.
      num_samples: K of log_likelihood.
      max_rows: the most rows of a request. A server that batches sends the rows of several
        requests at once, so this is at least the largest of `batch_sizes`.
      batch_sizes: the batches that the server makes of this model's requests.

    Raises:
      ValueError: a number below 1, batch sizes that do not increase, or fewer rows than the
        largest batch.
    """

    max_num_steps: int | None = None
    num_samples: int = 64
    max_rows: int = 256
    batch_sizes: tuple[int, ...] = batching.SIZES

    def __post_init__(self):
        from tfgvae import checks  # This imports TensorFlow, which --help does not need.

        if self.max_num_steps is not None:
            checks.integer("max_num_steps", self.max_num_steps, 1, 2**31 - 1)
        checks.integer("num_samples", self.num_samples, 1, 2**31 - 1)
        checks.integer("max_rows", self.max_rows, 1, 2**31 - 1)
        object.__setattr__(self, "batch_sizes", batching.check_sizes(self.batch_sizes))
        largest = self.batch_sizes[-1]
        if self.max_rows < largest:
            raise ValueError(
                f"max_rows must be >= {largest}, because the server makes batches of that many "
                f"rows; got {self.max_rows}"
            )
