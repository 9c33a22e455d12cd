"""Two bounds on log p(x): annealed importance sampling, and the same chains backward (BDMC).

forward   z_0 ~ f_0, along the path to p(x, z):     E log w <= log p(x)   (Neal 2001)
backward  from z ~ p(z|x), along the path to f_0:   E log w >= log p(x)   (Grosse et al. 2015)
"""

import dataclasses
import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import checks, seeds
from tfgvae.estimators import annealing, batching
from tfgvae.estimators.estimate import Estimate
from tfgvae.graphs import LABELS, ROWS, compiled, image_spec
from tfgvae.images import checked_labels
from tfgvae.sampling.ancestral import ancestral, draw_prior
from tfgvae.types import Array, Images, Model, Progress, Seed, Tensor

# The streams of an image's seed: first of bdmc, then of the chains.
SIMULATE, CHAINS = 0, 1
TUNE, BEGIN, FORWARD, BACKWARD = 0, 1, 2, 3


@dataclasses.dataclass(frozen=True)
class Annealed:
    """The result of annealed_importance.

    Attributes:
      log_likelihood: [N] nats, the bound for each image.
      effective_sample_size: [N], of the C weights, from 1 to C.
      acceptance: [N], mean over the transitions. If it is far from 0.65, use more temperatures.
      estimate: the mean over the images, a lower bound.
    """

    log_likelihood: np.ndarray
    effective_sample_size: np.ndarray
    acceptance: np.ndarray
    estimate: Estimate


@dataclasses.dataclass(frozen=True)
class Bracket:
    """The result of bdmc: E log p(x), x ~ the model, lies between `lower` and `upper`.

    Attributes:
      lower, upper: bounds on the mean log p(x) of the images, in expectation.
      gap: upper - lower, image by image. In expectation it is at least the error of each bound.
      acceptance: mean over images and directions.
    """

    lower: Estimate
    upper: Estimate
    gap: Estimate
    acceptance: float


def annealed_importance(
    model: Model,
    images: Images,
    num_chains: int = 16,
    num_temperatures: int = 1000,
    seed: Seed = 0,
    label: Array | int | None = None,
    num_leapfrog: int = 10,
    start: str = "prior",
    batch_size: int = 16,
    progress: Progress = None,
) -> Annealed:
    """log (1/C) sum_c w_c over C annealed chains per image: a lower bound on log p(x).

    w = prod_t (f_t / f_(t-1))(z_(t-1)), z_t by HMC at f_t from z_(t-1), is an unbiased estimate of
    p(x). So its logarithm is below log p(x) in expectation, and above log p(x) + a with a
    probability of at most e^-a. More temperatures or chains bring it closer to log p(x). Unlike
    `importance_weighted` it does not need a good q(z|x). For each image and temperature, the step
    size of HMC is tuned on a separate chain to an acceptance of 0.65.

    The standard error is over the images, as independent draws from the data. It covers the choice
    of images and the randomness of the chains, but not the gap to log p(x); `bdmc` measures that.

    The cost per image is C * T * num_leapfrog forward and backward passes through p(x|z).

    Args:
      model: a latent variable model whose z is continuous.
      images: [N, H, W, C] in [0, 1], an Images of tfgvae.types.
      num_chains: C.
      num_temperatures: T, steps of beta from 0 to 1, on a sigmoid (Wu et al. 2017). With T = 1 it
        is importance sampling from f_0.
      seed: an int, or one int per image.
      label: int [N], for a model with classes; None if the images bring their labels.
      num_leapfrog: leapfrog steps per transition.
      start: f_0: "prior", p(z); or "posterior", q(z|x), a shorter path if q is good, but a wrong
        one if q is too narrow.
      batch_size: images at a time; the model gets C times as many rows.
      progress: None, or called as progress(done, total) in images.

    Returns:
      Annealed.

    Raises:
      ValueError: images, labels or seeds that the model refuses, an option out of range, or a model
        without latents or with a discrete z.
    """
    path = _Path(model, num_chains, num_temperatures, num_leapfrog, start)
    x, labels = batching.model_batch(model, images, label)
    count = x.shape[0]
    rows = seeds.rows(seed, count)
    found = []
    for part in batching.batches(count, batch_size):
        batch = x[part], labels[part], rows[part]
        found.append(path.forward(*batch, path.step_sizes(*batch)))
        batching.report(progress, part.stop, count)
    weights, acceptance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    bound = _log_mean(weights)
    sizes = np.exp(2 * _log_sum(weights) - _log_sum(2 * weights))
    return Annealed(bound, sizes, acceptance, Estimate.of_mean(bound, "lower bound"))


