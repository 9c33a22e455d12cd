"""One request to a server of TensorFlow Serving, by REST or by gRPC."""

import http.client
import json
import urllib.error
import urllib.request

import numpy as np

from train.errors import SetupError


class Refused(Exception):
    """The server answered with an error."""


def _unreachable(url, reason):
    return SetupError(f"no TensorFlow Serving answers at {url}: {reason}")


class Rest:
    """Requests by REST, with Python's standard library.

    Args:
      url: HOST:PORT; http unless it starts with https://.
      name, version: the model; version None is the newest.
      timeout: seconds for one answer.
    """

    def __init__(self, url, name, version, timeout):
        self._url, self._timeout = url, timeout
        address = url if "://" in url else f"http://{url}"
        number = "" if version is None else f"/versions/{version}"
        self._address = f"{address.rstrip('/')}/v1/models/{name}{number}:predict"

    def __call__(self, signature, reference):
        """The outputs {name: array} of a signature for the inputs of a reference.Reference.

        Raises:
          Refused: the server answered with an error.
          SetupError: no server answers.
        """
        inputs = {key: value.tolist() for key, value in reference.inputs.items()}
        body = json.dumps({"signature_name": signature, "inputs": inputs}).encode()
        request = urllib.request.Request(
            self._address, body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                outputs = json.load(response)["outputs"]
        except urllib.error.HTTPError as error:
            raise Refused(_sentence(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(self._url, getattr(error, "reason", None) or error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise _unreachable(self._url, "the answer is not one of its REST interface") from error
        if not isinstance(outputs, dict):  # The only output has no name.
            outputs = dict.fromkeys(reference.outputs, outputs)
        return {key: np.asarray(value) for key, value in outputs.items()}


def _sentence(error):
    """The message of an HTTP error."""
    text = error.read().decode(errors="replace")
    try:
        return json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {error.code}"


class Grpc:
    """Requests by gRPC, with the package tensorflow-serving-api. The arguments are those of Rest.

    Raises:
      SetupError: the package is not installed.
    """

    def __init__(self, url, name, version, timeout):
        try:
            import grpc
            from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
        except ImportError as error:
            raise SetupError(
                "--protocol=grpc needs the package tensorflow-serving-api: "
                'pip install -e ".[serving]", or use --protocol=rest'
            ) from error
        import tensorflow as tf

        self._tf, self._grpc, self._request = tf, grpc, predict_pb2.PredictRequest
        self._url, self._name, self._version = url, name, version
        self._timeout = timeout
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._channel = grpc.insecure_channel(url, options)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def __call__(self, signature, reference):
        """As in Rest."""
        request = self._request()
        request.model_spec.name = self._name
        request.model_spec.signature_name = signature
        if self._version is not None:
            request.model_spec.version.value = self._version
        for key, value in reference.inputs.items():
            request.inputs[key].CopyFrom(self._tf.make_tensor_proto(value))
        code = self._grpc.StatusCode
        try:
            outputs = self._stub.Predict(request, timeout=self._timeout).outputs
        except self._grpc.RpcError as error:
            if error.code() in (code.UNAVAILABLE, code.DEADLINE_EXCEEDED, code.UNIMPLEMENTED):
                raise _unreachable(self._url, error.details()) from error
            raise Refused(error.details()) from error
        return {key: self._tf.make_ndarray(value) for key, value in outputs.items()}


PROTOCOLS = {"rest": Rest, "grpc": Grpc}
