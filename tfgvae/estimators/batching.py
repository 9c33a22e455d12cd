"""Input checks and batching shared by the estimators."""

from collections.abc import Callable

from tfgvae import checks
from tfgvae.distributions.noise import Conditioned
from tfgvae.images import check_range, checked_images
from tfgvae.types import Array, Distribution, Model, Progress, Tensor


def model_images(model: Model, images: Array, least: int = 1) -> Tensor:
    """Images as float32 [N, H, W, C].

    Raises:
      ValueError: another shape or type, fewer than `least` images, or pixels out of the range
        of the model's sampling methods.
    """
    x = checked_images(images, model.image_shape)
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


def report(progress: Progress, done: int, total: int) -> None:
    """Call `progress(done, total)` if there is one."""
    if progress is not None:
        progress(done, total)
