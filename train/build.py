"""From a configuration to a model, an optimizer and data."""

import inspect

from tfgvae import data, registry
from tfgvae.models import MODELS
from train import optimizers

COMPONENTS = ("family", "mapping", "inference", "regularizer")


def specification(section, default=None):
    """A component's section as registry.make takes it.

    Args:
      section: ConfigDict with `name` and arguments, None for what is not set.
      default: the name that arguments belong to where no name is set.

    Returns:
      {"name": ..., argument: value}, or None when nothing is set.
    """
    spec = {k: v for k, v in section.to_dict().items() if v is not None}
    return {"name": default, **spec} if spec else None


def model(config, info):
    """The model that `config` describes, with weights, not compiled.

    Args:
      config: ConfigDict as configs.base makes it.
      info: tfgvae.data.ImageInfo: image_shape and num_classes are the data's.

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
    for name in given:
        if name not in takes:
            raise ValueError(f"model {config.model.name!r} takes no {name}; it takes: {[*takes]}")
    return registry.make(MODELS, options, "model", **given)


def compiled(config, info):
    """`model` compiled with its optimizer, whose slots exist. Call it in the strategy's scope."""
    network = model(config, info)
    optimizer = optimizers.make(config.train)
    optimizer.build(network.trainable_variables)
    # XLA fails under MirroredStrategy and draws other noise for the same seed.
    network.compile(optimizer=optimizer, jit_compile=False)
    return network


def info(config, split=None):
    """tfgvae.data.ImageInfo of a split of the configured data set (None: the training split)."""
    return data.info(config.data.name, split or config.data.train_split, **_preprocessing(config))


def dequantizes(config, family):
    """Whether images get uniform noise of one level added.

    Where the configuration leaves it open: for a density with a learned scale, which would grow
    without bound on data that takes 256 values. The 2-norm of a fixed scale needs no noise.
    """
    if config.data.dequantize is not None:
        return config.data.dequantize
    return not family.discrete and getattr(family, "learned", "fixed") != "fixed"


def _preprocessing(config):
    names = ("data_dir", "download", "image_size", "crop", "grayscale")
    return {name: config.data[name] for name in names}


def training_data(config, family, start_step):
    """Batches of the training split from `start_step` on, without end."""
    return data.load(
        config.data.name,
        config.data.train_split,
        **_preprocessing(config),
        binarize=config.data.binarize,
        dequantize=dequantizes(config, family),
        augment=config.data.augment,
        batch_size=config.train.batch_size,
        shuffle=True,
        repeat=True,
        start_step=start_step,
        seed=config.seed,
        drop_remainder=True,
    )


def evaluation_data(config, family, batch_size, num_examples, drop_remainder=False):
    """One pass over the first `num_examples` of the test split, in order (None: all)."""
    return data.load(
        config.data.name,
        config.data.test_split,
        **_preprocessing(config),
        binarize=config.data.binarize,
        dequantize=dequantizes(config, family),
        augment="none",
        batch_size=batch_size,
        shuffle=False,
        repeat=False,
        start_step=0,
        seed=config.seed,
        drop_remainder=drop_remainder,
        num_examples=num_examples,
    )
