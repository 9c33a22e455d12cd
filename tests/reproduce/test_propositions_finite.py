"""The engine on finite spaces: hand-computed two-state cases, scipy, enumeration."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats

from train.reproduce.propositions import chain, members, row, training
from train.reproduce.propositions import finite as f

TWO = f.Joint([0.25, 0.75], [[0.5, 0.5], [0.1, 0.9]])


def test_two_states_by_hand():
    """q(z=0) = 1/8 + 3/40 = 1/5; q(x=0|z=0) = (1/8) / (1/5) = 5/8; q(x=0|z=1) = (1/8) / (4/5)."""
    np.testing.assert_allclose(TWO.aggregate, [0.2, 0.8])
    np.testing.assert_allclose(TWO.posterior, [[5 / 8, 3 / 8], [5 / 32, 27 / 32]])
    # K(0, 0) = 1/2 5/8 + 1/2 5/32 = 25/64; K(1, 0) = 1/10 5/8 + 9/10 5/32 = 13/64.
    K = chain.transition(TWO.inference, TWO.posterior)
    np.testing.assert_allclose(K, [[25 / 64, 39 / 64], [13 / 64, 51 / 64]])
    np.testing.assert_allclose(chain.stationary_law(K), [0.25, 0.75])
    # The eigenvalues of a stochastic 2 x 2 matrix are 1 and its trace - 1.
    np.testing.assert_allclose(chain.moduli(K), [1, 12 / 64])
    assert chain.contraction(K) == pytest.approx(12 / 64)
    np.testing.assert_allclose(chain.laws([1, 0], K, 1), [[1, 0], [25 / 64, 39 / 64]])


def test_images_are_all_of_them():
    space = f.images(2, 2, 3)
    assert space.shape == (81, 4)
    assert {tuple(x) for x in space} == set(itertools.product(range(3), repeat=4))


@pytest.mark.parametrize("seed", [0, 1])
def test_information_is_that_of_scipy(seed):
    joint = f.random_joint(6, 3, np.random.default_rng(seed))
    independent = np.outer(joint.data, joint.aggregate)
    assert joint.mutual_information == pytest.approx(
        scipy.stats.entropy(joint.table.ravel(), independent.ravel())
    )
    rows = [scipy.stats.entropy(law) for law in joint.posterior]
    assert joint.conditional_entropy == pytest.approx(joint.aggregate @ rows)
    np.testing.assert_allclose(joint.aggregate @ joint.posterior, joint.data)


@pytest.mark.parametrize("data", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1]])
def test_what_is_no_law_is_refused(data):
    with pytest.raises(ValueError, match="p_data must be >= 0 and sum to 1"):
        f.Joint(data, np.eye(2))
    with pytest.raises(ValueError, match="q\\(z\\) > 0"):
        f.Joint([0.5, 0.5], [[1, 0], [1, 0]])


@pytest.mark.parametrize("seed", [0, 1])
def test_stationary_law_is_the_null_space(seed):
    rng = np.random.default_rng(seed)
    inference, likelihood = f.random_law((9, 4), rng), f.random_law((4, 9), rng)
    K = chain.transition(inference, likelihood)
    np.testing.assert_allclose(K.sum(1), 1)
    null = scipy.linalg.null_space(K.T - np.eye(9))
    assert null.shape == (9, 1)
    law = chain.stationary_law(K)
    np.testing.assert_allclose(law, null[:, 0] / null.sum(), atol=1e-12)
    values = np.abs(scipy.linalg.eig(K, right=False))
    np.testing.assert_allclose(chain.moduli(K), np.sort(values)[::-1], atol=1e-9)
    np.testing.assert_allclose(chain.laws(np.eye(9)[0], K, 200)[-1], law, atol=1e-12)


def test_stationary_laws_of_classes_and_of_states_that_are_left():
    """0 and 1 are a class, 2 one of its own, 3 is left for both."""
    K = np.array([[0.5, 0.5, 0, 0], [0.25, 0.75, 0, 0], [0, 0, 1, 0], [0.1, 0.1, 0.1, 0.7]])
    laws = chain.stationary_laws(K)
    np.testing.assert_allclose(sorted(laws.tolist()), [[0, 0, 1, 0], [1 / 3, 2 / 3, 0, 0]])
    with pytest.raises(ValueError, match="got one with 2"):
        chain.stationary_law(K)


def test_a_reversible_chain_balances():
    joint = f.random_joint(7, 3, np.random.default_rng(0))
    flow = joint.data[:, None] * chain.transition(joint.inference, joint.posterior)
    np.testing.assert_allclose(flow, flow.T)


@pytest.mark.parametrize("seed", [0, 1])
def test_simulation_keeps_its_bound_and_a_wrong_law_is_beyond_it(seed):
    joint = f.random_joint(8, 3, np.random.default_rng(seed))
    K = chain.transition(joint.inference, joint.posterior)
    start, count = np.eye(8)[0], 100_000
    rng = np.random.default_rng(seed)
    walked = chain.simulate(start, joint.inference, joint.posterior, 5, count, rng)
    np.testing.assert_allclose(walked.sum(1), 1)
    for law, found in zip(chain.laws(start, K, 5), walked, strict=True):
        assert f.total_variation(law, found) <= chain.sampling_error(law, count)
    # One step more is another law: the bound is narrow enough to see it.
    assert f.total_variation(walked[0], walked[1]) > chain.sampling_error(joint.data, count)


def test_the_sampling_error_is_above_the_mean_and_near_it():
    law, count = f.random_law((16,), np.random.default_rng(0)), 400
    drawn = np.random.default_rng(1).multinomial(count, law, size=2000) / count
    distances = f.total_variation(drawn, law)
    # With risk 1 the second term is 0: what is left bounds the mean, here within a third.
    assert distances.mean() < chain.sampling_error(law, count, risk=1) < 1.33 * distances.mean()
    assert (distances <= chain.sampling_error(law, count, risk=1e-6)).all()


SPACE = f.images(1, 3, 2)
FAMILIES = {
    "simplex": members.Simplex(8),
    "factorised": members.Factorised(SPACE, 2),
    "shared": members.Factorised(SPACE, 2, shared=True),
    "gaussian": members.Gaussian(SPACE.astype(float)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_nearest_member_is_that_of_a_general_minimiser(name):
    """scipy minimises -E_q log p over the parameters, without a closed form."""
    family = FAMILIES[name]
    law = f.random_law((1, 8), np.random.default_rng(2))

    def loss(flat):
        return -np.sum(law * members.log_members(family, flat.reshape(family.shape(1))))

    closed = family.nearest(law)
    found = scipy.optimize.minimize(loss, np.zeros(np.prod(family.shape(1))), tol=1e-12)
    assert loss(closed.ravel()) == pytest.approx(found.fun, abs=1e-6)


def test_laplace_is_nearest_at_the_median():
    points = f.images(1, 2, 3) / 2
    family = members.Laplace(points)
    law = f.random_law((1, 9), np.random.default_rng(0))
    losses = [-np.sum(law * members.log_members(family, m[None])) for m in points]
    np.testing.assert_array_equal(family.nearest(law)[0], points[np.argmin(losses)])


def test_factorised_members_are_products():
    logits = np.random.default_rng(0).normal(size=(2, 3, 2))
    found = members.members(FAMILIES["factorised"], logits)
    one = np.exp(logits[..., 1]) / np.exp(logits).sum(-1)
    for z, (x, pixels) in itertools.product(range(2), enumerate(SPACE)):
        assert found[z, x] == pytest.approx(np.prod(np.where(pixels, one[z], 1 - one[z])))


def test_training_comes_to_the_top_of_a_parabola():
    (found,) = training.ascend(lambda t: -((t[0] - 3) ** 2), [np.zeros(())], 300)
    assert found == pytest.approx(3, abs=1e-4)


def make(relation, claimed, exact, measured, expected="holds"):
    return row.Row(
        "2", "c", "met", "k", "q", relation, claimed, exact, measured, 0.1, "training", expected
    )


@pytest.mark.parametrize(
    ("relation", "exact", "measured", "verdict"),
    [
        ("=", 0, 0.05, "holds"),
        ("=", 0.5, 0.45, "fails"),
        ("=", 0, 0.5, "undecided"),
        ("=", 0.05, 0.05, "undecided"),
        ("=", None, 0.05, "holds"),
        ("=", None, np.nan, "undecided"),
        ("<=", -1, -1, "holds"),
        ("<=", 0.5, 0.5, "fails"),
        (">", 0.5, 0.5, "holds"),
        (">", 0, 0.05, "fails"),
        (">", 0, np.nan, "undecided"),
    ],
)
def test_verdicts(relation, exact, measured, verdict):
    found = make(relation, 0, exact, measured)
    assert found.verdict == verdict
    assert found.as_expected == (verdict == "holds")
    assert make(relation, 0, exact, measured, "fails").as_expected == (verdict == "fails")


def test_a_row_is_whole_after_its_dict():
    found = make("=", 0, np.float64(0.5), 0.5, "fails")
    assert row.of_dict(found.as_dict()) == found
