"""Every autoregressive family is a distribution, is causal, and has no blind spot."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.families.oracle import KEYS, build, parameters
from tfgvae import seeds
from tfgvae.autoregressive.causal import CausalConv
from tfgvae.autoregressive.evaluation import WholeImage

every = pytest.mark.parametrize("key", KEYS)
# A network with scales takes long to trace.
plain = pytest.mark.parametrize(
    "key", [pytest.param(key, marks=pytest.mark.slow if "pp" in key else ()) for key in KEYS]
)
GREY, COLOUR = (5, 6, 1), (4, 5, 3)
# Networks that see everything in an image of these sizes.
DEEP = {
    "pixelcnn": {"num_blocks": 3, "filters": 24, "kernel_size": 3},
    "pixelcnn_pp": {"num_blocks": 2, "num_scales": 3},
}


def all_images(image_shape, levels):
    grid = np.linspace(0, 1, levels, dtype=np.float32)
    pixels = itertools.product(grid, repeat=math.prod(image_shape))
    return np.array(list(pixels), np.float32).reshape(-1, *image_shape)


@every
@pytest.mark.parametrize(
    ("spread", "conditioned"),
    [
        (0.3, True),
        *(pytest.param(*c, marks=pytest.mark.slow) for c in ((0.0, False), (0.3, False))),
    ],
)
@pytest.mark.parametrize(
    ("shape", "levels"), [((2, 2, 1), 2), ((2, 2, 1), 3), ((1, 2, 3), 2), ((1, 2, 3), 3)]
)
def test_probabilities_of_all_images_sum_to_one(key, shape, levels, spread, conditioned):
    """Within the rounding of float32 logarithms: 2e-7 relative each, for ten nats or less."""
    family = build(key, shape, spread, levels=levels)
    x = all_images(shape, levels)
    params = parameters(family, 1) if conditioned else tf.zeros([1, *family.params_shape(shape)])
    log_prob = family.log_prob(x, tf.repeat(params, len(x), 0)).numpy().astype(np.float64)
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-6)
    assert log_prob.max() - log_prob.min() > 0.01, "not uniform"


def steps(family, outputs):
    """Outputs [B, H, W, ...] as [B, U, n]: one row per step, a pixel or a colour."""
    batch, height, width, _ = outputs.shape
    return tf.reshape(outputs, [batch, height * width * family.colours, -1]).numpy()


def what_changes(family, seed):
    """Whether a change of sub-pixel i changes the outputs of step k: bool [H W C, U].

    It is compared with the unchanged image at the same place of a batch of the same size. Outputs
    that do not depend on sub-pixel i are the same bit for bit.
    """
    n = math.prod(family.image_shape)
    x = tf.repeat(seeds.batch_uniform(seed, 1, family.image_shape), n, 0)
    change = tf.reshape(0.5 * tf.eye(n), [n, *family.image_shape])
    params = tf.repeat(parameters(family, 1), n, 0)
    before, after = (steps(family, family.outputs(y, params)) for y in (x, (x + change) % 1.0))
    return (before != after).any(axis=-1)


def later(family):
    """Whether step k comes after sub-pixel i in the order: bool [H W C, U]."""
    height, width, channels = family.image_shape
    at_a_time = channels // family.colours
    step = np.arange(height * width * channels) // at_a_time
    return step[:, None] < np.arange(height * width * family.colours)[None]


@every
@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_outputs_depend_on_what_comes_before_alone(key, shape):
    family = build(key, shape)
    changed = what_changes(family, 0)
    assert not (changed & ~later(family)).any() and changed.any()


@plain
@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_a_deep_network_has_no_blind_spot(key, shape):
    """Every sub-pixel reaches every later step, in one of a few images: rectifiers may be shut."""
    family = build(key, shape, **DEEP[key.split("-")[0]])
    changed = [what_changes(family, seed) for seed in range(4)]
    np.testing.assert_array_equal(np.any(changed, axis=0), later(family))


@plain
@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_gradients_reach_every_weight_and_the_condition(key, shape):
    family = build(key, shape)
    params = parameters(family, 4)
    x = family.snap(seeds.batch_uniform(1, 4, shape))
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = tf.reduce_sum(family.log_prob(x, params))
    sources = {weight.path: weight for weight in family.trainable_variables}
    gradients = tape.gradient(log_prob, {**sources, "params": params})
    for name, gradient in gradients.items():
        assert gradient is not None and np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name
    assert (np.abs(gradients["params"]).max(axis=(1, 2, 3)) > 0).all(), "every row's own"


def test_weights_between_colours_that_do_not_see_each_other_are_shut():
    """Gradients of masked weights are exactly 0; those of the others of a colour are not."""
    family = build("pixelcnn", COLOUR, filters=12)
    x, params = seeds.batch_uniform(1, 4, COLOUR), parameters(family, 4)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(family.outputs(x, params)))
    layers = [layer for layer in family._flatten_layers() if isinstance(layer, CausalConv)]
    kernels = {layer: layer.trainable_variables[0] for layer in layers if layer.groups > 1}
    gradients = tape.gradient(total, list(kernels.values()))
    seen = {"all": [3, 3, 3], "own": [1, 2, 3], "earlier": [0, 1, 2]}
    assert {layer.sees for layer in kernels} == set(seen)
    for layer, gradient in zip(kernels, gradients, strict=True):
        # [colour seen, channels, colour seeing, channels] at the pixel itself.
        own = gradient[-1, layer.left].numpy()
        own = own.reshape(3, own.shape[0] // 3, 3, own.shape[1] // 3)
        for colour, count in enumerate(seen[layer.sees]):
            assert np.abs(own[:count, :, colour]).max(initial=1 - min(count, 1)) > 0, layer.name
            assert not own[count:, :, colour].any(), layer.name


@pytest.mark.parametrize("key", DEEP)
def test_a_vector_is_a_map_with_one_value(key):
    vector = build(key, COLOUR, condition="vector")
    everywhere = build(key, COLOUR, condition="map")
    everywhere.set_weights(vector.get_weights())
    x, params = vector.snap(seeds.batch_uniform(2, 3, COLOUR)), parameters(vector, 3)
    log_prob = vector.log_prob(x, params)
    same = everywhere.log_prob(x, tf.tile(params, [1, *COLOUR[:2], 1]))
    np.testing.assert_allclose(same, log_prob, rtol=1e-5)
    other = vector.log_prob(x, parameters(vector, 3, seed=1))
    assert (np.abs(other - log_prob) > 1e-3).all()


@pytest.mark.parametrize("key", DEEP)
def test_every_position_of_a_map_matters_at_its_place(key):
    family = build(key, GREY, condition="map")
    n = GREY[0] * GREY[1]
    x = tf.repeat(seeds.batch_uniform(3, 1, GREY), n, 0)
    params = tf.repeat(parameters(family, 1), n, 0)
    moved = params + tf.reshape(tf.eye(n), [n, *GREY])
    before, after = (steps(family, family.outputs(x, c)) for c in (params, moved))
    assert (before != after).any(axis=-1).diagonal().all()


class Moments(WholeImage):
    """Records, for each convolution of the network, (mean, deviation, the deviation asked for)."""

    def __init__(self, params):
        super().__init__(params)
        self.found = []

    def conv(self, layer, x):
        y = layer(x)
        mean, variance = tf.nn.moments(y, [0, 1, 2])
        self.found.append((mean, tf.sqrt(variance), layer.init_scale))
        return y


def test_the_first_batch_sets_the_scale_of_every_layer():
    """Each output channel has mean 0 and the given deviation over that batch, wherever it was."""
    family = build("pixelcnn_pp", GREY)
    assert family.wants_initialization
    x, params = family.snap(seeds.batch_uniform(5, 8, GREY)), parameters(family, 8)
    family.initialize(x, params)
    assert not family.wants_initialization
    moments = Moments(params)
    family.run(moments, x)
    assert {scale for *_, scale in moments.found} == {1.0, 0.1}
    for mean, deviation, scale in moments.found:
        np.testing.assert_allclose(mean, tf.zeros_like(mean), atol=1e-4)
        np.testing.assert_allclose(deviation, tf.fill(deviation.shape, scale), rtol=1e-3)


def test_dropout_is_of_training_and_a_function_of_the_seed():
    family, without = build("pixelcnn_pp", GREY), build("pixelcnn_pp", GREY, dropout=0.0)
    x, params = family.snap(seeds.batch_uniform(4, 3, GREY)), parameters(family, 3)
    evaluated = family.log_prob(x, params)
    np.testing.assert_array_equal(without.log_prob(x, params, seed=1), evaluated)
    trained = family.log_prob(x, params, seed=1)
    np.testing.assert_array_equal(family.log_prob(x, params, seed=1), trained)
    for other in (evaluated, family.log_prob(x, params, seed=2)):
        assert (np.abs(trained - other) > 1e-3).all()


@plain
def test_it_is_a_distribution_of_tensorflow_probability(key):
    family = build(key, (2, 3, 3))
    params = parameters(family, 2)
    law = family.distribution(params)
    sample = tf.function(lambda seed: law.sample(4, seed=seed))
    assert law.batch_shape == (2,) and law.event_shape == (2, 3, 3)
    x = sample(tf.constant([1, 2]))
    assert x.shape == (4, 2, 2, 3, 3)
    np.testing.assert_allclose(x, family.snap(x), atol=1e-7)
    np.testing.assert_array_equal(sample(tf.constant([1, 2])), x)
    assert not np.array_equal(sample(tf.constant([1, 3])), x)
    log_prob = law.log_prob(x)
    assert log_prob.shape == (4, 2)
    for draw, row in zip(x, log_prob, strict=True):
        np.testing.assert_allclose(row, family.log_prob(draw, params), rtol=1e-5)
        np.testing.assert_allclose(law.log_prob(draw), row, rtol=1e-5)
    # One image for the whole batch of conditions.
    alone = tf.repeat(x[0, :1], 2, 0)
    np.testing.assert_allclose(law.log_prob(x[0, 0]), family.log_prob(alone, params), rtol=1e-5)
