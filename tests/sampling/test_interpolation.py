"""Paths between codes and traversals: endpoints, norms, invariances, and what is refused."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import tiny_models
from tests.conformance.tiny_models import IMAGE, batch, components, images, label
from tfgvae import seeds
from tfgvae.sampling import interpolation

# Models that are traced once for all tests of this file. Every model's rows: test_every_sampler.
build = functools.cache(tiny_models.build)
QUICK = {"gvae", "infusion", "marginal"}
each = pytest.mark.parametrize(
    "key",
    [
        key if key in QUICK else pytest.param(key, marks=pytest.mark.slow)
        for key in components.MODELS
    ],
)
Z_A, Z_B = (seeds.batch_normal(seed, 5, (2, 6)) for seed in (1, 2))
both = pytest.mark.parametrize("mode", interpolation.PATHS)


def path(a, b, mode, steps=7):
    return interpolation.path(a, b, steps, mode).numpy()


def norms(z):
    return np.linalg.norm(np.reshape(z, [*np.shape(z)[:2], -1]), axis=-1)


@both
def test_a_path_ends_at_both_codes_and_may_be_walked_back(mode):
    found = path(Z_A, Z_B, mode)
    np.testing.assert_allclose(found[:, 0], Z_A, rtol=1e-6)
    np.testing.assert_allclose(found[:, -1], Z_B, rtol=1e-6)
    np.testing.assert_allclose(found, path(Z_B, Z_A, mode)[:, ::-1], atol=1e-5)


@both
def test_a_path_turns_and_scales_with_its_ends(mode):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0].astype(np.float32)

    def moved(z):
        return 3 * tf.reshape(np.reshape(z, [-1, 12]) @ turn, [*np.shape(z)])

    np.testing.assert_allclose(
        path(moved(Z_A), moved(Z_B), mode), moved(path(Z_A, Z_B, mode)), atol=1e-4
    )


def test_an_arc_keeps_the_norm_and_has_equal_steps():
    """Linear norms between; equal angles between neighbours; a chord is shorter in the middle."""
    found = path(Z_A, Z_B, "spherical")
    ends = norms(found)[:, [0, -1]]
    np.testing.assert_allclose(norms(found), np.linspace(*ends.T, 7).T, rtol=1e-5)
    flat = np.reshape(found, [5, 7, -1]) / norms(found)[..., None]
    cosines = np.sum(flat[:, 1:] * flat[:, :-1], -1)
    np.testing.assert_allclose(cosines, np.broadcast_to(cosines[:, :1], cosines.shape), atol=1e-5)
    assert (norms(path(Z_A, Z_B, "linear"))[:, 3] < ends.max(1)).all()


@pytest.mark.parametrize("other", [1.0, 1.0 + 1e-6, -1.0, 0.0])
def test_without_an_arc_the_path_is_the_straight_line(other):
    found = path(Z_A, other * Z_A, "spherical")
    np.testing.assert_allclose(found, path(Z_A, other * Z_A, "linear"), atol=1e-5)


@each
def test_the_ends_are_the_decoded_codes(key):
    model = build(key)
    more = label(model, 3)
    if not model.has_latents:
        with pytest.raises(ValueError, match="has no latents"):
            model.interpolate(batch(model), batch(model))
        return
    x = images(batch(model, 3))
    found = model.interpolate(x, x[::-1], 2, "spherical", codes="draw", seed=4, **more)
    assert found.shape == (3, 2, *IMAGE)
    for end, ours in ((x, found[:, 0]), (x[::-1], found[:, -1])):
        z = model.encode(end, seeds.rows(4, 3))
        np.testing.assert_allclose(model.decode(z, seed=4, **more), ours, atol=2e-4)


def test_means_chains_and_rows_alone():
    """With the posterior's means; each step's images; a row does not depend on the others."""
    model = build("seqvae-label")
    more = label(model, 3)
    x, rows = images(batch(model, 3)), seeds.rows(4, 3)
    shared = {"seed": rows, "mean": True, **more}
    found = model.interpolate(x, x[::-1], 3, **shared)
    z = model.encode(x, mean=True)
    ends = model.decode(z, rows, mean=True, **more), model.decode(z[::-1], rows, mean=True, **more)
    np.testing.assert_allclose(found[:, 0], ends[0], atol=1e-5)
    np.testing.assert_allclose(found[:, -1], ends[1], atol=1e-5)
    chain = model.interpolate(x, x[::-1], 3, return_chain=True, **shared)
    assert chain.shape == (3, 3, 2, *IMAGE)
    np.testing.assert_allclose(chain[:, :, -1], found, atol=1e-5)
    one = {"seed": rows[1:2], "mean": True, "label": more["label"][1:2]}
    np.testing.assert_allclose(
        model.interpolate(x[1:2], x[1:2], 3, **one)[0, 0], found[1, 0], atol=1e-5
    )


def test_codes_are_means_where_there_are_any():
    model = build("gvae")
    x = images(batch(model, 2)).numpy()
    np.testing.assert_array_equal(
        model.interpolate(x, x[::-1], 3, seed=1, mean=True),
        model.interpolate(x, x[::-1], 3, codes="mean", seed=1, mean=True),
    )
    model = build("gvae-flow")
    np.testing.assert_array_equal(
        model.interpolate(x, x[::-1], 3, seed=1, mean=True),
        model.interpolate(x, x[::-1], 3, codes="draw", seed=1, mean=True),
    )


def test_a_traversal_changes_one_coordinate():
    model = build("gvae")
    x = images(batch(model, 2))
    z = model.encode(x, mean=True).numpy()
    found = model.traverse(x, [3, 0], [z[0, 3], -2.0], mean=True)
    assert found.shape == (2, 2, 2, *IMAGE)
    # A coordinate's own value gives the reconstruction back.
    np.testing.assert_allclose(found[0, 0, 0], model.decode(z, mean=True)[0], atol=1e-6)
    changed = z.copy()
    changed[:, 0] = -2.0
    np.testing.assert_allclose(found[:, 1, 1], model.decode(changed, mean=True), atol=1e-6)


def test_coordinates_by_step():
    codes = interpolation.varied(Z_A, [7], tf.constant([9.0]))[:, 0, 0].numpy()
    assert (codes[:, 1, 1] == 9).all()
    codes[:, 1, 1] = Z_A[:, 1, 1]
    np.testing.assert_array_equal(codes, Z_A)
    model = build("seqvae-label")
    x, more = images(batch(model, 2)), label(model, 2)
    given = {"values": [1.5], "seed": 3, **more}
    np.testing.assert_array_equal(
        model.traverse(x, [(1, 2)], **given), model.traverse(x, [6], **given)
    )


def test_what_is_refused():
    model = build("gvae")
    x = images(batch(model, 2))
    for call, message in (
        (lambda: model.interpolate(x, x, 1), "num_steps must be an integer >= 2, got 1"),
        (lambda: model.interpolate(x, x, mode="cubic"), "linear, spherical, got 'cubic'"),
        (lambda: model.interpolate(x, x, codes="mode"), "codes must be one of auto, mean, draw"),
        (lambda: model.interpolate(x, x[:1]), "as many images as x_a"),
        (lambda: model.interpolate(x, 255 * x), "expected pixels in"),
        (lambda: model.interpolate(x, x, return_chain=True), "at once, not in steps"),
        (lambda: model.traverse(x, [4], [0.0]), "from 0 to 3, got 4"),
        (lambda: model.traverse(x, [(0, 1)], [0.0]), r"z has the shape \(4,\)"),
        (lambda: model.traverse(x, [], [0.0]), "dims must not be empty"),
        (lambda: model.traverse(x, [0], [np.nan]), "finite numbers"),
        (lambda: build("gvae-flow").interpolate(x, x, codes="mean"), "use codes='draw'"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
