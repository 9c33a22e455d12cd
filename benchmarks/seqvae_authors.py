"""Our sequential VAE against the authors' graph: forward pass, training step, tracing, memory.

    python benchmarks/seqvae_authors.py
    python benchmarks/seqvae_authors.py --small      # tiny sizes, to test the script

Both have the same layers: --model=seqvae_celeba, and authors_graph.py as a plain TensorFlow graph.
Both train with Adam on the same batch. Ours also logs its terms, and keeps moving averages for
sampling. The two take turns in one process; a turn is --calls calls of each. The ratio of a turn is
their time divided by ours: above 1 ours is faster. The table shows medians, and ratios with their
range over the turns.

Then each graph runs in processes of its own: the time to build it, the time of its first training
step, which traces it, the operations of the step's graph, and the rise of the memory's peak from
the built model to the end of three steps.
"""

import statistics
import subprocess
import sys
import time

from absl import app, flags

import train  # noqa: F401 (sets TensorFlow's environment before its import)

# isort: split
import tensorflow as tf
from authors_graph import AuthorsGraph

import configs
from tfgvae import seeds
from tfgvae.data import ImageInfo
from tfgvae.layers.scales import pyramid
from train import build

_TURNS = flags.DEFINE_integer("turns", 5, "Turns of each.")
_PROCESSES = flags.DEFINE_integer("processes", 3, "Processes of each; 0: none.")
_CALLS = flags.DEFINE_integer("calls", 2, "Calls in a turn.")
_BATCH = flags.DEFINE_integer("batch", 16, "Images.")
_SIZE = flags.DEFINE_integer("size", 64, "Side of the images, a multiple of 16.")
_STEPS = flags.DEFINE_integer("num_steps", 8, "Steps of the chain.")
_WIDTH = flags.DEFINE_integer("width", 48, "Channels of the finest scale.")
_DENSE = flags.DEFINE_integer("dense", 512, "Units of the dense layers.")
_LATENTS = flags.DEFINE_integer("latents", 10, "Latents of each scale, and of the top.")
_SMALL = flags.DEFINE_bool("small", False, "Tiny sizes.")
_CHILD = flags.DEFINE_enum("child", None, ["ours", "authors"], "Used by the script itself.")
SMALL = {"turns": 2, "processes": 1, "batch": 4, "size": 16, "num_steps": 2}
SMALL |= {"width": 4, "dense": 8, "latents": 2}


def images():
    """A batch [B, H, W, 3] in [0, 1]."""
    return seeds.batch_uniform(0, _BATCH.value, (_SIZE.value, _SIZE.value, 3))


def groups():
    """The latents of the scales and of the top."""
    return (_LATENTS.value,) * len(pyramid((_SIZE.value, _SIZE.value, 3)))


class Ours:
    """The recipe's model, and the training step that `fit` runs."""

    def __init__(self):
        config, x = configs.get_config("seqvae_celeba"), images()
        config.model.num_steps, config.model.width = _STEPS.value, _WIDTH.value
        config.model.latent_groups, config.model.latent_dim = groups(), sum(groups())
        config.model.dense = (_DENSE.value,)
        self.model = build.compiled(config, ImageInfo(tuple(x.shape[1:]), len(x), None))
        self.weights = self.model.trainable_variables
        self.forward = Graph(self._loss, x)
        self.step = Graph(lambda x: self.model.train_step(x)["loss"], x)

    def _loss(self, x):
        self.model(x, training=True)
        return tf.add_n(self.model.losses)


class Authors:
    """The plain graph and its training step."""

    def __init__(self):
        x = 2 * images() - 1
        channels = [_WIDTH.value * 2**i for i in range(len(groups()))]
        graph = AuthorsGraph(tuple(x.shape[1:]), channels, groups(), _DENSE.value, _STEPS.value)
        noise = [len(x), *graph.shapes()[1]]
        self.weights = graph.weights
        self.forward = Graph(lambda x: graph.loss(x, tf.random.normal(noise)), x)
        self.step = Graph(graph.train, x)


