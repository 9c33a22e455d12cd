"""Checks of single options: each returns the value, or raises a ValueError that names it."""

import math
import numbers
import operator
from collections.abc import Iterable
from typing import Any


def integer(name: str, value: Any, minimum: int, maximum: int | None = None) -> int:
    """`value` as an int from `minimum` to `maximum` (None: no maximum).

    Numpy integers are accepted. Bools and floats are not: 4.0 is more often a mistake than a 4.
    """
    span = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
    error = ValueError(f"{name} must be an integer {span}, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise error from None
    above = maximum is not None and number > maximum
    if isinstance(value, bool) or number < minimum or above:
        raise error
    return number


def integers(name: str, values: Any, minimum: int, length: int | None = None) -> tuple[int, ...]:
    """A list or tuple of integers >= `minimum` as a tuple; its length is `length`, if given."""
    # Numpy arrays and the sequences of a configuration are accepted too.
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a tuple of integers >= {minimum}, got {values!r}")
    values = tuple(integer(f"every number of {name}", value, minimum) for value in values)
    if length is not None and len(values) != length:
        raise ValueError(f"{name} must have length {length}, got {values}")
    return values


def real(
    name: str,
    value: Any,
    minimum: float = -math.inf,
    maximum: float = math.inf,
    above: float | None = None,
) -> float:
    """`value` as a finite float from `minimum` to `maximum`; with `above`, > `above` instead.

    Numpy numbers are accepted; bools, NaN and infinities are not.
    """
    if above is not None:
        span = f"finite and > {above}"
    elif maximum < math.inf:
        span = f"from {minimum} to {maximum}"
    else:
        span = f"finite and >= {minimum}" if minimum > -math.inf else "a finite number"
    error = ValueError(f"{name} must be {span}, got {value!r}")
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise error
    number = float(value)
    low = number > above if above is not None else number >= minimum
    # Written so that NaN fails.
    if not (math.isfinite(number) and low and number <= maximum):
        raise error
    return number


def boolean(name: str, value: Any) -> bool:
    """`value` if it is True or False; 1 and "no" are errors."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return value


def choice(name: str, value: Any, known: Iterable[str]) -> str:
    """`value` if it is one of `known`."""
    if not isinstance(value, str) or value not in tuple(known):
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return value