def bdmc(
    model: Model,
    num_images: int = 16,
    num_chains: int = 16,
    num_temperatures: int = 1000,
    seed: Seed = 0,
    label: Array | int | None = None,
    num_leapfrog: int = 10,
    start: str = "prior",
    batch_size: int = 16,
    progress: Progress = None,
) -> Bracket:
    """Bidirectional Monte Carlo: two bounds on E log p(x) of the model's own images.

    x and z are drawn together from the model, so that z is an exact draw from p(z|x) (Grosse et al.
    2015). The annealed chains run forward for a lower bound, and backward from z for an upper one.
    If the gap is one nat, the error of `annealed_importance` with the same settings is at most one
    nat for images from the model. It may be larger for data unlike them (Wu et al. 2017).

    Standard errors are over the images, which are independent. That of the gap is from the
    differences, image by image.

    Args:
      num_images: N, images to simulate.
      label: None or int [N], for a model with classes.
      progress: None, or called as progress(done, total) in images.
      model, num_chains, num_temperatures, seed, num_leapfrog, start, batch_size: as in
        annealed_importance.

    Returns:
      Bracket.

    Raises:
      ValueError: as in annealed_importance.
    """
    path = _Path(model, num_chains, num_temperatures, num_leapfrog, start)
    count = checks.integer("num_images", num_images, 1)
    labels, rows = checked_labels(label, count, model.num_classes), seeds.rows(seed, count)
    simulate, chain = seeds.fold_in(rows, SIMULATE), seeds.fold_in(rows, CHAINS)
    found = []
    for part in batching.batches(count, batch_size):
        z, x = path.simulate(labels[part], simulate[part])
        batch = x, labels[part], chain[part]
        sizes = path.step_sizes(*batch)
        lower, went = path.forward(*batch, sizes)
        upper, came = path.backward(*batch, sizes, z)
        found.append((_log_mean(lower), -_log_mean(-upper), (went + came) / 2))
        batching.report(progress, part.stop, count)
    lower, upper, acceptance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Bracket(
        lower=Estimate.of_mean(lower, "lower bound"),
        upper=Estimate.of_mean(upper, "upper bound"),
        gap=Estimate.of_mean(upper - lower, "upper bound"),
        acceptance=float(acceptance.mean()),
    )


def _log_mean(log_weights):
    """log (1/C) sum_c w_c: [N, C] -> [N]."""
    return _log_sum(log_weights) - math.log(log_weights.shape[1])


def _log_sum(log_weights):
    """log sum_c w_c: [N, C] -> [N]."""
    from scipy.special import logsumexp  # Slow to import, and only needed here.

    return logsumexp(log_weights, axis=1)


class _Path:
    """The checked options of a path, and the compiled functions that run chains along it."""

    def __init__(
        self, model: Model, num_chains: int, num_temperatures: int, num_leapfrog: int, start: str
    ) -> None:
        _check_latents(model)
        if start == "posterior":
            image = tf.zeros([1, *model.image_shape])
            batching.require_posterior_density(model, image, "use start='prior'")
        self._model = model
        self._num_chains = checks.integer("num_chains", num_chains, 1)
        self._betas = annealing.schedule(checks.integer("num_temperatures", num_temperatures, 1))
        tuning = {
            "start": checks.choice("start", start, annealing.STARTS),
            "num_leapfrog": checks.integer("num_leapfrog", num_leapfrog, 1),
        }
        chains = {"num_chains": self._num_chains}
        given = image_spec(model), LABELS, ROWS
        betas, weights = tf.TensorSpec([None]), tf.TensorSpec([None], tf.float64)
        z = tf.TensorSpec([None, self._num_chains, *model.latent_shape])
        sizes = tf.TensorSpec([None, None])
        walk = betas, weights, sizes
        self._start = compiled(model, annealing.draw_start, *given, **chains, start=start)
        self._tune = compiled(model, annealing.tune, *given, betas, **tuning)
        self._anneal = compiled(model, annealing.anneal, *given, z, *walk, **tuning, **chains)

    def simulate(self, label: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """z ~ p(z), x ~ p(x|z): the image of ancestral sampling, and the z that made it."""
        z = compiled(self._model, draw_prior, ROWS)(rows)
        x = compiled(self._model, ancestral, LABELS, ROWS, mean=False)(label, rows)
        return z, x

    def step_sizes(self, x: Tensor, label: Tensor, rows: Tensor) -> Tensor:
        return self._tune(x, label, seeds.fold_in(rows, TUNE), tf.constant(self._betas[1:-1]))

    def forward(
        self, x: Tensor, label: Tensor, rows: Tensor, step_sizes: Tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        """log w [N, C] from z ~ f_0, and the acceptance [N]."""
        z = self._start(x, label, seeds.fold_in(rows, BEGIN))
        return self._walk(x, label, seeds.fold_in(rows, FORWARD), z, step_sizes, slice(None))

    def backward(
        self, x: Tensor, label: Tensor, rows: Tensor, step_sizes: Tensor, z: Tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        """log w [N, C] of C chains from one z ~ p(z|x) per image, [N, ...]."""
        z = tf.stack([z] * self._num_chains, axis=1)
        return self._walk(
            x, label, seeds.fold_in(rows, BACKWARD), z, step_sizes, slice(None, None, -1)
        )

    def _walk(self, x, label, rows, z, step_sizes, order):
        # Differences of the rounded betas, because the chains use the rounded ones.
        weights = np.diff(self._betas.astype(np.float64))[order]
        betas = tf.constant(self._betas[1:-1][order])
        log_weights, acceptance = self._anneal(
            x, label, rows, z, betas, tf.constant(weights), step_sizes[order]
        )
        return log_weights.numpy(), acceptance.numpy()


def _check_latents(model):
    batching.require_latents(model, "its log_likelihood is exact, there is nothing to anneal")
    prior = model.prior()
    if prior.reparameterization_type != tfp.distributions.FULLY_REPARAMETERIZED:
        raise ValueError(
            f"HMC follows the gradient of log p(x, z) in z, and z ~ {prior.name} has none: use "
            "importance_weighted"
        )
