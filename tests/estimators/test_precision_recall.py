"""Precision and recall: equal, disjoint and half-covered sets, and naive loops."""

import numpy as np
import pytest

from tfgvae.estimators.precision_recall import precision_recall


def normal(seed, rows, shift=0.0):
    return shift + np.random.default_rng(seed).normal(size=(rows, 3))


def values(real, generated, **options):
    found = precision_recall(real, generated, **options)
    return found.precision.value, found.recall.value


def naive(points, centres, k):
    inside = 0
    for point in points:
        for i, centre in enumerate(centres):
            others = [np.linalg.norm(centre - c) for j, c in enumerate(centres) if j != i]
            if np.linalg.norm(point - centre) <= sorted(others)[k - 1]:
                inside += 1
                break
    return inside / len(points)


@pytest.mark.parametrize("k", [1, 3])
def test_it_is_the_naive_loop(k):
    real, generated = normal(0, 30), normal(1, 25, shift=1.0)
    found = values(real, generated, num_neighbors=k)
    np.testing.assert_allclose(found, [naive(generated, real, k), naive(real, generated, k)])
    assert 0 < found[0] < 1


def test_equal_sets_cover_each_other():
    assert values(normal(0, 40), normal(0, 40)) == (1, 1)


def test_points_that_are_there_many_times_cover_themselves():
    # The radius is 0, and rounding may not push a point out of its own ball.
    x = np.repeat(normal(0, 10, shift=1e3), 8, axis=0)
    assert values(x, x) == (1, 1)


def test_distant_sets_do_not_meet():
    assert values(normal(0, 40), normal(1, 40, shift=100.0)) == (0, 0)


def test_half_of_the_data_is_precise_and_has_half_the_recall():
    near, far = normal(0, 30), normal(1, 30, shift=100.0)
    found = values(np.concatenate([near, far]), near)
    assert found == (1, 0.5)
    assert values(near, np.concatenate([near, far])) == (0.5, 1)


def test_the_error_bar_is_the_binomials():
    near, far = normal(0, 30), normal(1, 30, shift=100.0)
    found = precision_recall(np.concatenate([near, far]), near).recall
    assert found.standard_error == pytest.approx(np.sqrt(0.5 * 0.5 / 59))
    assert found.count == 60


@pytest.mark.parametrize(
    "real, generated, k, message",
    [
        (np.zeros([3, 2]), np.zeros([9, 2]), 3, r"real must be \[N, D\] with N >= 4"),
        (np.zeros([9, 2]), np.zeros([3, 2]), 3, r"generated must be \[N, D\] with N >= 4"),
        (np.zeros([9, 2]), np.zeros([9, 3]), 3, "features must be of one network"),
        (np.zeros([9, 2]), np.zeros([9, 2]), 0, "num_neighbors must be an integer >= 1"),
        (np.full([9, 2], np.nan), np.zeros([9, 2]), 3, "real must be finite"),
    ],
)
def test_what_are_no_features_is_refused(real, generated, k, message):
    with pytest.raises(ValueError, match=message):
        precision_recall(real, generated, k)
