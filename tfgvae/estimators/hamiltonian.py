"""Hamiltonian Monte Carlo (Neal 2011) on a geometric path f_b = f_0^(1 - b) f_1^b, chain by chain.

A path is a function z [R, ...] -> (log f_0(z), log f_1(z) - log f_0(z)), each [R].
"""

from typing import NamedTuple

import tensorflow as tf


class Point(NamedTuple):
    """Where R chains are, with what is known of the path there, for every b at once.

    Attributes:
      z: [R, ...].
      base, ratio: [R], log f_0(z) and log f_1(z) - log f_0(z).
      base_gradient, ratio_gradient: [R, ...], their gradients in z.
    """

    z: tf.Tensor
    base: tf.Tensor
    ratio: tf.Tensor
    base_gradient: tf.Tensor
    ratio_gradient: tf.Tensor

    def log_density(self, beta):
        return self.base + beta * self.ratio

    def gradient(self, beta):
        return self.base_gradient + beta * self.ratio_gradient


def evaluate(path, z):
    """The Point at z: one pass through the model forth and back, whatever b will be.

    Raises:
      ValueError: a path without a gradient: HMC would be a random walk in silence.
    """
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        base, ratio = path(z)
    gradients = [tape.gradient(value, z) for value in (base, ratio)]
    if any(gradient is None for gradient in gradients):
        raise ValueError("HMC needs the gradient of log p(x, z) in z, and there is none")
    return Point(z, base, ratio, *gradients)


def transition(path, point, beta, step_size, momentum, uniform, num_leapfrog):
    """One step that leaves f_beta invariant and is reversible, for any step size.

    Args:
      path: see above.
      point: a Point of R chains.
      beta: scalar.
      step_size: [R], of the leapfrog steps.
      momentum: [R, ...], standard normal.
      uniform: [R], in [0, 1).
      num_leapfrog: int, leapfrog steps.

    Returns:
      The next Point, and the probability [R] with which the proposal was accepted.
    """
    size = _column(step_size, point.z)
    start = momentum + size / 2 * point.gradient(beta)

    def leap(i, proposal, p):
        proposal = evaluate(path, proposal.z + size * p)
        return i + 1, proposal, p + size * proposal.gradient(beta)

    loop = [0, point, start]
    _, proposal, p = tf.while_loop(lambda i, *_: i < num_leapfrog, leap, loop)
    p -= size / 2 * proposal.gradient(beta)  # The last of the momentum's steps is a half.
    gain = proposal.log_density(beta) - point.log_density(beta)
    gain += _energy(momentum) - _energy(p)
    # A trajectory that left all bounds is not a number, and is not accepted.
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
