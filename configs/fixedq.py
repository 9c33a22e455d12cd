"""A classifier as fixed q(z|x) (Eq. 5), on binary MNIST: z is the class, f(z) its mean image.

Train the classifier first, on images like those of the model:

    python -m train.classifier --dataset=mnist --binarize=dynamic --output=classifier.keras
    python -m train.run --model=fixedq --config.inference.checkpoint=classifier.keras

The file is needed only when the run starts. Then the run's checkpoints hold the classifier.

A factorised P does not contain q(x|z): draws have the noise of Prop. 6, and the Gibbs chain from
noise stays away from the data. With --config.family.name=pixelcnn, P contains it and the chain is
correct (Prop. 2).
"""

from configs import base


def get_config():
    """base, with the classifier as q, and f a table with one row for each class."""
    config = base.get_config()
    config.model.latent_dim = 10
    config.mapping.name = "mlp"
    config.mapping.dense = ()  # Affine in a one-hot z: any parameters for each class.
    config.inference.name = "classifier"
    config.regularizer.name = "none"
    config.data.name = "mnist"
    config.data.binarize = "dynamic"
    config.train.steps = 2000
    config.train.batch_size = 128
    config.train.learning_rate = 3e-2
    config.train.schedule = "cosine"
    config.train.checkpoint_every = 1000
    # The chain needs draws: the classifier was not trained on images like E[x|z].
    config.pictures.mean = False
    return config
