"""export.check compares a server (a test double) with the answers that were stored at export."""

import shutil
import socket
import sys
import zipfile

import numpy as np
import pytest
import tensorflow as tf

from export import check, reference
from export.layout import read_card
from tests.export import double, served
from tests.export.served import exported, loaded, of_one


class Changed:
    """A signature whose outputs are changed by a function before they are sent."""

    def __init__(self, function, change):
        self.function, self.change = function, change
        self.structured_input_signature = function.structured_input_signature

    def __call__(self, **inputs):
        return self.change(dict(self.function(**inputs)))


def changed(key, name, change):
    signatures = loaded(key)
    return {**signatures, name: Changed(signatures[name], change)}


def report(key, signatures, capsys, protocol="rest", *flags):
    """The exit status, {signature: its line}, and all that was printed."""
    _, folder = exported(key)
    with double.serve({key: signatures}) as (grpc_port, rest_port):
        port = grpc_port if protocol == "grpc" else rest_port
        given = [f"--url=127.0.0.1:{port}", f"--protocol={protocol}", *flags, str(folder)]
        status = check.main(given)
    printed = capsys.readouterr()
    text = printed.out + printed.err
    lines = {line.split()[0]: line for line in printed.out.splitlines()}
    return status, lines, text


@of_one
def test_the_stored_answers_are_those_of_the_export(key):
    _, folder = exported(key)
    references = reference.read(folder)
    assert set(references) == set(read_card(folder)["signatures"])
    for name, stored in references.items():
        answer = served.call(loaded(key)[name], stored.inputs)
        assert set(answer) == set(stored.outputs) == set(stored.tolerance)
        for output, value in answer.items():
            assert len(value) == reference.ROWS
            np.testing.assert_allclose(stored.outputs[output], value, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
@pytest.mark.parametrize("key", ["gvae", pytest.param("seqvae-label", marks=pytest.mark.slow)])
def test_a_server_with_the_same_model_is_ok(key, protocol, capsys):
    status, lines, text = report(key, loaded(key), capsys, protocol)
    assert status == 0, text
    for name in read_card(exported(key)[1])["signatures"]:
        assert lines[name].endswith(" ok") and "not ok" not in lines[name]


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_a_wrong_answer_is_not_ok(protocol, capsys):
    wrong = changed("gvae", "decode", lambda out: {**out, "mean": out["mean"] + 0.25})
    status, lines, text = report("gvae", wrong, capsys, protocol)
    assert status == 1
    assert lines["decode"].split()[1] == "0.25" and lines["decode"].endswith("not ok")
    assert "decode: 100.00% of mean differ, by up to 0.25" in text
    assert [name for name, line in lines.items() if line.endswith("not ok")] == ["decode"]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("encode", lambda out: {"z": out["z"], "mean": out["mean"]}, "expected the outputs"),
        ("encode", lambda out: {**out, "z": out["z"][:, :3]}, "expected z of shape (2, 4)"),
        ("encode", lambda out: {**out, "z": out["z"] * np.nan}, "of z differ, by up to inf"),
        ("reconstruct", lambda out: {**out, "samples": 1 - out["samples"]}, "of samples differ"),
    ],
)
def test_other_differences(name, change, message, capsys):
    status, lines, text = report("gvae", changed("gvae", name, change), capsys)
    assert status == 1 and message in text and lines[name].endswith("not ok")


@pytest.mark.slow
def test_draws_pixel_by_pixel_are_reported_and_no_failure(capsys):
    key = "marginal-pixelcnn"
    flipped = changed(key, "ancestral_sample", lambda out: {"samples": 1 - out["samples"]})
    status, lines, text = report(key, flipped, capsys)
    assert status == 0, text
    assert lines["ancestral_sample"].split()[1:4] == ["1", "100.00%", "ok"]
    wrong = changed(
        key, "log_likelihood", lambda out: {"log_likelihood": out["log_likelihood"] + 1}
    )
    status, lines, _ = report(key, wrong, capsys)
    assert status == 1 and lines["log_likelihood"].endswith("not ok")


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
@pytest.mark.parametrize("flag", ["--name=other", "--version=7"])
def test_a_model_that_the_server_does_not_have(protocol, flag, capsys):
    status, lines, text = report("gvae", loaded("gvae"), capsys, protocol, flag)
    assert status == 1 and "encode: refused: " in text and "Traceback" not in text
    assert lines["encode"].endswith("not ok")


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_no_connection(protocol, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"127.0.0.1:{free.getsockname()[1]}"
    _, folder = exported("gvae")
    assert check.main([f"--url={url}", f"--protocol={protocol}", str(folder)]) == 2
    printed = capsys.readouterr()
    assert f"no TensorFlow Serving answers at {url}" in printed.err and printed.out == ""


def test_grpc_without_its_package(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    _, folder = exported("gvae")
    assert check.main(["--url=127.0.0.1:1", "--protocol=grpc", str(folder)]) == 2
    assert "needs the package tensorflow-serving-api" in capsys.readouterr().err


def test_folders_without_answers_and_with_damaged_ones(tmp_path, capsys):
    _, folder = exported("gvae")
    copy = shutil.copytree(folder, tmp_path / "gvae" / "1")
    data = reference.path(copy).read_bytes()
    with zipfile.ZipFile(reference.path(copy)) as stored:
        last = max(stored.infolist(), key=lambda entry: entry.header_offset)
    flipped = bytearray(data)
    # In what is stored: a flipped date of a file changes no answer. Its header is shorter than 100.
    flipped[last.header_offset + 100 + len(last.filename)] ^= 0xFF
    for content in (data[: len(data) // 2], b"", bytes(flipped)):
        reference.path(copy).write_bytes(content)
        assert check.main(["--url=127.0.0.1:1", str(copy)]) == 2
        error = capsys.readouterr().err
        assert "reference_answers.npz is damaged" in error and "Traceback" not in error
    reference.path(copy).unlink()
    assert check.main(["--url=127.0.0.1:1", str(copy)]) == 2
    assert "has no reference answers" in capsys.readouterr().err


def test_infinite_and_missing_numbers_are_compared():
    stored = reference.Reference(
        {}, {"mean": np.array([np.inf, np.nan, 1.0])}, {"mean": (1e-4, 1e-3, 0.0)}
    )
    same = reference.compare(stored, {"mean": np.array([np.inf, np.nan, 1.0])})
    assert same == reference.Comparison(0.0, None, ())
    other = reference.compare(stored, {"mean": tf.constant([1.0, np.nan, 1.0]).numpy()})
    assert other.problems and other.largest == np.inf
