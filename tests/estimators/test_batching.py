"""Functions of rows, computed in parts."""

import threading

import numpy as np
import pytest

from tfgvae.estimators.batching import in_parts

ROWS, OTHERS = np.arange(7), np.arange(14).reshape(7, 2)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 9])
def test_parts_are_joined_in_order(batch_size, threads):
    found = in_parts(
        lambda a, b: a[:, None] * b, ROWS, OTHERS, batch_size=batch_size, threads=threads
    )
    np.testing.assert_array_equal(found, ROWS[:, None] * OTHERS)


def test_threads_compute_two_parts_at_once():
    both = threading.Barrier(2, timeout=30)  # It breaks if one part waits for the other's end.

    def met(x):
        both.wait()
        return x

    np.testing.assert_array_equal(in_parts(met, ROWS[:4], batch_size=2, threads=2), ROWS[:4])
