"""Laws on finite sets by enumeration: q(x, z) = p_data(x) q(z|x), its marginals and information.

X is a finite set of images, Z a finite set of codes. Every law is a float64 table in numpy.
"""

import dataclasses
import functools

import numpy as np
from scipy.special import entr, rel_entr

from tfgvae import checks

ROUNDING = 1e-9


def images(height, width, levels):
    """All images with `levels` levels per pixel.

    Returns:
      int [X, D], X = levels^D, D = height * width: each pixel's level, 0 to levels - 1.
    """
    pixels = height * width
    count = levels ** checks.integer("height * width", pixels, 1)
    return np.stack(np.unravel_index(np.arange(count), (levels,) * pixels), axis=-1)


def check_law(name, table):
    """`table` as float64 [..., N]; ValueError unless its last axis sums to 1."""
    table = np.asarray(table, np.float64)
    # In this form NaN fails, too.
    if not (np.all(table >= 0) and np.allclose(table.sum(-1), 1, rtol=0, atol=ROUNDING)):
        raise ValueError(f"{name} must be >= 0 and sum to 1 over its last axis, got {table}")
    return table


@dataclasses.dataclass(frozen=True)
class Joint:
    """q(x, z) = p_data(x) q(z|x) (Section 2 of the paper).

    Attributes:
      data: p_data [X].
      inference: q(z|x) [X, Z].
    """

    data: np.ndarray
    inference: np.ndarray

    def __post_init__(self):
        data, inference = check_law("p_data", self.data), check_law("q(z|x)", self.inference)
        if data.ndim != 1 or inference.shape[:-1] != data.shape:
            raise ValueError(f"expected [X] and [X, Z], got {data.shape} and {inference.shape}")
        if not np.all(data @ inference > 0):
            raise ValueError("every z needs q(z) > 0, or q(x|z) is not defined")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "inference", inference)

    @classmethod
    def of_components(cls, weights, components):
        """The joint law with q(z) = weights [Z] and q(x|z) = components [Z, X]."""
        table = np.asarray(weights)[:, None] * np.asarray(components)
        data = table.sum(0)
        return cls(data, (table / data).T)

    @functools.cached_property
    def table(self):
        """q(x, z) [X, Z]."""
        return self.data[:, None] * self.inference

    @functools.cached_property
    def aggregate(self):
        """q(z) = sum_x q(x, z) [Z]."""
        return self.table.sum(0)

    @functools.cached_property
    def posterior(self):
        """q(x|z) = q(x, z) / q(z) [Z, X], by Bayes' rule."""
        return (self.table / self.aggregate).T

    @property
    def conditional_entropy(self):
        """H_q(x|z), in nats."""
        return entropy(self.table.ravel()) - entropy(self.aggregate)

    @property
    def mutual_information(self):
        """I_q(x; z) = H(x) - H_q(x|z), in nats."""
        return entropy(self.data) - self.conditional_entropy

    def objective(self, log_members):
        """E_q(x,z)[log p(x|z)] (Eq. 5), in nats, for log p(x|z) [Z, X]; 0 log 0 = 0."""
        seen = self.table.T > 0
        return float(np.sum(self.table.T[seen] * log_members[seen]))


def entropy(law):
    """H(p) = -sum_x p(x) log p(x) over the last axis, in nats."""
    return entr(law).sum(-1)


def divergence(p, q):
    """KL(p || q) over the last axis, in nats."""
    return rel_entr(p, q).sum(-1)


def total_variation(p, q):
    """TV(p, q) = 1/2 sum_x |p(x) - q(x)| over the last axis, in [0, 1]."""
    return 0.5 * np.abs(np.asarray(p) - np.asarray(q)).sum(-1)


def random_law(shape, rng):
    """Random laws over the last axis: 99 % Dirichlet(1/2), 1 % uniform.

    No outcome has probability 0, so chains reach every image.
    """
    drawn = rng.dirichlet(np.full(shape[-1], 0.5), shape[:-1])
    return 0.99 * drawn + 0.01 / shape[-1]


def random_joint(num_x, num_z, rng):
    """A Joint of a random p_data [X] and a random q(z|x) [X, Z]."""
    return Joint(random_law((num_x,), rng), random_law((num_x, num_z), rng))
