"""Frechet and kernel distances: closed forms, naive loops, scipy, scikit-learn, invariances."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
from sklearn.metrics.pairwise import polynomial_kernel as sklearn_kernel

from tfgvae.estimators.frechet import (
    frechet_distance,
    gaussian_distance,
    kernel_distance,
    polynomial_kernel,
)


def normal(seed, rows, columns=4, shift=0.0, scale=1.0):
    return shift + scale * np.random.default_rng(seed).normal(size=(rows, columns))


def covariance(seed, size=5):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T


def test_diagonal_gaussians_have_a_closed_form():
    # |m - n|^2 + sum (s - t)^2 for standard deviations s and t.
    rng = np.random.default_rng(0)
    m, n, s, t = rng.normal(size=(4, 6))
    found = gaussian_distance(m, np.diag(s**2), n, np.diag(t**2))
    expected = np.sum((m - n) ** 2) + np.sum((np.abs(s) - np.abs(t)) ** 2)
    assert found == pytest.approx(expected)


def test_it_is_the_formula_with_scipys_matrix_root():
    a, b = covariance(0), covariance(1)
    m, n = np.random.default_rng(2).normal(size=(2, 5))
    root = np.real(scipy.linalg.sqrtm(a @ b))
    expected = np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)
    assert gaussian_distance(m, a, n, b) == pytest.approx(expected)


def test_it_is_a_squared_metric_of_singular_gaussians_too():
    a, b = np.zeros([3, 3]), np.diag([4.0, 0.0, 0.0])
    zero = np.zeros(3)
    assert gaussian_distance(zero, a, zero, b) == pytest.approx(4)
    low = covariance(0)[:, :2] @ covariance(0)[:, :2].T  # rank 2 of 5
    assert gaussian_distance(zero[0], low, zero[0], low) == pytest.approx(0, abs=1e-6)


def test_a_set_is_at_distance_zero_from_itself():
    x = normal(0, 50)
    assert frechet_distance(x, x).value == pytest.approx(0, abs=1e-10)


def test_one_dimension_is_means_and_deviations():
    x, y = normal(0, 40, 1), normal(1, 60, 1, shift=2.0, scale=3.0)
    expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet_distance(x, y).value == pytest.approx(expected)


def test_its_error_bar_is_that_of_the_delta_method():
    # In one dimension d = (m - n)^2 + (s - t)^2, with Var m = s^2 / N and Var s = s^2 / (2 N).
    n, shift, scale = 4000, 1.0, 3.0
    x, y = normal(0, n, 1), normal(1, n, 1, shift, scale)
    gradient = np.array([2 * shift, 2 * (scale - 1)])
    variance = gradient**2 @ [(1 + scale**2) / n, (1 + scale**2) / (2 * n)]
    found = frechet_distance(x, y, num_groups=200)
    # The variance from 2 x 200 groups has a relative error of sqrt(2 / 200) in each part.
    assert found.standard_error == pytest.approx(np.sqrt(variance), rel=5 * np.sqrt(2 / 200) / 2)
    assert abs(found.value - (shift**2 + (scale - 1) ** 2)) < 5 * found.standard_error


def test_the_extrapolation_takes_the_bias_away():
    # Equal laws: the distance is 0, and every finite sample is above it.
    found = [
        [
            frechet_distance(*normal(i, 400, 8).reshape(2, 200, 8), extrapolate=e).value
            for i in range(60)
        ]
        for e in (False, True)
    ]
    plain, corrected = np.array(found)
    assert plain.min() > 0 and plain.mean() > 20 * scipy.stats.sem(plain)
    # What is left is of order 1/N^2; the first order, of which this is the size, is gone.
    assert abs(corrected.mean()) < 0.1 * plain.mean() + 5 * scipy.stats.sem(corrected)


def test_both_are_invariant_under_orthogonal_maps():
    x, y = normal(0, 60), normal(1, 50, shift=0.4)
    q = scipy.stats.ortho_group.rvs(4, random_state=0)
    for distance in (frechet_distance, kernel_distance):
        plain, turned = distance(x, y), distance(x @ q, y @ q)
        assert turned.value == pytest.approx(plain.value)
        assert turned.standard_error == pytest.approx(plain.standard_error)
    # A shift of both moves no Gaussian against the other.
    assert frechet_distance(x + 3, y + 3).value == pytest.approx(frechet_distance(x, y).value)


def test_the_kernel_is_scikit_learns():
    x, y = normal(0, 6), normal(1, 5)
    np.testing.assert_allclose(polynomial_kernel(x, y), sklearn_kernel(x, y, degree=3, coef0=1))


@pytest.mark.parametrize("num_groups", [2, 4, 20])
def test_the_kernel_distance_is_the_naive_double_loop(num_groups):
    x, y = normal(0, 9), normal(1, 7, shift=1.0)

    def k(u, v):
        return (u @ v / 4 + 1) ** 3

    within_x = np.mean([k(x[i], x[j]) for i in range(9) for j in range(9) if i != j])
    within_y = np.mean([k(y[i], y[j]) for i in range(7) for j in range(7) if i != j])
    across = np.mean([k(u, v) for u in x for v in y])
    found = kernel_distance(x, y, num_groups=num_groups)
    assert found.value == pytest.approx(within_x + within_y - 2 * across)


def test_its_error_bar_is_the_jackknife_of_the_naive_distance():
    x, y = normal(0, 9), normal(1, 7, shift=1.0)
    without_x = [kernel_distance(np.delete(x, i, 0), y).value for i in range(9)]
    without_y = [kernel_distance(x, np.delete(y, i, 0)).value for i in range(7)]
    variance = 8 * np.var(without_x) + 6 * np.var(without_y)
    assert kernel_distance(x, y).standard_error == pytest.approx(np.sqrt(variance))


@pytest.mark.slow
def test_the_kernel_distance_is_unbiased():
    equal = [kernel_distance(normal(2 * i, 30), normal(2 * i + 1, 30)).value for i in range(300)]
    assert abs(np.mean(equal)) < 5 * scipy.stats.sem(equal)


@pytest.mark.slow
def test_the_kernel_distance_of_normals_in_one_dimension_has_a_closed_form():
    # k(x, y) = 1 + 3 xy + 3 (xy)^2 + (xy)^3, so that MMD^2 = 3 d1^2 + 3 d2^2 + d3^2 with the
    # differences of the first three moments; N(1, 1) has 1, 2, 4 and N(0, 1) has 0, 1, 0.
    found = [
        kernel_distance(normal(2 * i, 40, 1), normal(2 * i + 1, 40, 1, shift=1.0))
        for i in range(300)
    ]
    values = [estimate.value for estimate in found]
    assert abs(np.mean(values) - (3 + 3 + 16)) < 5 * scipy.stats.sem(values)
    # The jackknife's variance is above the true one on average, and near it.
    variances = [estimate.standard_error**2 for estimate in found]
    assert np.mean(variances) > np.var(values, ddof=1) * (1 - 5 * np.sqrt(2 / 300))


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
@pytest.mark.parametrize(
    "a, b, message",
    [
        (np.zeros([2, 3]), np.zeros([5, 3]), r"features_a must be \[N, D\] with N >= 3"),
        (np.zeros([5, 3]), np.zeros([5]), r"features_b must be \[N, D\]"),
        (np.zeros([5, 3]), np.zeros([5, 4]), "features must be of one network, got 3 and 4"),
        (np.full([5, 3], np.inf), np.zeros([5, 3]), "features_a must be finite"),
    ],
)
def test_what_are_no_features_is_refused(distance, a, b, message):
    with pytest.raises(ValueError, match=message):
        distance(a, b)
