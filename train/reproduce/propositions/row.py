"""A row of the table: what the paper says a quantity is, what it is exactly, what was measured."""

import dataclasses
import math

from tfgvae import checks
from train.reproduce.propositions.finite import ROUNDING

# How far a value is on the wrong side of what is claimed.
_MISS = {
    "=": lambda value, claimed: abs(value - claimed),
    "<=": lambda value, claimed: value - claimed,
    ">": lambda value, claimed: claimed - value,
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One claim in one case.

    Attributes:
      proposition: "1" to "6", or the equation's.
      claim: the paper's, in a few words.
      condition: whether the paper's condition is "met" or "broken".
      case: the spaces and laws it was tried on.
      quantity: what is measured, with its unit.
      relation: "=", "<=" or ">": the quantity to what is claimed.
      claimed: what the paper says of it.
      exact: by enumeration or linear algebra; None where only the measurement tells.
      measured: by training or simulation.
      tolerance: how far the measured value may be from the exact one, in its unit.
      method: how it was measured, and what the tolerance is.
      expected: "holds", or "fails" where the condition is broken.
      note: what a reader should know.
    """

    proposition: str
    claim: str
    condition: str
    case: str
    quantity: str
    relation: str
    claimed: float
    exact: float | None
    measured: float
    tolerance: float
    method: str
    expected: str
    note: str = ""

    def __post_init__(self):
        checks.choice("relation", self.relation, _MISS)
        checks.choice("condition", self.condition, ("met", "broken"))
        checks.choice("expected", self.expected, ("holds", "fails"))
        for name in ("claimed", "exact", "measured", "tolerance"):
            value = getattr(self, name)
            if value is not None:
                # numpy's numbers do not go into JSON.
                object.__setattr__(self, name, float(value))

    def _met(self, value, slack):
        miss = _MISS[self.relation](value, self.claimed)
        # ">" has to be seen beyond the tolerance, the others may miss by it.
        return miss < -slack if self.relation == ">" else miss <= slack

    @property
    def agrees(self):
        """Whether what was measured is what enumeration says, to the tolerance."""
        if self.exact is None:
            return math.isfinite(self.measured)
        return abs(self.measured - self.exact) <= self.tolerance

    @property
    def verdict(self):
        """ "holds" or "fails", or "undecided" where the exact and the measured value disagree."""
        found = {self._met(self.measured, self.tolerance)}
        if self.exact is not None:
            found.add(self._met(self.exact, ROUNDING))
        if len(found) > 1 or not self.agrees:
            return "undecided"
        return "holds" if found.pop() else "fails"

    @property
    def as_expected(self):
        return self.verdict == self.expected

    def as_dict(self):
        """For JSON and CSV: the fields and the verdict."""
        found = dataclasses.asdict(self)
        note = found.pop("note")
        return {
            **found,
            "holds": self.verdict == "holds",
            "verdict": self.verdict,
            "as_expected": self.as_expected,
            "note": note,
        }


def of_dict(found):
    """The Row of a dict made by `as_dict`."""
    names = [field.name for field in dataclasses.fields(Row)]
    return Row(**{name: found[name] for name in names})
