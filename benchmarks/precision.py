"""Half precision, a batch in parts, or XLA against a plain run: speed, the bound, memory.

    python benchmarks/precision.py --model=vae --dataset=mnist --data_dir=DIR
    python benchmarks/precision.py --model=pixelvae --change=train.jit=True
    python benchmarks/precision.py --model=seqvae --change=train.accumulate=4 --memory

Both models come from the recipe's configuration with the same seed; `--change` names the field of
the configuration in which the second differs. They train in turns in one process, on the same
batches. The first turn, which traces and compiles, is not counted. Then both have taken equally
many steps, and both give the bound of the same test images, computed in float32: the difference is
that of the trained weights, with its standard error over images.

With --memory, each is trained for a turn in a process of its own: the rise of the peak memory over
that of a process that has built the model.
"""

import resource
import subprocess
import sys

import numpy as np
from absl import app, flags
from pairs import compare

import train  # noqa: F401 (sets TensorFlow's environment before its import)

_MODEL = flags.DEFINE_string("model", "vae", "The recipe.")
_DATASET = flags.DEFINE_string("dataset", "digits", "The data set.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_CHANGE = flags.DEFINE_string("change", "precision=mixed_bfloat16", "FIELD=VALUE of the second.")
_SET = flags.DEFINE_multi_string("set", [], "FIELD=VALUE of both, such as train.batch_size=32.")
_STEPS = flags.DEFINE_integer("steps", 100, "Training steps per turn.")
_TURNS = flags.DEFINE_integer("turns", 5, "Turns of each that count.")
_IMAGES = flags.DEFINE_integer("images", 1000, "Test images for the bound.")
_MEMORY = flags.DEFINE_bool("memory", False, "Also measure the memory.")
_ALONE = flags.DEFINE_string("alone", None, "Used by --memory: 'plain' or 'changed'.")


def configuration(changed):
    """The recipe's configuration, with the change or without it."""
    import configs
    from configs.fields import flat

    config = configs.get_config(_MODEL.value)
    config.data.name, config.data.data_dir = _DATASET.value, _DATA_DIR.value
    known = flat(config)
    for pair in [*_SET.value, *([_CHANGE.value] if changed else [])]:
        field, _, text = pair.partition("=")
        kind = type(known[field])
        value = text == "True" if kind is bool else text if known[field] is None else kind(text)
        config.update_from_flattened_dict({field: value})
    return config


class Run:
    """A compiled model and its batches; `turn` trains it for some steps."""

    def __init__(self, changed):
        from train import build
        from train.datasets import Datasets

        self.config = configuration(changed)
        self.data = Datasets(self.config)
        self.model = build.compiled(self.config, self.data.training_info)
        self.done = 0

    def turn(self):
        self.model.fit(
            self.data.training(self.model.family, self.done),
            steps_per_epoch=_STEPS.value,
            verbose=0,
            shuffle=False,
        )
        self.done += _STEPS.value

    def bounds(self):
        """-log p(x|z) - KL of every test image, from one draw of z: [N] nats."""
        from tfgvae import precision

        model = precision.in_float32(self.model)
        count = min(_IMAGES.value, self.data.test_info.num_examples)
        batches = self.data.evaluation(model.family, min(100, count), count)
        return model.predict(batches, verbose=0)["elbo"]


def peak():
    """The peak memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rise(kind):
    """MB by which a turn raises the peak memory of a new process."""
    command = [sys.executable, __file__, *sys.argv[1:], f"--alone={kind}"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(printed.splitlines()[-1])


def main(_):
    if _ALONE.value:
        run = Run(_ALONE.value == "changed")
        before = peak()
        run.turn()
        print(peak() - before)
        return
    plain, changed = Run(False), Run(True)
    title = f"{_MODEL.value} on {_DATASET.value}, {_CHANGE.value} (ours) against the recipe"
    images = _STEPS.value * plain.config.train.batch_size
    compare(title, changed.turn, plain.turn, images, "images", _TURNS.value)
    ours, theirs = changed.bounds(), plain.bounds()
    gain = ours - theirs
    print(
        f"bound after {plain.done} steps: {ours.mean():.3f} against {theirs.mean():.3f} nats per "
        f"image, difference {gain.mean():+.3f} +- {gain.std() / np.sqrt(len(gain)):.3f}"
    )
    if _MEMORY.value:
        print(f"rise of the peak: {rise('changed'):.0f} MB against {rise('plain'):.0f} MB")


if __name__ == "__main__":
    app.run(main)
