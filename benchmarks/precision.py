"""Half precision, a batch in parts, or XLA against a plain run: speed, the bound, memory.

    python benchmarks/precision.py --model=vae --dataset=mnist --data_dir=DIR
    python benchmarks/precision.py --model=pixelvae --change=train.jit=True
    python benchmarks/precision.py --model=seqvae --change=train.accumulate=4 --memory

Both models come from the recipe's configuration with the same seed; `--change` names the field of
the configuration in which the second differs. They train in turns in one process, on the same
batches. The first turn, which traces and compiles, is not counted. Then both have taken equally
many steps, and both give the bound of the same test images, computed in float32: the difference is
that of the trained weights, with its standard error over images.

With --memory, each is trained for a turn in a process of its own, on Linux: the peak of the memory
above that of the process when it has built the model. It has the graph in it, too.
"""

import functools
import subprocess
import sys

import memory
import numpy as np
from absl import app, flags
from pairs import compare

import train.start  # noqa: F401 (before TensorFlow)

_MODEL = flags.DEFINE_string("model", "vae", "The recipe.")
_DATASET = flags.DEFINE_string("dataset", "digits", "The data set.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_CHANGE = flags.DEFINE_string("change", "precision=mixed_bfloat16", "FIELD=VALUE of the second.")
_SET = flags.DEFINE_multi_string("set", [], "FIELD=VALUE of both, such as train.batch_size=32.")
_STEPS = flags.DEFINE_integer("steps", 100, "Training steps per turn.")
_TURNS = flags.DEFINE_integer("turns", 5, "Turns of each that count.")
_IMAGES = flags.DEFINE_integer("images", 1000, "Test images for the bound.")
_MEMORY = flags.DEFINE_bool("memory", False, "Also measure the memory.")
_TIMES = flags.DEFINE_bool("times", True, "Measure times and bounds; without them, memory alone.")
_ALONE = flags.DEFINE_string("alone", None, "Used by --memory: 'plain' or 'changed'.")


def run(changed):
    """The recipe's run, with the change or without it."""
    from recipes import Run, configuration

    fields = [*_SET.value, *([_CHANGE.value] if changed else [])]
    return Run(configuration(_MODEL.value, _DATASET.value, _DATA_DIR.value, fields))


def bounds(trained):
    """-log p(x|z) - KL of every test image, from one draw of z: [N] nats."""
    from tfgvae import precision

    model = precision.in_float32(trained.model)
    count = min(_IMAGES.value, trained.data.test_info.num_examples)
    batches = trained.data.evaluation(model.family, min(100, count), count)
    return model.predict(batches, verbose=0)["elbo"]


def rise_here(kind):
    """MB by which a turn raises the peak memory of this process."""
    alone = run(kind == "changed")
    memory.reset_peak()
    before = memory.now()
    alone.turn(_STEPS.value)
    return (memory.peak() - before) / 2**20


def rise(kind):
    """The same of a new process."""
    command = [sys.executable, __file__, *sys.argv[1:], f"--alone={kind}"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(printed.splitlines()[-1])


def main(_):
    if _ALONE.value:
        print(rise_here(_ALONE.value))
        return
    if not _TIMES.value:
        print(f"rise of the peak: {rise('changed'):.0f} MB against {rise('plain'):.0f} MB")
        return
    plain, changed = run(False), run(True)
    title = f"{_MODEL.value} on {_DATASET.value}, {_CHANGE.value} (ours) against the recipe"
    images = _STEPS.value * plain.config.train.batch_size
    turns = [functools.partial(each.turn, _STEPS.value) for each in (changed, plain)]
    compare(title, *turns, images, "images", _TURNS.value)
    ours, theirs = bounds(changed), bounds(plain)
    gain = ours - theirs
    print(
        f"bound after {plain.done} steps: {ours.mean():.3f} against {theirs.mean():.3f} nats per "
        f"image, difference {gain.mean():+.3f} +- {gain.std() / np.sqrt(len(gain)):.3f}"
    )
    if _MEMORY.value:
        print(f"rise of the peak: {rise('changed'):.0f} MB against {rise('plain'):.0f} MB")


if __name__ == "__main__":
    app.run(main)
