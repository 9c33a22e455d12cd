"""From a configuration to a model and its optimizer."""

import contextlib
import inspect

import keras

from tfgvae import registry
from tfgvae.models import MODELS, batch_gradient
from train import optimizers
from train.loss_scaling import LossScaling

COMPONENTS = ("family", "mapping", "inference", "regularizer", "prior", "corruption", "objective")


def specification(section, default=None):
    """A component's section as registry.make takes it.

    Args:
      section: ConfigDict with `name` and arguments; a field at None is not set.
      default: the component that the arguments belong to when no name is set: a name, or a
        specification.

    Returns:
      {"name": ..., argument: value}, or None when nothing is set.
    """
    spec = {k: v for k, v in section.to_dict().items() if v is not None}
    if spec and "name" not in spec:
        spec = {**(default if isinstance(default, dict) else {"name": default}), **spec}
    return spec or None


def model(config, info, network=None):
    """The model that `config` describes, with weights, not compiled.

    Args:
      config: ConfigDict as configs.base makes it.
      info: tfgvae.data.ImageInfo: image_shape and num_classes are the data's.
      network: the network of a fixed q instead of the file at inference.checkpoint.

    Raises:
      ValueError: an unknown name or an argument that a component does not take.
    """
    given = {"image_shape": info.image_shape, "seed": config.seed}
    if config.label_condition:
        if not info.num_classes:
            raise ValueError(f"label_condition: data set {config.data.name!r} has no labels")
        given["num_classes"] = info.num_classes
    options = specification(config.model)
    takes = inspect.signature(registry.lookup(MODELS, config.model.name, "model")).parameters
    for kind in COMPONENTS:
        spec = specification(config[kind], takes[kind].default if kind in takes else None)
        if spec is not None:
            given[kind] = spec
    if network is not None:
        given["inference"] = {**given["inference"], "checkpoint": None, "network": network}
    for name in given:
        if name not in takes:
            raise ValueError(f"model {config.model.name!r} takes no {name}; it takes: {[*takes]}")
    with _policy(config.precision):
        return registry.make(MODELS, options, "model", **given)


@contextlib.contextmanager
def _policy(name):
    """Keras's policy for layers that are made within: a model passes its own to its parts."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compiled(config, info, network=None):
    """`model` compiled with its optimizer, whose slots exist. Call it in the strategy's scope."""
    made = model(config, info, network)
    made.accumulate, made.jit = config.train.accumulate, config.train.jit
    optimizer = optimizers.make(config.train)
    if config.precision == "mixed_float16":
        optimizer = LossScaling(optimizer)
    optimizer.build(made.trainable_variables)
    # The model's own `jit`: Keras would compile all replicas as one graph, which XLA does not take.
    made.compile(optimizer=optimizer, jit_compile=False)
    batch_gradient.check(made, made.distribute_strategy.num_replicas_in_sync)
    return made
