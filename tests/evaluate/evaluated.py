"""Run folders of tiny models, and an evaluation of them small enough for tests."""

import json

import keras

import configs
from tests.conformance import tiny_models
from tfgvae import runs
from train.configuration import as_json

STEP = 20
# The least of everything.
SIZES = {
    "num_images": 12,
    "num_codes": 36,
    "num_critic": 0,
    "num_walked": 18,
    "num_samples": 3,
    "num_generated": 12,
    "chain_steps": 8,
    "num_chains": 4,
    "ais_images": 2,
    "ais_chains": 2,
    "ais_temperatures": 3,
    "num_permutations": 20,
    "num_points": 4,
    "classifier_steps": 3,
    "grid": 2,
    "batch_size": 8,
}
# Each of these is done in a second or two.
FAST = ["reconstruction", "log_likelihood"]


def run_folder(folder, key="gvae", seed=1):
    """A run folder of a tiny model on digits, as training leaves it."""
    model = tiny_models.build(key, seed=seed)
    model.compile(keras.optimizers.Adam())
    model.optimizer.build(model.trainable_variables)
    path = runs.checkpoint_path(folder, STEP)
    path.parent.mkdir(parents=True)
    model.save(path)
    config = configs.get_config("gvae")
    config.model.name = key.split("-")[0]
    config.data.name = "digits"
    if model.family.levels == 2:
        config.data.binarize = "static"
    (folder / "config.json").write_text(json.dumps(as_json(config)))
    return folder
