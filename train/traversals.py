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
    label = {k: int(v[0]) for k, v in given_labels(model, batch).items()}

    def images(dims, deviations, mean):
        """[D, V, H, W, C]: each of dims at these deviations from its mean over the images."""
        values = flat.mean(axis=0) + spread * deviations[:, None]
        rows = [varied(z[:1], [int(d)], tf.constant(values[:, d])) for d in dims]
        points = tf.reshape(tf.concat(rows, axis=1), [-1, *model.latent_shape])
        # The same noise for every image: what differs comes from z.
        noise = tf.fill([len(points)], seeds.fold_in(seed, 0))
        drawn = model.decode(points, noise, mean=mean, **label)
        return tf.reshape(drawn, [len(dims), len(deviations), *model.image_shape])

    shown = np.argsort(-spread, kind="stable")
    if model.family.has_mean:
        shown = _strongest(shown[:MOST_TRIED], images)
    return images(shown[:num], np.linspace(-3, 3, num, dtype=np.float32), mean)


def _strongest(dims, images):
    """Coordinates of a code, those first that change E[x|z] most from -2 to 2 deviations."""
    low, high = tf.unstack(images(dims, np.array([-2, 2], np.float32), True), axis=1)
    change = tf.reduce_sum((high - low) ** 2, axis=(1, 2, 3)).numpy()
    return dims[np.argsort(-change, kind="stable")]


def _have_mean(model):
    """Whether q(z|x) has a mean in closed form."""
    try:
        model.posterior(tf.zeros([1, *model.image_shape])).mean()
        return True
    except NotImplementedError:
        return False
