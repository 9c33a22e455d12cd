"""Time and memory of sampling from the autoregressive families, and the time of training one.

    python benchmarks/pixelcnn_sampling.py --part=sampling|pp|memory|training|all

A family's own sampler is incremental: the vertical stack runs once per row, the horizontal stack
once per pixel. It is compared with tfd.PixelCNN and with a loop that runs a full pass for every
pixel. That loop has the same weights and noise and must draw the same images. Each method is traced
and warmed up before timing. The methods of a table take turns; a method stops after --budget
seconds. Memory is measured on Linux only. `--small` runs everything with tiny sizes.
"""

import os
import statistics
import subprocess
import sys
import time
from types import SimpleNamespace

from absl import app, flags

import train  # noqa: F401 (sets TensorFlow's environment before its import)

# isort: split
import keras
import memory
import numpy as np
import pixelcnn_peers as peers
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import seeds
from tfgvae.autoregressive import raster
from tfgvae.autoregressive.incremental import OneRow, copy
from tfgvae.families import PixelCNN, PixelCNNPP

_TURNS = flags.DEFINE_integer("turns", 5, "Turns of each method.")
_BUDGET = flags.DEFINE_float("budget", 200.0, "Seconds after which a method takes no more turns.")
_SEED = flags.DEFINE_integer("seed", 1, "Seed of weights, conditions, images and noise.")
_SMALL = flags.DEFINE_bool("small", False, "Tiny sizes, to test the script.")
_CHILD = flags.DEFINE_list("child", None, "Used by the script itself: method, height, width.")

FULL = SimpleNamespace(
    image=(28, 28, 1),
    pixelcnn={"num_blocks": 6, "filters": 32, "kernel_size": 3},
    batches=(1, 16, 64),  # tfd.PixelCNN and pixelcnn_pp use the second.
    # Six blocks like ours; with 21 filters the number of parameters is nearest to ours.
    tfp={"num_resnet": 3, "num_filters": 21},
    pp_image=(32, 32, 3),
    pp={"num_blocks": 1, "filters": 32, "num_mixtures": 5},
    memory=((28, 28), (112, 28), (28, 112)),
)
TINY = SimpleNamespace(
    image=(6, 5, 1),
    pixelcnn={"num_blocks": 2, "filters": 4, "kernel_size": 3},
    batches=(1, 2, 4),
    tfp={"num_resnet": 1, "num_filters": 3},
    pp_image=(6, 5, 3),
    pp={"num_blocks": 1, "filters": 4, "num_mixtures": 2},
    memory=((6, 5), (24, 5), (6, 20)),
)
MEMORY_BATCH, TRAINING_BATCH, STEPS = 64, 32, 10  # training steps per turn


def make(family, image_shape, batch):
    """(the built family, its parameters [B, ...], its noise [B, ...], black and white images)."""
    rng = np.random.default_rng(_SEED.value)
    with seeds.initialization(_SEED.value):
        family.build((None, *family.params_shape(image_shape)), (None, *image_shape))
    params = rng.standard_normal((batch, *family.params_shape(image_shape)), np.float32)
    noise = rng.random((batch, *family.noise_shape(image_shape)), np.float32)
    images = (rng.random((batch, *image_shape)) < 0.5).astype(np.float32)
    return family, tf.constant(params), tf.constant(noise), tf.constant(images)


def any_batch(function, *tensors, **options):
    """A tf.function with one trace for all batch sizes."""
    signature = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in tensors]
    return tf.function(function, input_signature=signature, **options)


def timed(run):
    """(seconds, result) of a function without arguments that waits for its result."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def measure(methods):
    """({name: seconds of each turn}, {name: last result}) of functions without arguments."""
    seconds, results = {name: [] for name in methods}, {}
    for _ in range(_TURNS.value):
        for name, run in methods.items():
            if sum(seconds[name]) < _BUDGET.value:
                taken, results[name] = timed(run)
                seconds[name].append(taken)
    return seconds, results


def table(title, head, rows):
    """Print rows of text in columns, under a head."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    print(f"\n{title}")
    for row in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(["", row[0].ljust(widths[0]), *cells]), flush=True)


