"""Every sampling method of every model: each row depends on its own seed; one trace."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance.tiny_models import (
    IMAGE,
    OF_IMAGES,
    batch,
    build,
    each,
    few,
    images,
    label,
    marked,
    samplers,
    shared,
)
from tfgvae import seeds


@pytest.mark.parametrize("key", marked(("gvae", "marginal", "seqvae-label")))
def test_rows_depend_on_their_own_seeds_alone(key):
    """Shapes, finite values, the same again, and a row by itself as within its batch."""
    model, rows = shared(key), seeds.rows(5, 4)
    x, more = images(batch(model, 4)), label(model, 4)
    one = {name: value[2:3] for name, value in more.items()}
    for name, call in samplers(model).items():
        whole = call(x, rows, more).numpy()
        assert whole.shape[0] == 4 and np.isfinite(whole).all(), name
        np.testing.assert_array_equal(call(x, rows, more), whole, err_msg=name)
        # Kernels may sum in another order for another batch: float rounding of the same draw.
        alone = call(x[2:3], rows[2:3], one)[0]
        np.testing.assert_allclose(alone, whole[2], atol=2e-4, err_msg=name)


@each
def test_draws_are_of_the_family_and_differ_by_seed(key):
    model, more = shared(key), label(shared(key), 4)
    drawn = model.ancestral_sample(4, seed=5, **more)
    assert not np.array_equal(drawn, model.ancestral_sample(4, seed=6, **more))
    if model.family.discrete:
        np.testing.assert_allclose(model.family.snap(drawn), drawn, atol=1e-6)
    # Draws are accepted as images.
    assert np.isfinite(model.reconstruct(drawn, seed=0, **more)).all()


@each
@pytest.mark.parametrize("mean", [False, True])
def test_reconstruction_is_encode_then_decode(key, mean):
    model, more = shared(key), label(shared(key), 3)
    if mean and not model.family.has_mean:
        return  # Refused: see test_every_door.
    x = images(batch(model, 3))
    z = model.encode(x, seed=4)
    np.testing.assert_allclose(
        model.decode(z, seed=4, mean=mean, **more),
        model.reconstruct(x, seed=4, mean=mean, **more),
        atol=1e-5,
    )


@each
def test_gibbs_is_repeated_reconstruction(key):
    model, rows = shared(key), seeds.rows(8, 2)
    more, x = label(model, 2), images(batch(model, 2))
    chain = model.gibbs_sample(x, num_steps=3, seed=rows, return_chain=True, **more)
    assert chain.shape == (2, 3, *IMAGE)
    np.testing.assert_array_equal(
        model.gibbs_sample(x, num_steps=3, seed=rows, **more), chain[:, -1]
    )
    for step in range(3):
        x = model.reconstruct(x, seed=seeds.fold_in(rows, step), **more)
        np.testing.assert_allclose(chain[:, step], x, atol=2e-4)


@few
def test_no_call_traces_a_sampler_again(key, monkeypatch):
    model, traces = build(key), []
    for part in ("posterior", "likelihood_chain", "likelihood", "prior_from_noise"):
        if hasattr(model, part):
            original = getattr(type(model), part)

            def counted(*args, _original=original, **kwargs):
                traces.append(1)
                return _original(*args, **kwargs)

            monkeypatch.setattr(type(model), part, counted)

    def call_all(rows):
        for call in samplers(model).values():
            call(images(batch(model, rows)), 0, label(model, rows))

    call_all(1)
    first = len(traces)
    assert first
    call_all(2)
    call_all(5)
    assert len(traces) == first


@pytest.mark.parametrize("key", marked(("marginal",)))
def test_samplers_inside_a_function_of_any_number_of_images(key):
    """The user's own tf.function, its first call of a sampler, and the number of rows unknown."""
    model = build(key)
    x, more = images(batch(model, 3)), label(model, 3)
    calls = samplers(model)
    names = [name for name in OF_IMAGES if name in calls]
    structure = {name: tf.TensorSpec([None], tf.int32) for name in more}

    @tf.function(input_signature=[tf.TensorSpec([None, *IMAGE]), structure])
    def graph(x, more):
        return {name: calls[name](x, 7, more) for name in names}

    inside = graph(x, more)
    for name in names:
        outside = calls[name](x, 7, more)
        np.testing.assert_allclose(inside[name], outside, atol=2e-4, err_msg=name)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected pixels in"):
        graph(255 * x, more)


def test_the_bound_encodes_once(monkeypatch):
    """q(z|x) does not depend on the draw: 64 draws need one encoding."""
    model, calls = build("gvae"), []
    posterior = type(model).posterior
    monkeypatch.setattr(
        type(model), "posterior", lambda *a, **k: calls.append(1) or posterior(*a, **k)
    )
    model.log_likelihood(batch(model, 2), 5, seed=0)
    assert len(calls) == 1
