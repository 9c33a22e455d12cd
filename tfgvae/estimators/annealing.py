"""A path of densities from an easy one to p(x, z), and HMC chains along it.

f_b(z) = f_0(z)^(1 - b) p(x, z)^b,  f_0 = p(z) or q(z|x),  b = beta_0 = 0 < ... < beta_T = 1
"""

import numpy as np
import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.estimators import hamiltonian
from tfgvae.types import Model, Tensor

STARTS = ("prior", "posterior")
TARGET = 0.65  # The best acceptance of HMC in high dimension (Beskos et al. 2013).
RATE = 0.2
WARM_UP = 50
STEP_SIZES = (1e-5, 1.0)


def schedule(num_temperatures: int, slope: float = 4.0) -> np.ndarray:
    """beta [T + 1] on a sigmoid from -slope to slope, rescaled to [0, 1] (Wu et al. 2017).

    The steps are shortest at both ends of the path.
    """
    knots = 1 / (1 + np.exp(-np.linspace(-slope, slope, num_temperatures + 1)))
    return ((knots - knots[0]) / (knots[-1] - knots[0])).astype(np.float32)


def draw_start(
    model: Model, x: Tensor, label: Tensor, rows: Tensor, num_chains: int, start: str
) -> Tensor:
    """z ~ f_0: [N, C, ...] for images [N, H, W, C]; row seeds [N]."""
    noise = _flat(seeds.normal(rows, (num_chains, *model.latent_shape)), model)
    if start == "prior":
        z = model.prior_from_noise(noise)
    else:
        z = from_noise(model.posterior(tf.repeat(x, num_chains, axis=0)), noise)
    return tf.reshape(z, [-1, num_chains, *model.latent_shape])


def anneal(
    model: Model,
    x: Tensor,
    label: Tensor,
    rows: Tensor,
    z: Tensor,
    betas: Tensor,
    weights: Tensor,
    step_sizes: Tensor,
    num_chains: int,
    start: str,
    num_leapfrog: int,
) -> tuple[Tensor, Tensor]:
    """log w = weights[0] u(z_0) + sum_t weights[t] u(z_t), z_t ~ HMC at betas[t] from z_(t-1).

    u = log p(x, z) - log f_0(z). Forward with betas 1 .. T - 1 and their differences as weights;
    backward with both in reverse order.

    Args:
      model, x, label, rows: a model, N images, labels and row seeds.
      z: [N, C, ...], the start.
      betas: [T - 1].
      weights: [T] float64.
      step_sizes: [T - 1, N].
      num_chains: C.
      start: a name of STARTS.
      num_leapfrog: steps of each transition.

    Returns:
      log w [N, C] float64, and the mean acceptance [N].
    """
    path = _path(model, x, label, start, num_chains)
    point = hamiltonian.evaluate(path, _flat(z, model))

    def step(t, point, log_weight, accepted):
        point, acceptance = _transition(
            model,
            path,
            point,
            betas[t],
            step_sizes[t],
            seeds.fold_in(rows, t),
            num_chains,
            num_leapfrog,
        )
        log_weight += weights[t + 1] * tf.cast(point.ratio, tf.float64)
        return t + 1, point, log_weight, accepted + acceptance

    count = tf.shape(betas)[0]
    log_weight = weights[0] * tf.cast(point.ratio, tf.float64)
    loop = [0, point, log_weight, tf.zeros_like(point.ratio)]
    _, _, log_weight, accepted = tf.while_loop(lambda t, *_: t < count, step, loop)
    accepted = tf.reduce_mean(tf.reshape(accepted, [-1, num_chains]), axis=1)
    return tf.reshape(log_weight, [-1, num_chains]), accepted / tf.cast(count, tf.float32)


def tune(
    model: Model,
    x: Tensor,
    label: Tensor,
    rows: Tensor,
    betas: Tensor,
    start: str,
    num_leapfrog: int,
) -> Tensor:
    """Step sizes [T - 1, N] for `anneal`, from one separate chain per image.

    The chains of `anneal` cannot tune their own step sizes: the transitions would then depend on
    the past of the chain, and log w would not be a bound.
    """
    path = _path(model, x, label, start, 1)
    point = hamiltonian.evaluate(path, _flat(draw_start(model, x, label, rows, 1, start), model))
    betas = tf.concat([tf.zeros([WARM_UP]), betas], axis=0)
    count = tf.shape(betas)[0]
    sizes = tf.TensorArray(tf.float32, size=count, element_shape=[None])

    def step(t, point, size, sizes):
        point, acceptance = _transition(
            model, path, point, betas[t], size, seeds.fold_in(rows, t), 1, num_leapfrog
        )
        size = tf.clip_by_value(size * tf.exp(RATE * (acceptance - TARGET)), *STEP_SIZES)
        return t + 1, point, size, sizes.write(t, size)

    loop = [0, point, 0.5 * tf.ones_like(point.ratio), sizes]
    sizes = tf.while_loop(lambda t, *_: t < count, step, loop)[-1]
    return sizes.stack()[WARM_UP:]


def _path(model, x, label, start, num_chains):
    """z [N * C, ...] -> log f_0(z) and log p(x, z) - log f_0(z); an image's chains are adjacent."""
    x, label = tf.repeat(x, num_chains, axis=0), tf.repeat(label, num_chains)
    prior = model.prior()
    q = model.posterior(x) if start == "posterior" else None

    def path(z):
        log_prior = prior.log_prob(z)
        log_likelihood = model.family.log_prob(x, model.likelihood(z, label))
        if q is None:
            return log_prior, log_likelihood
        base = q.log_prob(z)
        return base, log_prior + log_likelihood - base

    return path


def _transition(model, path, point, beta, sizes, rows, num_chains, num_leapfrog):
    """HMC with step sizes [N], each multiplied by a random number in (1/2, 1] for each chain.

    With a fixed length, a trajectory may return to its start in some direction. With a fixed size,
    the step may be a little too long for all chains at once (Neal 2011, 5.4.2.2).
    """
    momentum = seeds.normal(seeds.fold_in(rows, 0), (num_chains, *model.latent_shape))
    uniform = seeds.uniform(seeds.fold_in(rows, 1), (num_chains, 2))
    sizes = tf.reshape(sizes[:, None] * (1 - uniform[..., 0] / 2), [-1])
    accept = tf.reshape(uniform[..., 1], [-1])
    return hamiltonian.transition(
        path, point, beta, sizes, _flat(momentum, model), accept, num_leapfrog
    )


def _flat(z, model):
    """[N, C, ...] -> [N * C, ...]."""
    return tf.reshape(z, [-1, *model.latent_shape])
