"""The gated PixelCNN of pixelvae without latents, on binary MNIST."""

from configs import pixelvae


def get_config():
    """pixelvae, alone."""
    return alone(pixelvae.get_config())


def alone(config):
    """A configuration with a constant instead of f, q and R."""
    config.model.name = "marginal"
    config.model.latent_dim = None
    for part in (config.mapping, config.regularizer):
        for option in part:
            part[option] = None
    return config
