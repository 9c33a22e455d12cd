"""Every model's signatures: types, and Python's answers for the same seeds in every loader."""

import json
import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf

from export.card import card
from tests import outside
from tests.conformance.tiny_models import IMAGE, build
from tests.export import served
from tests.export.served import every, exported, loaded, of_one, requests

SPATIAL = [None, *IMAGE]
DTYPES = {"seed": tf.int64, "num_steps": tf.int32, "label": tf.int32}
STRANGER = str(pathlib.Path(__file__).with_name("stranger.py"))


def assert_same(ours, theirs):
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        # Kernels may sum in another order for another batch: float rounding of the same draw.
        np.testing.assert_allclose(theirs[name], value, rtol=1e-4, atol=2e-4, err_msg=name)


@every
def test_names_types_and_shapes(key):
    model, _ = exported(key)
    asked, found = requests(model), loaded(key)
    assert set(found) == {"serving_default", *asked}
    latents = [None, *model.latent_shape]
    for name, function in found.items():
        _, specs = function.structured_input_signature
        assert set(specs) == set(asked["ancestral_sample" if name == "serving_default" else name])
        for argument, spec in specs.items():
            assert spec.dtype == DTYPES.get(argument, tf.float32)
            images = dict.fromkeys(("images", "image_a", "image_b"), SPATIAL)
            shape = {**images, "z": latents}.get(argument, [None])
            assert spec.shape.as_list() == shape, (name, argument)
        for output, tensor in function.structured_outputs.items():
            assert tensor.dtype == tf.float32
            shape = latents if name in ("encode", "encode_mean") else SPATIAL
            if name == "sample_chain":
                # The states of infusion, and the image.
                shape = [None, model.latent_shape[0] + (key[:8] == "infusion"), *IMAGE]
            if name == "interpolate":
                shape = [None, None, *IMAGE]
            if name == "log_likelihood":
                shape = [None]
            assert tensor.shape.as_list() == shape, (name, output)


@of_one
def test_answers_are_those_of_python_in_a_process_without_the_project(key, tmp_path):
    model, folder = exported(key)
    asked = requests(model)
    paths = [tmp_path / name for name in ("requests.npz", "second.npz", "first.npz")]
    np.savez(paths[0], **served.flat(asked))
    outside.run(sys.executable, STRANGER, str(folder), *map(str, paths), folder=tmp_path)
    expected = served.flat(served.answers(model, asked))
    for path in paths[1:]:
        assert_same(expected, np.load(path))


@every
def test_a_row_is_the_same_anywhere_in_any_batch(key):
    model, _ = exported(key)
    for name, inputs in requests(model).items():
        function = loaded(key)[name]
        whole = served.call(function, inputs)
        # As batching does it: the request behind another, and filled up with its first row.
        order = [2, 0, 1, 2, 2]
        other = served.call(function, {key: value[order] for key, value in inputs.items()})
        assert_same({key: value[order] for key, value in whole.items()}, other)


@every
def test_each_weight_is_stored_once_and_nothing_else(key):
    model, folder = exported(key)
    stored = tf.train.list_variables(str(folder / "variables" / "variables"))
    shapes = sorted(tuple(s) for name, s in stored if "OBJECT_GRAPH" not in name)
    own = [tuple(v.shape) for v in model.variables if v.dtype == "float32"]
    # Regularizers and counters of training are not served.
    assert len(shapes) <= len(own) and set(shapes) <= set(own)
    used = {id(v) for f in loaded(key).values() for v in f.variables}
    assert len(shapes) == len(used)


@every
def test_the_graph_has_no_path_no_training_and_no_xla(key):
    _, folder = exported(key)
    data = (folder / "saved_model.pb").read_bytes()
    for text in (pathlib.Path(__file__).parents[2], folder.parent, sys.prefix, pathlib.Path.home()):
        assert str(text).encode() not in data
    for name, function in loaded(key).items():
        graph = function.graph.as_graph_def()
        nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
        assert not [n.op for n in nodes if "Assign" in n.op or "Apply" in n.op], name
        assert not [n.name for n in nodes if n.attr["_XlaMustCompile"].b], name
        stateful = {n.op for n in nodes if "Random" in n.op and "Stateless" not in n.op}
        assert not stateful, name


