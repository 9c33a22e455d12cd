"""The Gibbs chain on a finite set (Eq. 6), z ~ q(z|x), then x ~ p(x|z): exact and simulated.

Its transition matrix is K(x, x') = sum_z q(z|x) p(x'|z).
"""

import math

import numpy as np
from scipy.sparse.csgraph import connected_components

from train.reproduce.propositions.finite import check_law, total_variation


def transition(inference, members):
    """K [X, X] for q(z|x) [X, Z] and p(x|z) [Z, X]; every row sums to 1."""
    return check_law("q(z|x)", inference) @ check_law("p(x|z)", members)


def closed_classes(K):
    """The sets of states that the chain cannot leave: a list of index arrays.

    With one class the chain is irreducible, except for transient states.
    """
    count, label = connected_components(K > 0, directed=True, connection="strong")
    members = [np.flatnonzero(label == index) for index in range(count)]
    return [found for found in members if not K[found][:, np.setdiff1d(range(len(K)), found)].any()]


def stationary_laws(K):
    """The stationary laws, pi K = pi, one for each closed class: [C, X].

    Every other stationary law is a mixture of them, so it is unique if C = 1. On a class, pi solves
    pi (K - I) = 0. These equations are linearly dependent; one is replaced by sum pi = 1.
    """
    laws = []
    for states in closed_classes(K):
        equations = K[np.ix_(states, states)].T - np.eye(len(states))
        equations[-1] = 1
        law = np.zeros(len(K))
        law[states] = np.linalg.solve(equations, np.eye(len(states))[-1])
        laws.append(law)
    return np.stack(laws)


def stationary_law(K):
    """The only stationary law [X]; ValueError if there are several."""
    laws = stationary_laws(K)
    if len(laws) > 1:
        raise ValueError(f"expected a chain with one stationary law, got one with {len(laws)}")
    return laws[0]


def moduli(K):
    """|eigenvalues| of K, the largest first.

    The second one is the rate of convergence to the stationary law. It is < 1 if and only if that
    law is unique and the chain is aperiodic on its class.
    """
    return np.sort(np.abs(np.linalg.eigvals(K)))[::-1]


def contraction(K):
    """Dobrushin's coefficient tau(K) = max over x, y of TV(K(x, .), K(y, .)), in [0, 1].

    If the rows of K' differ from those of K by at most d in total variation, the stationary laws
    differ by at most d / (1 - tau(K)) (Seneta 1988).
    """
    return max(float(total_variation(K, row).max()) for row in K)


def laws(start, K, steps):
    """The law of x after 0, 1, ..., `steps` steps from the law `start` [X]: [steps + 1, X]."""
    found = [np.asarray(start, np.float64)]
    for _ in range(steps):
        found.append(found[-1] @ K)
    return np.stack(found)


def simulate(start, inference, members, steps, num_chains, rng):
    """Run independent chains and count the chains in each state.

    Chains in the same state are exchangeable. So a step draws multinomial counts: for each state,
    how many of its chains take each z; for each z, how many take each x. The law is the same as
    with every chain moved on its own, and the cost does not grow with their number.

    Args:
      start: the law of the chains' first x: [X].
      inference, members: q(z|x) [X, Z] and p(x|z) [Z, X].
      steps: number of steps.
      num_chains: number of chains.
      rng: a np.random.Generator.

    Returns:
      [steps + 1, X]: the fraction of chains in each state after 0, 1, ..., `steps` steps.
    """
    counts = rng.multinomial(num_chains, start)
    found = [counts]
    for _ in range(steps):
        codes = rng.multinomial(counts, inference).sum(0)  # [Z]
        counts = rng.multinomial(codes, members).sum(0)  # [X]
        found.append(counts)
    return np.stack(found) / num_chains


def sampling_error(law, num_draws, risk=1e-9):
    """A bound on TV(empirical law of `num_draws` draws, law) that fails with probability <= risk.

    E TV <= 1/2 sum_x sqrt(p(x) (1 - p(x)) / n), by Jensen. One draw changes TV by at most 1/n, so
    P(TV > E TV + t) <= exp(-2 n t^2) (McDiarmid 1989).
    """
    mean = 0.5 * np.sqrt(law * (1 - law) / num_draws).sum()
    return float(mean + math.sqrt(-math.log(risk) / (2 * num_draws)))


def steps_until(start, K, law, distance, most):
    """Steps from the law `start` until TV to `law` is <= distance, or `most`."""
    current = np.asarray(start)
    for step in range(most):
        if total_variation(current, law) <= distance:
            return step
        current = current @ K
    return most


def convergence(label, start, K, walked, law):
    """Curves of TV to `law` by step: exact, and of simulated chains `walked` [steps + 1, X]."""
    exact = laws(start, K, len(walked) - 1)
    return {
        "label": label,
        "step": list(range(len(walked))),
        "exact": total_variation(exact, law).tolist(),
        "measured": total_variation(walked, law).tolist(),
    }
