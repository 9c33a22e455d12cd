"""One way to a compiled function of a model: traced once, kept with the model.

A sampler or an estimator is a plain function of a model and tensors. `compiled` makes it a graph
function for batches of any size, so that no later call traces again.
"""

import tensorflow as tf

# The arguments that most functions take.
ROWS = tf.TensorSpec([None], tf.int64, name="seed")
LABELS = tf.TensorSpec([None], tf.int32, name="label")
COUNT = tf.TensorSpec([], tf.int32, name="num_steps")


def image_spec(model):
    """The signature of a batch of the model's images: [N, H, W, C] float32."""
    return tf.TensorSpec([None, *model.image_shape], tf.float32, name="images")


def compiled(model, function, *specs, **static):
    """function(model, *tensors, **static) as one concrete function of tensors.

    The function is kept with the model under its name and the static arguments.

    Args:
      model: a latent variable model.
      function: a module's function.
      *specs: a tf.TensorSpec for each tensor argument.
      **static: further arguments that are the same in every call.
    """
    # In __dict__, not by setattr: Keras would wrap and track the dictionary.
    cache = model.__dict__.setdefault("_compiled_functions", {})
    key = (function.__module__, function.__name__, *sorted(static.items()))
    if key not in cache:
        traced = tf.function(lambda *args: function(model, *args, **static), specs)
        if tf.executing_eagerly():
            cache[key] = traced.get_concrete_function()
        else:
            # Outside of the graph that the call stands in: the function serves later calls too.
            # Only there, because an init_scope keeps a GradientTape from recording.
            with tf.init_scope():
                cache[key] = traced.get_concrete_function()
    return cache[key]