class Graph:
    """A function of a batch to a scalar, traced at its first call."""

    def __init__(self, function, x):
        self.function, self.x = tf.function(function), x

    def __call__(self):
        return float(self.function(self.x))

    def operations(self):
        """The number of operations in the graph and in the functions that it calls."""
        found = self.function.get_concrete_function(self.x).graph.as_graph_def()
        return len(found.node) + sum(len(f.node_def) for f in found.library.function)


KINDS = {"ours": Ours, "authors": Authors}


def status(field):
    """A field of this process's memory in MB: VmHWM is the peak, VmRSS what is held now."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def child(kind):
    """Print, of one graph in this process: seconds, operations, MB."""
    _ = images()  # TensorFlow's own start is not measured.
    start = time.perf_counter()
    made = KINDS[kind]()
    built = time.perf_counter()
    held = status("VmRSS")
    made.step()
    first = time.perf_counter()
    for _ in range(2):
        made.step()
    second = (time.perf_counter() - first) / 2
    numbers = built - start, first - built - second, made.step.operations()
    print(*numbers, held, status("VmHWM"))


def spread(values):
    """ "median (lowest to highest)"."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def alone():
    """Print the table of the processes."""
    names = ("building, s", "tracing, s", "operations", "MB when built", "MB at the peak")
    rows = {kind: [] for kind in KINDS}
    for _ in range(_PROCESSES.value):
        for kind, found in rows.items():
            command = [sys.executable, *sys.argv, f"--child={kind}"]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            found.append([float(x) for x in done.stdout.splitlines()[-1].split()])
    print(f"\n{'a process each'.ljust(16)}  {'ours'.rjust(10)}  {'authors'.rjust(10)}  ratio")
    for i, name in enumerate(names):
        ours, theirs = ([row[i] for row in rows[kind]] for kind in KINDS)
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        medians = "  ".join(f"{statistics.median(x):10,.1f}" for x in (ours, theirs))
        print(f"{name.ljust(16)}  {medians}  {spread(ratios)}", flush=True)


def together():
    """Print the table of the two in this process, taking turns."""
    made = {kind: make() for kind, make in KINDS.items()}
    for kind, both in made.items():
        count = sum(w.shape.num_elements() for w in both.weights)
        print(f"{kind}: {count:,} weights, loss {both.forward():.1f}", flush=True)
        both.step()
    print(f"\n{'taking turns'.ljust(16)}  {'ours, s'.rjust(10)}  {'authors'.rjust(10)}  ratio")
    for part, name in (("forward", "forward pass"), ("step", "training step")):
        seconds = {kind: [] for kind in KINDS}
        for _ in range(_TURNS.value):
            for kind, both in made.items():
                start = time.perf_counter()
                for _ in range(_CALLS.value):
                    getattr(both, part)()
                seconds[kind].append((time.perf_counter() - start) / _CALLS.value)
        ratios = [b / a for a, b in zip(seconds["ours"], seconds["authors"], strict=True)]
        medians = "  ".join(f"{statistics.median(x):10.3f}" for x in seconds.values())
        print(f"{name.ljust(16)}  {medians}  {spread(ratios)}", flush=True)
        rates = {kind: _BATCH.value / statistics.median(x) for kind, x in seconds.items()}
        print("  images/s: " + ", ".join(f"{kind} {rate:.2f}" for kind, rate in rates.items()))


def main(_):
    if _SMALL.value:
        for name, value in SMALL.items():
            flags.FLAGS[name].value = value
    if _CHILD.value:
        return child(_CHILD.value)
    print(f"TensorFlow {tf.__version__}, batch {_BATCH.value}, {_STEPS.value} steps of the chain")
    together()
    if _PROCESSES.value:
        alone()


if __name__ == "__main__":
    app.run(main)
