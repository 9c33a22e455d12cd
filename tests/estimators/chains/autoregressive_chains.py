"""AR(1) chains x[t + 1] = phi x[t] + sqrt(1 - phi^2) e: law N(0, 1), autocorrelation phi^k."""

import numpy as np


def ar1(num_steps, num_chains, size, phi, seed, start=None):
    """[num_steps, num_chains, size]; `start` [num_chains, size] is before the first step, and a
    draw of the chain's own law unless given."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_chains, size)) if start is None else start
    states = []
    for _ in range(num_steps):
        x = phi * x + np.sqrt(1 - phi**2) * rng.normal(size=(num_chains, size))
        states.append(x)
    return np.array(states)
