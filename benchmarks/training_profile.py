"""Where the time of a training step goes: the share of each kind of operation.

    python benchmarks/training_profile.py --recipes=pixelvae --dataset=mnist --data_dir=DIR

TensorFlow's profiler records each operation of some steps after the first. Operations run at the
same time on several cores, so shares are of the sum of their times.
"""

import collections
import pathlib
import tempfile

from absl import app, flags

import train.start  # noqa: F401 (before TensorFlow)

_RECIPES = flags.DEFINE_list("recipes", ["pixelvae", "pixelvae_pp"], "The recipes.")
_DATASET = flags.DEFINE_string("dataset", "digits", "The data set.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_SET = flags.DEFINE_multi_string("set", [], "FIELD=VALUE, such as train.batch_size=32.")
_STEPS = flags.DEFINE_integer("steps", 5, "Recorded training steps.")
_SHOWN = flags.DEFINE_integer("shown", 12, "Kinds of operations that are shown.")

# Events of TensorFlow's executor, which hold others.
OTHERS = ("Process", "Run")


def recorded(folder):
    """{kind of operation: [seconds, calls]} of the operations in a folder of the profiler."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    found = collections.defaultdict(lambda: [0.0, 0])
    for path in pathlib.Path(folder).rglob("*.xplane.pb"):
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
        for plane in space.planes:
            names = {key: value.name for key, value in plane.event_metadata.items()}
            for event in (event for line in plane.lines for event in line.events):
                # An operation is "name:Kind".
                _, colon, kind = names[event.metadata_id].rpartition(":")
                if colon and kind.isidentifier() and kind not in OTHERS:
                    found[kind][0] += event.duration_ps / 1e12
                    found[kind][1] += 1
    return found


def profile(recipe):
    """Train some steps of a recipe under the profiler: {kind: [seconds, calls]}."""
    import tensorflow as tf
    from recipes import Run, configuration

    run = Run(configuration(recipe, _DATASET.value, _DATA_DIR.value, _SET.value))
    # One batch, again and again: the profile has no operation of the data pipeline.
    batch = next(iter(run.data.training(run.model.family, 0)))
    run.model.train_on_batch(batch)
    options = tf.profiler.experimental.ProfilerOptions(host_tracer_level=2)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, options):
            for _ in range(_STEPS.value):
                run.model.train_on_batch(batch)
        return recorded(folder)


def main(_):
    for recipe in _RECIPES.value:
        found = profile(recipe)
        total = sum(seconds for seconds, _ in found.values())
        convolutions = sum(found[kind][0] for kind in found if "Conv" in kind)
        calls = sum(count for _, count in found.values())
        print(
            f"{recipe}: convolutions {convolutions / total:.0%} of {total / _STEPS.value:.3f} s, "
            f"{calls / _STEPS.value:.0f} operations a step"
        )
        ordered = sorted(found.items(), key=lambda item: -item[1][0])
        for kind, (seconds, count) in ordered[: _SHOWN.value]:
            print(f"  {kind:32} {seconds / total:5.1%}  {count / _STEPS.value:7.0f} calls")


if __name__ == "__main__":
    app.run(main)
