"""A recipe's compiled model and its batches, for measurements."""

import configs
from configs.fields import flat
from train import build
from train.datasets import Datasets


def configuration(name, dataset, data_dir, fields):
    """A recipe's configuration on a data set.

    Args:
      name: the recipe.
      dataset, data_dir: of config.data; a data set at None is the recipe's own.
      fields: pairs "FIELD=VALUE", such as "train.batch_size=32".
    """
    config = configs.get_config(name)
    config.data.data_dir = data_dir
    if dataset:
        config.data.name = dataset
    known = flat(config)
    for pair in fields:
        field, _, text = pair.partition("=")
        kind = type(known[field])
        # A field at None may be of any type: its class checks it.
        value = text if known[field] is None else kind(text)
        value = {"True": True, "False": False}.get(text, value)
        config.update_from_flattened_dict({field: value})
    return config


class Run:
    """A compiled model and its batches; `turn` trains it for some steps."""

    def __init__(self, config):
        self.config = config
        self.data = Datasets(config)
        self.model = build.compiled(config, self.data.training_info)
        self.done = 0

    def turn(self, steps):
        """Train for some steps."""
        self.model.fit(
            self.data.training(self.model.family, self.done),
            steps_per_epoch=steps,
            verbose=0,
            shuffle=False,
        )
        self.done += steps
