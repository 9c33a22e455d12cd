"""Figure 2: a VAE with two latent dimensions, P = N(mu, I/2), the ELBO, on MNIST."""

from configs import base


def get_config():
    """base, with a plane as latent space and the 2-norm loss of Eq. 9."""
    config = base.get_config()
    config.model.latent_dim = 2
    config.family.name = "gaussian"  # Its fixed default scale 1/sqrt(2) is the 2-norm.
    config.data.name = "mnist"
    config.train.steps = 10000
    config.train.batch_size = 100
    config.train.checkpoint_every = 2000
    config.train.log_every = 100
    return config
