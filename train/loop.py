"""train_and_evaluate: a run from its configuration to its test metrics."""

import train.start  # noqa: F401 (before TensorFlow)

# isort: split

import contextlib
import pathlib

import keras
import tensorflow as tf

from train import configuration, files, strategies, workdir
from train.errors import as_setup_error
from train.one_run import Run
from train.workers import joining
from train.workers import team as teams


def _set_up(config, folder, strategy, overwrite_config, say, given, stream, locked, team):
    """Do what can fail before the first step: (Run, step to go on from)."""
    exists = folder.is_dir()
    if exists and team.is_chief:
        locked.enter_context(workdir.lock(folder))
    settled = configuration.settle(config, folder, given, overwrite_config)
    config = settled.config
    team.agree(config)
    for line in settled.lines:
        say(line)
    if config.train.deterministic_ops:
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    if isinstance(strategy, str):
        strategy = strategies.make(strategy)
    strategies.check_batch_size(strategy, config.train.batch_size, config.train.accumulate)
    run = Run(settled, folder, strategy, say, stream, team)
    step = run.build()
    if team.is_chief:
        # Only now, so that a bad configuration leaves nothing in the folder.
        workdir.prepare(folder, config)
        if not exists:
            locked.enter_context(workdir.lock(folder))
        run.checkpoints.clean()
        for unfinished in (folder, folder / "samples"):
            files.clean(unfinished)
        run.metrics_file.rewind(step)
        if run.best:
            run.best.update(step)  # A process may have been killed between a checkpoint and this.
    team.share(folder)
    return run, step


def train_and_evaluate(
    config,
    folder,
    strategy="auto",
    overwrite_config=False,
    say=print,
    given=None,
    stream=None,
    wait=joining.WAIT,
):
    """Train the model of `config` in a run folder, or resume the run there, and evaluate it.

    If the folder holds a run, a field at None takes the run's value. A value that differs from the
    run's is an error, except for the fields in configuration.FREE.

    Args:
      config: ConfigDict as configs.get_config makes it.
      folder: the run folder; created if it does not exist.
      strategy: a name of train.strategies, or a tf.distribute strategy.
      overwrite_config: go on although the folder's configuration differs.
      say: called with each line for the user.
      given: keys of the fields that the user set, if known; see configuration.settle.
      stream: where the progress bar is drawn; None is the standard output.
      wait: seconds to wait for the other workers of the strategy "multiworker".

    Returns:
      (model, test metrics {name: float}); metrics are None if the run had finished before. With
      train.ema_momentum the model has the averages of its weights, and with train.select = "best"
      those of the best checkpoint.

    Raises:
      train.errors.TrainError: the run cannot start or go on.
    """
    folder = pathlib.Path(folder)
    if strategy == "multiworker":
        with as_setup_error():
            strategy = joining.join(wait)  # Before TensorFlow is used.
    team = teams.of(strategy)
    say, stream = team.say(say), team.stream(stream)
    with contextlib.ExitStack() as held:
        held.enter_context(team.session())
        with as_setup_error(), team.working():
            run, step = _set_up(
                config, folder, strategy, overwrite_config, say, given, stream, held, team
            )
        return _finish(run, step, folder, say)


def _finish(run, step, folder, say):
    """Train from `step` on and evaluate; see train_and_evaluate."""
    steps = run.config.train.steps
    if run.team.from_chief(lambda: step == steps and run.metrics_file.has(step, "test")):
        say(f"This run has finished: {folder} is at step {step}.")
        run.take_selected()
        return run.model, None
    if step:
        say(f"Resuming {folder} at step {step}.")
    with as_setup_error():
        run.summaries.rewind(step)
    if step < steps:
        run.fit(step)
    return run.model, run.evaluate()
