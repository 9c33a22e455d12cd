"""A test double of TensorFlow Serving: its gRPC and REST interfaces over loaded signatures.

It is not the server. It speaks the server's own protocol buffers, and the JSON of its REST
interface (https://www.tensorflow.org/tfx/serving/api_rest), so that requests are parsed by
something other than what wrote them. There is no batching in it.
"""

import base64
import concurrent.futures
import contextlib
import http.server
import json
import re
import threading

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

# Every model has one version, 1, with the label stable.
PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/1|/labels/stable)?:predict")
STATUS = re.compile(r"/v1/models/([^/:]+)")


class Grpc(prediction_service_pb2_grpc.PredictionServiceServicer):
    """PredictionService.Predict for {model: {signature: function}}."""

    def __init__(self, models):
        self.models = models

    def Predict(self, request, context):
        signatures = self.models.get(request.model_spec.name)
        name = request.model_spec.signature_name or "serving_default"
        spec = request.model_spec
        other = spec.version.value not in (0, 1) or spec.version_label not in ("", "stable")
        if signatures is None or name not in signatures or other:
            context.abort(grpc.StatusCode.NOT_FOUND, f"{request.model_spec}")
        tensors = {key: tf.constant(tf.make_ndarray(v)) for key, v in request.inputs.items()}
        _, specs = signatures[name].structured_input_signature
        if {k: v.dtype for k, v in tensors.items()} != {k: v.dtype for k, v in specs.items()}:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"expected {specs}, got {tensors}")
        try:
            outputs = signatures[name](**tensors)
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        response = predict_pb2.PredictResponse()
        for key, value in outputs.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return response


def _named(value, names):
    """A value without a name is that of the only tensor."""
    if isinstance(value, dict):
        return value
    (name,) = names
    return {name: value}


def _unnamed(named):
    return named if len(named) > 1 else next(iter(named.values()))


def _json(name, tensor):
    """A tensor as nested lists. Bytes are {"b64": ...} in an output whose name ends in _bytes."""
    values = tensor.numpy().tolist()
    if name.endswith("_bytes"):
        return [{"b64": base64.b64encode(value).decode()} for value in values]
    return values


def predict(signatures, request):
    """The answer, as the JSON of the REST interface, to a request in the row or columnar format."""
    function = signatures[request.get("signature_name", "serving_default")]
    _, specs = function.structured_input_signature
    if ("instances" in request) == ("inputs" in request):
        raise ValueError("expected either instances or inputs")
    if "instances" in request:
        rows = [_named(row, specs) for row in request["instances"]]
        values = {name: [row[name] for row in rows] for name in specs}
    else:
        values = _named(request["inputs"], specs)
    if set(values) != set(specs):
        raise ValueError(f"expected {sorted(specs)}, got {sorted(values)}")
    tensors = {k: tf.constant(np.array(v), specs[k].dtype) for k, v in values.items()}
    outputs = {name: _json(name, value) for name, value in function(**tensors).items()}
    if "inputs" in request:
        return {"outputs": _unnamed(outputs)}
    rows = range(len(next(iter(outputs.values()))))
    return {"predictions": [_unnamed({k: v[row] for k, v in outputs.items()}) for row in rows]}


class Rest(http.server.BaseHTTPRequestHandler):
    """POST /v1/models/NAME:predict; `models` is set by `serve`."""

    models = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            name = PATH.fullmatch(self.path)[1]
            status, answer = 200, predict(self.models[name], json.loads(body))
        except (ValueError, KeyError, TypeError, tf.errors.InvalidArgumentError) as error:
            status, answer = 400, {"error": getattr(error, "message", str(error))}
        self._answer(status, answer)

    def _answer(self, status, answer):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        """The status of a model, as the server gives it."""
        found = STATUS.fullmatch(self.path)
        if found and found[1] in self.models:
            state = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK"}}
            self._answer(200, {"model_version_status": [state]})
        else:
            self._answer(404, {"error": f"Could not find any versions of model {self.path}"})

    def log_message(self, *_):
        """Print nothing on stderr."""


@contextlib.contextmanager
def serve(models):
    """Serve {model: {signature: function}} on free ports of this machine.

    Yields:
      (gRPC port, REST port).
    """
    wire = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Grpc(models), wire)
    grpc_port = wire.add_insecure_port("127.0.0.1:0")
    wire.start()
    handler = type("Handler", (Rest,), {"models": models})
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=rest.serve_forever)
    thread.start()
    try:
        yield grpc_port, rest.server_port
    finally:
        rest.shutdown()
        rest.server_close()
        thread.join()
        wire.stop(None).wait()
