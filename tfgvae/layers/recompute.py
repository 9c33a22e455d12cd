"""Gradients without kept activations: inner values are computed a second time (Chen et al. 2016).

The forward pass keeps the inputs and the outputs of a function. The backward pass evaluates the
function again. In a chain of functions the memory falls to that of one; the time rises by about a
third.

tf.recompute_grad does this too. But it adds a zero to every weight, and where no gradient passes
between the functions of a chain their second passes may all run at the same time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfgvae.types import Tensor


def recomputed(
    function: Callable[..., tuple[Any, Any]],
    weights: Sequence[Tensor],
    inputs: Sequence[Tensor | None],
) -> tuple[Any, Any]:
    """function(weights, inputs) with the exact gradient, without its inner values.

    The second pass starts when the gradients of all outputs are known. The gradients of the inputs
    are known when all of it is done, also where they are 0. So the second passes of a chain run one
    after the other.

    Args:
      function: of its arguments alone: it reads no variable. It returns (outputs, others), nested
        tensors or None; no gradient passes through the others.
      weights: float tensors.
      inputs: tensors, or None; gradients pass through the float ones.
    """
    places = [i for i, x in enumerate(inputs) if x is not None]
    # What the first pass returned, for its structure.
    first: list[Any] = []

    def evaluate(tensors):
        given = [None] * len(inputs)
        for place, tensor in zip(places, tensors[len(weights) :], strict=True):
            given[place] = tensor
        return function(list(tensors[: len(weights)]), given)

    @tf.custom_gradient
    def call(*tensors):
        # Behind stop_gradient no tape records.
        first.append(evaluate([tf.stop_gradient(x) for x in tensors]))

        def gradient(*upstream):
            outputs = tf.nest.flatten(first[0][0])
            return _gradient(evaluate, len(weights), tensors, upstream[: len(outputs)])

        return [x for x in tf.nest.flatten(first[0]) if x is not None], gradient

    flat = iter(call(*weights, *(inputs[i] for i in places)))
    outputs, others = tf.nest.map_structure(lambda x: None if x is None else next(flat), first[0])
    return outputs, tf.nest.map_structure(
        lambda x: None if x is None else tf.stop_gradient(x), others
    )


def _gradient(evaluate, num_weights, tensors, upstream):
    """The gradients of the float tensors, and None for the others, by a second pass."""
    weights, inputs = list(tensors[:num_weights]), tensors[num_weights:]
    zero = _zero_after(upstream)
    again = [x + tf.cast(zero, x.dtype) for x in inputs]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        sources = [*weights, *(x for x in again if x.dtype.is_floating)]
        tape.watch(sources)
        outputs, _ = evaluate([*weights, *again])
    zeros = tf.UnconnectedGradients.ZERO
    found = tape.gradient(tf.nest.flatten(outputs), sources, upstream, zeros)
    with tf.control_dependencies(found):
        # A gradient that is 0 would be a constant, and nothing would wait for it.
        done = tf.identity(zero)
    passed = iter([x + tf.cast(_zero_after([done]), x.dtype) for x in found[num_weights:]])
    return [*found[:num_weights], *(next(passed) if x.dtype.is_floating else None for x in inputs)]


def _zero_after(tensors):
    """0, by a computation that needs the tensors.

    A dependency of data. Without it, a graph could merge the second pass with the first, and XLA
    ignores dependencies of control.
    """
    one = tf.add_n([tf.cast(tf.reshape(x, [-1])[0], tf.float32) for x in tensors])
    known = tf.cast(one, tf.bool)  # NaN is True.
    return tf.where(tf.equal(known, known), 0.0, 1.0)
