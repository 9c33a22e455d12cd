"""Tools of TensorFlow: saved_model_cli, and the C++ loader of TensorFlow Serving."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from tests import outside
from tests.export import served
from tests.export.served import exported, loaded, of_one, requests

CLI = str(pathlib.Path(sys.executable).with_name("saved_model_cli"))


@pytest.mark.slow
@of_one
def test_saved_model_cli_shows_every_signature(key, tmp_path):
    model, folder = exported(key)
    shown = outside.run(CLI, "show", "--dir", str(folder), "--all", folder=tmp_path)
    for name, inputs in requests(model).items():
        part = shown.split(f"signature_def['{name}']")[1].split("signature_def[")[0]
        for argument in inputs:
            assert f"inputs['{argument}']" in part
    assert "shape: (-1, 8, 8, 1)" in shown and "DT_INT64" in shown


@pytest.mark.slow
@of_one
def test_saved_model_cli_runs_a_signature(key, tmp_path):
    model, folder = exported(key)
    # The chain where there is one: its inputs are literals that a shell can give.
    name = "gibbs_from_noise" if "gibbs_from_noise" in requests(model) else "ancestral_sample"
    literals = {"seed": [3, 4]}
    if name == "gibbs_from_noise":
        literals["num_steps"] = [2, 1]
    if model.num_classes:
        literals["label"] = [0, 1]
    expressions = ";".join(f"{argument}={value}" for argument, value in literals.items())
    command = ["run", "--dir", str(folder), "--tag_set", "serve", "--outdir", str(tmp_path)]
    outside.run(
        CLI, *command, "--signature_def", name, "--input_exprs", expressions, folder=tmp_path
    )
    types = {"seed": np.int64, "num_steps": np.int32, "label": np.int32}
    asked = {k: np.array(value, types[k]) for k, value in literals.items()}
    expected = served.call(loaded(key)[name], asked)["samples"]
    np.testing.assert_allclose(np.load(tmp_path / "samples.npy"), expected, atol=2e-4)


@pytest.fixture(scope="module")
def loader(tmp_path_factory):
    """The program of loader.cc, built against the libraries of the wheel."""
    if shutil.which("g++") is None:
        pytest.skip("there is no g++ to build a program with")
    wheel = pathlib.Path(tf.sysconfig.get_lib())
    program = tmp_path_factory.mktemp("loader") / "loader"
    command = ["g++", "-std=c++17", "-O0", "-w", "-D_GLIBCXX_USE_CXX11_ABI=1"]
    command += ["-DEIGEN_MAX_ALIGN_BYTES=64", f"-I{wheel}/include"]
    command += [f"-I{wheel}/include/external/com_google_protobuf/src"]
    command += [str(pathlib.Path(__file__).with_name("loader.cc")), "-o", str(program)]
    # All of TensorFlow, used or not: the kernels register themselves as it is loaded.
    command += ["-Wl,--no-as-needed", f"-L{wheel}", "-l:libtensorflow_cc.so.2"]
    command += ["-l:libtensorflow_framework.so.2", f"-Wl,-rpath,{wheel}"]
    subprocess.run(command, check=True)
    return program


def write_requests(path, asked):
    """Store {signature: {input: array}} as loader.cc reads it."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, inputs in asked.items():
            writer.write(name.encode())
            writer.write(str(len(inputs)).encode())
            for key, value in inputs.items():
                writer.write(key.encode())
                writer.write(tf.make_tensor_proto(value).SerializeToString())


@pytest.mark.slow
@of_one
def test_the_loader_in_cpp_gives_the_answers_of_python(key, loader, tmp_path):
    model, folder = exported(key)
    asked = requests(model)
    write_requests(tmp_path / "requests", asked)
    outside.run(str(loader), str(folder), "requests", "answers", folder=tmp_path)
    expected = served.flat(served.answers(model, asked))
    records = [r.numpy() for r in tf.data.TFRecordDataset(str(tmp_path / "answers"))]
    found = dict(zip(records[::2], records[1::2], strict=True))
    assert {name.decode() for name in found} == set(expected)
    for name, value in found.items():
        answer = tf.make_ndarray(tensor_pb2.TensorProto.FromString(value))
        np.testing.assert_allclose(answer, expected[name.decode()], rtol=1e-4, atol=2e-4)


@pytest.mark.slow
def test_the_loader_in_cpp_refuses_another_image_size(loader, tmp_path):
    """The loader does not check a request against the types of a signature; the graph does."""
    model, folder = exported("gvae")
    inputs = {**requests(model)["encode"], "images": np.zeros([3, 9, 8, 1], np.float32)}
    write_requests(tmp_path / "requests", {"encode": inputs})
    command = [str(loader), str(folder), "requests", "answers"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1
    assert "INVALID_ARGUMENT" in done.stderr and "is not compatible with expected" in done.stderr
