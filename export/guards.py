"""Checks of a signature's inputs: a wrong input is an InvalidArgumentError with a sentence."""

import tensorflow as tf

from export.layout import IMAGES
from tfgvae.images import FINITE, check_range, require


def _conditions(model, limits, given, is_path):
    """The assertions for the inputs {name: tensor}, as operations."""
    first = "seed" if "seed" in given else next(iter(given))
    rows = tf.shape(given[first])[0]
    yield require(rows > 0, "expected at least one row, got an empty batch")
    yield require(rows <= limits.max_rows, f"expected at most {limits.max_rows} rows, got", rows)
    for name, tensor in given.items():
        own = tf.shape(tensor)[0]
        message = f"expected as many rows of {name} as of {first}, got ({name}, {first})"
        yield require(tf.equal(own, rows), message, own, rows)
    for name in IMAGES:
        if name in given:
            yield check_range(given[name], model.family.draw_range)
    if "z" in given:
        yield check_range(given["z"], FINITE, "latents")
    if "num_steps" in given:
        most = limits.max_path_steps if is_path else limits.max_num_steps
        yield _between("num_steps", given["num_steps"], 1, most)
    if "label" in given:
        yield _between("labels", given["label"], 0, model.num_classes - 1)


def _between(name, values, lowest, highest):
    inside = tf.reduce_all(tf.logical_and(values >= lowest, values <= highest))
    message = f"{name} must be in {lowest}..{highest}, got (lowest, highest)"
    return require(inside, message, tf.reduce_min(values), tf.reduce_max(values))


def checked(model, limits, given, is_path=False):
    """The inputs of a signature, after all checks.

    Other operations use these tensors, so they run only if all checks pass. Otherwise an operation
    could fail first with another message, or a chain of 2^31 steps could start. Shapes are checked
    when the graph runs: servers and loaders do not enforce the types of a signature.

    Args:
      model: a model of tfgvae.models.
      limits: a limits.Limits.
      given: {name: tensor}, at least one.
      is_path: whether num_steps counts images of the answer.

    Returns:
      The same names and values.
    """
    given = {name: tf.ensure_shape(tensor, tensor.shape, name) for name, tensor in given.items()}
    with tf.control_dependencies(list(_conditions(model, limits, given, is_path))):
        return {name: tf.identity(tensor) for name, tensor in given.items()}
