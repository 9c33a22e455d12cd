"""The list of components for the conformance suites.

It contains every name of the folders' tables, so a new component is tested automatically. This file
adds options for components whose defaults are too large for tests, and variants (NAME-variant).
"""

from tfgvae import corruptions, families, inference, mappings, models, priors, regularizers
from tfgvae.layers.classifier import ClassifierNetwork
from tfgvae.registry import make


def _with_registered(table, listed):
    """`listed` options, and the defaults of the table's other names."""
    return {**{name: {} for name in table}, **listed}


_TINY_PIXELCNN_PP = {
    "levels": 4,
    "num_blocks": 1,
    "filters": 6,
    "num_mixtures": 2,
    "features": 4,
}

_FAMILIES = {
    "bernoulli": {},
    "categorical": {"levels": 5},
    "categorical-256": {"levels": 256},
    "discretized_logistic": {"levels": 7},
    "discretized_logistic-256": {},
    "gaussian": {},
    "gaussian-identity": {"scale": 0.3, "link": "identity"},
    "gaussian-global": {"scale": 0.5, "learned": "global"},
    "gaussian-pixel": {"scale": 0.5, "learned": "pixel"},
    "pixelcnn": {"num_blocks": 1, "filters": 6, "features": 4},
    "pixelcnn-map": {"num_blocks": 1, "filters": 6, "features": 4, "condition": "map"},
    "pixelcnn-levels": {
        "levels": 5,
        "num_blocks": 1,
        "kernel_size": 5,
        "filters": 6,
        "features": 4,
    },
    "pixelcnn_pp": _TINY_PIXELCNN_PP,
    "pixelcnn_pp-map": {**_TINY_PIXELCNN_PP, "condition": "map", "num_scales": 2, "levels": 256},
}

_MAPPINGS = {
    "mlp": {"dense": (5,)},
    "mlp-affine": {"dense": ()},
    "conv": {"width": 4, "dense": (6,)},
    "conv-batch": {"width": 4, "dense": (), "norm": "batch"},
    "authors_ladder": {"width": 4, "dense": (6,)},
    "authors_ladder-add": {"width": 8, "dense": (8,), "combine": "add", "norm": "group"},
    "ladder": {"width": 4, "dense": (6,)},
    "ladder-add": {"width": 8, "dense": (8,), "combine": "add", "norm": "group"},
    "ladder-gated": {"width": 4, "dense": (6,), "combine": "gated_add", "norm": "layer"},
}


def _classifier(latent_dim, image_shape):
    """An untrained classifier instead of a file."""
    return {"network": ClassifierNetwork(image_shape, latent_dim, width=4, dense=(6,))}


_INFERENCE = {
    "classifier": _classifier,
    "flow": {"trunk": "mlp", "dense": (6,), "hidden": (8,), "context": 3},
    "gaussian": {"width": 4, "dense": (6,)},
    "gaussian-mlp": {"trunk": "mlp", "dense": (6,)},
    "gaussian-resnet": {"trunk": "resnet", "width": 4, "dense": (6,), "norm": "batch"},
    "gaussian-sigmoid": {"trunk": "mlp", "dense": (6,), "deviation": "sigmoid", "min_stddev": 0.3},
    "authors_ladder": {"width": 4, "dense": (6,)},
    "ladder": {"width": 4, "dense": (6,)},
    "ladder-groups": {"width": 4, "dense": (6,), "latent_groups": (1, 4), "norm": "none"},
}

_PRIORS = {
    "flow": {"hidden": (8,)},
    "mixture": {"components": 3},
    "vamp": {"components": 3},
}

_CORRUPTIONS = {
    "blocks": {},
    "gaussian": {},
    "pixels": {},
    "pixels-levels": {"levels": 0, "clean": 0.0, "erase": 0.5},
}

# What their mathematics is stands in CASES of tests/regularizers.
_REGULARIZERS = {
    "adversarial": {"hidden": (8,)},
    "kl-free-bits": {"free_bits": 0.1},
    "mmd-biased": {"estimator": "biased"},
}

_TINY_GVAE = {
    "latent_dim": 4,
    "mapping": {"name": "conv", "width": 4, "dense": (6,)},
    "inference": {"name": "gaussian", "width": 4, "dense": (6,), "norm": "batch"},
}
_TINY_PIXELCNN = {"name": "pixelcnn", **_FAMILIES["pixelcnn"]}


def _gvae_classifier(image_shape, **given):
    return {**_TINY_GVAE, "inference": {"name": "classifier", **_classifier(4, image_shape)}}


_TINY_INFUSION = {"num_steps": 3, "rate": 0.1, "mapping": {"name": "mlp", "dense": (6,)}}
_TINY_SEQVAE = {"num_steps": 2, "latent_dim": 4, "width": 4, "dense": (6,), "kernel_size": 3}

