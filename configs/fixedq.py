"""A fixed q(z|x), a classifier's (Eq. 5), on binary MNIST: z is the class, f its mean image.

Train the classifier first, on images like those of the model:

    python -m train.classifier --dataset=mnist --binarize=dynamic --output=classifier.keras
    python -m train.run --model=fixedq --config.inference.checkpoint=classifier.keras

The file is read when the run starts. From then on the run holds the classifier itself.

A factorised P does not hold q(x|z): draws are the noise of Prop. 6, and the Gibbs chain from noise
stays away from the data. With a P that does, --config.family.name=pixelcnn, it is right (Prop. 2).
"""

from configs import base


def get_config():
    """base, with the classifier in the place of q, and f a table: one row a class."""
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
    # Draws: the chain needs them, E[x|z] as x is no image that the classifier was trained on.
    config.pictures.mean = False
    return config
