"""MADE and the flow over it: what an output depends on, and the change of variables."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.layers.autoregressive_flow import AutoregressiveFlow
from tfgvae.layers.made import MADE


def moved(layer):
    for number, weight in enumerate(layer.trainable_variables):
        weight.assign_add(0.3 * seeds.batch_normal(number, 1, weight.shape)[0])
    return layer


@pytest.mark.parametrize("size, hidden", [(1, (4,)), (2, (3,)), (5, (7, 9)), (6, (2,))])
def test_an_output_depends_on_earlier_inputs_only(size, hidden):
    network = MADE(size, 2, hidden)
    network.build()
    moved(network)
    x = seeds.batch_normal(0, 1, (size,))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = network(x)
    jacobian = tape.jacobian(y, x).numpy()[0, :, :, 0]  # [size, outputs, size]
    for out in range(size):
        assert (jacobian[out, :, out:] == 0).all()
        if size > 1 and out and len(hidden) == 2:
            assert (jacobian[out, :, :out] != 0).all()


@pytest.mark.parametrize("context", [0, 3])
def test_the_log_determinant_is_that_of_the_jacobian(context):
    flow = AutoregressiveFlow(4, transforms=2, hidden=(8,), context=context)
    flow.build()
    moved(flow)
    h = seeds.batch_normal(1, 1, (3,)) if context else None
    bijector = flow.bijector(h)
    z = seeds.batch_normal(2, 1, (4,))
    with tf.GradientTape() as tape:
        tape.watch(z)
        u = bijector.inverse(z)
    jacobian = tape.jacobian(u, z)[0, :, 0]
    expected = np.linalg.slogdet(jacobian.numpy())[1]
    found = bijector.inverse_log_det_jacobian(z, event_ndims=1)
    np.testing.assert_allclose(found, [expected], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(bijector.forward(tf.identity(u)), z, rtol=1e-4, atol=1e-5)
