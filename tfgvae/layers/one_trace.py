"""One traced graph for layers of equal structure: a step of a chain, used T times.

TensorFlow builds the graph of T unshared steps by tracing T times the same Python code. Here the
code is traced once, as a function of the weights, and called with the weights of each step.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgvae import replicas
from tfgvae.layers.recompute import recomputed
from tfgvae.types import Tensor

Layers = Sequence[keras.layers.Layer]


class OneTrace:
    """function(layers, *inputs, **options) with one trace for all layers of equal structure.

    The trace is used in a graph and on one replica. In eager mode the function itself is called,
    and so it is on several replicas, whose operations between replicas cannot be in a function of
    a graph.

    Args:
      function: of layers, then tensors or None, then Python values; it returns nested tensors. All
        variables that it reads are weights of the layers.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._traced: dict[Any, Any] = {}

    def __call__(
        self, layers: Layers, *inputs: Tensor | None, recompute: bool = False, **options: Any
    ) -> Any:
        """The function's outputs; the weights that it assigns are assigned.

        Args:
          layers: built.
          *inputs: of the function.
          recompute: whether the gradient computes the inner values again.
          **options: of the function.
        """
        traces = not tf.executing_eagerly() and replicas.context() is None
        if not (traces or recompute):
            return self._function(layers, *inputs, **options)
        weights = [weight for layer in layers for weight in layer.weights]
        values = [tf.convert_to_tensor(weight.value) for weight in weights]
        stateless = self._stateless(layers) if traces else _stateless(self._function, layers)

        def evaluate(values, inputs):
            return stateless(values, inputs, options)

        call = recomputed if recompute else lambda evaluate, *args: evaluate(*args)
        outputs, updates = call(evaluate, values, inputs)
        for weight, value in zip(weights, updates, strict=True):
            if value is not None:
                weight.assign(value)
        return outputs

    def _stateless(self, layers):
        """The traced function for layers of this structure."""
        key = tuple(_structure(layer) for layer in layers)
        if key not in self._traced:
            function = _stateless(self._function, layers)
            self._traced[key] = tf.function(function, autograph=False)
        return self._traced[key]


def _stateless(function, layers):
    """(values, inputs, options) to (outputs, [new value of each weight, or None])."""
    weights = [weight for layer in layers for weight in layer.weights]

    def evaluate(values, inputs, options):
        values = [tf.convert_to_tensor(value) for value in values]
        with keras.StatelessScope(zip(weights, values, strict=True)) as scope:
            outputs = function(layers, *inputs, **options)
        new = [scope.get_current_value(weight) for weight in weights]
        pairs = zip(new, values, strict=True)
        return outputs, [None if value is old else value for value, old in pairs]

    return evaluate


def _structure(layer):
    """What two layers with the same trace have in common."""
    weights = tuple((tuple(w.shape), w.dtype) for w in layer.weights)
    trainable = tuple(part.trainable for part in layer._flatten_layers())
    return type(layer), repr(_without_names(layer.get_config())), weights, trainable


def _without_names(config):
    if isinstance(config, dict):
        return {k: _without_names(v) for k, v in config.items() if k != "name"}
    if isinstance(config, (list, tuple)):
        return [_without_names(v) for v in config]
    return config