@every
def test_the_card_tells_what_is_served(key):
    model, folder = exported(key)
    card = json.loads((folder / "assets.extra" / "model_card.json").read_text())
    assert set(card["signatures"]) == set(requests(model))
    assert card["model"]["name"] == type(model).__name__
    notes = " ".join(card["notes"])
    assert ("This model has no regularizer" in notes) == (key == "gvae-none")
    assert ("no signature returns E[x|z]" in notes) != model.family.has_mean
    assert ("no latent" in notes) == (0 in model.latent_shape)


@pytest.mark.parametrize("key", ["gvae", "marginal-pixelcnn", "gvae-pixelcnn_pp"])
def test_the_card_has_the_runtimes_and_what_a_seed_promises(key):
    model = build(key)
    described = card(model, {}, served.LIMITS)
    assert described["runtimes"] == {
        "image": "tensorflow/serving:2.19.1",
        "tested": [f"tensorflow 2.{minor}" for minor in (16, 18, 20, 21)],
        "oldest_recommended": "tensorflow 2.15",
    }
    notes = " ".join(described["notes"])
    assert "In one runtime, the same seed gives the same row" in notes
    assert ("may give another image" in notes) == ("pixelcnn" in key)
    assert ("TF_ENABLE_ONEDNN_OPTS=0" in notes) == ("pixelcnn_pp" in key)
    assert "any server" not in notes


def bad_requests(asked):
    """(signature, changed inputs, message)."""
    gibbs, decode = asked["gibbs_sample"], asked["decode"]
    nan = gibbs["images"].copy()
    nan[1, 2, 3, 0] = np.nan

    def steps(*values):
        return {**gibbs, "num_steps": np.array(values, np.int32)}

    empty = {name: value[:0] for name, value in gibbs.items()}
    limit = served.LIMITS.max_num_steps
    many = {name: np.resize(value, (101, *value.shape[1:])) for name, value in decode.items()}
    yield "decode", many, "expected at most 100 rows, got.*101"
    yield "ancestral_sample", {n: many[n] for n in ("seed", "label")}, "at most 100 rows"
    yield "gibbs_sample", {**gibbs, "images": nan}, "expected pixels in"
    yield "gibbs_sample", {**gibbs, "images": 255 * gibbs["images"]}, "expected pixels in"
    yield "gibbs_sample", steps(1, 0, 2), rf"num_steps must be in 1\.\.{limit}"
    yield "gibbs_sample", steps(1, 2**31 - 1, 2), rf"num_steps must be in 1\.\.{limit}"
    yield "gibbs_sample", steps(1, -1, 2), rf"num_steps must be in 1\.\.{limit}"
    yield "gibbs_sample", empty, "at least one row, got an empty batch"
    yield "gibbs_sample", {**gibbs, "seed": gibbs["seed"][:2]}, "as many rows of images as of seed"
    yield "gibbs_sample", {**gibbs, "images": gibbs["images"][:2]}, "as many rows of images as"
    yield "decode", {**decode, "z": decode["z"] * np.inf}, "expected finite latents"
    path = asked["interpolate"]
    yield "interpolate", {**path, "num_steps": path["num_steps"] + 2}, rf"in 1\.\.{limit}"
    yield "interpolate", {**path, "image_b": 255 * path["image_b"]}, "expected pixels in"
    for label in (-1, 3):
        wrong = np.array([0, label, 1], np.int32)
        yield "decode", {**decode, "label": wrong}, r"labels must be in 0\.\.2"


def test_bad_requests_are_refused_with_a_sentence():
    model, _ = exported("seqvae-label")
    for name, inputs, message in bad_requests(requests(model)):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            served.call(loaded("seqvae-label")[name], inputs)
    most = {"seed": np.arange(100), "label": np.zeros(100, np.int32)}
    assert len(served.call(loaded("seqvae-label")["ancestral_sample"], most)["samples"]) == 100


@pytest.mark.parametrize("shape", [(3, 9, 8, 1), (3, 8, 8, 3), (3, 8, 8), (3, 64), (8, 8, 8, 1, 1)])
def test_images_of_another_shape_are_refused_with_a_sentence(shape):
    """As the graph runs: a loader does not compare a request with the types."""
    model, _ = exported("gvae")
    for name, inputs in requests(model).items():
        if "images" in inputs:
            wrong = {**inputs, "images": np.zeros(shape, np.float32)}
            message = (
                r"Shape of tensor .*images .* is not compatible with expected shape \[\?,8,8,1\]"
            )
            with pytest.raises(tf.errors.InvalidArgumentError, match=message):
                served.call(loaded("gvae")[name], wrong)
