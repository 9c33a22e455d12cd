"""train_and_evaluate: strategy, model, data, callbacks, `fit`."""

import functools
import pathlib

import keras
import tensorflow as tf

from train import build, pictures, strategies, workdir
from train import callbacks as cb
from train.callbacks.clock import intervals
from train.callbacks.logs import Summaries, plain
from train.checkpoints import Checkpoints
from train.errors import TrainError, as_setup_error
from train.progress import ProgressBar


def _check(config):
    train = config.train
    if config.pictures.num < 0 or config.pictures.gibbs_steps < 1:
        raise ValueError("pictures.num must be >= 0 and pictures.gibbs_steps >= 1")
    for name in ("steps", "batch_size", "checkpoint_every", "keep", "log_every", "eval_images"):
        if train[name] < 1:
            raise ValueError(f"train.{name} must be >= 1, got {train[name]}")


class Run:
    """One run: what its fits and its evaluation share.

    Args:
      config: ConfigDict as configs.base makes it.
      folder: the run folder.
      strategy: a tf.distribute strategy.
      say: called with each line for the user.
    """

    def __init__(self, config, folder, strategy, say):
        self.config = config
        self.folder = folder
        self.strategy = strategy
        self.say = say
        self.checkpoints = Checkpoints(folder, config.train.keep)
        self.metrics_file = workdir.MetricsFile(folder)
        self.summaries = Summaries(folder)

    def build(self):
        """Make the compiled model, restore the newest checkpoint, open the data.

        Returns:
          The training step to go on from.
        """
        info = build.info(self.config)
        with self.strategy.scope():
            self.model = build.compiled(self.config, info)
            newest = self.checkpoints.newest(self.say)
            step, path = newest or (0, None)
            if step > self.config.train.steps:
                raise ValueError(
                    f"{path} is beyond train.steps = {self.config.train.steps}: nothing to do"
                )
            if path:
                self.checkpoints.restore(self.model, path, step)
        self.say(f"Model: {type(self.model).__name__}, {self.model.count_params():,} parameters.")
        self.validation = self.evaluation_data(self.config.train.eval_images)
        self.training_data(step)  # Raises for bad options now, not in the middle of `fit`.
        return step

    def training_data(self, step):
        """Batches of the training split from `step` on."""
        return build.training_data(self.config, self.model.family, step)

    def evaluation_data(self, num_examples=None):
        """The test split, or its first `num_examples`, in batches that leave no replica empty."""
        available = build.info(self.config, self.config.data.test_split).num_examples
        count = min(num_examples or available, available)
        replicas = self.strategy.num_replicas_in_sync
        size = strategies.evaluation_batch_size(count, self.config.train.batch_size, replicas)
        drop = size is None
        if drop:
            size = replicas
            self.say(f"{count} test images do not divide over {replicas} replicas: rest dropped.")
        return build.evaluation_data(self.config, self.model.family, size, count, drop)

    def callbacks(self, step):
        """(callbacks in order, the one that takes signals)."""
        train = self.config.train
        terms = ("loss", "nll", "kl", "penalty")
        if self.config.regularizer.name == "kl":
            terms = terms[:-1]  # It is the same number.
        clock = cb.Clock(step, train.steps, train.checkpoint_every)
        signals = cb.StopOnSignal(clock, self.checkpoints)
        return [
            clock,
            # Before anything is written of a step that is not finite.
            cb.StopIfNotFinite(clock, self.checkpoints),
            cb.LogMetrics(
                clock,
                self.metrics_file,
                self.summaries,
                ProgressBar(train.steps),
                train.log_every,
                train.batch_size,
                terms,
            ),
            *self.pictures(clock),
            # After all that belongs to the step: the checkpoint is what a resume believes.
            cb.SaveCheckpoint(clock, self.checkpoints),
            signals,
        ], signals

    def pictures(self, clock):
        """[the callback that draws], or [] where no pictures are wanted."""
        options = self.config.pictures
        if not options.num:
            return []
        data = build.evaluation_data(self.config, self.model.family, options.num, options.num)
        draw = functools.partial(
            pictures.draw,
            config=self.config,
            folder=self.folder,
            batch=next(iter(data)),
        )
        return [cb.DrawPictures(clock, draw, self.summaries)]

    def fit(self, step):
        """Train from `step` to the end: a Keras epoch is the time between two checkpoints."""
        train = self.config.train
        callbacks, signals = self.callbacks(step)
        with signals:
            for first, last, length in intervals(step, train.steps, train.checkpoint_every):
                self.model.fit(
                    self.training_data(callbacks[0].step),
                    initial_epoch=first,
                    epochs=last,
                    steps_per_epoch=length,
                    validation_data=self.validation,
                    callbacks=callbacks,
                    shuffle=False,  # The data are shuffled; True, the default, warns.
                    verbose=0,
                )

    def evaluate(self):
        """Metrics over the whole test split, written to metrics.jsonl: {name: float}."""
        step = self.config.train.steps
        metrics = self.model.evaluate(self.evaluation_data(), verbose=0, return_dict=True)
        metrics = plain(metrics)
        self.metrics_file.append(step, "test", metrics)
        self.summaries.scalars(step, "test", metrics)
        self.summaries.flush()
        return metrics


def _set_up(config, folder, strategy, overwrite_config, say):
    """Everything that can be wrong before the first step: (Run, step to go on from)."""
    _check(config)
    if config.train.deterministic_ops:
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    if isinstance(strategy, str):
        strategy = strategies.make(strategy)
    strategies.check_batch_size(strategy, config.train.batch_size)
    if not overwrite_config:
        workdir.check(folder, config)
    run = Run(config, folder, strategy, say)
    step = run.build()
    # Only now: a configuration that makes no model leaves no trace in the folder.
    workdir.prepare(folder, config)
    run.checkpoints.clean()
    run.metrics_file.rewind(step)
    return run, step


def train_and_evaluate(config, folder, strategy="auto", overwrite_config=False, say=print):
    """Train the model of `config` in a run folder, resuming what is there, and evaluate it.

    Args:
      config: ConfigDict as configs.get_config makes it.
      folder: the run folder; made when it does not exist.
      strategy: a name of train.strategies, or a tf.distribute strategy.
      overwrite_config: go on in a folder whose configuration differs.
      say: called with each line for the user.

    Returns:
      (model, test metrics {name: float}); metrics are None when the run had finished before.

    Raises:
      train.errors.TrainError: the run cannot start or go on; its message says why.
    """
    folder = pathlib.Path(folder)
    with as_setup_error():
        run, step = _set_up(config, folder, strategy, overwrite_config, say)
    if step == config.train.steps and run.metrics_file.has(step, "test"):
        say(f"This run has finished: {folder} is at step {step}.")
        return run.model, None
    if step:
        say(f"Resuming {folder} at step {step}.")
    try:
        if step < config.train.steps:
            run.fit(step)
        return run.model, run.evaluate()
    except OSError as error:  # The disk is full or gone.
        raise TrainError(f"{error}; {run.checkpoints.describe_last()}") from error
