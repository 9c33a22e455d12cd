"""Golden files: saved models, runs and exports, and their results through public calls.

tests/golden/models/NAME.keras    a tiny model, trained for two steps
tests/golden/models/NAME.npz      its results when the file was written
tests/golden/run/                 a run folder, and run.npz
tests/golden/served/1/            an exported version, and served.npz: requests and answers
tests/golden/registered.txt       the Keras names of our classes that saved files may hold

`python scripts/write_golden.py` adds files for new classes. No file is ever overwritten.
"""

import pathlib

import keras
import numpy as np

from tests.conformance import components
from tests.conformance.tiny_models import label

FOLDER = pathlib.Path(__file__).parent
MODELS = FOLDER / "models"
RUN = FOLDER / "run"
SERVED = FOLDER / "served" / "1"
REGISTERED = FOLDER / "registered.txt"
ROWS = 3
SEED = 7

_TINY = {
    "latent_dim": 4,
    "family": "bernoulli",
    "mapping": {"name": "mlp", "dense": (6,)},
    "inference": {"name": "gaussian", "trunk": "mlp", "dense": (6,)},
}
PARTS = {
    "family": components.FAMILIES,
    "mapping": components.MAPPINGS,
    "inference": components.INFERENCE,
    "regularizer": components.REGULARIZERS,
    "prior": components.PRIORS,
    "corruption": components.CORRUPTIONS,
}


def _with_part(kind, key):
    """The options of a tiny GVAE with one part of a list, as a function of the image shape."""

    def options(image_shape, **_):
        own = PARTS[kind][key]
        own = own(_TINY["latent_dim"], image_shape) if callable(own) else own
        return {**_TINY, kind: {"name": key.split("-")[0], **own}}

    return options


def registered_now():
    """The Keras names of the classes of this package that exist today."""
    import train.loss_scaling
    import train.optimizers  # noqa: F401 (both register classes)

    names = keras.saving.get_custom_objects()
    return {name for name in names if name.startswith(("tfgvae>", "tfgvae."))}


def registered_names():
    """The names that golden files, and users' files, may hold."""
    return set(REGISTERED.read_text().split()) if REGISTERED.exists() else set()


def every_model():
    """{golden name: options of components.build}: every model, and a GVAE with every part."""
    found = dict(components.MODELS)
    for kind, keys in PARTS.items():
        found |= {f"gvae-{kind}-{key}": _with_part(kind, key) for key in keys if "-" not in key}
    return found


def images(model):
    """ROWS images of the model's support, the same in every version of numpy."""
    ramp = np.linspace(0, 1, num=ROWS * np.prod(model.image_shape), dtype=np.float32)
    x = (ramp * 37) % 1
    return model.family.snap(x.reshape(ROWS, *model.image_shape)).numpy()


def answers(model):
    """{name: array} of a model's own samples, codes and likelihoods."""
    x, more = images(model), label(model, ROWS)
    found = {
        "ancestral_sample": model.ancestral_sample(ROWS, seed=SEED, **more),
        "encode": model.encode(x, seed=SEED),
        "gibbs_sample": model.gibbs_sample(x, num_steps=2, seed=SEED, **more),
        "log_likelihood": model.log_likelihood(x, num_samples=3, seed=SEED, **more),
    }
    return {name: np.asarray(value) for name, value in found.items()}


def requests(model):
    """{signature: {input: array}}: a request for each signature that every GVAE has."""
    x, seed = images(model), {"seed": np.array([SEED, -5, 2**62], np.int64)}
    z = np.linspace(-1, 1, ROWS * model.latent_dim, dtype=np.float32).reshape(ROWS, -1)
    steps = {"num_steps": np.array([1, 3, 2], np.int32)}
    return {
        "ancestral_sample": seed,
        "encode": {"images": x} | seed,
        "decode": {"z": z} | seed,
        "reconstruct": {"images": x} | seed,
        "gibbs_sample": {"images": x} | seed | steps,
        "gibbs_from_noise": seed | steps,
        "log_likelihood": {"images": x} | seed,
    }
