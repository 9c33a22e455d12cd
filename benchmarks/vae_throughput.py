"""Training throughput of `--model=vae` on MNIST against the same network in plain Keras.

    python benchmarks/vae_throughput.py --data_dir=DIR

Ours is all of `train.run`: model, data pipeline and callbacks. Pictures, checkpoints and validation
at the end of the interval are not in the measured steps. The peer is a Keras model with the same
layers, loss and optimizer, fitted on a plain tf.data pipeline without callbacks. The two take turns
in one process. The result is the ratio of their median images per second.
"""

import pathlib
import statistics
import tempfile
import time

from absl import app, flags

import train  # noqa: F401 (sets TensorFlow's environment before its import)

_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared TFDS data sets.")
_STEPS = flags.DEFINE_integer("steps", 600, "Training steps per turn.")
_TURNS = flags.DEFINE_integer("turns", 3, "Turns of each.")
BATCH, LOG_EVERY, WARM_UP = 100, 50, 2  # warm-up in log intervals


def peer(image_shape, latent_dim=32, width=32, dense=256):
    """The VAE as a Keras user writes it on one page, with the layers of GVAE's defaults."""
    import keras
    import tensorflow as tf

    layers = keras.layers
    encoder = keras.Sequential(
        [
            layers.Conv2D(width, 4, 2, padding="same", activation="elu"),
            layers.Conv2D(2 * width, 4, 2, padding="same", activation="elu"),
            layers.Flatten(),
            layers.Dense(dense, activation="elu"),
            layers.Dense(2 * latent_dim),
        ]
    )
    size = image_shape[0] // 4
    decoder = keras.Sequential(
        [
            layers.Dense(dense, activation="elu"),
            layers.Dense(size * size * 2 * width, activation="elu"),
            layers.Reshape((size, size, 2 * width)),
            layers.Conv2DTranspose(width, 4, 2, padding="same", activation="elu"),
            layers.Conv2DTranspose(image_shape[-1], 4, 2, padding="same"),
        ]
    )

    class VAE(keras.Model):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def call(self, x):
            mean, raw = tf.split(self.encoder(x), 2, axis=-1)
            scale = tf.nn.softplus(raw)
            logits = self.decoder(mean + scale * tf.random.normal(tf.shape(mean)))
            nll = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
            kl = 0.5 * (mean**2 + scale**2 - 1) - tf.math.log(scale)
            self.add_loss(tf.reduce_mean(tf.reduce_sum(nll, [1, 2, 3])))
            self.add_loss(tf.reduce_mean(tf.reduce_sum(kl, -1)))
            return logits

    model = VAE()
    model.build((None, *image_shape))
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    return model


def run_peer(images):
    """Images per second of each log interval of the peer."""
    import keras
    import tensorflow as tf

    def binarise(x):
        return tf.cast(tf.random.uniform(tf.shape(x)) < x, tf.float32)

    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images))
    dataset = dataset.batch(BATCH, drop_remainder=True).map(binarise).repeat().prefetch(2)
    rates, last = [], [time.perf_counter()]

    class Clock(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if (batch + 1) % LOG_EVERY == 0:
                now = time.perf_counter()
                rates.append(LOG_EVERY * BATCH / (now - last[0]))
                last[0] = now

    model = peer(images.shape[1:])
    model.fit(dataset, steps_per_epoch=_STEPS.value, callbacks=[Clock()], verbose=0, shuffle=False)
    return model.count_params(), rates[WARM_UP:]


def run_ours(folder):
    """Images per second of each log interval of `train.run --model=vae`."""
    import configs
    from tfgvae.runs import read_metrics
    from train.loop import train_and_evaluate

    config = configs.get_config("vae")
    config.data.name, config.data.data_dir = "mnist", _DATA_DIR.value
    config.data.binarize = "dynamic"
    config.train.steps = config.train.checkpoint_every = _STEPS.value
    config.train.batch_size, config.train.log_every = BATCH, LOG_EVERY
    model, _ = train_and_evaluate(config, folder, "one", say=lambda line: None)
    rows = [row for row in read_metrics(folder) if row["split"] == "train"]
    return model.count_params(), [row["images_per_second"] for row in rows][WARM_UP:]


def main(_):
    import numpy as np

    from tfgvae import data

    batches = data.load("mnist", "train", data_dir=_DATA_DIR.value, batch_size=1000)
    images = np.concatenate([batch["image"] for batch in batches])
    ours, theirs = [], []
    for turn in range(_TURNS.value):
        parameters, rates = run_peer(images)
        theirs += rates
        with tempfile.TemporaryDirectory() as folder:
            our_parameters, rates = run_ours(pathlib.Path(folder))
        ours += rates
        print(
            f"turn {turn + 1}: plain Keras {statistics.median(theirs):.0f} images/s "
            f"({parameters:,} parameters), tfgvae {statistics.median(ours):.0f} images/s "
            f"({our_parameters:,} parameters with counters)"
        )
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"tfgvae / plain Keras, medians of {len(ours)} intervals each: {ratio:.3f}")


if __name__ == "__main__":
    app.run(main)
