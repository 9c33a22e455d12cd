"""A conditional gated PixelCNN as P, 20 latent dimensions, binary MNIST (Section 4, Figure 5)."""

from configs import base


def get_config():
    """base, with a family that can model the data without z; --config.regularizer.name=none."""
    config = base.get_config()
    config.family.name = "pixelcnn"
    # A map has information about the position, a vector has not: 4 nats after 1000 steps.
    config.family.condition = "map"
    config.family.features = 16
    config.mapping.name = "conv"
    config.model.latent_dim = 20
    # The penalty grows over the first steps. Otherwise P learns to ignore z before f is useful.
    config.regularizer.schedule = "linear"
    config.regularizer.schedule_steps = 1000.0
    config.data.name = "mnist"
    config.data.binarize = "dynamic"
    config.train.steps = 8000
    config.train.batch_size = 32
    config.train.learning_rate = 2e-3
    config.train.schedule = "cosine"
    config.train.warmup_steps = 200
    config.train.clip_norm = 100.0
    config.train.checkpoint_every = 1000
    return config
