"""Infusion training (Bordes et al. 2017) on the embedded digits; --dataset=mnist works, too."""

from configs import base


def get_config():
    """base, with the chain instead of f(z), q and R."""
    config = base.get_config()
    config.model.name = "infusion"
    config.model.num_steps = 10
    config.mapping.dense = (512, 512)
    config.regularizer.name = None
    config.train.steps = 3000
    config.train.batch_size = 128
    config.train.learning_rate = 1e-3
    config.train.schedule = "cosine"
    config.train.warmup_steps = 100
    config.train.checkpoint_every = 1000
    return config
