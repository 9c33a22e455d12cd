"""The sequential VAE of Section 3, with the weights of the authors' code."""

from configs import base


def get_config():
    """base, with the chain."""
    config = base.get_config()
    config.model.name = "seqvae"
    # 16 |x - mu|^2 on [-1, 1] is 64 |x - mu|^2 on [0, 1]: 1 / (2 s^2) = 64.
    config.family.name = "gaussian"
    config.family.scale = 0.0884
    config.regularizer.schedule = "exponential"
    config.regularizer.schedule_steps = 300.0
    config.train.steps = 600
    config.train.checkpoint_every = 200
    return config
