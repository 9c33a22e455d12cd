"""Limits that are fixed at export."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Limits:
    """Limits that are fixed at export.

    Attributes:
      max_num_steps: the longest Gibbs chain of a request.
      num_samples: K of log_likelihood.

    Raises:
      ValueError: a number below 1.
    """

    max_num_steps: int = 200
    num_samples: int = 64

    def __post_init__(self):
        from tfgvae import checks  # This imports TensorFlow, which --help does not need.

        checks.integer("max_num_steps", self.max_num_steps, 1, 2**31 - 1)
        checks.integer("num_samples", self.num_samples, 1, 2**31 - 1)
