"""The paper's figures and propositions as experiments."""

from train import interrupts  # First: Ctrl-C during the other imports is one line.

# isort: split

import importlib
import pathlib

from configs.catalog import check_name
from configs.check import check_dataset
from train import files
from train.errors import as_setup_error

EXPERIMENTS = {
    "figure2": "posterior variance over a 2-D latent plane, and the digits decoded there",
    "figure4": "the sequential VAE: each step gives sharper samples and less variance",
    "figure5": "a PixelCNN as P on MNIST, R = KL and R = 0: samples, information, likelihood",
    "figure6": "a PixelCNN++ as P on CIFAR-10, R = KL and R = 0: samples, KL, likelihood",
    "chains": "R = 0: latents, floor, corruption and walkback against where the chain ends",
    "propositions": "propositions 1 to 6 on finite spaces, by enumeration",
}
PRESETS = {
    "quick": "a size for two cores: half a minute to two hours, see docs/results/reproduction.md",
    "paper": "the paper's size",
}


def reproduce(experiment, output, preset="quick", dataset=None, data_dir=None, seed=0, say=print):
    """Run an experiment: train the missing runs, write its figure and its numbers.

    Args:
      experiment: a name in EXPERIMENTS.
      output: a folder for NAME.png, NAME.pdf, NAME.json, NAME.csv and runs/.
      preset: a name in PRESETS.
      dataset: a data set instead of the experiment's own.
      data_dir: where prepared TFDS data is.
      seed: of the trainings and of all random draws.
      say: called with each line for the user.

    Raises:
      train.errors.TrainError: bad settings or data, or a training that cannot go on.
    """
    with as_setup_error():
        # Find mistakes before TensorFlow is imported, which takes seconds.
        check_name(EXPERIMENTS, experiment, "experiment")
        check_name(PRESETS, preset, "preset")
        if dataset is not None:
            check_dataset(dataset, data_dir)
        files.check_name("the output folder", output)
        output = pathlib.Path(output)
        output.mkdir(parents=True, exist_ok=True)
    from train.reproduce.context import Context

    module = importlib.import_module(f"train.reproduce.{experiment}")
    interrupts.started()
    module.run(Context(output, preset, dataset, data_dir, seed, say), module.SETTINGS[preset])
