"""A conditional PixelCNN++ as P, on CIFAR-10 (Section 4, Figure 6), with a size for two cores.

The size of the paper's code: --config.family.num_blocks=5 --config.family.filters=120
--config.family.num_mixtures=8 --config.family.dropout=0.5 --config.train.ema_momentum=0.9995
"""

from configs import base


def get_config():
    """base, with PixelCNN++ and averages of the weights."""
    config = base.get_config()
    config.family.name = "pixelcnn_pp"
    config.family.num_blocks = 1
    config.family.filters = 32
    config.family.num_mixtures = 5
    config.family.dropout = 0.0
    config.mapping.name = "mlp"
    config.model.latent_dim = 20
    config.data.name = "cifar10"
    config.train.steps = 2000
    config.train.batch_size = 16
    config.train.learning_rate = 1e-3
    config.train.warmup_steps = 100
    # The paper's 0.9995 forgets the first weights after about 10000 steps, this after about 500.
    config.train.ema_momentum = 0.99
    config.train.clip_norm = 100.0
    config.train.checkpoint_every = 250
    config.train.eval_images = 160
    config.pictures.num = 4
    return config
