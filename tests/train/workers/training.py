"""Training of tiny models under any strategy, as arrays that can be compared."""

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.tensorflow.trainer import reduce_per_replica

import configs
from tests.conformance import components
from tests.conformance.test_every_replica import compiled
from tests.conformance.tiny_models import IMAGE, batch
from tests.train import tiny_runs
from tfgvae import GVAE, runs

REGULARIZERS = [f"R={name}" for name in components.REGULARIZERS]
KEYS = [*components.MODELS, *REGULARIZERS]
GROUPS = [KEYS[start : start + 6] for start in range(0, len(KEYS), 6)]
QUICK = ["R=mmd"]  # One model with a cross-replica gather in its objective.


def _compiled(key, strategy):
    if not key.startswith("R="):
        return compiled(key, strategy)
    name = key.removeprefix("R=")
    options = {"name": name.split("-")[0], **components.REGULARIZERS[name]}
    if name == "stein":
        # With the authors' weight of 5000, SGD leaves the data, and rounding grows with every step.
        options["weight"] = 1.0
    parts = {
        "mapping": {"name": "mlp", "dense": (6,)},
        "inference": {"name": "gaussian", "trunk": "mlp", "dense": (6,)},
    }
    with strategy.scope():
        model = GVAE(IMAGE, latent_dim=4, seed=1, regularizer=options, **parts)
        model.compile(keras.optimizers.SGD(1e-3), jit_compile=False, run_eagerly=False)
    return model


STEPS = 30
LARGEST = 1e-5  # The largest difference of a weight.
# Rounding makes a difference of 1e-7, until a unit crosses the kink of its ReLU in one computation
# and not in the other: with a rate of 1e-3 that happened to a SeqVAE in step 17, and its weights
# differed by 3e-4. A rate of 1e-4 still moves weights by 7e-3. PixelCNN++ has large gradients.
RATE, RATES = 1e-4, {"gvae-pixelcnn_pp": 1e-5}


def trained(key, strategy):
    """30 steps of 8 rows, then an evaluation and a prediction whose last batch has 3: arrays."""
    model = _compiled(key, strategy)
    model.optimizer.learning_rate = RATES.get(key, RATE)
    before = model.get_weights()
    steps = tf.data.Dataset.from_tensors(batch(model, 8)).repeat(STEPS)
    fitted = model.fit(steps, verbose=0, shuffle=False).history
    rows = tf.data.Dataset.from_tensor_slices(batch(model, 7)).batch(4)
    evaluated = model.evaluate(rows, verbose=0, return_dict=True)
    predicted = model.predict(rows, verbose=0)
    found = {"loss": np.float64(fitted["loss"][-1])}
    found |= {f"evaluated/{name}": np.float64(value) for name, value in evaluated.items()}
    found |= {f"predicted/{name}": value for name, value in predicted.items()}
    for i, (weight, start) in enumerate(zip(model.weights, before, strict=True)):
        found |= {f"weight/{i}": weight.numpy(), f"start/{i}": start}
    return found


def assert_same(ours, theirs, key):
    """Equal up to float rounding."""
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        if name.startswith("weight/"):
            tolerance = {"rtol": 0, "atol": LARGEST}
        else:
            tolerance = {"rtol": 1e-5, "atol": 1e-5}
        np.testing.assert_allclose(theirs[name], value, **tolerance, err_msg=f"{key} {name}")


def on_arrays(strategy):
    """`fit` of a user: arrays with sample weights, held-out arrays, a callback's logs."""
    found = {}
    for order, shuffle in (("in order", False), ("shuffled", True)):
        history = _fitted_to_arrays(_compiled("R=kl", strategy), shuffle)
        found |= {f"{order}/{name}": np.array(values) for name, values in history.items()}
    return found


def refused(strategy):
    """What `fit` of several workers must refuse: {case: whether it did}."""
    with strategy.scope():
        other = GVAE(IMAGE, latent_dim=4, seed=None, mapping="mlp")
        other.compile("sgd", jit_compile=False)
    model = _compiled("R=kl", strategy)
    x = batch(model, 8).numpy()
    dataset = tf.data.Dataset.from_tensors(x)
    weight = np.ones(8, np.float32)
    return {
        "seeds": _fails(lambda: other.fit(dataset, verbose=0), "another seed on each worker"),
        "weights": _fails(
            lambda: model.fit(dataset, sample_weight=weight, verbose=0), "sample_weight belongs"
        ),
    }


def _fitted_to_arrays(model, shuffle):
    x = batch(model, 8).numpy()
    weight = np.linspace(0.5, 1.5, 8).astype(np.float32)
    seen = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: seen.append(logs))
    history = model.fit(
        x,
        sample_weight=weight,
        batch_size=4,
        shuffle=shuffle,
        epochs=2,
        validation_data=(x, None, weight),
        callbacks=[note],
        verbose=0,
    ).history
    assert len(seen) == 4 and all(np.isfinite(float(logs["loss"])) for logs in seen)
    return history


def keras_fails(strategy):
    """What of Keras's own fails on several workers: {"fit": bool, "logs": bool}."""
    with strategy.scope():
        model = keras.Sequential([keras.Input([2]), keras.layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
    data = tf.data.Dataset.from_tensors((tf.ones([4, 2]), tf.ones([4, 1])))

    @tf.function
    def means():
        logs = strategy.run(lambda: tf.constant(1.0))
        return reduce_per_replica(logs, strategy, "auto")

    return {
        "fit": _fails(lambda: model.fit(data, verbose=0, shuffle=False), "PerReplica"),
        "logs": _fails(means, "Invalid reduction"),
    }


def _fails(call, message):
    try:
        call()
    except Exception as error:
        return np.array(message in str(error))
    return np.array(False)


def config(**train):
    """A configuration whose graph is small."""
    made = configs.get_config("vae")
    made.update_from_flattened_dict({**tiny_runs.FLAGS, "data.name": "digits", "pictures.num": 0})
    made.update_from_flattened_dict({"mapping.name": "mlp", "inference.trunk": "mlp"})
    made.mapping.width = made.inference.width = None
    made.train.update(steps=4, warmup_steps=0, checkpoint_every=2, log_every=1)
    made.train.update(train)
    return made


def weights(folder, step):
    """The weights of a checkpoint."""
    return [w.numpy() for w in runs.load(folder, step).weights]