def compare(title, family, params, noise, more=None):
    """Time the incremental sampler, with and without XLA, the naive one, and `more` methods."""
    methods = {}
    for name, jit in {"incremental": False, "incremental, XLA": True}.items():
        sampler = any_batch(family.sample, params, noise, jit_compile=jit)
        methods[name] = lambda sampler=sampler: sampler(params, noise).numpy()
    first = {name: timed(run)[0] for name, run in methods.items()}
    naive, pixels = peers.naive_sampler(family), family.image_shape[0] * family.image_shape[1]
    # Two pixels are enough to trace it and warm it up.
    first["naive"], _ = timed(lambda: naive(params, noise, tf.constant(2)))
    methods["naive"] = lambda: naive(params, noise, tf.constant(pixels)).numpy()
    seconds, images = measure({**methods, **(more or {})})
    rows, base = [], statistics.median(seconds["incremental"])
    for name, times in seconds.items():
        median = statistics.median(times)
        cells = [f"{1e3 * median:,.1f}", f"{1e6 * median / pixels:,.1f}", f"{median / base:,.2f}"]
        rows.append([name, *cells, str(len(times)), f"{first[name]:.1f}" if name in first else "-"])
    table(title, ["method", "ms", "us per pixel", "/ incremental", "turns", "first call s"], rows)
    for name in list(methods)[1:]:
        differ = int(np.sum(images[name] != images["incremental"]))
        print(f"  sub-pixels of '{name}' that differ: {differ} of {images[name].size}", flush=True)


def part_sampling(sizes):
    for batch in sizes.batches:
        family, params, noise, images = make(PixelCNN(**sizes.pixelcnn), sizes.image, batch)
        title, more = f"{batch} images {sizes.image}, {family.count_params():,} parameters", {}
        if batch == sizes.batches[1]:
            other = peers.TfpPixelCNN(images, params, **sizes.tfp)
            more = other.samplers(params)
            title += "; tfd.PixelCNN {:,}, {:,} not masked".format(*other.num_parameters())
        compare(f"pixelcnn: {title}", family, params, noise, more)


def part_pp(sizes):
    family, batch = PixelCNNPP(**sizes.pp, dropout=0.0), sizes.batches[1]
    family, params, noise, images = make(family, sizes.pp_image, batch)
    family.initialize(images, params)
    title = f"{batch} images {sizes.pp_image}, {family.count_params():,} parameters"
    compare(f"pixelcnn_pp: {title}", family, params, noise)


def child(sizes, method, height, width):
    """Print by how many bytes a large batch raises the peak, after a small batch has run."""
    shape = (int(height), int(width), 1)
    family, params, noise, images = make(PixelCNN(**sizes.pixelcnn), shape, MEMORY_BATCH)
    arguments = {"sample": (params, noise), "outputs": (images, params)}[method]
    function = any_batch(getattr(family, method), *arguments)
    function(*(x[:2] for x in arguments))
    # Reset the peak to the current use: the peak of tracing could hide the peak of the batch.
    memory.reset_peak()
    before = memory.peak()
    function(*arguments)
    print(memory.peak() - before)


def rise(method, size):
    """Median in MB of the output of `child` in new processes."""
    arguments = [f"--child={method},{size[0]},{size[1]}", f"--seed={_SEED.value}"]
    count = 1 if _SMALL.value else 3
    command = [sys.executable, __file__, *arguments, *(["--small"] if _SMALL.value else [])]
    runs = [subprocess.run(command, check=True, stdout=subprocess.PIPE) for _ in range(count)]
    return statistics.median(int(run.stdout.split()[-1]) for run in runs) / 1e6


