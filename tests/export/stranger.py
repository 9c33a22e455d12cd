"""A program that does not import the project: a SavedModel's answers through two loaders.

usage: stranger.py FOLDER REQUESTS.npz ANSWERS_2.npz ANSWERS_1.npz
"""

import collections
import sys

import numpy as np
import tensorflow as tf


def read(path):
    """{signature: {input: array}}."""
    found = collections.defaultdict(dict)
    for key, value in np.load(path).items():
        signature, name = key.split("/")
        found[signature][name] = value
    return found


def write(path, answers):
    """Store {signature: {output: array}}."""
    np.savez(
        path, **{f"{s}/{name}": v for s, named in answers.items() for name, v in named.items()}
    )


def second(folder, requests):
    """Through tf.saved_model.load."""
    signatures = tf.saved_model.load(folder).signatures
    answers = {}
    for signature, inputs in requests.items():
        tensors = {name: tf.constant(value) for name, value in inputs.items()}
        outputs = signatures[signature](**tensors)
        answers[signature] = {name: value.numpy() for name, value in outputs.items()}
    return answers


def first(folder, requests):
    """Through the loader of TensorFlow 1, which reads what the server reads: graph and tag."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], folder)
        answers = {}
        for signature, inputs in requests.items():
            definition = graph.signature_def[signature]
            answers[signature] = session.run(
                {name: tensor.name for name, tensor in definition.outputs.items()},
                {definition.inputs[name].name: value for name, value in inputs.items()},
            )
        return answers


if __name__ == "__main__":
    model, asked, *answered = sys.argv[1:]
    for load, path in zip((second, first), answered, strict=True):
        write(path, load(model, read(asked)))
    for module in ("tfgvae", "export", "tensorflow_probability", "tf_keras"):
        assert module not in sys.modules, module
