"""Hamiltonian Monte Carlo (Neal 2011) on a geometric path f_b = f_0^(1 - b) f_1^b, for R chains."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import tensorflow as tf

from tfgvae.types import Tensor

# A function z [R, ...] -> (log f_0(z), log f_1(z) - log f_0(z)), each [R].
Path: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]


class Point(NamedTuple):
    """The positions of R chains, with the values and gradients of the path there, for every b.

    Attributes:
      z: [R, ...].
      base, ratio: [R], log f_0(z) and log f_1(z) - log f_0(z).
      base_gradient, ratio_gradient: [R, ...], their gradients in z.
    """

    z: Tensor
    base: Tensor
    ratio: Tensor
    base_gradient: Tensor
    ratio_gradient: Tensor

    def log_density(self, beta: Tensor) -> Tensor:
        """The logarithm of the density on the path at `beta`, up to a constant."""
        return self.base + beta * self.ratio

    def gradient(self, beta: Tensor) -> Tensor:
        """Its gradient at the point."""
        return self.base_gradient + beta * self.ratio_gradient


def evaluate(path: Path, z: Tensor) -> Point:
    """The Point at z, with one forward and backward pass through the model. It holds for every b.

    Raises:
      ValueError: a path without a gradient; HMC would be a random walk.
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        base, ratio = path(z)
    gradients = [tape.gradient(value, z) for value in (base, ratio)]
    if any(gradient is None for gradient in gradients):
        raise ValueError("HMC needs the gradient of log p(x, z) in z, and there is none")
    return Point(z, base, ratio, *gradients)


def transition(
    path: Path,
    point: Point,
    beta: Tensor,
    step_size: Tensor,
    momentum: Tensor,
    uniform: Tensor,
    num_leapfrog: int,
) -> tuple[Point, Tensor]:
    """One step that leaves f_beta invariant and is reversible, for any step size.

    Args:
      path: a Path.
      point: a Point of R chains.
      beta: scalar.
      step_size: [R], of a leapfrog step.
      momentum: [R, ...], standard normal.
      uniform: [R], in [0, 1).
      num_leapfrog: int, leapfrog steps.

    Returns:
      The next Point, and the acceptance probability [R] of the proposal.
    """
    size = _column(step_size, point.z)
    start = momentum + size / 2 * point.gradient(beta)

    def leap(i, proposal, p):
        proposal = evaluate(path, proposal.z + size * p)
        return i + 1, proposal, p + size * proposal.gradient(beta)

    loop = [0, point, start]
    _, proposal, p = tf.while_loop(lambda i, *_: i < num_leapfrog, leap, loop)
    p -= size / 2 * proposal.gradient(beta)  # The last step of the momentum is a half step.
    gain = proposal.log_density(beta) - point.log_density(beta)
    gain += _energy(momentum) - _energy(p)
    # A trajectory that diverged gives NaN, and is rejected.
    acceptance = tf.where(tf.math.is_nan(gain), 0.0, tf.exp(tf.minimum(gain, 0.0)))
    accepted = uniform < acceptance
    moved = [
        tf.where(_column(accepted, new), new, old) for new, old in zip(proposal, point, strict=True)
    ]
    return Point(*moved), acceptance


def _energy(p):
    return tf.reduce_sum(p**2, axis=list(range(1, p.shape.rank))) / 2


def _column(values, like):
    """[R] -> [R, 1, ...] of the rank of `like`."""
    return tf.reshape(values, [-1, *[1] * (like.shape.rank - 1)])
