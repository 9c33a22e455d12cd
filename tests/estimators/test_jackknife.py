"""The jackknife against its closed forms: of a mean, of the biased variance."""

import numpy as np
import pytest
import scipy.stats

from tfgvae.estimators import jackknife


def test_groups_are_a_partition():
    parts = jackknife.groups(23, seed=0, num_groups=5)
    assert sorted(np.concatenate(parts)) == list(range(23))
    assert {len(part) for part in parts} == {4, 5}
    assert len(jackknife.groups(3, seed=0, num_groups=20)) == 3


def test_of_a_mean_it_is_the_standard_error_without_bias():
    x = np.random.default_rng(0).normal(size=12)
    left_out = [np.delete(x, i).mean() for i in range(12)]
    assert jackknife.standard_error(left_out) == pytest.approx(scipy.stats.sem(x))
    assert jackknife.bias(x.mean(), left_out) == pytest.approx(0, abs=1e-14)


def test_of_the_variance_over_n_the_bias_is_exact():
    # The bias of sum (x - mean)^2 / n is -s^2 / n, and the jackknife finds just that.
    x = np.random.default_rng(0).normal(size=12)
    left_out = [np.delete(x, i).var() for i in range(12)]
    assert jackknife.bias(x.var(), left_out) == pytest.approx(-x.var(ddof=1) / 12)


def test_two_samples_add_their_variances():
    x, y = np.random.default_rng(0).normal(size=(2, 10))
    value = x.mean() - y.mean()
    left_out = (
        [np.delete(x, i).mean() - y.mean() for i in range(10)],
        [x.mean() - np.delete(y, i).mean() for i in range(10)],
    )
    expected = np.hypot(scipy.stats.sem(x), scipy.stats.sem(y))
    assert jackknife.standard_error(*left_out) == pytest.approx(expected)
    assert jackknife.bias(value, *left_out) == pytest.approx(0, abs=1e-14)


def test_groups_give_the_standard_error_of_the_groups_means():
    x = np.random.default_rng(0).normal(size=60)
    parts = jackknife.groups(60, seed=1, num_groups=6)
    left_out = [np.delete(x, part).mean() for part in parts]
    means = [x[part].mean() for part in parts]
    assert jackknife.standard_error(left_out) == pytest.approx(scipy.stats.sem(means))


def test_one_group_is_refused():
    with pytest.raises(ValueError, match="num_groups must be an integer >= 2"):
        jackknife.groups(10, seed=0, num_groups=1)
