"""Checks of single options: each returns the value, or raises a ValueError that names it."""

import operator


def integer(name, value, minimum):
    """`value` as an int of at least `minimum`; numpy integers are taken, bools and floats not."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}") from None
    if number < minimum:
        raise ValueError(f"{name} must be an integer >= {minimum}, got {value!r}")
    return number


def boolean(name, value):
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return value


def choice(name, value, known):
    if value not in tuple(known):
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
    return value
