"""encode_mean and decode_mean convert to TensorFlow Lite. ONNX is in test_runtimes.py."""

import numpy as np
import pytest
import tensorflow as tf

from tests.export import served
from tests.export.served import exported, loaded, of_one, requests

# Operations that draw: a converter knows few of them.
RANDOM = ("Random", "Bitcast", "RightShift")


def operations(function):
    """The types of all operations of a signature, with those of the functions that it calls."""
    graph = function.graph.as_graph_def()
    nodes = [node.op for node in graph.node]
    return nodes + [node.op for inner in graph.library.function for node in inner.node_def]


@of_one
def test_the_means_draw_nothing(key):
    means = [name for name in loaded(key) if name.endswith("_mean")]
    for name in means:
        _, specs = loaded(key)[name].structured_input_signature
        assert "seed" not in specs
        assert not [op for op in operations(loaded(key)[name]) if op.startswith(RANDOM)]
    drawing = operations(loaded(key)["ancestral_sample"])
    assert [op for op in drawing if op.startswith(RANDOM)]


@of_one
@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_tensorflow_lite_gives_the_same_means(key):
    model, folder = exported(key)
    for name, inputs in requests(model).items():
        if not name.endswith("_mean"):
            continue
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[name])
        # Without TensorFlow's own kernels, which a phone does not have.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        runner = tf.lite.Interpreter(model_content=converter.convert()).get_signature_runner(name)
        expected = served.call(loaded(key)[name], inputs)
        for output, value in runner(**inputs).items():
            np.testing.assert_allclose(value, expected[output], rtol=1e-4, atol=1e-5)
