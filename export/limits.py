"""Limits that are fixed at export."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits that are fixed at export.

    Attributes:
      max_num_steps: the longest Gibbs chain of a request.
      num_samples: K of log_likelihood.
      max_rows: the most rows of a request. A server that batches sends the rows of several
        requests at once, so this is at least max_batch_size of its batching.config.

    Raises:
      ValueError: a number below 1.
    """

    max_num_steps: int = 200
    num_samples: int = 64
    max_rows: int = 256

    def __post_init__(self):
        from tfgvae import checks  # This imports TensorFlow, which --help does not need.

        checks.integer("max_num_steps", self.max_num_steps, 1, 2**31 - 1)
        checks.integer("num_samples", self.num_samples, 1, 2**31 - 1)
        checks.integer("max_rows", self.max_rows, 1, 2**31 - 1)
