"""DIR/README.md: how to start the server, and a working example request for every signature."""

import json
import math
import pathlib

import numpy as np

from export.layout import CARD, EXTRA, accepted, read_card, shapes, versions
from export.marks import MARK, replace_text
from export.runtimes import (
    DRAWS_SENTENCE,
    IMAGE,
    ONEDNN_SENTENCE,
    ROUNDING_SENTENCE,
    TESTED_SENTENCE,
)
from export.server_configs import MAX_BATCH_SIZE, models

INTRODUCTION = f"""\
<!-- {MARK} -->

# Models for TensorFlow Serving

Start the server in this folder (gRPC on 8500, REST on 8501):

    docker run --rm -p 8500:8500 -p 8501:8501 -v "$PWD:/models:ro" {IMAGE} \\
      --model_config_file=/models/models.config \\
      --enable_batching --batching_parameters_file=/models/batching.config \\
      --monitoring_config_file=/models/monitoring.config

The server watches the version folders of the models below and serves the newest version of each.
It reads `models.config` only at the start: restart it for a new model.

Images are float32 [N, H, W, C]. The data is in [0, 1]; each signature that takes images says below
which pixels it accepts. A request has N rows, at most {MAX_BATCH_SIZE} (`batching.config`). Every
input and output has one entry for each row. `seed` has one int64 per row. Another seed gives
another draw.

{DRAWS_SENTENCE}
{ROUNDING_SENTENCE}
With `pixelcnn` and `pixelcnn_pp`, all later pixels of the row depend on it, so the image may be
another one. `python -m export.check` compares a running server with an export.

{TESTED_SENTENCE}
{ONEDNN_SENTENCE}

Wrong inputs give the error INVALID_ARGUMENT with a sentence: pixels that are out of range or not
numbers, too many steps, a wrong label, no rows, more rows than the model's limit. With batching, a
wrong request makes all requests of its batch fail.

The requests for gRPC are Python and need `pip install tensorflow tensorflow-serving-api`:

```python
import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
channel = grpc.insecure_channel("localhost:8500", options)
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)


def call(model, signature, **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    outputs = stub.Predict(request, timeout=60).outputs
    return {{name: tf.make_ndarray(value) for name, value in outputs.items()}}
```
"""

# Longer arrays are computed in the command instead of written out.
LONGEST = 16
VALUES = {"seed": [1, 2], "num_steps": [2, 1], "label": [0, 0]}


def _table(signatures):
    rows = [
        f"| `{name}` | {shapes(signature['inputs'])} | {shapes(signature['outputs'])} |"
        for name, signature in signatures.items()
    ]
    return "\n".join(["| signature | inputs | outputs |", "|---|---|---|", *rows])


def _nested(shape):
    """A Python expression for nested lists of zeros: [[0.0] * 3] * 2."""
    text = "0.0"
    for size in reversed(shape):
        text = f"[{text}] * {size}"
    return text


def _rest(model, signature, inputs):
    """The command line of a REST request with two rows, in the column format."""
    url = f"http://localhost:8501/v1/models/{model}:predict"
    shape = {name: (2, *tensor["shape"][1:]) for name, tensor in inputs.items()}
    if max(math.prod(sizes) for sizes in shape.values()) <= LONGEST:
        values = {name: VALUES.get(name) or np.zeros(shape[name]).tolist() for name in inputs}
        body = json.dumps({"signature_name": signature, "inputs": values})
        return f"    curl -s -d '{body}' {url}"
    values = ", ".join(f'"{name}": {VALUES.get(name) or _nested(shape[name])}' for name in inputs)
    body = f'{{"signature_name": "{signature}", "inputs": {{{values}}}}}'
    return (
        f"    python3 -c 'import json; print(json.dumps({body}))' \\\n      | curl -s -d @- {url}"
    )


def _grpc(model, signature, inputs):
    """The Python line of a gRPC request with two rows."""
    values = []
    for name, tensor in inputs.items():
        if name in VALUES:
            values.append(f"{name}=np.array({VALUES[name]}, np.{tensor['dtype']})")
        else:
            shape = [2, *tensor["shape"][1:]]
            values.append(f"{name}=np.zeros({shape}, np.{tensor['dtype']})")
    return f'    call("{model}", "{signature}", {", ".join(values)})'


def _rows(model, signature):
    """A REST request in the row format, for a signature whose inputs are numbers."""
    names = signature["inputs"]
    instances = [{name: VALUES[name][row] for name in names} for row in range(2)]
    body = json.dumps({"instances": instances})
    return f"    curl -s -d '{body}' http://localhost:8501/v1/models/{model}:predict"


def section(name, version, card):
    """The README's section of one model, from its newest version's card."""
    signatures = card["signatures"]
    parts = [
        f"## {name}",
        f"{card['model']['name']}, {card['model']['family']} pixels, trained for "
        f"{card['training_step']} steps; version {version}. Details: "
        f"`{name}/{version}/{EXTRA}/{CARD}`.",
        "\n".join(f"- {note}" for note in card["notes"]),
        _table(signatures),
        f"`{card['default_signature']}` is the default. A request in the row format of REST:",
        _rows(name, signatures[card["default_signature"]]),
    ]
    for signature, tensors in signatures.items():
        parts.append(f"### {name}: {signature}")
        if "images" in tensors["inputs"]:
            parts.append(accepted(tensors["inputs"]["images"]))
        parts.append(_rest(name, signature, tensors["inputs"]))
        parts.append(_grpc(name, signature, tensors["inputs"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def write(output):
    """Write README.md in the folder `output`, for all models there."""
    output = pathlib.Path(output)
    sections = [INTRODUCTION]
    for name in models(output):
        version = versions(output / name)[-1]
        card = read_card(output / name / str(version))
        if card is not None:  # Models without a card are not ours.
            sections.append(section(name, version, card))
    replace_text(output / "README.md", "\n".join(sections))
