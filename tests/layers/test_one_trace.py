"""Layers of equal structure share one trace: the same numbers, gradients and updates."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.layers import blocks
from tfgvae.layers.one_trace import OneTrace

X = seeds.batch_normal(0, 7, (5,))


class Counted:
    """h + layer(h), and how often its code ran."""

    def __init__(self):
        self.runs = 0

    def __call__(self, layers, h, scale, training):
        self.runs += 1
        (layer,) = layers
        return h + layer(h, training=training) * (1.0 if scale is None else scale)


def make(count=3, units=5, **options):
    layers = [blocks.dense(units, activation="tanh", **options) for _ in range(count)]
    for number, layer in enumerate(layers):
        layer.build((None, 5))
        for i, weight in enumerate(layer.weights):
            weight.assign(0.5 + 0.3 * seeds.batch_normal(10 * number + i, 1, weight.shape)[0])
    return layers


def follow(call, layers, training=True, **options):
    """The sum of squares after all layers, and its gradients."""
    sources = list({id(w): w for layer in layers for w in layer.trainable_weights}.values())
    values = [w.value for w in sources]
    with tf.GradientTape() as tape:
        h = X
        for layer in layers:
            h = call([layer], h, None, training=training, **options)
        loss = tf.reduce_sum(tf.square(h))
    return loss, tape.gradient(loss, values)


def both(make_layers, training=True, **options):
    """(loss, gradients, weights afterwards) by the function itself, and by one trace."""
    results, runs = [], []
    for traced in (False, True):
        layers, counted = make_layers(), Counted()
        call = OneTrace(counted)
        if traced:
            found = tf.function(lambda: follow(call, layers, training, **options))()  # noqa: B023
        else:
            found = follow(counted, layers, training)
        after = [w.numpy() for layer in layers for w in layer.weights]
        results.append([np.asarray(v) for v in tf.nest.flatten([found, after])])
        runs.append(counted.runs)
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-3)
    return runs


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_the_code_runs_once_for_all_layers(norm):
    assert both(lambda: make(norm=norm)) == [3, 1]


def test_moving_averages_change_in_training_only():
    assert both(lambda: make(norm="batch"), training=False) == [3, 1]


def test_one_layer_may_take_every_step():
    def repeated():
        return 3 * make(1, norm="batch")

    assert both(repeated) == [3, 1]


def test_a_second_pass_for_the_gradient_updates_once():
    plain, traced = both(lambda: make(norm="batch"), recompute=True)
    assert plain == 3 and traced <= 2


def test_layers_of_another_structure_have_their_own_trace():
    frozen = make(norm="batch")
    frozen[1].trainable = False
    other = make(3, norm="batch")
    other[2] = blocks.dense(5, norm="batch", activation="relu")
    other[2].build((None, 5))
    start = other[2].get_weights()

    def mixed():
        other[2].set_weights(start)
        return [*make(2, norm="batch"), other[2]]

    assert both(mixed) == [3, 2]

    def partly_frozen():
        layers = make(norm="batch")
        layers[1].trainable = False
        return layers

    assert both(partly_frozen) == [3, 2]


def test_a_later_graph_uses_the_same_trace():
    layers, counted = make(), Counted()
    call = OneTrace(counted)
    for _ in range(2):
        tf.function(lambda: follow(call, layers)[0])()
    assert counted.runs == 1


def test_without_a_graph_the_function_itself_runs():
    layers, counted = make(), Counted()
    follow(OneTrace(counted), layers)
    assert counted.runs == 3


def test_the_policy_of_the_layers_holds():
    layers = [keras.layers.Dense(5, dtype="mixed_bfloat16") for _ in range(2)]
    call = OneTrace(lambda layers, x: layers[0](x))
    for layer in layers:
        layer.build((None, 5))
        found = tf.function(lambda x: call([layer], x))(X)  # noqa: B023
        assert found.dtype == tf.bfloat16
        np.testing.assert_allclose(found, layer(X), rtol=2e-2, atol=2e-2)


@pytest.mark.slow
def test_two_replicas_have_the_gradients_of_one(mirrored):
    with mirrored.scope():
        many = make(norm="batch")
    one, call = make(norm="batch"), OneTrace(Counted())

    def loss(layers, x, recompute):
        h = x
        for layer in layers:
            h = call([layer], h, None, training=True, recompute=recompute)
        return tf.reduce_sum(tf.square(h))

    def gradients(layers, x, recompute):
        values = [w.value for layer in layers for w in layer.trainable_weights]
        with tf.GradientTape() as tape:
            found = loss(layers, x, recompute)
        return tape.gradient(found, values)

    for recompute in (False, True):

        def apply():
            context = tf.distribute.get_replica_context()
            here = context.replica_id_in_sync_group
            found = gradients(many, X[3 * here : 3 * here + 3], recompute)  # noqa: B023
            return context.all_reduce(tf.distribute.ReduceOp.SUM, found)

        found = mirrored.run(tf.function(apply))
        theirs = [mirrored.experimental_local_results(g)[0] for g in found]
        for a, b in zip(theirs, gradients(one, X[:6], recompute), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)
        for a, b in zip(many, one, strict=True):
            for v, w in zip(a.weights, b.weights, strict=True):
                np.testing.assert_allclose(v, w, rtol=1e-4, atol=1e-4)
