"""Defaults of every recipe.

None means the default of the class, or a value found from the data. If the folder holds a run, it
means the run's value.
"""

from ml_collections import ConfigDict, config_dict

from configs import catalog
from configs.components import component


def get_config():
    """Every field of a run, typed."""
    return ConfigDict(
        {
            "recipe": config_dict.placeholder(str),  # The name, set by configs.get_config.
            # Modules with the user's own parts, a tuple of names, set by --import. They are
            # imported before the model is built or loaded.
            "imports": config_dict.placeholder(tuple),
            # A preset, a run folder or a .keras file, set by --init_from: the first weights.
            "init_from": config_dict.placeholder(str),
            # The command of train.fit_prior that made this run of another one.
            "prior_fit": config_dict.placeholder(str),
            "seed": 0,
            "label_condition": False,  # Condition the model on the labels, if it can.
            # In what the networks compute in training: a name of train.precision. Weights,
            # densities, regularizers and sums are float32.
            "precision": "float32",
            "model": component(catalog.table("model"), "gvae"),
            "family": component(catalog.table("family")),
            "mapping": component(catalog.table("mapping")),
            "inference": component(catalog.table("inference")),
            "regularizer": component(catalog.table("regularizer"), "kl"),
            "prior": component(catalog.table("prior")),
            "corruption": component(catalog.table("corruption")),
            "objective": component(catalog.table("objective")),
            "data": data(),
            "train": train(),
            "pictures": pictures(),
        }
    )


def data():
    """The data set and its preprocessing: the options of tfgvae.data.load."""
    return {
        "name": "digits",
        # A split may be a TFDS slice such as "train[:90%]". The rows "validation" of the metrics
        # use the first train.eval_images of test_split, unless train.validation sets a share of
        # train_split aside for them.
        "train_split": "train",
        "test_split": "test",
        "data_dir": config_dict.placeholder(str),
        "download": False,
        "image_size": config_dict.placeholder(object),  # a side, or (height, width)
        "crop": config_dict.placeholder(object),  # a side, or "square", or "none"
        "grayscale": False,
        "binarize": "none",
        # None: dequantise grey levels if the family is a density with a learned scale.
        "dequantize": config_dict.placeholder(bool),
        "augment": "none",
    }


def train():
    """The optimisation. A step is one batch over all replicas."""
    return {
        "steps": 2000,
        "batch_size": 64,
        # Parts of a batch on each device, one after another: less memory, the same gradient.
        "accumulate": 1,
        "jit": False,  # XLA compiles the gradient.
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "schedule": "constant",
        "warmup_steps": 0,
        "clip_norm": config_dict.placeholder(float),
        "weight_decay": config_dict.placeholder(float),
        # With it, evaluations, pictures and tfgvae.load use averages of the weights over steps. The
        # weights of n steps ago have the factor ema_momentum^n; 0.9995 in Salimans et al. 2017.
        "ema_momentum": config_dict.placeholder(float),
        "checkpoint_every": 500,
        "keep": 3,
        "log_every": 50,
        "eval_images": 1000,  # of the test split, for the rows "validation"
        # The share of train_split that is not trained on and gives the rows "validation" instead.
        # Which images it has depends on the seed.
        "validation": 0.0,
        # "last", or "best": evaluations, exports and tfgvae.load take the checkpoint with the best
        # validation bound. It needs train.validation.
        "select": "last",
        # CPU runs repeat bit for bit without it, and it does not make them slower (digits: 6.4 to
        # 7.3 thousand images/s without, 7.4 to 8.2 with). GPU runs need it; its cost there was not
        # measured.
        "deterministic_ops": False,
    }


def pictures():
    """The pictures at every checkpoint: `num` rows each, at most 16; 0 for no pictures.

    They show E[x|z] if `mean`, else a draw from p(x|z).
    """
    return {"num": 8, "gibbs_steps": 8, "mean": True}
