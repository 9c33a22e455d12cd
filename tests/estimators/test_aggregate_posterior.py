"""The two-sample test: naive sums, uniform p-values under the hypothesis, power against a shift."""

import numpy as np
import pytest
import scipy.spatial
import scipy.stats

from tests.estimators import linear_gaussian as lg
from tfgvae import Marginal, SeqVAE, seeds
from tfgvae.estimators.aggregate_posterior import _gram, _statistics, aggregate_posterior


def naive(z, y, kernel):
    """The unbiased MMD^2, pair by pair."""
    n = len(z)
    own = sum(kernel(a[i], a[j]) for a in (z, y) for i in range(n) for j in range(n) if i != j)
    cross = sum(kernel(a, b) for a in z for b in y)
    return own / (n * (n - 1)) - 2 * cross / n**2


def test_the_statistic_is_the_naive_double_loop_before_and_after_a_permutation():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=[24, 3])
    gram = _gram(rows, 0.7)
    order = rng.permutation(24)
    first = np.zeros([24, 2])
    first[:12, 0] = first[order[:12], 1] = 1
    found = _statistics(gram, first)

    def kernel(a, b):
        return np.exp(-((a - b) ** 2).sum() / (2 * 0.7 * 3))

    np.testing.assert_allclose(found[0], naive(rows[:12], rows[12:], kernel), rtol=1e-9)
    moved = rows[order]
    np.testing.assert_allclose(found[1], naive(moved[:12], moved[12:], kernel), rtol=1e-9)


def test_the_median_heuristic_is_the_median_of_the_distances():
    rows = np.random.default_rng(0).normal(size=[11, 2])
    r2 = scipy.spatial.distance.pdist(rows, "sqeuclidean")
    expected = np.exp(-scipy.spatial.distance.squareform(r2) / (2 * np.median(r2)))
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(_gram(rows, "median"), expected, rtol=1e-9)


def test_p_values_are_uniform_where_q_is_the_prior():
    """q(z) = N(0, I) exactly, for q is the posterior of the law of x: 200 experiments."""
    model, runs, permutations = lg.build(), 200, 99
    p = []
    for seed in range(runs):
        found = aggregate_posterior(model, lg.draws(20, seed), seed, permutations)
        p.append(found.p_value)
    # They stand on a grid of 1/100: half a cell of noise makes them continuous. The bound is
    # Kolmogorov's at a level of 1e-6.
    p = np.array(p) - np.random.default_rng(0).uniform(size=runs) / (permutations + 1)
    assert scipy.stats.kstest(p, "uniform").pvalue > 1e-6


@pytest.mark.parametrize("width", ["median", 1.0])
def test_a_shift_and_a_narrow_q_are_found(width):
    """No permutation comes near: p is the smallest there is."""
    offset = -lg.GAIN @ lg.B + [1.0, 0.0]
    for wrong in (lg.build(offset=offset), lg.build(gain=0 * lg.GAIN, offset=[0, 0], stddev=0.3)):
        found = aggregate_posterior(wrong, lg.draws(200, seed=0), 0, 199, width)
        assert found.p_value == 1 / 200 and found.null.shape == (199,) and found.count == 200
        assert found.statistic > found.null.max()


def test_statistic_and_its_error_cover_the_closed_form():
    """q(z) = N(m, I), kernel of scale c: MMD^2 = 2 (c / (c + 2))^(D/2) (1 - e^(-m^2 / 2(c+2)))."""
    shift, scale = 1.0, 1.0 * lg.Z
    model = lg.build(offset=-lg.GAIN @ lg.B + [shift, 0.0])
    found = aggregate_posterior(model, lg.draws(1000, seed=1), 1, 1, 1.0)
    height = (scale / (scale + 2)) ** (lg.Z / 2)
    exact = 2 * height * (1 - np.exp(-(shift**2) / (2 * (scale + 2))))
    assert abs(found.statistic - exact) < 5 * found.standard_error
    assert found.standard_error < exact / 5


def test_seeds_batches_and_the_number_of_images():
    model, x = lg.build(), lg.draws(30, seed=0)
    whole = aggregate_posterior(model, x, 5, 20)
    again = aggregate_posterior(model, x, 5, 20, batch_size=7)
    np.testing.assert_allclose(again.null, whole.null, atol=1e-5)
    part = aggregate_posterior(model, x, 5, 20, max_images=10)
    assert part.count == 10
    same = aggregate_posterior(model, x[:10], 5, 20)
    np.testing.assert_array_equal(part.null, same.null)
    assert aggregate_posterior(model, x, 6, 20).statistic != whole.statistic


def test_chains_of_latents_are_one_vector():
    x = seeds.batch_uniform(0, 12, lg.IMAGE)
    chain = SeqVAE(lg.IMAGE, 2, 4, width=4, dense=(6,), kernel_size=3, latent_prediction=True)
    assert 0 < aggregate_posterior(chain, x, 0, 9).p_value <= 1


def test_refusals_and_progress():
    model, x, calls = lg.build(), lg.draws(5, seed=0), []
    aggregate_posterior(model, x, 0, 1, batch_size=2, progress=lambda *done: calls.append(done))
    assert calls == [(2, 5), (4, 5), (5, 5)]
    for arguments, message in (
        ({"images": x[:1]}, "at least 2 images"),
        ({"num_permutations": 0}, "num_permutations"),
        ({"width": 0.0}, "width"),
        ({"max_images": 1}, "max_images"),
        ({"model": Marginal(lg.IMAGE)}, "no latents"),
    ):
        with pytest.raises(ValueError, match=message):
            aggregate_posterior(**{"model": model, "images": x, **arguments})
