"""Convergence of parallel chains, and their effective sample size.

For each coordinate of the states x[t, c] of n steps of m chains:

    split R-hat       sqrt(variance of all half chains pooled / mean variance within one)
    autocorrelation   rho_k = mean (x[t, c] - mean)(x[t + k, c] - mean) / variance, with mean and
                      variance over all chains: rho_k is large for a chain that stays in one
                      region, even if it looks like noise around its own mean
    effective size    n m / (1 + 2 sum_k rho_k), over chains (Vehtari et al. 2021)
"""

import contextlib
import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import checks
from tfgvae.types import Array


def checked_states(name: str, chain: Array, min_steps: int = 4, min_chains: int = 2) -> np.ndarray:
    """A chain as float64 [num_steps, num_chains, D]; ValueError if it is not."""
    chain = np.asarray(chain, np.float64)
    if chain.ndim < 2 or chain.shape[0] < min_steps or chain.shape[1] < min_chains:
        raise ValueError(
            f"{name} must be [num_steps >= {min_steps}, num_chains >= {min_chains}, ...], got "
            f"shape {chain.shape}"
        )
    if not np.isfinite(chain).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return chain.reshape(*chain.shape[:2], -1)


@contextlib.contextmanager
def _quiet():
    """No warnings: TFP casts a complex number to its real part, and TensorFlow warns each time."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _constant(states):
    return np.ptp(states, axis=(0, 1)) == 0


def split_rhat(chain: Array) -> np.ndarray:
    """Split R-hat of each coordinate (Gelman & Rubin 1992; halves: Gelman et al. 2013): [D].

    1 for a coordinate that never changes; infinite if the chains are constant but not equal.

    Args:
      chain: [num_steps >= 4, num_chains >= 2, ...].
    """
    states = checked_states("chain", chain)
    # TFP gives the ratio of the variances.
    ratio = tfp.mcmc.potential_scale_reduction(tf.constant(states), split_chains=True).numpy()
    return np.where(_constant(states), 1.0, np.sqrt(ratio))


def effective_sample_size(chain: Array) -> np.ndarray:
    """The number of independent draws with the same information as all states: [D].

    At most n m log10(n m), for anticorrelated steps; n m for a coordinate that never changes.

    Args:
      chain: [num_steps >= 4, num_chains >= 2, ...].
    """
    states = checked_states("chain", chain)
    with _quiet():
        size = tfp.mcmc.effective_sample_size(
            tf.constant(states), filter_beyond_positive_pairs=True, cross_chain_dims=1
        ).numpy()
    total = math.prod(states.shape[:2])
    largest = total * math.log10(total)
    # The estimate of 1 + 2 sum rho may be 0 or negative.
    size = np.where((size > 0) & (size < largest), size, largest)
    return np.where(_constant(states), total, size)


def autocorrelation(chain: Array, max_lag: int) -> np.ndarray:
    """rho_k of each coordinate for k = 0 .. max_lag, [max_lag + 1, D]; rho_0 = 1.

    0 at lags > 0 for a coordinate that never changes.

    Args:
      chain: [num_steps >= 4, num_chains >= 2, ...].
      max_lag: below num_steps.
    """
    states = checked_states("chain", chain)
    checks.integer("max_lag", max_lag, 0, len(states) - 1)
    centred = tf.constant(states - states.mean(axis=(0, 1)))
    with _quiet():
        covariance = tfp.stats.auto_correlation(
            centred, axis=0, max_lags=max_lag, center=False, normalize=False
        )
    covariance = tf.reduce_mean(covariance, axis=1).numpy()
    constant = _constant(states)
    covariance[:, constant] = (np.arange(max_lag + 1) == 0)[:, None]
    return covariance / covariance[0]
