"""The authors' layers: their sizes, their number of weights, their function."""

import math

import numpy as np
import pytest
import tensorflow as tf

import configs
from benchmarks.authors_graph import AuthorsGraph
from tfgvae import GVAE, SeqVAE, seeds
from tfgvae.data import ImageInfo
from tfgvae.distributions.divergence import kl_terms
from train import build

IMAGE = (32, 32, 3)
OPTIONS = {"layout": "authors", "latent_dim": 9, "latent_groups": (2, 3, 4), "dense": (6,)}
CHANNELS = (4, 5, 7)


def seqvae(image=IMAGE, **options):
    return SeqVAE(image, **{**OPTIONS, "channels": CHANNELS, "num_steps": 3, **options})


def weights(model):
    return sum(math.prod(w.shape) for w in model.trainable_variables)


def expected_weights(size, channels, groups, dense, steps):
    """The number of weights of the authors' network, layer by layer; biases and offsets are 2 n."""
    *kept, last = channels
    sides = [size // 2 ** (i + 1) for i in range(len(channels))]
    units = [side**2 * c for side, c in zip(sides, channels, strict=True)]
    inputs = [3, *kept]

    encoder = 16 * last * kept[-1] + 2 * last + units[-1] * dense + 2 * dense
    for i, c in enumerate(kept):
        encoder += 16 * c * (inputs[i] + c) + 4 * c
    heads = sum(2 * z * (n + 1) for z, n in zip(groups, [*units[:-1], dense], strict=True))

    latents = sum(n * (z + 2) for z, n in zip(groups, [*units[:-1], dense], strict=True))
    decoder = dense * (dense + 2) + units[-1] * (dense + 2)  # two dense layers after the latents
    above = [*channels[1:]]
    for c, coarser in zip(kept, above, strict=True):
        decoder += 16 * c * (coarser + 2 * c) + 4 * c  # up, and the one that reads latents too
    decoder += 16 * 3 * kept[0] + 3
    reads = encoder + dense * (dense + 2) + dense * dense + 16 * kept[0] + 1  # x(t-1), and a gate
    return steps * (encoder + heads + latents + decoder) + (steps - 1) * reads


@pytest.mark.parametrize("steps", [1, 3])
def test_weights_are_those_of_the_layers(steps):
    expected = expected_weights(32, CHANNELS, (2, 3, 4), 6, steps)
    assert weights(seqvae(num_steps=steps)) == expected
    assert AuthorsGraph(IMAGE, CHANNELS, (2, 3, 4), 6, steps).count() == expected


@pytest.mark.parametrize(
    ("recipe", "groups", "millions"),
    [
        ("seqvae_celeba", (10,) * 4, 160.1),
        pytest.param("seqvae_lsun", (20, 30, 30, 30), 189.8, marks=pytest.mark.slow),
    ],
)
def test_the_recipes_have_the_authors_number_of_weights(recipe, groups, millions):
    """By the first two steps: every later step has the weights of the second."""
    config = configs.get_config(recipe)
    assert config.model.num_steps == 8 and config.model.latent_groups == groups
    counts = []
    for steps in (1, 2):
        config.model.num_steps = steps
        counts.append(weights(build.model(config, ImageInfo((64, 64, 3), 10, None))))
        expected = expected_weights(64, (48, 96, 192, 384), groups, 512, steps)
        assert counts[-1] == expected
    total = counts[0] + 7 * (counts[1] - counts[0])
    assert total == expected_weights(64, (48, 96, 192, 384), groups, 512, 8)
    assert round(total / 1e6, 1) == millions
    if recipe == "seqvae_celeba":
        assert abs(total / 160e6 - 1) < 0.01


@pytest.mark.slow
def test_the_whole_network_of_celeba():
    config = configs.get_config("seqvae_celeba")
    assert abs(weights(build.model(config, ImageInfo((64, 64, 3), 10, None))) / 160e6 - 1) < 0.01


def test_sizes_and_channels_at_64():
    model = SeqVAE((64, 64, 3), num_steps=2, latent_dim=4, width=3, dense=(5,), layout="authors")
    shapes = [(32, 32, 3), (16, 16, 6), (8, 8, 12)]
    step, q = model._transitions[0], model._posteriors[0]
    x, z = seeds.batch_uniform(0, 2, (64, 64, 3)), seeds.batch_normal(0, 2, (4,))
    for encoder in (step._encoder, q._encoder):
        assert encoder.feature_shapes() == shapes
        assert [tuple(h.shape) for h in encoder(x)] == [*((2, *shape) for shape in shapes), (2, 5)]
    assert step._feature_shape(4) == (4, 4, 24)
    assert step._features(z, None, False, top=encoder(x)[-1:]).shape == (2, 32, 32, 3)


def ours_in_order(model):
    """The values of the weights in the order of AuthorsGraph, whose biases before a norm are 0."""

    def block(layer, norm):
        found = [np.array(layer.kernel)]
        # The head of a block has no normalisation: a bias and no offset.
        if norm is None:
            return [*found, np.array(layer.bias)]
        np.testing.assert_array_equal(norm.gamma, 1)
        return [*found, np.zeros(norm.beta.shape), np.array(norm.beta)]

    def of(*blocks):
        return [w for b in blocks for w in block(b.layer, b._normalize)]

    def halves(head):
        kernels, biases = (np.split(np.array(w), 2, -1) for w in (head.kernel, head.bias))
        return [w for pair in zip(kernels, biases, strict=True) for w in pair]

    def encoder(e, heads=None):
        heads = [halves(h.layers[-1]) for h in heads] if heads else [[]] * (len(e._scales) + 1)
        found = []
        for scale, head in zip(e._scales, heads, strict=False):
            found += [*of(*scale.layers), *head]
        return [*found, *of(e._top.layers[0], e._top.layers[2]), *heads[-1]]

    def inject(i):
        return block(i._project, i._normalize)

    def generator(g):
        found = [*encoder(g._encoder), *of(g._top_image)] if hasattr(g, "_encoder") else []
        top = g._top_latents
        found += inject(top) if hasattr(top, "_project") else of(top)
        found += of(g._top_in, g._top_out)
        for up, latents, same in zip(g._up, g._inject, g._same, strict=True):
            found += [*of(up), *inject(latents), *of(same)]
        return [*found, *of(g._head), *(of(g._gate) if hasattr(g, "_gate") else [])]

    steps = zip(model._posteriors, [model._first, *model._transitions], strict=True)
    return [w for q, g in steps for w in (*encoder(q._encoder, q._heads), *generator(g))]


@pytest.fixture(scope="module")
def both():
    """(ours, the plain graph) with equal weights, of which no offset is 0."""
    model, graph = seqvae(), AuthorsGraph(IMAGE, CHANNELS, (2, 3, 4), 6, 3)
    for number, weight in enumerate(model.trainable_variables):
        if weight.name in ("beta", "bias"):
            weight.assign(0.3 * seeds.batch_normal(number, 1, weight.shape)[0])
    for q in model._posteriors:
        q.min_stddev = 0.0  # The authors have no lower bound.
    for theirs, ours in zip(graph.weights, ours_in_order(model), strict=True):
        theirs.assign(ours)
    return model, graph


def test_the_function_is_that_of_the_plain_graph(both):
    model, graph = both
    x, noise = seeds.batch_uniform(0, 5, IMAGE), seeds.batch_normal(1, 5, (3, 9))
    moments, images = graph.moments_and_images(2 * x - 1, noise)
    _, q, _, chain = model._drawn(x, noise, None, training=True)
    for t, (mean, deviation) in enumerate(moments):
        np.testing.assert_allclose(q.mean()[:, t], mean, atol=2e-4)
        np.testing.assert_allclose(q.stddev()[:, t], deviation, atol=2e-4)
    for ours, theirs in zip(chain, images, strict=True):
        np.testing.assert_allclose(2 * ours - 1, theirs, atol=2e-3)


def test_the_loss_and_its_gradient_are_those_of_the_plain_graph(both):
    model, graph = both
    x, noise = seeds.batch_uniform(0, 5, IMAGE), seeds.batch_normal(1, 5, (3, 9))
    model.family.scale = 1 / math.sqrt(128)
    with tf.GradientTape() as tape:
        _, q, prior, chain = model._drawn(x, noise, None, training=True)
        kl = tf.reduce_sum(kl_terms(q, prior)) / 5
        ours = kl - tf.add_n([tf.reduce_mean(model.family.log_prob(x, p)) for p in chain])
    with tf.GradientTape() as other:
        theirs = graph.loss(2 * x - 1, noise)
    # A Gaussian density has a constant.
    constant = 3 * math.prod(IMAGE) * 0.5 * math.log(2 * math.pi / 128)
    np.testing.assert_allclose(ours, theirs + constant, rtol=1e-4)
    last = model._transitions[-1]
    layers = [model._posteriors[0]._encoder._scales[0].layers[0].layer, last._top_in.layer]
    layers += [model._first._up[0].layer, last._gate.layer, last._inject[0]._project]
    kernels = [layer.kernel.value for layer in layers]
    places = [i for k in kernels for i, w in enumerate(graph.weights) if np.array_equal(w, k)]
    found = zip(
        tape.gradient(ours, kernels),
        other.gradient(theirs, [graph.weights[i] for i in places]),
        strict=True,
    )
    for a, b in found:
        np.testing.assert_allclose(a, b, atol=2e-3 * np.abs(b).max())


def test_one_step_is_the_vae_with_both_authors_ladders():
    ladder = {"name": "authors_ladder", "dense": (6,), "channels": CHANNELS}
    ladder["latent_groups"] = (2, 3, 4)
    vae = GVAE(IMAGE, latent_dim=9, family="gaussian", mapping=ladder, inference=ladder)
    chain = seqvae(num_steps=1)
    chain._posteriors[0].set_weights(vae.inference.get_weights())
    chain._first.set_weights(vae.mapping.get_weights())
    x, rows = seeds.batch_uniform(0, 4, IMAGE), seeds.rows(3, 4)
    np.testing.assert_array_equal(
        chain.ancestral_sample(4, seed=rows), vae.ancestral_sample(4, seed=rows)
    )
    np.testing.assert_allclose(chain(x)["kl"], vae(x)["kl"], rtol=1e-5)


def test_a_label_reaches_every_step():
    model = seqvae((8, 8, 1), latent_groups=(4, 5), channels=(), width=2, num_classes=3)
    z = seeds.batch_normal(1, 2, (3, 9))
    one = tf.stack(model.likelihood_chain(z, tf.constant([0, 1])), 1)
    two = tf.stack(model.likelihood_chain(z, tf.constant([0, 2])), 1)
    np.testing.assert_array_equal(one[0], two[0])
    assert all(not np.array_equal(one[1, t], two[1, t]) for t in range(3))


@pytest.mark.parametrize("skip", [True, False])
def test_without_skips_only_the_top_reads_the_last_image(skip):
    model = seqvae(num_steps=2, skip=skip)
    step, z = model._transitions[0], seeds.batch_normal(1, 5, (9,))
    step._top_image.layer.kernel.assign(tf.zeros_like(step._top_image.layer.kernel))
    x = seeds.batch_uniform(0, 5, IMAGE)
    assert np.allclose(step(z, x=x)[0], step(z, x=1 - x)[0]) != skip


@pytest.mark.parametrize("layout", [pytest.param("wide", marks=pytest.mark.slow), "authors"])
def test_channels_replace_width(layout):
    doubled = seqvae(layout=layout, channels=(), width=3)
    given = seqvae(layout=layout, channels=(3, 6, 12), width=99)
    shapes = [w.shape for w in doubled.weights]
    assert [w.shape for w in given.weights] == shapes
    assert SeqVAE.from_config(given.get_config()).channels == (3, 6, 12)


def test_files_of_the_default_layout_hold_no_new_arguments():
    config = SeqVAE((8, 8, 1), latent_dim=4, width=2, dense=(3,)).get_config()
    assert not {"layout", "channels"} & set(config)
    assert SeqVAE.from_config(config).layout == "wide"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "ours"}, "layout must be one of wide, authors, got 'ours'"),
        (
            {"channels": (4, 5)},
            "channels must be 3 sizes > 0, finest scale first, for images of 32",
        ),
        ({"channels": (4, 5, 0)}, "every number of channels must be an integer >= 1"),
        ({"channels": (4, 5, 5000)}, "channels must be at most 4096"),
        ({"channels": 4}, "channels must be a tuple of integers"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        seqvae(**options)
