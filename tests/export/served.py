"""Tiny models, exported once per session; requests for their signatures; Python's answers."""

import atexit
import functools
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import tensorflow as tf

from export.bundle import write_version
from export.limits import Limits
from tests.conformance.tiny_models import batch, build, images, label, marked
from tfgvae.distributions.corrupted import Corrupted
from tfgvae.distributions.flow import Flow
from tfgvae.distributions.infusion_chain import InfusionChain
from tfgvae.distributions.step_chain import StepChain
from tfgvae.models.sampling_methods import ChainMethods

LIMITS = Limits(max_num_steps=5, num_samples=3, max_rows=100, batch_sizes=(1, 3))
ROWS = 3
STEPS = [1, 4, 2]
SEEDS = np.array([7, -5, 2**62], np.int64)

# A latent, and labels; the others with --slow.
QUICK = ("gvae", "marginal-label")
# For the tools of others, which read an export as any other: one model.
of_one = pytest.mark.parametrize("key", marked(("gvae",)))
every = pytest.mark.parametrize("key", marked(QUICK))


@functools.cache
def exported(key):
    """A tiny model and its first version: (model, folder)."""
    model = build(key)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="served-"))
    atexit.register(shutil.rmtree, folder)
    return model, write_version(model, folder / key, LIMITS)


@functools.cache
def _loaded_model(key):
    return tf.saved_model.load(str(exported(key)[1]))


def loaded(key):
    """The signatures of the first version, loaded in this process."""
    return dict(_loaded_model(key).signatures)


def call(function, inputs):
    """The outputs of a loaded signature as arrays."""
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in function(**tensors).items()}


def requests(model):
    """{signature: {input: array}} for every signature that the model must have."""
    x = images(batch(model, ROWS)).numpy()
    seed = {"seed": SEEDS}
    more = {name: value.numpy() for name, value in label(model, ROWS).items()}
    steps = {"num_steps": np.array(STEPS, np.int32)}
    found = {
        "ancestral_sample": seed | more,
        "log_likelihood": {"images": x} | seed | more,
    }
    if model.has_latents:
        z = model.encode(x, SEEDS).numpy()
        found |= {
            "encode": {"images": x} | seed,
            "decode": {"z": z} | seed | more,
            "encode_mean": {"images": x},
            "decode_mean": {"z": z} | more,
            "reconstruct": {"images": x} | seed | more,
            "gibbs_sample": {"images": x} | seed | steps | more,
            "gibbs_from_noise": seed | steps | more,
        }
        if not _moments(model.posterior(x)):
            del found["encode_mean"]
        if not model.family.has_mean:
            del found["decode_mean"]
    if model.has_codes:
        ends = {"image_a": x, "image_b": x[::-1]}
        found["interpolate"] = ends | seed | {"num_steps": np.array(STEPS, np.int32)} | more
    if isinstance(model, ChainMethods):
        found["sample_chain"] = seed | more
    return found


def _draws(method, model, *arguments, **more):
    found = {"samples": method(*arguments, **more)}
    if model.family.has_mean:
        found["mean"] = method(*arguments, mean=True, **more)
    return found


def _gibbs(model, x, more):
    """Row by row, each by itself and for its own number of steps."""
    drawn = []
    for n, steps in enumerate(STEPS):
        options = {name: value[n : n + 1] for name, value in more.items()}
        options |= {"num_steps": steps, "seed": SEEDS[n : n + 1]}
        options |= {"num_samples": 1} if x is None else {"x": x[n : n + 1]}
        drawn.append(model.gibbs_sample(**options)[0])
    return {"samples": tf.stack(drawn)}


def _paths(model, asked, more):
    """Row by row; after its own number of images, a row repeats its last one."""
    ends = {"codes": "mean" if "encode_mean" in asked else "draw"}
    given, drawn = asked["interpolate"], {"samples": [], "mean": []}
    for n, steps in enumerate(STEPS):
        row = slice(n, n + 1)
        options = {name: value[row] for name, value in more.items()} | ends
        images = given["image_a"][row], given["image_b"][row]
        for name, rows in drawn.items():
            if name == "mean" and not model.family.has_mean:
                continue
            options |= {"mean": name == "mean", "seed": SEEDS[row]}
            path = model.interpolate(*images, max(steps, 2), **options)[:, :steps]
            rows.append(tf.concat([path, *[path[:, -1:]] * (max(STEPS) - steps)], 1))
    return {name: tf.concat(rows, 0) for name, rows in drawn.items() if rows}


def _moments(q):
    """The mean and the deviation of a q that has them in closed form, else nothing."""
    if isinstance(q, (Corrupted, InfusionChain, Flow, StepChain)):
        return {}
    return {"mean": q.mean(), "stddev": q.stddev()}


def answers(model, asked):
    """The results of the model's methods for `requests`: {signature: {output: array}}."""
    more = label(model, ROWS)
    x = asked["log_likelihood"]["images"]
    options = {"seed": SEEDS, **more}
    found = {
        "ancestral_sample": _draws(model.ancestral_sample, model, ROWS, **options),
        "log_likelihood": {
            "log_likelihood": model.log_likelihood(x, LIMITS.num_samples, **options)
        },
    }
    if "encode" in asked:
        found |= {
            "encode": {**_moments(model.posterior(x)), "z": model.encode(x, SEEDS)},
            "decode": _draws(model.decode, model, asked["decode"]["z"], **options),
            "reconstruct": _draws(model.reconstruct, model, x, **options),
            "gibbs_sample": _gibbs(model, x, more),
            "gibbs_from_noise": _gibbs(model, None, more),
        }
    if "encode_mean" in asked:
        found["encode_mean"] = _moments(model.posterior(x))
    if "decode_mean" in asked:
        z = asked["decode_mean"]["z"]
        found["decode_mean"] = {"mean": model.decode(z, mean=True, **options)}
    if "interpolate" in asked:
        found["interpolate"] = _paths(model, asked, more)
    if "sample_chain" in asked:
        found["sample_chain"] = _draws(model.sample_chain, model, ROWS, **options)
    return found


def flat(nested):
    """{"signature/name": array}, as numpy stores them."""
    return {f"{s}/{name}": np.array(v) for s, named in nested.items() for name, v in named.items()}
