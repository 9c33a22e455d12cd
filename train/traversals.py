"""Images of a code with one coordinate changed: which coordinates of z matter, and what they do."""

import numpy as np
import tensorflow as tf

from tfgvae import seeds
from tfgvae.sampling.interpolation import varied

MOST_TRIED = 64  # coordinates whose effect is compared


def given_labels(model, batch):
    """{"label": those of a batch} if the model has classes, else {}."""
    return {"label": batch["label"]} if model.num_classes else {}


def traversed(model, batch, num, seed, mean=None):
    """Images [at most num, num, H, W, C]: the coordinates of z that change the image most.

    The change is that of E[x|z]. Where it has no closed form, the coordinates that differ most
    among images are shown instead. The values of a coordinate go from 3 standard deviations below
    its mean over the images to 3 above.

    Args:
      model: a LatentVariableModel with codes.
      batch: {"image": [N, H, W, C], "label": [N]}, N >= 2; the first image is shown.
      num: rows and columns.
      seed: an int.
      mean: E[x|z] instead of a draw; None: if the family has it.
    """
    mean = model.family.has_mean if mean is None else mean
    z = model.encode(batch["image"], seed, mean=_have_mean(model))
    flat = z.numpy().reshape(len(z), -1)
    spread = flat.std(axis=0)
    shown = _strongest(model, z[:1], flat.mean(axis=0), spread, batch)[:num]
    values = flat.mean(axis=0) + spread * np.linspace(-3, 3, num, dtype=np.float32)[:, None]
    rows = [varied(z[:1], [int(d)], tf.constant(values[:, d])) for d in shown]
    points = tf.concat(rows, axis=1)[0]  # [D, V, *latent_shape]
    flat = tf.reshape(points, [-1, *model.latent_shape])
    label = {k: int(v[0]) for k, v in given_labels(model, batch).items()}
    # The same noise for every image: what differs comes from z.
    rows = tf.fill([len(flat)], seeds.fold_in(seed, 0))
    return tf.reshape(
        model.decode(flat, rows, mean=mean, **label), [len(shown), num, *model.image_shape]
    )


def _strongest(model, z, center, spread, batch):
    """Coordinates of a code, those first that change E[x|z] most from -2 to 2 deviations."""
    order = np.argsort(-spread, kind="stable")
    if not model.family.has_mean:
        return order
    tried = order[:MOST_TRIED]
    values = center + spread * np.array([[-2], [2]], np.float32)
    points = [varied(z, [int(d)], tf.constant(values[:, d], tf.float32)) for d in tried]
    flat = tf.reshape(tf.concat(points, axis=1), [-1, *model.latent_shape])
    label = {k: int(v[0]) for k, v in given_labels(model, batch).items()}
    images = model.decode(flat, 0, mean=True, **label).numpy().reshape(len(tried), 2, -1)
    change = np.sum((images[:, 1] - images[:, 0]) ** 2, axis=1)
    return tried[np.argsort(-change, kind="stable")]


def _have_mean(model):
    """Whether q(z|x) has a mean in closed form."""
    try:
        model.posterior(tf.zeros([1, *model.image_shape])).mean()
        return True
    except NotImplementedError:
        return False
