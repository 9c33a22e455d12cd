"""Estimate: the mean of independent values and its standard error."""

import json
import math

import numpy as np
import pytest
import scipy.stats

from tfgvae.estimators.estimate import Estimate


def test_the_mean_and_its_standard_error_are_scipys():
    values = np.random.default_rng(0).normal(3.0, 2.0, 50)
    found = Estimate.of_mean(values, "lower bound")
    np.testing.assert_allclose(found.value, values.mean())
    np.testing.assert_allclose(found.standard_error, scipy.stats.sem(values))
    assert (found.kind, found.count) == ("lower bound", 50)


def test_a_single_value_has_no_standard_error():
    found = Estimate.of_mean([2.0])
    assert math.isnan(found.standard_error)
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["standard_error"] is None


def test_it_reads_as_a_sentence():
    assert str(Estimate(81.123, 0.25, "upper bound")) == "81.12 +- 0.25 nats (upper bound)"
    assert str(Estimate(3.0, unit="")) == "3"


@pytest.mark.parametrize("values", [[], np.zeros([2, 2])])
def test_what_has_no_mean_is_refused(values):
    with pytest.raises(ValueError, match=r"expected values \[N\]"):
        Estimate.of_mean(values)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind must be one of"):
        Estimate(1.0, kind="guess")
