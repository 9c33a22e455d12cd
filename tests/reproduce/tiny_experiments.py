"""The experiments in a size for tests: digits, the smallest networks, four steps."""

from tests.train import tiny_runs
from train.reproduce import chains, figure2, figure4, preference

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
        sizes = {"num_images": 32, "num_data": 48, "num_draws": 16, "columns": 3}
        return figure4.Settings(overrides("seqvae"), 8, **sizes, classifier_steps=3)
    if experiment == "chains":
        return chains.Settings(
            overrides("pixelvae_authors", keep=("model.latent_dim", "inference.min_stddev")),
            num_samples=24,
            num_chains=4,
            chain_steps=(1, 3),
            classifier_steps=3,
            floors=(0.01,),
            walkback=2,
        )
    recipe = {"figure5": "pixelvae", "figure6": "pixelvae_pp"}[experiment]
    third = {"figure5": "corrupted", "figure6": "alone"}[experiment]
    return preference.Settings(
        overrides(recipe),
        16,
        24 if experiment == "figure5" else 0,
        4,
        (1, 5),
        classifier_steps=3,
        variants=("kl", "none", third),
        num_codes=80,
        num_compared=40,
        longest={"kl": 1},
    )
