"""The authors' sequential VAE for LSUN bedrooms: 20 + 30 + 30 + 30 latents per step (Figure 4).

Their network "lsun_final" has other channels, and trains the image of the last step only:

    --config.model.channels="(32,64,128,384)" --config.model.training=last
"""

from configs import seqvae_celeba


def get_config():
    """seqvae_celeba, with more latents and other data."""
    config = seqvae_celeba.get_config()
    config.model.latent_dim = 110
    config.model.latent_groups = (20, 30, 30, 30)
    config.data.name = "lsun/bedroom"
    config.data.test_split = "validation"
    config.data.crop = None  # "square", the set's default.
    return config
