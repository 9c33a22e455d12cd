"""Checks of single options: each returns the value, or raises a ValueError that names it."""

import math
import numbers
import operator


def integer(name, value, minimum, maximum=None):
    """`value` as an int from `minimum` to `maximum` (None: without end).

    Numpy integers are taken, bools and floats are not: 4.0 is more often a mistake than a 4.
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


def integers(name, values, minimum, length=None):
    """A list or tuple of integers of at least `minimum` as a tuple, of `length` where given."""
    # numpy arrays and whatever a configuration makes of a tuple are taken too.
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a tuple of integers >= {minimum}, got {values!r}")
    values = tuple(integer(f"every number of {name}", value, minimum) for value in values)
    if length is not None and len(values) != length:
        raise ValueError(f"{name} must have length {length}, got {values}")
    return values


def real(name, value, minimum=-math.inf, maximum=math.inf, above=None):
    """`value` as a finite float from `minimum` to `maximum`, or, where given, > `above`.

    Numpy numbers are taken; bools, NaN and infinities are not.
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


def boolean(name, value):
    """`value` if it is True or False: 1 and "no" are not."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return value


def choice(name, value, known):
    """`value` if it is one of `known`."""
    if not isinstance(value, str) or value not in tuple(known):
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return value
