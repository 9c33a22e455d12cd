"""Every check of images and labels.

A wrong value is a ValueError in Python. In a graph it is an InvalidArgumentError when the graph
runs, because no Python exception can be raised there.
"""

import warnings
from typing import Any

import keras
import tensorflow as tf

from tfgvae.types import Array, Model, Shape, Tensor

FINITE = (tf.float32.min, tf.float32.max)
UNIT = (0.0, 1.0)
_OFF_SCALE = 0.05  # The mean of a batch of noisy draws may lie a little outside.


def require(condition: Tensor, message: str, *values: Tensor) -> tf.Operation | None:
    """Raise an error with `message` and the tensors `values` unless `condition`, a scalar, is true.

    Returns:
      In a graph the assertion, an operation; in eager mode None.
    """
    if not tf.executing_eagerly():
        return tf.debugging.Assert(condition, [message, *values])
    if not bool(condition):
        raise ValueError(" ".join([message, *(str(value.numpy()) for value in values)]))
    return None


def unpack(
    batch: Array | dict[str, Array], image_shape: Shape, num_classes: int
) -> tuple[Tensor, Tensor | None]:
    """Split a batch into images [B, H, W, C] and labels [B] int32 (None without classes).

    Args:
      batch: images, or a dict with "image" and, for a model with classes, "label": integers [B]
        or [B, 1] in 0 .. num_classes - 1.
      image_shape: (H, W, C) of the model.
      num_classes: number of classes, 0 for none.

    Raises:
      ValueError: a dict without "image", images of another shape, a missing label, labels that
        are not integers, have another shape, or are out of range.
    """
    label = None
    if isinstance(batch, dict):
        if "image" not in batch:
            raise ValueError(f"expected a dict with 'image', got keys {sorted(batch)}")
        label = batch.get("label")
        batch = batch["image"]
    x = checked_images(batch, image_shape)
    if num_classes == 0:
        return x, None
    if label is None:
        raise ValueError(
            f"this model is conditioned on {num_classes} classes: pass "
            "{'image': x, 'label': y} (in Python calls: label=y)"
        )
    label = from_column(tf.convert_to_tensor(label))
    return x, _integer_labels(label, num_rows(x), num_classes)


def check_spec(spec: Any, image_shape: Shape) -> None:
    """Check what a tf.data.Dataset says of its elements, before any is read.

    Raises:
      ValueError: a dict without "image", images of another shape, or integers.
    """
    if isinstance(spec, dict):
        if "image" not in spec:
            raise ValueError(f"expected a dict with 'image', got keys {sorted(spec)}")
        spec = spec["image"]
    if not isinstance(spec, tf.TensorSpec):  # Of several replicas: checked when the graph is built.
        return
    _check_images(spec.shape, spec.dtype, image_shape)


def warn_off_scale(model: Model, x: Tensor) -> None:
    """Warn, once for a model, about images whose mean pixel lies outside [0, 1].

    A density takes pixels outside [0, 1], because its own draws lie there. The mean of a batch of
    draws does not: images in [-1, 1] or in 0 .. 4 are another scale.
    """
    wide = model.family.draw_range != UNIT
    if not wide or not tf.executing_eagerly() or model.__dict__.get("_warned_off_scale"):
        return
    mean = float(tf.reduce_mean(x))
    if not -_OFF_SCALE <= mean <= 1 + _OFF_SCALE:
        model.__dict__["_warned_off_scale"] = True
        warnings.warn(
            f"expected images in [0, 1], but the mean pixel of this batch is {mean:.3g}: rescale "
            "them, or the answers are those of another image",
            stacklevel=4,
        )


def weights_of(batch: Any, x: Tensor) -> Tensor | None:
    """The sample weights [B] float32 of a batch, from its entry "weight"; None without one.

    Raises:
      ValueError: another shape than [B] or [B, 1].
    """
    weight = batch.get("weight") if isinstance(batch, dict) else None
    if weight is None:
        return None
    weight = from_column(tf.cast(tf.convert_to_tensor(weight), tf.float32))
    if not weight.shape.is_compatible_with(x.shape[:1]):
        raise ValueError(
            f"expected a sample weight per image, [{x.shape[0]}], got shape {weight.shape}"
        )
    return weight


