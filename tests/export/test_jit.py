"""Exports whose pixel loops are compiled by XLA: the same answers, one compilation per size."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

import tfgvae
from export import readme, runtimes, server_configs, verify
from export.examples import example
from export.layout import CARD, EXTRA, read_card, warmup_path
from export.limits import Limits
from export.warmup import read
from tests.conformance.tiny_models import build
from tests.export.served import call
from tfgvae.autoregressive import compilation, raster

SIZES = (1, 4)
DRAWING = {"ancestral_sample", "decode", "reconstruct", "gibbs_sample", "gibbs_from_noise"}


@pytest.fixture(
    scope="module",
    params=["marginal-pixelcnn", pytest.param("gvae-pixelcnn", marks=pytest.mark.slow)],
)
def pair(request, tmp_path_factory):
    """The signatures of two exports of one model, plain and compiled, and the second's folder."""
    model, base = build(request.param), tmp_path_factory.mktemp("jit")
    options = {"max_num_steps": 3, "num_samples": 2, "batch_sizes": (1, 3)}
    plain = tfgvae.export(model, base / "plain", **options)
    compiled = tfgvae.export(model, base / "pixels", **options, jit_batch_sizes=SIZES)
    loaded = [dict(tf.saved_model.load(str(folder)).signatures) for folder in (plain, compiled)]
    return (*loaded, compiled)


@pytest.mark.slow
@pytest.mark.parametrize("rows", [1, 3, 4, 6])
def test_answers_are_those_of_the_plain_export(pair, rows):
    plain, compiled, folder = pair
    card = read_card(folder)
    for name in DRAWING & card["signatures"].keys():
        inputs = example(card["signatures"][name]["inputs"], rows, card["limits"])
        # The noise is drawn outside of the compiled part. A draw differs only where rounding moves
        # a probability over a uniform number, which none of these does.
        np.testing.assert_array_equal(
            call(compiled[name], inputs)["samples"], call(plain[name], inputs)["samples"]
        )


@pytest.mark.slow
def test_signatures_share_one_compiled_function_for_each_size(pair):
    folder = pair[2]
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    compiled = [f for f in functions if f.attr["_XlaMustCompile"].b]
    assert len(compiled) == len(SIZES)


def test_a_batch_runs_the_function_of_the_next_size(monkeypatch):
    def known_rows(family, params, noise):
        """As many numbers as rows: the number of rows if the graph knows it, as XLA's does."""
        return tf.zeros(tf.shape(noise)[:1]) + (noise.shape[0] or 0)

    monkeypatch.setattr(raster, "sample", known_rows)
    family = object()
    compiled = compilation.Compiled(family, SIZES)

    @tf.function(input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None, 3])])
    def draw(params, noise):
        return compiled.sample(family, params, noise)

    for rows, size in {1: 1, 2: 4, 4: 4, 5: 0}.items():
        drawn = draw(tf.zeros([rows, 2]), tf.zeros([rows, 3]))
        np.testing.assert_array_equal(drawn, np.full(rows, size, np.float32))


def test_every_size_is_warmed_up_and_the_card_and_the_readme_name_the_servers_flag(pair):
    folder = pair[2]
    rows = {len(inputs["seed"]) for name, inputs in read(warmup_path(folder)) if "seed" in inputs}
    assert rows == {1, 3, 4}
    card = read_card(folder)
    assert card["limits"]["jit_batch_sizes"] == list(SIZES)
    assert any(runtimes.XLA_FLAG in note for note in card["notes"])
    output = folder.parents[1]
    server_configs.write(output)
    readme.write(output)
    docker = (output / "README.md").read_text().partition("docker run")[2].partition("\n\n")[0]
    assert runtimes.XLA_FLAG in docker and docker.count("\\\n") == docker.count("\n")


@pytest.mark.slow
def test_verify_accepts_it(pair, capsys):
    assert (pair[2] / EXTRA / CARD).exists()
    assert verify.main([str(pair[2])]) == 0, capsys.readouterr()


def test_what_cannot_be_compiled_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"loop over the pixels of pixelcnn.*Bernoulli has none"):
        tfgvae.export(build("gvae"), tmp_path / "m", jit_batch_sizes=(1,))
    with pytest.raises(ValueError, match="jit_batch_sizes must be integers >= 1 in increasing"):
        Limits(jit_batch_sizes=(4, 1))
    with pytest.raises(ValueError, match="must be <= max_rows = 100"):
        Limits(max_rows=100, jit_batch_sizes=(1, 128))
