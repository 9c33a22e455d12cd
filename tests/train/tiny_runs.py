"""Configurations small enough for tests, and the command in its own process."""

import os
import pathlib
import subprocess
import sys

import configs
from tfgvae import registry
from tfgvae.models import MODELS

ROOT = pathlib.Path(__file__).parents[2]

# The smallest networks, as flags.
FLAGS = {
    "mapping.width": 2,
    "mapping.dense": (8,),
    "inference.width": 2,
    "inference.dense": (8,),
    "model.latent_dim": 2,
    "train.batch_size": 8,
    "train.eval_images": 16,
    "pictures.num": 2,
    "pictures.gibbs_steps": 2,
}
CHAINS = {
    "seqvae": {
        "model.num_steps": 2,
        "model.latent_dim": 4,
        "model.latent_groups": None,
        "model.width": 2,
        "model.dense": (8,),
    },
    "infusion": {"model.num_steps": 2},
}
CLASSES = 10  # of the digits

# The same as a command line.
SMALLEST = ["--model=vae", *(f"--config.{key}={value}" for key, value in FLAGS.items())]


def config(recipe="vae", **train):
    """A recipe on digits with the smallest networks; `train` sets fields of config.train."""
    made = configs.get_config(recipe)
    takes = registry.arguments(MODELS[made.model.name])
    flags = {**FLAGS, **CHAINS.get(made.model.name, {})}
    for part in {"mapping", "inference"} - set(takes):
        flags = {k: v for k, v in flags.items() if not k.startswith(part)}
    if "latent_dim" not in takes:
        del flags["model.latent_dim"]
    if made.mapping.name == "mlp" or made.model.name == "infusion":
        del flags["mapping.width"]
    if made.inference.name in ("naive", "classifier"):
        flags = {k: v for k, v in flags.items() if not k.startswith("inference")}
    if made.inference.name == "classifier":
        flags["model.latent_dim"] = CLASSES
    digits = dict.fromkeys(("data.crop", "data.image_size")) | {"data.name": "digits"}
    digits["data.test_split"] = "test"
    made.update_from_flattened_dict({**flags, **digits})
    if str(made.family.name).startswith("pixelcnn"):
        made.family.update(num_blocks=1, filters=6, features=4)
    made.train.update(steps=4, warmup_steps=0, checkpoint_every=2, log_every=1)
    made.train.update(train)
    return made


def command(*arguments):
    """The command line of `train.run --model=vae` with the smallest networks."""
    return [sys.executable, "-m", "train.run", *SMALLEST, *arguments]


def start(*arguments, **options):
    """Start `command` with its output in pipes: a subprocess.Popen."""
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