_MODELS = {
    "gvae": _TINY_GVAE,
    "gvae-none": {**_TINY_GVAE, "regularizer": "none", "family": "gaussian"},
    "gvae-ladder": {
        "latent_dim": 4,
        "mapping": {"name": "ladder", "width": 4, "dense": (6,)},
        "inference": {"name": "ladder", "width": 4, "dense": (6,)},
        "family": {"name": "categorical", "levels": 4},
    },
    "gvae-label": {**_TINY_GVAE, "num_classes": 3},
    "gvae-pixelcnn": {
        **_TINY_GVAE,
        "mapping": {"name": "mlp", "dense": (6,)},
        "family": _TINY_PIXELCNN,
    },
    "gvae-pixelcnn_pp": {
        **_TINY_GVAE,
        "mapping": {"name": "mlp", "dense": (6,)},
        "family": {"name": "pixelcnn_pp", **_TINY_PIXELCNN_PP, "num_scales": 2},
    },
    "gvae-flow": {
        **_TINY_GVAE,
        "inference": {"name": "flow", **_INFERENCE["flow"]},
        "prior": {"name": "flow", **_PRIORS["flow"]},
    },
    "gvae-mixture": {**_TINY_GVAE, "prior": {"name": "mixture", **_PRIORS["mixture"]}},
    "gvae-vamp": {**_TINY_GVAE, "prior": {"name": "vamp", **_PRIORS["vamp"]}},
    "gvae-corrupted": {**_TINY_GVAE, "corruption": {"name": "pixels", "clean": 0.3}},
    "gvae-iwae": {**_TINY_GVAE, "objective": {"name": "iwae", "num_samples": 3}},
    "gvae-walkback": {
        **_TINY_GVAE,
        "walkback": 2,
        "mapping": {"name": "conv", "width": 4, "dense": (), "norm": "batch"},
    },
    "gvae-naive": {**_TINY_GVAE, "inference": "naive", "regularizer": "none"},
    "gvae-classifier": _gvae_classifier,
    "infusion": _TINY_INFUSION,
    "infusion-walkback": {**_TINY_INFUSION, "walkback": 1},
    "infusion-constant": {
        **_TINY_INFUSION,
        "schedule": "constant",
        "rate": 0.3,
        "family": {"name": "gaussian", "learned": "global", "scale": 0.2},
        "mapping": {"name": "conv", "width": 4, "dense": (6,)},
    },
    "marginal": {},
    "marginal-label": {"num_classes": 3},
    "marginal-pixelcnn": {"family": _TINY_PIXELCNN},
    "seqvae": _TINY_SEQVAE,
    "seqvae-share": {**_TINY_SEQVAE, "num_steps": 3, "share": True, "family": "bernoulli"},
    "seqvae-prediction": {
        **_TINY_SEQVAE,
        "latent_prediction": True,
        "prediction_dense": (6,),
        "combine": "add",
    },
    "seqvae-last-step": {
        **_TINY_SEQVAE,
        "intermediate_reconstruction": False,
        "combine": "gated_add",
        "skip": False,
    },
    "seqvae-conditional": {**_TINY_SEQVAE, "step_prior": "conditional", "training": "last"},
    "seqvae-annealed": {**_TINY_SEQVAE, "training": "annealed", "anneal_steps": 10.0},
    "seqvae-authors": {**_TINY_SEQVAE, "layout": "authors"},
    "seqvae-authors-conditional": {
        **_TINY_SEQVAE,
        "layout": "authors",
        "combine": "gated_add",
        "step_prior": "conditional",
    },
    "seqvae-iwae": {
        **_TINY_SEQVAE,
        "step_prior": "conditional",
        "training": "last",
        "objective": {"name": "iwae", "num_samples": 2},
    },
    "seqvae-label": {**_TINY_SEQVAE, "num_classes": 3, "family": "discretized_logistic"},
    "seqvae-denoise": {**_TINY_SEQVAE, "denoise": True, "norm": "layer"},
    "seqvae-walkback": {**_TINY_SEQVAE, "step_prior": "conditional", "walkback": 1},
    "seqvae-single": {**_TINY_SEQVAE, "single": True, "latent_groups": (1, 3)},
}


FAMILIES = _with_registered(families.FAMILIES, _FAMILIES)
MAPPINGS = _with_registered(mappings.MAPPINGS, _MAPPINGS)
INFERENCE = _with_registered(inference.INFERENCE, _INFERENCE)
PRIORS = _with_registered(priors.PRIORS, _PRIORS)
CORRUPTIONS = _with_registered(corruptions.CORRUPTIONS, _CORRUPTIONS)
REGULARIZERS = _with_registered(regularizers.REGULARIZERS, _REGULARIZERS)
MODELS = _with_registered(models.MODELS, _MODELS)


def build(table, options, key, **given):
    """The component of `key` in one of the lists above, from the folder's table.

    Options that depend on what is given are a function of it.
    """
    own = options[key]
    own = own(**given) if callable(own) else own
    return make(table, {"name": key.split("-")[0], **own}, **given)