def from_column(values: Tensor) -> Tensor:
    """Numbers [B] of rows that may be given as a column [B, 1], as Keras allows."""
    return values[:, 0] if values.shape.rank == 2 and values.shape[1] == 1 else values


def num_rows(batch: Tensor) -> int | Tensor:
    """The number of rows: an int, or an int32 scalar if it is unknown when a graph is made."""
    return tf.shape(batch)[0] if batch.shape[0] is None else batch.shape[0]


def checked_images(x: Array, image_shape: Shape) -> Tensor:
    """Images as float32 [B, H, W, C].

    Raises:
      ValueError: another shape than [B, *image_shape], or integers: pixels are in [0, 1] here.
    """
    x = tf.convert_to_tensor(x)
    _check_images(x.shape, x.dtype, image_shape)
    return tf.cast(x, tf.float32)


def _check_images(shape, dtype, image_shape):
    if not shape.is_compatible_with([None, *image_shape]) or shape.rank is None:
        raise ValueError(f"expected images [B, *{tuple(image_shape)}] in [0, 1], got shape {shape}")
    if not dtype.is_floating:
        raise ValueError(
            f"expected floating point images in [0, 1], got {dtype.name}: divide by 255"
        )


def check_range(
    x: Tensor, bounds: tuple[float, float] = UNIT, what: str = "pixels"
) -> tf.Operation | None:
    """Raise unless every value of x lies within `bounds`; NaN never does.

    In a graph the check runs at every step: training on images in 0 .. 255 would be wrong, but
    raise no other error. Returns what `require` returns.
    """
    low, high = bounds
    slack = 1e-5 if bounds == UNIT else 0.0  # Rounding errors are allowed.
    inside = tf.reduce_all(tf.logical_and(x >= low - slack, x <= high + slack))
    span = "finite" if bounds == FINITE else f"in [{low:g}, {high:g}]"
    message = f"expected {span} {what}" if bounds == FINITE else f"expected {what} {span}"
    message = f"{message}, got (lowest, highest)"
    return require(inside, message, tf.reduce_min(x), tf.reduce_max(x))


def first_batch(x: Any, batch_size: int) -> Any:
    """The first batch of what Keras's `fit` takes: a data set, a PyDataset, or arrays.

    Raises:
      TypeError: a generator, which gives its first batch only once.
    """
    if isinstance(x, keras.utils.PyDataset):
        return x[0]
    if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset)):
        return next(iter(x))
    if hasattr(x, "__next__"):
        raise TypeError(
            "fit cannot look at a generator's first batch: call initialize(batch) before"
        )
    return tf.nest.map_structure(lambda array: array[:batch_size], x)


def checked_labels(label: Array | int | None, rows: int | Tensor, num_classes: int) -> Tensor:
    """Labels as int32 [N]; for a model without classes zeros, which are not used.

    Args:
      label: one integer for all rows, or integers [N].
      rows: N, an int or an int32 scalar.
      num_classes: number of classes, 0 for none.

    Raises:
      ValueError: labels for a model without classes, no labels for a model with classes, or labels
        that are not integers, not N, or outside 0 .. num_classes - 1.
    """
    if num_classes == 0:
        if label is not None:
            raise ValueError("this model has no classes, but label was given")
        return tf.zeros([rows], tf.int32)
    if label is None:
        raise ValueError(f"this model needs label: ints in 0..{num_classes - 1}, one per row")
    labels = tf.convert_to_tensor(label)
    if labels.shape.rank == 0:
        labels = tf.fill([rows], labels)
    return _integer_labels(labels, rows, num_classes)


def _integer_labels(label, rows, num_classes):
    if not label.dtype.is_integer:
        raise ValueError(f"labels must be integers, got {label.dtype.name}")
    known = tf.get_static_value(rows)
    if label.shape.rank != 1 or (None not in (known, label.shape[0]) and label.shape[0] != known):
        expected = "labels [B]" if known is None else f"{known} labels"
        raise ValueError(f"expected {expected}, got shape {label.shape}")
    if known is None or label.shape[0] is None:
        require(tf.shape(label)[0] == rows, "expected a label for each row, got", tf.shape(label))
    inside = tf.reduce_all(tf.logical_and(label >= 0, label < num_classes))
    require(inside, f"labels must be in 0..{num_classes - 1}, got", label)
    return tf.cast(label, tf.int32)
