"""Checks of options: the values they accept, and errors that name the option and the value."""

import math

import numpy as np
import pytest

from tfgvae import checks


def test_what_is_taken():
    assert type(checks.integer("n", np.int32(3), 1)) is int
    assert checks.integer("n", 4, 2, 4) == 4
    assert checks.integers("n", np.array([1, 2]), 1) == checks.integers("n", [1, 2], 1) == (1, 2)
    assert type(checks.real("r", np.float32(0.5))) is float
    assert checks.real("r", 1, 0, 1) == 1.0 and type(checks.real("r", 1)) is float
    assert checks.boolean("b", False) is False
    assert checks.choice("c", "a", {"a": 1, "b": 2}) == "a"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: checks.integer("n", 4.0, 1), "n must be an integer >= 1, got 4.0"),
        (lambda: checks.integer("n", True, 1), "n must be an integer >= 1, got True"),
        (lambda: checks.integer("n", "4", 1), "n must be an integer >= 1, got '4'"),
        (lambda: checks.integer("n", 0, 1), "n must be an integer >= 1, got 0"),
        (lambda: checks.integer("n", 5, 2, 4), "n must be an integer from 2 to 4, got 5"),
        (lambda: checks.integers("n", [1, 0.5], 1), "every number of n must be an integer"),
        (lambda: checks.integers("n", 3, 1), "n must be a tuple of integers >= 1, got 3"),
        (lambda: checks.integers("n", "12", 1), "n must be a tuple"),
        (lambda: checks.integers("n", (1, 2), 1, length=3), "n must have length 3"),
        (lambda: checks.size("width", 4097, 1), "width must be at most 4096, got 4097"),
        (lambda: checks.size("width", 0, 1), "width must be an integer >= 1, got 0"),
        (lambda: checks.sizes("dense", [8, 10**9], 1), "dense must be at most 65536, got 10"),
        (lambda: checks.sizes("dense", [8] * 999, 1), "at most 256 numbers, got 999"),
        (lambda: checks.real("r", math.nan), "r must be a finite number, got nan"),
        (lambda: checks.real("r", math.inf, 0), "r must be finite and >= 0, got inf"),
        (lambda: checks.real("r", 1.5, 0, 1), "r must be from 0 to 1, got 1.5"),
        (lambda: checks.real("r", 0, above=0), "r must be finite and > 0, got 0"),
        (lambda: checks.real("r", True), "r must be a finite number, got True"),
        (lambda: checks.real("r", "1"), "r must be a finite number, got '1'"),
        (lambda: checks.boolean("b", 1), "b must be True or False, got 1"),
        (lambda: checks.choice("c", "d", ["a", "b"]), "c must be one of a, b, got 'd'"),
        (lambda: checks.choice("c", ["a"], ["a", "b"]), "c must be one of a, b"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
