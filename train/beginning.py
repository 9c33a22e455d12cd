"""Where a run begins: the newest checkpoint, the weights of another model, or new ones."""

import contextlib
import pathlib

from tfgvae.models import batch_gradient
from tfgvae.zoo import arrays
from train import build, optimizers, sources


def begin(settled, info, checkpoints, say):
    """The compiled model with its first weights, and the training step to go on from.

    Args:
      settled: a configuration.Settled.
      info: tfgvae.data.ImageInfo of the training split.
      checkpoints: the run's train.checkpoints.Checkpoints.
      say: called with each line for the user.

    Raises:
      ValueError: the newest checkpoint is beyond the last step, the weights do not fit, or q is
        another classifier's.
      CheckpointError: as Checkpoints.newest and Checkpoints.restore.
    """
    config = settled.config
    newest = checkpoints.newest(say)
    step, path = newest or (0, None)
    if step > config.train.steps:
        raise ValueError(f"{path} is beyond train.steps = {config.train.steps}: nothing to do")
    with _named(config.init_from):
        source = None if path or not config.init_from else sources.trained(config.init_from)
    model = build.compiled(config, info, _fixed_network(settled, checkpoints, path, source))
    if path:
        checkpoints.restore(model, path, step)
    elif source is not None:
        with _named(config.init_from):
            arrays.start_from(model, source)
        say(f"First weights: {config.init_from}")
    return model, step


@contextlib.contextmanager
def _named(source):
    """Errors of the first weights name the flag."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"--init_from={source}: {error}") from error


def _fixed_network(settled, checkpoints, path, source):
    """The network of a fixed q in the checkpoint; None: load q from the classifier's file.

    A preset holds its network: a run that starts from its weights, those of the model `source`,
    does not need the file.
    """
    config, stored = settled.config, settled.stored
    if config.inference.checkpoint is None:
        return None
    if path is None:
        if pathlib.Path(config.inference.checkpoint).exists():
            return None
        return getattr(getattr(source, "inference", None), "network", None)
    if stored and stored.inference.checkpoint != config.inference.checkpoint:
        raise ValueError(
            f"the run's q is the classifier {stored.inference.checkpoint}, and a fixed q "
            f"does not change in a run, got {config.inference.checkpoint}: give another "
            "--workdir"
        )
    return checkpoints.fixed_network(path)


def notes(settled, model, step):
    """What the user should know of a run that goes on from `step`: lines."""
    lines = [f"Model: {type(model).__name__}, {model.count_params():,} parameters."]
    return [*_of_learning_rate(settled, step), *lines, *_of_parts(settled.config.train, model)]


def _of_learning_rate(settled, step):
    """If the end of the learning rate's schedule has moved: how the rate goes on."""
    train, before = settled.config.train, settled.stored and settled.stored.train
    if not step or not before or train.schedule == "constant" or train.steps == before.steps:
        return []
    old, new = (optimizers.learning_rate(section, step) for section in (before, train))
    return [
        f"Learning rate: {new:.3g} from step {step} on, falling to 0 at step {train.steps}. "
        f"With {before.steps} steps it was {old:.3g} there."
    ]


def _of_parts(train, model):
    """If a batch is taken in parts: what batch normalisation sees."""
    if train.accumulate == 1 or not batch_gradient.has_batch_norm(model):
        return []
    return [
        f"Batch normalisation takes the moments of {train.batch_size // train.accumulate} "
        f"images at a time: a part of each batch, train.accumulate = {train.accumulate}."
    ]
