"""Defaults of every recipe.

None means: the default of the class, or found from the data. On a folder that holds a run it means:
the value that the run has.
"""

from ml_collections import ConfigDict, config_dict

from configs import catalog
from configs.components import component


def get_config():
    """Every field of a run, typed."""
    return ConfigDict(
        {
            "recipe": config_dict.placeholder(str),  # Its name: configs.get_config sets it.
            "seed": 0,
            "label_condition": False,  # Give the model the labels, where it takes them.
            "model": component(catalog.table("model"), "gvae"),
            "family": component(catalog.table("family")),
            "mapping": component(catalog.table("mapping")),
            "inference": component(catalog.table("inference")),
            "regularizer": component(catalog.table("regularizer"), "kl"),
            "prior": component(catalog.table("prior")),
            "data": data(),
            "train": train(),
            "pictures": pictures(),
        }
    )


def data():
    """The data set and what is done to its images: the options of tfgvae.data.load."""
    return {
        "name": "digits",
        # TFDS slices such as "train[:90%]" are splits too. The rows "validation" of the metrics are
        # of the first train.eval_images of test_split: to select models by them and keep the test
        # set unseen, train and select with train_split="train[:90%]", test_split="train[90%:]".
        "train_split": "train",
        "test_split": "test",
        "data_dir": config_dict.placeholder(str),
        "download": False,
        "image_size": config_dict.placeholder(object),  # a side, or (height, width)
        "crop": config_dict.placeholder(object),  # a side, or "square", or "none"
        "grayscale": False,
        "binarize": "none",
        # None: dequantise grey levels where the family is a density with a learned scale.
        "dequantize": config_dict.placeholder(bool),
        "augment": "none",
    }


def train():
    """The optimisation. Steps count batches of the whole, over all replicas."""
    return {
        "steps": 2000,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "schedule": "constant",
        "warmup_steps": 0,
        "clip_norm": config_dict.placeholder(float),
        "weight_decay": config_dict.placeholder(float),
        # Evaluations, pictures and tfgvae.load take averages of the weights over steps, in which
        # those of n steps ago count by ema_momentum^n: 0.9995 in Salimans et al. 2017.
        "ema_momentum": config_dict.placeholder(float),
        "checkpoint_every": 500,
        "keep": 3,
        "log_every": 50,
        "eval_images": 1000,  # of the test split, for the rows "validation"
        # CPU runs repeat bit for bit without it, and it costs them nothing measurable (digits: 6.4
        # to 7.3 thousand images/s without, 7.4 to 8.2 with). GPUs need it; there its cost was not
        # measured.
        "deterministic_ops": False,
    }


def pictures():
    """The pictures at every checkpoint, `num` rows each, at most 16, 0 for none.

    `mean` shows E[x|z], else a draw from p(x|z).
    """
    return {"num": 8, "gibbs_steps": 8, "mean": True}
