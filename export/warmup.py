"""assets.extra/tf_serving_warmup_requests: requests that a server runs before it is ready.

The file is a TFRecord of tensorflow.serving.PredictionLog. The few fields that are needed are
declared here, with the numbers of prediction_log.proto, predict.proto and model.proto of TensorFlow
Serving, so that an export needs no other package than TensorFlow.
"""

import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tensorflow.core.framework import tensor_pb2

from export.examples import example

# message -> [(field, number, type)]; a type is a scalar or one of these messages. In the serialised
# form, a map is a repeated message with key and value, and an inner message is bytes.
_MESSAGES = {
    "PredictionLog": [("predict_log", 6, "PredictLog")],
    "PredictLog": [("request", 1, "PredictRequest")],
    "PredictRequest": [("model_spec", 1, "ModelSpec"), ("inputs", 2, "repeated Input")],
    "ModelSpec": [("name", 1, "string"), ("signature_name", 3, "string")],
    "Input": [("key", 1, "string"), ("value", 2, "bytes")],
}


def _message_class(name):
    field = descriptor_pb2.FieldDescriptorProto
    scalars = {"string": field.TYPE_STRING, "bytes": field.TYPE_BYTES}
    file = descriptor_pb2.FileDescriptorProto(name="warmup.proto", package="warmup")
    file.syntax = "proto3"
    for message, fields in _MESSAGES.items():
        declared = file.message_type.add(name=message)
        for key, number, kind in fields:
            repeated, kind = kind.startswith("repeated "), kind.removeprefix("repeated ")
            label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
            added = declared.field.add(name=key, number=number, label=label)
            added.type = scalars.get(kind, field.TYPE_MESSAGE)
            if kind not in scalars:
                added.type_name = f".warmup.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"warmup.{name}"))


PredictionLog = _message_class("PredictionLog")


def record(model_name, signature, inputs):
    """A request as serialised PredictionLog; `inputs` is {name: array}."""
    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs.add(key=name, value=tf.make_tensor_proto(value).SerializeToString())
    return log.SerializeToString()


def requests(described, batch_sizes):
    """The requests: yields (signature, {input: array}) for each signature and batch size.

    Args:
      described: {signature: its types}, as in a model card.
      batch_sizes: rows per request. The first call with each of them is slow.
    """
    for rows in batch_sizes:
        for signature, types in described.items():
            yield signature, example(types["inputs"], rows, {"max_num_steps": 1})


def write(path, model_name, described, batch_sizes):
    """Write the requests. The arguments are those of `requests`."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests(described, batch_sizes):
            writer.write(record(model_name, signature, inputs))


def read(path):
    """The requests of a file: [(signature, {input: array})]."""
    found = []
    for data in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        request = PredictionLog.FromString(data).predict_log.request
        inputs = {
            entry.key: tf.make_ndarray(tensor_pb2.TensorProto.FromString(entry.value))
            for entry in request.inputs
        }
        found.append((request.model_spec.signature_name, inputs))
    return found
