"""Families P on a finite set: log p(x|z), and the member nearest to a law in closed form.

A tabular F gives every z its own member: parameters [Z, ...], one row for each code.
"""

import dataclasses
import math

import numpy as np
import tensorflow as tf

# The logit of frequency 0 would be -infinity. This number is too small to change any sum.
_TINY = 1e-300


@dataclasses.dataclass(frozen=True)
class Simplex:
    """P holds every law on X: parameters are logits [Z, X]."""

    num_x: int

    def shape(self, num_z):
        """The shape of the parameters of `num_z` members."""
        return (num_z, self.num_x)

    def log_prob(self, params):
        """log p(x|z) [Z, X]."""
        return tf.nn.log_softmax(params)

    def nearest(self, laws):
        """The members with least KL(q(.|z) || p(.|z)) for laws q [Z, X]: q itself."""
        return np.log(np.maximum(laws, _TINY))


@dataclasses.dataclass(frozen=True, eq=False)
class Factorised:
    """P holds the laws of independent pixels: p(x|z) = prod_i p_i(x_i|z); logits [Z, D, L].

    Attributes:
      images: int [X, D], each pixel's level.
      levels: L, the number of levels.
      shared: all pixels share one law, logits [Z, 1, L]: one parameter if L = 2.
    """

    images: np.ndarray
    levels: int
    shared: bool = False

    def shape(self, num_z):
        """The shape of the parameters of `num_z` members."""
        return (num_z, 1 if self.shared else self.images.shape[1], self.levels)

    def _one_hot(self):
        return np.eye(self.levels)[self.images]  # [X, D, L]

    def log_prob(self, params):
        """log p(x|z) [Z, X]."""
        logs = tf.nn.log_softmax(params)
        logs = tf.broadcast_to(logs, (logs.shape[0], *self._one_hot().shape[1:]))
        return tf.einsum("zdl,xdl->zx", logs, self._one_hot())

    def marginals(self, laws):
        """q_i(x_i|z) [Z, D, L] of laws [Z, X]."""
        return np.einsum("zx,xdl->zdl", laws, self._one_hot())

    def nearest(self, laws):
        """Least KL(q || p): the marginals of q; their mean over pixels, if shared."""
        found = self.marginals(laws)
        if self.shared:
            found = found.mean(1, keepdims=True)
        return np.log(np.maximum(found, _TINY))


@dataclasses.dataclass(frozen=True, eq=False)
class Gaussian:
    """P = {N(mu, I/2)}, log p(x|z) = -|x - mu|^2 - D/2 log pi (Eq. 9); mu [Z, D].

    Attributes:
      points: [X, D], the vector of each x.
    """

    points: np.ndarray

    def shape(self, num_z):
        """The shape of the parameters of `num_z` members."""
        return (num_z, self.points.shape[1])

    def log_prob(self, params):
        """log p(x|z) [Z, X], a density."""
        # |x|^2 - 2 x mu + |mu|^2: a matrix product, without a tensor [Z, X, D].
        squares = (self.points**2).sum(-1) - 2 * params @ self.points.T
        squares += tf.reduce_sum(params**2, -1, keepdims=True)
        return -squares - 0.5 * self.points.shape[1] * math.log(math.pi)

    def nearest(self, laws):
        """Least KL(q || p): the mean of q."""
        return laws @ self.points


@dataclasses.dataclass(frozen=True, eq=False)
class Laplace:
    """P = {Laplace(m, 1)}, log p(x|z) = -|x - m|_1 - D log 2: the 1-norm loss; m [Z, D].

    Attributes:
      points: [X, D], the vector of each x.
    """

    points: np.ndarray

    def shape(self, num_z):
        """The shape of the parameters of `num_z` members."""
        return (num_z, self.points.shape[1])

    def log_prob(self, params):
        """log p(x|z) [Z, X], a density."""
        distances = tf.reduce_sum(abs(self.points - params[:, None]), -1)
        return -distances - self.points.shape[1] * math.log(2)

    def nearest(self, laws):
        """Least KL(q || p): the median of q, pixel by pixel."""
        found = []
        for pixel in self.points.T:
            order = np.argsort(pixel, kind="stable")
            at_most = np.cumsum(laws[:, order], axis=1)  # [Z, X]
            found.append(pixel[order][(at_most < 0.5).sum(1)])
        return np.stack(found, axis=1)


def log_members(family, params):
    """log p(x|z) [Z, X] as a numpy table."""
    return family.log_prob(tf.constant(params, tf.float64)).numpy()


def members(family, params):
    """p(x|z) [Z, X] of a discrete family; every row sums to 1."""
    laws = np.exp(log_members(family, params))
    return laws / laws.sum(-1, keepdims=True)  # Removes rounding errors of log_softmax.
