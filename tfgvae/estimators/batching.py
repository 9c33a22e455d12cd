"""Input checks and batching shared by the estimators."""

from collections.abc import Callable, Sequence
from concurrent import futures

import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.distributions.divergence import kl_divergence
from tfgvae.distributions.noise import Conditioned
from tfgvae.estimators.gathering import gathered
from tfgvae.images import check_range, checked_images, checked_labels, from_column
from tfgvae.types import Array, Distribution, Images, Model, Progress, Tensor


def model_images(model: Model, images: Images, least: int = 1, most: int | None = None) -> Tensor:
    """Images as float32 [N, H, W, C], without their labels; the first `most` of them.

    Raises:
      ValueError: what `gathered` refuses, another shape or type, fewer than `least` images, or
        pixels out of the range of the model's sampling methods.
    """
    return _checked(model, gathered(images, model.image_shape, most)[0], least)[:most]


def model_batch(
    model: Model, images: Images, label: Array | int | None, least: int = 1
) -> tuple[Tensor, Tensor]:
    """Images as `model_images` gives them, and their labels as int32 [N].

    The labels are `label`, or those that come with the images. A model without classes ignores
    labels that come with the images.

    Raises:
      ValueError: as in `model_images` and in images.checked_labels, or labels given twice.
    """
    rows, own = gathered(images, model.image_shape)
    x = _checked(model, rows, least)
    return x, checked_labels(one_label(model, label, own), x.shape[0], model.num_classes)


def one_label(model: Model, label: Array | int | None, own: Array | None) -> Array | int | None:
    """`label`, or the labels `own` that came with the images; ValueError if both are given."""
    if own is None or not model.num_classes:
        return label
    if label is not None:
        raise ValueError("expected labels once, got them with the images and as label")
    return from_column(tf.convert_to_tensor(own))


def _checked(model, rows, least):
    x = checked_images(rows, model.image_shape)
    if x.shape[0] < least:
        raise ValueError(f"expected at least {least} images, got {x.shape[0]}")
    check_range(x, model.family.draw_range)
    return x


def require_latents(model: Model, why: str) -> None:
    """Raise ValueError for a model without latents, such as `marginal`: z of event shape [0]."""
    if not model.has_latents:
        raise ValueError(f"this model has no latents: {why}")


def require_posterior_density(model: Model, x: Tensor, why: str) -> None:
    """Raise ValueError for a corrupted q~(z|x), which has no density."""
    if isinstance(model.posterior(x[:1]), Conditioned):
        raise ValueError(f"q(z|x) of a model with a corruption has no density: {why}")


def batches(count: int, batch_size: int) -> list[slice]:
    """Slices of at most `batch_size` rows that cover `count` rows, as a list."""
    size = checks.integer("batch_size", batch_size, 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def in_parts(
    function: Callable[..., Array], *arrays: Array, batch_size: int, threads: int = 1
) -> np.ndarray:
    """function(*arrays) for batch_size rows at a time, joined.

    Args:
      function: of the same rows of each array.
      *arrays: [N, ...] each, N >= 1.
      batch_size: >= 1.
      threads: how many parts are computed at once. Several are for a function that is traced.
    """

    def of_part(part):
        return np.asarray(function(*(array[part] for array in arrays)))

    parts = batches(len(arrays[0]), batch_size)
    if threads == 1:
        return np.concatenate([of_part(part) for part in parts])
    with futures.ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(of_part, parts)))


def posteriors(
    model: Model,
    x: Tensor,
    batch_size: int,
    progress: Progress = None,
    posterior: Callable[[Tensor], Distribution] | None = None,
) -> list[Distribution]:
    """q(z|x) for each batch of x, a list of distributions; `posterior` replaces model.posterior.

    Memory holds the parameters of q: a few numbers per latent dimension and image.
    """
    parts = batches(x.shape[0], batch_size)
    found = []
    for part in parts:
        found.append((posterior or model.posterior)(x[part]))
        report(progress, part.stop, x.shape[0])
    return found


def divergences(
    posteriors: Sequence[Distribution], z: Sequence[Tensor], prior: Distribution
) -> np.ndarray:
    """KL(q(z|x) || p(z)) of every image, from batches of q and of codes: [M] float64, nats."""
    parts = [kl_divergence(q, prior, codes) for q, codes in zip(posteriors, z, strict=True)]
    return np.concatenate(parts).astype(np.float64)


def report(progress: Progress, done: int, total: int) -> None:
    """Call `progress(done, total)` if there is one."""
    if progress is not None:
        progress(done, total)
