"""Calls of a signature with arrays."""

import time

import tensorflow as tf


def tensors(inputs):
    """Arrays {input: array} as tensors."""
    return {name: tf.constant(value) for name, value in inputs.items()}


def call(function, inputs):
    """The outputs of a signature as arrays."""
    return {name: value.numpy() for name, value in function(**tensors(inputs)).items()}


def seconds(function, inputs):
    """Seconds of one call, which waits for the result and copies it, as a server would."""
    start = time.perf_counter()
    call(function, inputs)
    return time.perf_counter() - start
