"""What a model accepts as a batch, checked at the door."""

import tensorflow as tf


def unpack(batch, image_shape, num_classes):
    """Split a batch into images [B, H, W, C] and labels [B] int32 (None without classes).

    Args:
      batch: images, or a dict with "image" and, for a model with classes, "label".
      image_shape: (H, W, C) of the model.
      num_classes: number of classes, 0 for none.

    Raises:
      ValueError: a dict without "image", images of another shape, or a missing label.
    """
    label = None
    if isinstance(batch, dict):
        if "image" not in batch:
            raise ValueError(f"expected a dict with 'image', got keys {sorted(batch)}")
        label = batch.get("label")
        batch = batch["image"]
    x = images(batch, image_shape)
    if num_classes == 0:
        return x, None
    if label is None:
        raise ValueError(
            f"this model is conditioned on {num_classes} classes: pass "
            "{'image': x, 'label': y} (in Python calls: label=y)"
        )
    return x, tf.reshape(tf.cast(label, tf.int32), [-1])


def images(x, image_shape):
    """Images as float32 [B, H, W, C].

    Raises:
      ValueError: another shape than [B, *image_shape], or integers: pixels are in [0, 1] here.
    """
    x = tf.convert_to_tensor(x)
    if not x.shape.is_compatible_with([None, *image_shape]) or x.shape.rank is None:
        raise ValueError(
            f"expected images [B, *{tuple(image_shape)}] in [0, 1], got shape {x.shape}"
        )
    if not x.dtype.is_floating:
        raise ValueError(
            f"expected floating point images in [0, 1], got {x.dtype.name}: divide by 255"
        )
    return tf.cast(x, tf.float32)


def check_range(x):
    """Raise InvalidArgumentError unless every pixel of x is a number in [0, 1].

    In a graph, the check runs with it: images in 0 .. 255 would train to nonsense in silence.
    """
    low, high = tf.reduce_min(x), tf.reduce_max(x)
    # Written so that NaN fails; a rounding error is let through.
    inside = tf.logical_and(low >= -1e-5, high <= 1 + 1e-5)
    tf.debugging.Assert(inside, ["expected pixels in [0, 1], got values from", low, "to", high])


def labels(label, num_rows, num_classes):
    """Labels as int32 [N]; zeros, unused, for a model without classes.

    Raises:
      ValueError: labels where there are no classes, none where there are, another number of
        them than rows, or values outside 0 .. num_classes - 1.
    """
    if num_classes == 0:
        if label is not None:
            raise ValueError("this model has no classes, but label was given")
        return tf.zeros([num_rows], tf.int32)
    if label is None:
        raise ValueError(f"this model needs label: ints in 0..{num_classes - 1}, one a row")
    label = tf.cast(label, tf.int32)
    if label.shape.rank == 0:
        label = tf.fill([num_rows], label)
    if label.shape != (num_rows,):
        raise ValueError(f"expected {num_rows} labels, got shape {label.shape}")
    if int(tf.reduce_min(label)) < 0 or int(tf.reduce_max(label)) >= num_classes:
        raise ValueError(f"labels must be in 0..{num_classes - 1}, got {label.numpy()}")
    return label


def positive(name, value):
    """Return `value` as an int; ValueError unless it is >= 1."""
    if int(value) != value or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value}")
    return int(value)
