"""The README's requests work as they are, by REST and by gRPC, for every signature.

They go to a test double (double.py), not to the server itself.
"""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import grpc
import numpy as np
import pytest
import tensorflow as tf

from export import readme, server_configs
from export.layout import accepted, read_card
from tests.conformance.tiny_models import IMAGE
from tests.export import double
from tests.export.served import exported, loaded, of_one, requests
from tfgvae.images import FINITE

pytestmark = pytest.mark.skipif(
    None in (shutil.which("curl"), shutil.which("bash")), reason="the README's requests use curl"
)


@pytest.fixture
def written():
    """A function key -> the README of the folder that the model was exported to."""

    def write(key):
        _, folder = exported(key)
        server_configs.write(folder.parents[1])
        readme.write(folder.parents[1])
        return (folder.parents[1] / "README.md").read_text()

    return write


def shell_commands(text):
    """The indented REST requests of a README, in order."""
    return re.findall(r"^    ((?:curl|python3)(?:.*\\\n)*.*)$", text, re.MULTILINE)


def python_commands(text):
    """The Python block of a README, and the gRPC requests in order."""
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return block, re.findall(r"^    (call\(.*\))$", text, re.MULTILINE)


def paste(command, port):
    """Run a REST request in a shell; what it printed as JSON."""
    command = command.replace("localhost:8501", f"127.0.0.1:{port}")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@of_one
def test_every_request_of_the_readme_is_answered(key, written):
    model, _ = exported(key)
    text, names = written(key), list(requests(model))
    first, *commands = shell_commands(text)
    block, calls = python_commands(text)
    assert [re.search(r'signature_name": "(\w+)"', c)[1] for c in commands] == [
        re.match(r'call\("[^"]+", "(\w+)"', c)[1] for c in calls
    ]
    assert len(calls) == len(names)
    with double.serve({key: loaded(key)}) as (grpc_port, rest_port):
        scope = {}
        exec(block.replace("localhost:8500", f"127.0.0.1:{grpc_port}"), scope)
        for command, call in zip(commands, calls, strict=True):
            columns = paste(command, rest_port)["outputs"]
            answer = eval(call, scope)
            columns = columns if isinstance(columns, dict) else {next(iter(answer)): columns}
            assert set(columns) == set(answer)
            for name, value in answer.items():
                assert len(value) == 2 and np.isfinite(value).all()
                np.testing.assert_allclose(columns[name], value, rtol=1e-5, atol=1e-5)
        rows = paste(first, rest_port)["predictions"]
        default = eval(next(call for call in calls if "ancestral_sample" in call), scope)
        rows = rows if isinstance(rows[0], dict) else [{"samples": row} for row in rows]
        for n, row in enumerate(rows):
            np.testing.assert_allclose(row["samples"], default["samples"][n], atol=1e-5)
        scope["channel"].close()


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("gvae", "pixels in [0, 1] are accepted, the range of the data."),
        pytest.param(
            "gvae-none",
            "pixels in [-4, 5] are accepted, so that draws can be sent back; the data",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_every_signature_that_takes_images_says_which_pixels(key, sentence, written):
    parts = written(key).split(f"\n### {key}: ")[1:]
    card = read_card(exported(key)[1])
    for part in parts:
        inputs = card["signatures"][part.split()[0]]["inputs"]
        takes = bool({"images", "image_a"} & set(inputs))
        assert (sentence in part) == takes
    assert any(sentence in note for note in card["notes"])
    lowest, highest = card["pixels"]["range"]
    for signature in card["signatures"].values():
        if "images" in signature["inputs"]:
            images = signature["inputs"]["images"]
            assert images["range"] == [lowest, highest] and images["data_range"] == [0, 1]
            # It holds.
            function = loaded(key)["encode"]
            seed = tf.constant([1], tf.int64)
            for end in (lowest, highest):
                function(images=tf.fill([1, *IMAGE], end), seed=seed)
            with pytest.raises(tf.errors.InvalidArgumentError, match="expected pixels in"):
                function(images=tf.fill([1, *IMAGE], highest + 0.01), seed=seed)


def test_any_finite_pixel_and_an_old_card():
    limits = [float(end) for end in FINITE]
    assert accepted({"range": limits}).startswith("`images`: any finite number is accepted, so")
    assert accepted({"dtype": "float32", "shape": [None, *IMAGE]}) == ""


def test_the_runtimes_and_what_a_seed_promises(written):
    text = written("gvae")
    assert re.search(r'docker run .*"\$PWD:/models:ro" tensorflow/serving:\d+\.\d+\.\d+ ', text)
    assert "runtimes of TensorFlow 2.16, 2.18, 2.20 and 2.21." in text
    assert "The oldest recommended runtime is 2.15." in text
    assert "TensorFlow 2.11 to 2.13" in text and "TF_ENABLE_ONEDNN_OPTS=0" in text
    assert "In one runtime, the same seed gives the same row" in text
    assert "In another runtime" in text and "every server" not in text


def test_what_is_refused_reaches_the_client_as_a_sentence(written):
    block, _ = python_commands(written("gvae"))
    with double.serve({"gvae": loaded("gvae")}) as (grpc_port, rest_port):
        scope = {}
        exec(block.replace("localhost:8500", f"127.0.0.1:{grpc_port}"), scope)
        wrong = {"seed": np.array([1]), "num_steps": np.array([10**6], np.int32)}
        with pytest.raises(grpc.RpcError) as error:
            scope["call"]("gvae", "gibbs_from_noise", **wrong)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert "num_steps must be in 1..5" in error.value.details()
        # JSON can contain NaN as a pixel.
        body = json.dumps(
            {
                "signature_name": "encode",
                "instances": [{"images": np.full([8, 8, 1], np.nan).tolist(), "seed": 1}],
            }
        )
        url = f"http://127.0.0.1:{rest_port}/v1/models/gvae:predict"
        with pytest.raises(urllib.error.HTTPError) as error:
            urllib.request.urlopen(url, body.encode())
        assert "expected pixels in [0, 1]" in json.load(error.value)["error"]
        scope["channel"].close()


def test_the_line_that_waits_for_a_model_ends_when_it_is_there(written):
    (line,) = re.findall(r"^    (until curl .*)$", written("gvae"), re.MULTILINE)
    with double.serve({"gvae": loaded("gvae")}) as (_, port):
        line = line.replace("localhost:8501", f"127.0.0.1:{port}")
        ready = line.replace("NAME", "gvae")
        subprocess.run(["bash", "-c", ready], check=True, timeout=60)
        # It goes on waiting for a model that the server does not have.
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run(["bash", "-c", line], timeout=3)


def test_the_table_of_errors_has_our_own_messages(written):
    text = written("gvae")
    table = re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)
    good = requests(exported("gvae")[0])["gibbs_sample"]
    wrong = [
        {**good, "images": 3 * good["images"] - 9},
        {**good, "num_steps": 0 * good["num_steps"]},
        {**good, "images": good["images"][:, :4]},
    ]
    said = []
    for inputs in wrong:
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            loaded("gvae")["gibbs_sample"](**{k: tf.constant(v) for k, v in inputs.items()})
        said.append(str(error.value))
    for start, message in zip(("expected pixels in", None, "Shape of tensor"), said, strict=True):
        if start:
            assert start in message and any(entry.startswith(start) for entry in table)
    assert "num_steps must be in" in said[1] and "num_steps must be in" in text