def loop_state(family, params, noise):
    """Bytes of the loops' tensors: (carried between rows, of one row, carried between pixels).

    Tensors that a loop carries keep their shape, which is that of the initial zeros; see `image`
    and `_pixels` of raster._Raster. The tensors of one row are the outputs of the vertical stack
    for its pixels and the arrays that these fill. The image, the noise and the weights are not
    counted.
    """
    loops = raster._Raster(family, params, noise)
    above = loops._zeros(loops.batch, 1, loops.width, family.input_channels)
    records = loops._records().items()
    recorded = {s: loops._zeros(loops.widths[s], loops.batch, size) for s, size in records}
    before = loops._rows_before()
    run = OneRow(params, 0, copy(before), loops.width)
    family.vertical(run, above)
    given = [row._joined for row in loops._rows(run, recorded)]
    drawn = loops._zeros(loops.width, loops.batch, loops.channels)
    left = loops._zeros(loops.batch, family.input_channels)
    parts = [above, before, recorded], [given, drawn, recorded], [left, loops._pixels_before()]
    return [sum(x.numpy().nbytes for x in tf.nest.flatten(part)) for part in parts]


def part_memory(sizes):
    rows, batch = [], MEMORY_BATCH
    for size in sizes.memory:
        family, params, noise, _ = make(PixelCNN(**sizes.pixelcnn), (*size, 1), batch)
        exact = [n / 1e6 for n in loop_state(family, params, noise)]
        rises = [rise(method, size) for method in ("sample", "outputs")]
        numbers = [noise.numpy().nbytes / 1e6, *exact, sum(exact), *rises]
        rows.append([f"{size[0]} x {size[1]}", *(f"{x:.2f}" for x in numbers)])
    head = ["H x W", "images", "rows", "a row", "pixels", "loops", "sample", "outputs"]
    title = f"pixelcnn, {batch} images: MB of the loops' tensors (rows + a row + pixels), "
    table(title + "and rise of the peak by `sample` and by one `outputs`", head, rows)


def part_training(sizes):
    family, params, _, images = make(PixelCNN(**sizes.pixelcnn), sizes.image, TRAINING_BATCH)
    steps, counts, error = peers.training_steps(family, images, params, sizes.pixelcnn, sizes.tfp)
    turns = {name: lambda run=run: [run() for _ in range(STEPS)] for name, run in steps.items()}
    seconds, rows = measure(turns)[0], []
    base = statistics.median(seconds["plain Keras"])
    for name, times in seconds.items():
        median = statistics.median(times)
        cells = [f"{1e3 * median / STEPS:.1f}", f"{median / base:.3f}", str(len(times))]
        rows.append([name, *cells, *(f"{count:,}" for count in counts[name])])
    title = f"pixelcnn: Adam, {TRAINING_BATCH} images {sizes.image}, {STEPS} steps per turn"
    table(title, ["network", "ms per step", "/ Keras", "turns", "parameters", "not masked"], rows)
    print(f"  tfgvae and plain Keras with the same weights: log p differs by {error:.1e} nats")


PARTS = {f.__name__[5:]: f for f in (part_sampling, part_pp, part_memory, part_training)}
_PART = flags.DEFINE_enum("part", "all", [*PARTS, "all"], "What to measure.")


def main(_):
    tf.get_logger().setLevel("ERROR")  # No warnings about the many traces.
    sizes = TINY if _SMALL.value else FULL
    if _CHILD.value:
        return child(sizes, *_CHILD.value)
    with open("/proc/cpuinfo") as info:
        cpu = next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    print(f"TensorFlow {tf.__version__}, Keras {keras.__version__}, TFP {tfp.__version__}")
    print(f"{cpu}, {os.cpu_count()} cores, seed {_SEED.value}", flush=True)
    for name, part in PARTS.items():
        if _PART.value in (name, "all"):
            part(sizes)


if __name__ == "__main__":
    app.run(main)
