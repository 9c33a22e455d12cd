"""Input checks and batching shared by the estimators."""

from tfgvae import checks
from tfgvae.images import check_range, checked_images


def model_images(model, images, least=1):
    """Images as float32 [N, H, W, C].

    Raises:
      ValueError: another shape or type, fewer than `least` images, or pixels out of the range
        that the model's sampling methods take.
    """
    x = checked_images(images, model.image_shape)
    if x.shape[0] < least:
        raise ValueError(f"expected at least {least} images, got {x.shape[0]}")
    check_range(x, model.family.draw_range)
    return x


def require_latents(model, why):
    """ValueError for a model without latents, as `marginal` is: z has the event shape [0]."""
    if not model.has_latents:
        raise ValueError(f"this model has no latents: {why}")


def batches(count, batch_size):
    """Slices of at most `batch_size` rows that cover `count` rows, as a list."""
    size = checks.integer("batch_size", batch_size, 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def posteriors(model, x, batch_size, progress=None, posterior=None):
    """q(z|x) of each batch of x, a list of distributions; or of posterior(x), where that is given.

    What is kept is q's parameters: a few numbers a latent dimension and image.
    """
    parts = batches(x.shape[0], batch_size)
    found = []
    for part in parts:
        found.append((posterior or model.posterior)(x[part]))
        report(progress, part.stop, x.shape[0])
    return found


def report(progress, done, total):
    """Call `progress(done, total)` if there is one."""
    if progress is not None:
        progress(done, total)
