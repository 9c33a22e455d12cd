"""Checks of single options: each returns the value, or raises a ValueError that names it."""

import math
import numbers
import operator
import os
from collections.abc import Iterable
from typing import Any

# The largest sizes of networks and data: far above any use, far below what exhausts the memory by
# one number alone. configs.check applies them to flags before TensorFlow is imported.
MOST = {
    "accumulate": 65536,
    "batch_size": 65536,
    "channels": 4096,
    "components": 65536,
    "context": 65536,
    "dense": 65536,
    "features": 4096,
    "filters": 4096,
    "gibbs_steps": 4096,
    "hidden": 65536,
    "image_size": 4096,
    "kernel_size": 127,
    "latent_dim": 65536,
    "latent_groups": 65536,
    "num_blocks": 256,
    "num_classes": 65536,
    "num_mixtures": 256,
    "num_prior_samples": 65536,
    "num_samples": 4096,
    "num_scales": 16,
    "num_steps": 1024,
    "prediction_dense": 65536,
    "transforms": 256,
    "walkback": 256,
    "width": 4096,
}
MOST_LAYERS = 256
MEMORY_SHARE = 4  # Data in memory may take the memory of the machine divided by this.


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


def size(name: str, value: Any, minimum: int) -> int:
    """`value` as an int from `minimum` to MOST[name]."""
    number = integer(name, value, minimum)
    if number > MOST[name]:
        raise ValueError(f"{name} must be at most {MOST[name]}, got {number}")
    return number


def sizes(name: str, values: Any, minimum: int) -> tuple[int, ...]:
    """A list or tuple of sizes, each as `size` takes it, as a tuple of at most MOST_LAYERS."""
    numbers = integers(name, values, minimum)
    if len(numbers) > MOST_LAYERS:
        raise ValueError(f"{name} must have at most {MOST_LAYERS} numbers, got {len(numbers)}")
    return tuple(size(name, number, minimum) for number in numbers)


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


def in_memory(name: str, size: int, instead: str) -> int:
    """`size`, in bytes, if data of that size may be held in memory; `instead` is the advice."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MEMORY_SHARE
    if size > most:
        raise ValueError(
            f"{name} must take at most {most / 2**30:.1f} GiB, the memory of this machine divided "
            f"by {MEMORY_SHARE}, got {size / 2**30:.1f} GiB or more: {instead}"
        )
    return size


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
