"""What estimators take: images checked at the door, walked through in batches."""

import tensorflow as tf

from tfgvae import checks
from tfgvae.models import inputs


def checked_images(model, images, least=1):
    """Images as float32 [N, H, W, C].

    Raises:
      ValueError: another shape or type, fewer than `least` images, or pixels out of the range
        that the model's sampling methods take.
    """
    x = inputs.images(images, model.image_shape)
    if x.shape[0] < least:
        raise ValueError(f"expected at least {least} images, got {x.shape[0]}")
    inputs.check_range(x, model.family.draw_range)
    return x


def require_latents(model, why):
    """ValueError for a model without latents, as `marginal` is: z has the event shape [0]."""
    if 0 in model.latent_shape:
        raise ValueError(f"this model has no latents: {why}")


def batches(count, batch_size):
    """Slices of at most `batch_size` rows that cover `count` rows, as a list."""
    size = checks.integer("batch_size", batch_size, 1)
    return [slice(start, min(start + size, count)) for start in range(0, count, size)]


def posteriors(model, x, batch_size, progress=None, posterior=None):
    """q(z|x) of each batch of x, a list of distributions; `posterior(x)` if given in its place.

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


def compiled(model, function, *more, **static):
    """function(model, x, label, rows, *more) as one graph function for batches of any size.

    Kept with the model, as its samplers are: a second call traces nothing.

    Args:
      model: a latent variable model.
      function: a module's function: its name is the key that it is kept under.
      *more: tf.TensorSpecs of further arguments.
      **static: further arguments that are the same in every call, part of the key.
    """
    # In __dict__, not by setattr: Keras would wrap and track the dictionary.
    cache = model.__dict__.setdefault("_estimator_functions", {})
    key = (function.__module__, function.__name__, *sorted(static.items()))
    if key not in cache:
        x = tf.TensorSpec([None, *model.image_shape])
        label, rows = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.int64)
        traced = tf.function(
            lambda *args: function(model, *args, **static), [x, label, rows, *more]
        )
        # Unlike the samplers' functions not in an init_scope, which keeps a GradientTape from
        # recording: estimators are called from Python, not within another graph.
        cache[key] = traced.get_concrete_function()
    return cache[key]
