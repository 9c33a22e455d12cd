"""Limits that are fixed at export."""

import dataclasses

from export import batching

# The images of a path are all in the answer, unlike the steps of a chain.
LONGEST_PATH = 32
# More draws than any published bound has. A request with a million would block the server.
MOST_SAMPLES = 10_000


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
      jit_batch_sizes: XLA compiles the pixel loops of an autoregressive family for these numbers
        of rows, and a request is padded to the next of them; () for none.

    Raises:
      ValueError: a number below 1, more than MOST_SAMPLES samples, sizes that do not increase, or
        fewer rows than the largest batch.
    """

    max_num_steps: int | None = None
    num_samples: int = 64
    max_rows: int = 256
    batch_sizes: tuple[int, ...] = batching.SIZES
    jit_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self):
        from tfgvae import checks  # This imports TensorFlow, which --help does not need.

        if self.max_num_steps is not None:
            checks.integer("max_num_steps", self.max_num_steps, 1, 2**31 - 1)
        checks.integer("num_samples", self.num_samples, 1, MOST_SAMPLES)
        checks.integer("max_rows", self.max_rows, 1, 2**31 - 1)
        object.__setattr__(self, "batch_sizes", batching.check_sizes(self.batch_sizes))
        if self.jit_batch_sizes:
            jit_sizes = batching.check_sizes(self.jit_batch_sizes, "jit_batch_sizes")
            object.__setattr__(self, "jit_batch_sizes", jit_sizes)
            if jit_sizes[-1] > self.max_rows:
                raise ValueError(
                    f"a size of jit_batch_sizes must be <= max_rows = {self.max_rows}, the most "
                    f"rows of a request; got {jit_sizes[-1]}"
                )
        largest = self.batch_sizes[-1]
        if self.max_rows < largest:
            raise ValueError(
                f"max_rows must be >= {largest}, because the server makes batches of that many "
                f"rows; got {self.max_rows}"
            )

    @property
    def max_path_steps(self):
        """The most images of a path: at most max_num_steps, and at most LONGEST_PATH."""
        return min(self.max_num_steps or LONGEST_PATH, LONGEST_PATH)

    def warm_up_sizes(self):
        """The numbers of rows whose first request is slow, in increasing order."""
        return tuple(sorted({*self.batch_sizes, *self.jit_batch_sizes}))
