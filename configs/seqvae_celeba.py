"""The sequential VAE of the authors' code, layer by layer: CelebA, 64x64 (Section 3, Figure 4).

160 million parameters; a step takes seconds on two cores. Other sets of 64x64 images, and smaller
networks:

    --dataset=folder:PATH --config.data.image_size=64
    --config.model.width=16 --config.model.num_steps=4 --config.train.batch_size=32

The authors' loss 16 |x - mu|^2 on [-1, 1] is -log N(x; mu, s^2) on [0, 1] at 1 / (2 s^2) = 64, up
to a constant. Their weight of the KL is 1 - exp(-step / 10000). They draw the images of a step and
sample with the statistics of the batch; here sampling uses moving averages of them.
"""

import math

from configs import base


def get_config():
    """base, with the authors' chain, loss, optimizer and data."""
    config = base.get_config()
    config.model.name = "seqvae"
    config.model.layout = "authors"
    config.model.num_steps = 8
    config.model.latent_dim = 40
    config.model.latent_groups = (10, 10, 10, 10)
    config.model.width = 48
    config.model.dense = (512,)
    config.family.name = "gaussian"
    config.family.scale = 1 / math.sqrt(128)
    config.regularizer.schedule = "exponential"
    config.regularizer.schedule_steps = 10000.0
    config.data.name = "celeb_a"
    config.data.crop = 108
    config.data.image_size = (64, 64)
    config.train.steps = 100000
    config.train.batch_size = 100
    config.train.learning_rate = 2e-4
    config.train.checkpoint_every = 2000
    return config
