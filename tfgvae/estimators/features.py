"""Features for comparing samples with data: images [N, H, W, C] to [N, D].

A distance between features sees only the differences that the network sees. Compare numbers only
for one data set and one network: other features, such as those of the Inception network of
Heusel et al. (2017), give another scale.
"""

import os
import pathlib
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from tfgvae import checks
from tfgvae.estimators.batching import in_parts
from tfgvae.estimators.gathering import gathered
from tfgvae.images import check_range, checked_images
from tfgvae.layers.classifier import ClassifierNetwork
from tfgvae.types import Array, Images

_INCEPTION_SIZE = 299


def feature_matrix(name: str, values: Array | tf.data.Dataset, min_rows: int = 2) -> np.ndarray:
    """`values` as float64 [N, D]; ValueError for another shape, too few rows, NaN or infinity.

    A data set has the elements [D], or batches [B, D].
    """
    if isinstance(values, Mapping):
        raise ValueError(f"{name} must be [N, D], got a dict: classifier_features takes images")
    values = np.asarray(gathered(values, rank=2)[0], np.float64)
    if values.ndim != 2 or values.shape[0] < min_rows or values.shape[1] == 0:
        raise ValueError(f"{name} must be [N, D] with N >= {min_rows}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")
    return values


def same_width(a: np.ndarray, b: np.ndarray) -> None:
    """Raise ValueError unless two feature matrices have the same D."""
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"features must be of one network, got {a.shape[1]} and {b.shape[1]} columns"
        )


def _checked(images, image_shape):
    images = checked_images(gathered(images, image_shape)[0], image_shape)
    if len(images) == 0:
        raise ValueError("expected at least one image, got an empty batch")
    try:
        check_range(images)
    except ValueError as error:
        raise ValueError(f"{error}: clip what was drawn from a density") from error
    return images


def _batched(function, image_shape, batch_size):
    checks.integer("batch_size", batch_size, 1)

    def features(images):
        images = _checked(images, image_shape)
        return in_parts(function, images, batch_size=batch_size)

    return features


def classifier_features(
    network: ClassifierNetwork | str | os.PathLike, batch_size: int = 256
) -> Callable[[Images], np.ndarray]:
    """The penultimate layer of a ClassifierNetwork.

    Args:
      network: a ClassifierNetwork, or the path of a FILE.keras of `python -m train.classifier`.
      batch_size: images at a time.

    Returns:
      A function: images float [N, H, W, C] in [0, 1], an Images of tfgvae.types -> float32 [N, D].
      It raises ValueError for images of another shape or out of range.

    Raises:
      FileNotFoundError: no such file.
      ValueError: the file holds no ClassifierNetwork, or is damaged.
    """
    if isinstance(network, (str, os.PathLike)):
        network = _load(pathlib.Path(network))
    if not isinstance(network, ClassifierNetwork):
        raise ValueError(f"expected a ClassifierNetwork or its path, got {type(network).__name__}")
    spec = tf.TensorSpec([None, *network.image_shape], tf.float32)
    return _batched(tf.function(network.features, [spec]), network.image_shape, batch_size)


def _load(path):
    if not path.exists():
        raise FileNotFoundError(
            f"no classifier {path}: python -m train.classifier --dataset=NAME --output={path} "
            "trains one"
        )
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:  # Keras, zipfile and h5py raise different errors.
        raise ValueError(f"{path} is no Keras model that can be loaded: {error}") from error


def inception_features(
    weights: str | os.PathLike | None, batch_size: int = 32
) -> Callable[[Images], np.ndarray]:
    """The 2048 pooled features of Keras's InceptionV3, on images resized to 299 x 299.

    Its ImageNet weights are those of Keras. Published distances use the weights of 2015: they are
    close to distances with these features, but not equal.

    Args:
      weights: the path of the file inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5;
        "imagenet" for the file in Keras's cache, downloaded if it is not there; None for random
        weights.
      batch_size: images at a time.

    Returns:
      A function: images float [N, H, W, 1 or 3] in [0, 1], an Images of tfgvae.types -> float32
      [N, 2048].

    Raises:
      FileNotFoundError: no such file.
      ValueError: weights of another network, or a download that failed.
    """
    if weights not in (None, "imagenet") and not pathlib.Path(weights).is_file():
        raise FileNotFoundError(
            f"no file {weights}: weights is the path of Inception's weights, or 'imagenet' for "
            "Keras's download of them"
        )
    shape = (_INCEPTION_SIZE, _INCEPTION_SIZE, 3)
    try:
        network = keras.applications.InceptionV3(
            include_top=False, weights=weights, input_shape=shape, pooling="avg"
        )
    except Exception as error:  # urllib, h5py and Keras raise different errors.
        raise ValueError(f"InceptionV3 has no weights from {weights!r}: {error}") from error

    @tf.function(reduce_retracing=True)
    def pooled(images):
        images = tf.image.grayscale_to_rgb(images) if images.shape[-1] == 1 else images
        images = tf.image.resize(images, [_INCEPTION_SIZE] * 2, antialias=True)
        return network(2.0 * images - 1.0, training=False)

    features = _batched(pooled, (None, None, None), batch_size)

    def checked(images):
        images, _ = gathered(images)
        if np.ndim(images) == 4 and np.shape(images)[-1] not in (1, 3):
            raise ValueError(f"images must have 1 or 3 channels, got {np.shape(images)[-1]}")
        return features(images)

    return checked
