"""A row of the table: a quantity's value in the paper, its exact value, and the measured one."""

import dataclasses
import math

from tfgvae import checks
from train.reproduce.propositions.finite import ROUNDING

# How far a value is on the wrong side of the claimed one.
_MISS = {
    "=": lambda value, claimed: abs(value - claimed),
    "<=": lambda value, claimed: value - claimed,
    ">": lambda value, claimed: claimed - value,
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One claim in one case.

    Attributes:
      proposition: "1" to "6", or the number of an equation.
      claim: the paper's claim, in a few words.
      condition: whether the paper's condition is "met" or "broken".
      case: the spaces and laws of this test.
      quantity: the measured quantity, with its unit.
      relation: "=", "<=" or ">", between the quantity and the claimed value.
      claimed: the paper's value.
      exact: by enumeration or linear algebra; None if there is only a measurement.
      measured: by training or simulation.
      tolerance: the largest allowed |measured - exact|.
      method: how it was measured, and the meaning of the tolerance.
      expected: "holds", or "fails" if the condition is broken.
      note: a remark for the reader.
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
                # JSON does not take numpy's numbers.
                object.__setattr__(self, name, float(value))

    def _met(self, value, slack):
        miss = _MISS[self.relation](value, self.claimed)
        # ">" must hold by more than the tolerance; the others may miss by the tolerance.
        return miss < -slack if self.relation == ">" else miss <= slack

    @property
    def agrees(self):
        """Whether the measured value equals the exact one within the tolerance."""
        if self.exact is None:
            return math.isfinite(self.measured)
        return abs(self.measured - self.exact) <= self.tolerance

    @property
    def verdict(self):
        """ "holds" or "fails", or "undecided" if the exact and the measured value disagree."""
        found = {self._met(self.measured, self.tolerance)}
        if self.exact is not None:
            found.add(self._met(self.exact, ROUNDING))
        if len(found) > 1 or not self.agrees:
            return "undecided"
        return "holds" if found.pop() else "fails"

    @property
    def as_expected(self):
        """Whether the proposition holds, or fails, as the row says it must."""
        return self.verdict == self.expected

    def as_dict(self):
        """The fields and the verdict, for JSON and CSV."""
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
