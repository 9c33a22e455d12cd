"""A measured number: its value, its standard error, and whether it is a bound."""

import dataclasses
import math
from typing import Any

import numpy as np

from tfgvae import checks
from tfgvae.types import Array

KINDS = ("estimate", "lower bound", "upper bound", "exact")


@dataclasses.dataclass(frozen=True)
class Estimate:
    """One number that an estimator reports.

    Attributes:
      value: the number.
      standard_error: of the value, in the same unit; NaN if unknown. It is the random error of the
        value, without the gap between a bound and the true number.
      kind: "estimate"; "lower bound" or "upper bound", in expectation; "exact".
      unit: by default "nats" (per image, summed over pixels and latents).
      count: number of independent draws, mostly images, in the mean.
    """

    value: float
    standard_error: float = math.nan
    kind: str = "estimate"
    unit: str = "nats"
    count: int = 0

    def __post_init__(self) -> None:
        checks.choice("kind", self.kind, KINDS)

    @classmethod
    def of_mean(cls, values: Array, kind: str = "estimate", unit: str = "nats") -> "Estimate":
        """The mean of independent values [N], with standard error stddev / sqrt(N).

        >>> print(Estimate.of_mean([1.0, 2.0, 3.0, 4.0]))
        2.5 +- 0.65 nats

        Raises:
          ValueError: no values, or more than one axis.
        """
        values = np.asarray(values, np.float64)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"expected values [N], N >= 1, got shape {values.shape}")
        count = values.size
        error = values.std(ddof=1) / math.sqrt(count) if count > 1 else math.nan
        return cls(float(values.mean()), float(error), kind, unit, count)

    def as_dict(self) -> dict[str, Any]:
        """A dict for JSON. NaN and infinity become None, because JSON has neither."""
        fields = dataclasses.asdict(self)
        finite = {k: v for k, v in fields.items() if not isinstance(v, float) or math.isfinite(v)}
        return {name: finite.get(name) for name in fields}

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        error = f" +- {self.standard_error:.2g}" if math.isfinite(self.standard_error) else ""
        unit = f" {self.unit}" if self.unit else ""
        side = "" if self.kind == "estimate" else f" ({self.kind})"
        return f"{self.value:.4g}{error}{unit}{side}"
