"""Tiny models of every key of components.MODELS, and batches for them."""

import contextlib
import functools

import pytest
import tensorflow as tf

from tests.conformance import components
from tfgvae import seeds
from tfgvae.models import MODELS
from tfgvae.models.sampling_methods import ChainMethods

IMAGE = (8, 8, 1)
every = pytest.mark.parametrize("key", components.MODELS)
# For tests that trace many functions: one of each model, the chain with labels. The other variants
# need --slow.
QUICK = {key for key in components.MODELS if "-" not in key} - {"seqvae"}
QUICK |= {"seqvae-label"}


def marked(quick):
    """The keys of all models; those that are not in `quick` need --slow."""
    return [
        key if key in quick else pytest.param(key, marks=pytest.mark.slow)
        for key in components.MODELS
    ]


each = pytest.mark.parametrize("key", marked(QUICK))
# For tests whose other models compile for tens of seconds.
few = pytest.mark.parametrize("key", marked(("gvae", "marginal")))


@functools.cache
def shared(key):
    """The model of `build`, one for all tests of a process: they leave it as it is."""
    return build(key)


def build(key, **given):
    options = {"image_shape": IMAGE, "seed": 1, **given}
    return components.build(MODELS, components.MODELS, key, **options)


def move_heads(model):
    """Give the heads of a conditional prior values: behind heads that are 0 nothing moves."""
    if getattr(model, "step_prior", "normal") == "normal":
        return
    for i, heads in enumerate([*model._step_priors, *(r._heads for r in model._residuals)]):
        for weight in heads.trainable_variables:
            weight.assign(0.1 * seeds.batch_normal(i, 1, weight.shape)[0])


def batch(model, rows=6, seed=0):
    """Images of the family's support, with labels where the model has classes."""
    x = model.family.snap(seeds.batch_uniform(seed, rows, IMAGE))
    if not model.num_classes:
        return x
    return {"image": x, "label": tf.range(rows) % model.num_classes}


def images(data):
    return data["image"] if isinstance(data, dict) else data


def label(model, rows):
    return {"label": tf.range(rows) % model.num_classes} if model.num_classes else {}


def samplers(model):
    """Every sampling method as a function of (x, seed, labels): {name: function}."""
    calls = {
        "encode": lambda x, seed, more: model.encode(x, seed),
        "decode": lambda x, seed, more: model.decode(model.encode(x, seed), seed, **more),
        "reconstruct": lambda x, seed, more: model.reconstruct(x, seed, **more),
        "ancestral": lambda x, seed, more: model.ancestral_sample(len(x), seed, **more),
        "gibbs": lambda x, seed, more: model.gibbs_sample(x, num_steps=2, seed=seed, **more),
        "gibbs chain": lambda x, seed, more: model.gibbs_sample(
            x, num_steps=2, seed=seed, return_chain=True, **more
        ),
        "gibbs from noise": lambda x, seed, more: model.gibbs_sample(
            num_samples=len(x), num_steps=2, seed=seed, **more
        ),
        "likelihood": lambda x, seed, more: model.log_likelihood(x, 3, seed, **more),
    }
    if model.has_latents:
        calls["path"] = lambda x, seed, more: model.interpolate(
            x, x[:, ::-1], 3, codes="draw", seed=seed, **more
        )
    if isinstance(model, ChainMethods):
        calls["chain"] = lambda x, seed, more: model.sample_chain(len(x), seed, **more)
    return calls


# Those that take images, and so a number of rows that a graph does not know.
OF_IMAGES = ("encode", "decode", "reconstruct", "gibbs", "gibbs chain", "likelihood", "path")


def refused(reasons, key):
    """A context in which the reason listed for the model, if any, is raised."""
    if key in reasons:
        return pytest.raises(ValueError, match=reasons[key])
    return contextlib.nullcontext()
