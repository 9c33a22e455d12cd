"""A convolutional VAE on MNIST against pythae 0.1.2, with the same layers and parameters.

    pip install -e ".[benchmarks]"
    python benchmarks/vae_peers.py --data_dir=DIR

Two parts, in one process and in turns: training, `model.fit` against the loop of pythae's trainer,
and the importance-weighted bound with K draws, `model.log_likelihood` against `VAE.get_nll`. The
images are binary, the same array for both, and the losses are the same sum.

The last line is the limit of the machine: the multiplications and additions of K passes of the
decoder, at the rate of a large matrix product in TensorFlow.
"""

import logging
import statistics
import tempfile

from absl import app, flags

import train  # noqa: F401 (sets TensorFlow's environment before its import)

# isort: split

import keras
import numpy as np
import tensorflow as tf
import torch
from pairs import compare, seconds
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import CallbackHandler
from torch import nn

import tfgvae
from tfgvae import data

_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_IMAGES = flags.DEFINE_integer("images", 6000, "Images of a timed epoch.")
_DRAWS = flags.DEFINE_integer("draws", 1000, "K of the bound.")
_BOUNDED = flags.DEFINE_integer("bounded", 5, "Images of a timed bound.")
_TURNS = flags.DEFINE_integer("turns", 5, "Timed turns of each.")
BATCH, WIDTH, DENSE, LATENT = 100, 32, 256, 32


class Encoder(BaseEncoder):
    """The layers of inference.Gaussian with the trunk of --model=vae."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, WIDTH, 4, 2, 1),
            nn.ELU(),
            nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1),
            nn.ELU(),
            nn.Flatten(),
            nn.Linear(49 * 2 * WIDTH, DENSE),
            nn.ELU(),
            nn.Linear(DENSE, 2 * LATENT),
        )

    def forward(self, x):
        mean, raw = self.layers(x).chunk(2, -1)
        return ModelOutput(embedding=mean, log_covariance=2 * nn.functional.softplus(raw).log())


class Decoder(BaseDecoder):
    """The layers of mappings.Conv."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(LATENT, DENSE),
            nn.ELU(),
            nn.Linear(DENSE, 49 * 2 * WIDTH),
            nn.ELU(),
            nn.Unflatten(1, (2 * WIDTH, 7, 7)),
            nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1),
            nn.ELU(),
            nn.ConvTranspose2d(WIDTH, 1, 4, 2, 1),
            nn.Sigmoid(),
        )

    def forward(self, z):
        return ModelOutput(reconstruction=self.layers(z))


def trainer(images, folder):
    """pythae's model and its trainer, ready for an epoch."""
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    model = VAE(config, encoder=Encoder(), decoder=Decoder())
    channels_first = torch.tensor(images.transpose(0, 3, 1, 2))
    made = BaseTrainer(
        model,
        BaseDataset(channels_first, torch.zeros(len(images))),
        training_config=BaseTrainerConfig(
            output_dir=folder, per_device_train_batch_size=BATCH, learning_rate=1e-3
        ),
    )
    made.prepare_training()
    made.callback_handler = CallbackHandler([], model)  # Without a bar for each batch.
    return model, made


def decoder_operations():
    """Multiplications and additions of one pass of the decoder, for one image."""
    dense = LATENT * DENSE + DENSE * 49 * 2 * WIDTH
    transposed = 16 * (7 * 7 * 2 * WIDTH * WIDTH + 14 * 14 * WIDTH)  # Kernels of 4x4.
    return 2 * (dense + transposed)


def product_rate(size=2048):
    """Operations per second of a square matrix product, the median of nine."""
    a = tf.random.normal([size, size])
    times = [seconds(lambda: tf.matmul(a, a).numpy()) for _ in range(10)]
    return 2 * size**3 / statistics.median(times[1:])


def main(_):
    logging.disable(logging.INFO)
    split = f"train[:{_IMAGES.value}]"
    batches = data.load("mnist", split, data_dir=_DATA_DIR.value, binarize="static", batch_size=100)
    images = np.concatenate([batch["image"] for batch in batches])
    ours = tfgvae.GVAE(
        (28, 28, 1),
        LATENT,
        mapping={"name": "conv", "width": WIDTH, "dense": (DENSE,)},
        inference={"name": "gaussian", "width": WIDTH, "dense": (DENSE,)},
        family="bernoulli",
    )
    ours.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    with tempfile.TemporaryDirectory() as folder:
        theirs, loop = trainer(images, folder)
        trained = sum(weight.numel() for weight in theirs.parameters())
        own = sum(int(np.prod(weight.shape)) for weight in ours.trainable_variables)
        print(f"trained parameters: ours {own:,}, pythae {trained:,}")
        epochs = iter(range(1, 10**6))
        compare(
            "training",
            lambda: ours.fit(images, batch_size=BATCH, verbose=0),
            lambda: loop.train_step(next(epochs)),
            len(images),
            "images",
            _TURNS.value,
        )
        some = images[: _BOUNDED.value]
        same = torch.tensor(some.transpose(0, 3, 1, 2))
        theirs.eval()
        with torch.no_grad():
            compare(
                f"bound, K = {_DRAWS.value}",
                lambda: ours.log_likelihood(some, _DRAWS.value, seed=0),
                lambda: theirs.get_nll(same, _DRAWS.value, batch_size=100),
                len(some),
                "images",
                _TURNS.value,
            )
    rate, needed = product_rate(), _DRAWS.value * decoder_operations()
    print(
        f"a matrix product: {rate / 1e9:.0f} GFLOP per second; a bound: {needed / 1e9:.1f} GFLOP "
        f"an image, so at most {rate / needed:.1f} images per second at that rate"
    )


if __name__ == "__main__":
    app.run(main)
