"""Compiled functions of a model: traced once, then kept with the model.

A sampler or an estimator is a plain function of a model and tensors. `compiled` turns it into a
graph function for batches of any size. Later calls do not trace again.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgvae.types import Model

# The arguments that most functions take.
ROWS = tf.TensorSpec([None], tf.int64, name="seed")
LABELS = tf.TensorSpec([None], tf.int32, name="label")
COUNT = tf.TensorSpec([], tf.int32, name="num_steps")


def image_spec(model: Model) -> tf.TensorSpec:
    """The signature of a batch of the model's images: [N, H, W, C] float32."""
    return tf.TensorSpec([None, *model.image_shape], tf.float32, name="images")


def forget(model: Model) -> None:
    """Remove the functions of a model that has changed."""
    model.__dict__.pop("_compiled_functions", None)
    # Keras's own; it makes them again at their next use.
    model.train_function = model.test_function = model.predict_function = None


def compiled(
    model: Model, function: Callable[..., Any], *specs: tf.TensorSpec, **static: Any
) -> Callable[..., Any]:
    """function(model, *tensors, **static) as one concrete function of tensors.

    The function is kept with the model under its name and the static arguments.

    Args:
      model: a latent variable model.
      function: a function at the top level of a module.
      *specs: a tf.TensorSpec for each tensor argument.
      **static: further arguments, the same in every call.
    """
    # In __dict__, not by setattr: Keras would wrap and track the dictionary.
    cache = model.__dict__.setdefault("_compiled_functions", {})
    key = (function.__module__, function.__name__, *sorted(static.items()))
    if key not in cache:
        traced = tf.function(lambda *args: function(model, *args, **static), specs, autograph=False)
        if tf.executing_eagerly():
            cache[key] = traced.get_concrete_function()
        else:
            # Outside of the caller's graph, because later calls use the function too. Not in eager
            # mode: an init_scope stops a GradientTape from recording.
            with tf.init_scope():
                cache[key] = traced.get_concrete_function()
    return cache[key]
