"""How a run was made: its command line, its time, its machine, its commit."""

import os
import pathlib
import platform
import subprocess

import tensorflow as tf

from configs.fields import flat
from configs.resolve import BELONGING, fill
from tfgvae import runs
from train import command_line
from train.configuration import FREE, recipe_of
from train.flags import NO_FLAG, SHORTCUTS
from train.notebook import text_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Fields that change neither the weights nor the model.
_LEFT_OUT = {*NO_FLAG, *(key for key in FREE if key != "train.steps"), "pictures.num"}


def command(config):
    """The command line that trains a run again, with a run folder of its own.

    Args:
      config: ConfigDict of the run, without paths of this machine.
    """
    if config.prior_fit:
        return _with_fitted_prior(config)
    default, short = flat(fill(recipe_of(config))), {key: flag for flag, key in SHORTCUTS.items()}
    flags = [] if config.recipe is None else [f"--model={config.recipe}"]
    flags.append(f"--dataset={config.data.name}")
    if config.init_from:
        flags.append(f"--init_from={config.init_from}")
    for key, value in flat(config).items():
        if value is None or value == default.get(key) or key == "data.name" or _is_left_out(key):
            continue
        if default.get(key) is None and key in BELONGING:
            continue  # It was found from the data.
        flags.append(f"--{short.get(key, f'config.{key}')}={text_of(value)}")
    flags += [] if any(f.startswith("--seed=") for f in flags) else [f"--seed={config.seed}"]
    return command_line.written("python -m train.run", flags)


def _with_fitted_prior(config):
    """The command lines of a run to whose codes a prior was fitted."""
    before = config.copy_and_resolve_references()
    before.prior_fit = None
    before.prior.update(dict.fromkeys(before.prior))
    return f"{command(before)} --workdir=RUN && {config.prior_fit} --workdir=RUN --output=FITTED"


def _is_left_out(key):
    return key in _LEFT_OUT or key.startswith("pictures.")


def seconds(workdir, batch_size):
    """The time of the training steps by the rates in metrics.jsonl, or None if it has none."""
    total, last = 0.0, 0
    for row in runs.read_metrics(workdir):
        if row["split"] != "train":
            continue
        rate = row.get("images_per_second")
        if not rate:
            return None
        total += (row["step"] - last) * batch_size / rate
        last = row["step"]
    return round(total, 1) if last else None


def machine():
    """This machine: its processor, its cores, its GPUs."""
    found = [_processor(), f"{os.cpu_count()} cores"]
    gpus = tf.config.list_physical_devices("GPU")
    return ", ".join(found + ([f"{len(gpus)} GPUs"] if gpus else []))


def _processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def commit():
    """The commit of the clone that this code is in, or None."""
    if not (ROOT / ".git").exists():
        return None
    asked = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    found = done.stdout.strip()
    return found if len(found) == 40 else None
