"""Optima by gradient ascent on an exact objective: every expectation is a finite sum."""

import keras
import numpy as np
import tensorflow as tf

from train.reproduce.propositions import members

# The error of a trained optimum: of the objective in nats, and of laws in total variation.
VALUE = 1e-5
TOTAL_VARIATION = 1e-3


def ascend(objective, start, steps, learning_rate=0.1):
    """Maximise objective(tensors) -> scalar by Adam; the rate falls to 0 along a cosine.

    Args:
      objective: a function of a list of float64 tensors.
      start: a list of arrays, the initial values.
      steps: steps of Adam.

    Returns:
      The list of float64 arrays at the end.
    """
    variables = [keras.Variable(value, dtype="float64") for value in start]
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    # Outcomes of small probability have small gradients. epsilon must be smaller than these, and
    # the mean square must forget the larger gradients of the start.
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99, epsilon=1e-14)
    optimizer.build(variables)

    @tf.function
    def run():
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = -objective([variable.value for variable in variables])
            values = [variable.value for variable in variables]
            optimizer.apply(tape.gradient(loss, values), variables)

    # Each objective needs a trace. Called in this way, TensorFlow does not warn about them.
    run.get_concrete_function()()
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def fit(family, table, steps, rng):
    """Train a tabular F: maximise E_q(x,z)[log p(x|z)] (Eq. 5) from a random start.

    Args:
      family: P, from members.py.
      table: q(x, z) [X, Z].
      steps: steps of Adam.
      rng: a np.random.Generator.

    Returns:
      The parameters of p(.|z), [Z, ...].
    """
    weights = np.ascontiguousarray(table.T)
    start = rng.normal(size=family.shape(len(weights)))

    def objective(tensors):
        return tf.reduce_sum(weights * family.log_prob(tensors[0]))

    return ascend(objective, [start], steps)[0]


def fit_members(family, table, steps, rng):
    """The result of `fit` as a table p(x|z) [Z, X]."""
    return members.members(family, fit(family, table, steps, rng))
