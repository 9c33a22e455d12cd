"""The part of DIR/README.md that is the same for all models."""

from export import batching
from export.marks import MARK
from export.runtimes import (
    DRAWS_SENTENCE,
    IMAGE,
    ONEDNN_SENTENCE,
    ROUNDING_SENTENCE,
    TESTED_SENTENCE,
    XLA_FLAG,
)
from export.server_configs import POLL_SECONDS

_TEXT = f"""\
<!-- {MARK} -->

# Models for TensorFlow Serving

Start the server in this folder (gRPC on 8500, REST on 8501):

    docker run --rm -p 8500:8500 -p 8501:8501 -v "$PWD:/models:ro" {IMAGE} \\
      --model_config_file=/models/models.config \\
      --model_config_file_poll_wait_seconds={POLL_SECONDS} \\
      --allow_version_labels_for_unavailable_models=true \\
      --enable_batching --batching_parameters_file=/models/batching.config \\
      --enable_per_model_batching_parameters=true \\
      --monitoring_config_file=/models/monitoring.configMORE_FLAGS

The server watches the version folders of the models below and reads `models.config` again every
{POLL_SECONDS} seconds. A model answers after its warm-up, whose time is given below. Wait for it:

    until curl -sf http://localhost:8501/v1/models/NAME | grep -q AVAILABLE; do sleep 1; done

## Requests

Images are float32 [N, H, W, C]. The data is in [0, 1]; each signature that takes images says below
which pixels it accepts. A request has N rows. Every input and output has one entry for each row.
The most rows of a request are in the file `{batching.FILE}` of each version.

`seed` has one int64 per row. Another seed gives another draw. `encode_mean` and `decode_mean` draw
nothing and take no seed; converters to ONNX and TensorFlow Lite know their operations. JSON numbers
in JavaScript are exact up to 2^53: keep seeds between -9007199254740991 and 9007199254740991 there.

The server computes requests for the same signature together. A batch of Gibbs chains takes as many
steps as the longest of its chains, so one long chain delays the rows beside it. The limit of
`num_steps` of each model bounds this delay.

{DRAWS_SENTENCE}
{ROUNDING_SENTENCE}
With `pixelcnn` and `pixelcnn_pp`, all later pixels of the row depend on it, so the image may be
another one. `python -m export.check` compares a running server with an export.

{TESTED_SENTENCE}
{ONEDNN_SENTENCE}

## Errors

A wrong request gets an error with a sentence. With batching, it makes all requests of its batch
fail. The server itself finds some mistakes first:

| message | cause |
|---|---|
| `expected pixels in ...`, `num_steps must be in ...`, and the like | the value of an input |
| `Shape of tensor NAME ... is not compatible with expected shape` | the shape of the input NAME |
| `Expects arg[0] to be float but double is provided` | the type of an input: float64 for float32 |
| `JSON Value: ... not of expected type: ...` | the same by REST: text for a number |
| `input size does not match signature` | an input is missing, or has another name |
| `Serving signature name: ... not found` | the name of the signature |
| `Servable not found for request` | the model's name, version or label; or its warm-up runs |
| `Task size ... is larger than maximum input batch size` | more rows than a batch has |
| `The batch scheduling queue ... is full` | too many requests at once: try again later |

## Versions

The newest version of a model is served. Labels change that:

    python -m export.label ./NAME stable=1 canary=2   # version 2 beside version 1
    python -m export.label ./NAME stable=2            # version 2 for everybody
    python -m export.label ./NAME stable=1            # back to version 1

A client asks for a label by `/v1/models/NAME/labels/stable:predict`, or by
`request.model_spec.version_label` in gRPC. A request without a label goes to the newest version
that is served: clients that must not see a canary ask for `stable`.

## gRPC

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


def introduction(compiled):
    """The text.

    Args:
      compiled: whether XLA compiles a part of a model: the server needs a flag for it.
    """
    return _TEXT.replace("MORE_FLAGS", f" \\\n      {XLA_FLAG}" if compiled else "")
