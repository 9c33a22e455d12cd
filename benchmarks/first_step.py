"""What a user waits for before the second training step, for every recipe, and as a chain grows.

    python benchmarks/first_step.py --data_dir=DIR
    python benchmarks/first_step.py --recipes=seqvae_celeba --data_dir=DIR --dataset=scenes64 \\
        --set=train.batch_size=16 --grow=model.num_steps=2,4,8,16

Each model runs in its own process: seconds to make it with its optimizer, then seconds of its first
training step, which builds the graph, and of its second, which does not. The difference of the two
is the time for the graph.
"""

import subprocess
import sys
import time

from absl import app, flags

# Recipes that train on the digits in seconds a step; the others need a checkpoint or large images.
RECIPES = "gvae,vae,vae2d,uvae,naive,pixelcnn,pixelvae,pixelvae_authors,pixelvae_pp,infusion,seqvae"

_RECIPES = flags.DEFINE_list("recipes", RECIPES, "The recipes.")
_DATASET = flags.DEFINE_string("dataset", "digits", "The data set.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_SET = flags.DEFINE_multi_string("set", [], "FIELD=VALUE, such as train.batch_size=32.")
_GROW = flags.DEFINE_string("grow", None, "FIELD=A,B,C: every recipe with each of the values.")
_ALONE = flags.DEFINE_bool("alone", False, "Used by itself: measure here, and print.")


def measure():
    """(seconds to make the model, of the first step, of the second)."""
    import train.start  # noqa: F401 (before TensorFlow; the parent does without)

    # isort: split
    from recipes import Run, configuration

    (recipe,) = _RECIPES.value
    begun = time.perf_counter()
    run = Run(configuration(recipe, _DATASET.value, _DATA_DIR.value, _SET.value))
    times = [time.perf_counter() - begun]
    for batch in run.data.training(run.model.family, 0).take(2):
        begun = time.perf_counter()
        run.model.train_on_batch(batch)
        times.append(time.perf_counter() - begun)
    return times


def cases():
    """(what is shown, the arguments of its process)."""
    field, _, values = (_GROW.value or "").partition("=")
    for recipe in _RECIPES.value:
        for value in values.split(","):
            extra = [f"--set={field}={value}"] if field else []
            yield " ".join([recipe, *(e[6:] for e in extra)]), [f"--recipes={recipe}", *extra]


def main(_):
    if _ALONE.value:
        print(*measure())
        return
    print(f"{'model':40}  make  first step  second step  graph")
    for shown, arguments in cases():
        command = [sys.executable, __file__, *sys.argv[1:], "--alone", "--grow=", *arguments]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        made, first, second = map(float, printed.splitlines()[-1].split())
        print(f"{shown:40}  {made:4.1f}  {first:10.1f}  {second:11.2f}  {first - second:5.1f}")


if __name__ == "__main__":
    app.run(main)
