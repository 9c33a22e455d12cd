"""The experiments in a size for tests: digits, the smallest networks, four steps."""

from tests.train import tiny_runs
from train.reproduce import figure2, figure4, preference

STEPS = {"train.steps": 4, "train.warmup_steps": 0, "train.checkpoint_every": 4}


def overrides(recipe, keep=()):
    """What makes a recipe tiny, as flat fields; `keep` names fields left as they are."""
    config = tiny_runs.config(recipe).to_dict()
    flat = {
        f"{section}.{key}": value
        for section in ("model", "family", "mapping", "inference", "data", "train")
        for key, value in config[section].items()
        if key != "name" or section == "data"
    }
    return {k: v for k, v in {**flat, **STEPS}.items() if v is not None and k not in keep}


def settings(experiment):
    """The settings of an experiment."""
    if experiment == "figure2":
        return figure2.Settings(
            overrides("vae2d", keep=("model.latent_dim",)), 64, resolution=4, digits=3, num_draws=20
        )
    if experiment == "figure4":
        return figure4.Settings(overrides("seqvae"), 32, num_data=48, num_draws=16, columns=3)
    recipe = {"figure5": "pixelvae", "figure6": "pixelvae_pp"}[experiment]
    more = {"variants": ("kl", "none", "corrupted")} if experiment == "figure5" else {}
    return preference.Settings(
        overrides(recipe), 16, 24, 4, (1, 5), classifier_steps=3, num_codes=80, **more
    )
