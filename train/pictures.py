"""Pictures of a run: grids of samples, chains, reconstructions, paths between codes."""

import io
import math
import pathlib
import zlib

import numpy as np
import tensorflow as tf
from PIL import Image

from tfgvae import seeds
from tfgvae.models.sampling_methods import ChainMethods
from train.files import write_whole
from train.traversals import given_labels, traversed

SEPARATOR = 2  # pixels between images
BACKGROUND = 96  # a grey between black and white
SMALLEST = 48  # images are enlarged to at least this many pixels per side
PLANE = 16  # images per side of the decoded latent plane


def enlargement(height, width):
    """The smallest integer factor that makes both sides at least SMALLEST pixels."""
    return max(1, math.ceil(SMALLEST / min(height, width)))


def grid(images):
    """Lay images out in rows and columns.

    Args:
      images: float [R, C, H, W, channels]; values outside [0, 1] are clipped. Of two channels the
        first is drawn, of more than three the first three.

    Returns:
      uint8 [height, width, 3], each image enlarged by repeating pixels.
    """
    images = np.asarray(images)
    rows, columns, height, width, channels = images.shape
    pixels = np.round(255 * np.clip(images, 0.0, 1.0)).astype(np.uint8)
    pixels = pixels[..., :3] if channels >= 3 else pixels[..., :1].repeat(3, axis=-1)
    factor = enlargement(height, width)
    pixels = pixels.repeat(factor, axis=2).repeat(factor, axis=3)
    edge = ((0, 0), (0, 0), (SEPARATOR, 0), (SEPARATOR, 0), (0, 0))
    pixels = np.pad(pixels, edge, constant_values=BACKGROUND)
    pixels = pixels.transpose(0, 2, 1, 3, 4)  # [R, H, C, W, 3]
    pixels = pixels.reshape(rows * pixels.shape[1], columns * pixels.shape[3], 3)
    edge = ((0, SEPARATOR), (0, SEPARATOR), (0, 0))
    return np.pad(pixels, edge, constant_values=BACKGROUND)


def ancestral(model, batch, seed, options):
    """num x num samples z ~ p(z), x ~ p(x|z)."""
    num = options.num
    samples = model.ancestral_sample(num * num, seed=seed, mean=options.mean, **_labels(model, num))
    return tf.reshape(samples, [num, num, *samples.shape[1:]])


def gibbs(model, batch, seed, options):
    """Chains z ~ q(z|x), x ~ p(x|z) from noise: one chain per row, one step per column."""
    if not model.has_latents:
        return None
    return model.gibbs_sample(
        num_samples=options.num,
        num_steps=options.gibbs_steps,
        seed=seed,
        return_chain=True,
        mean=options.mean,
        **_labels(model, options.num, 1),
    )


def reconstruction(model, batch, seed, options):
    """Test images above their reconstructions."""
    if not model.has_latents:
        return None
    images = batch["image"]
    label = given_labels(model, batch)
    return tf.stack([images, model.reconstruct(images, seed=seed, mean=options.mean, **label)])


def chain(model, batch, seed, options):
    """Samples of a chain of steps: one sample per row, one step per column (Figure 4)."""
    if not isinstance(model, ChainMethods):
        return None
    return model.sample_chain(
        options.num, seed=seed, mean=options.mean, **_labels(model, options.num, 1)
    )


def plane_latents():
    """The normal quantiles of the midpoints of PLANE equal parts: [PLANE * PLANE, 2].

    Row after row of the plane, the highest first.
    """
    quantiles = tf.math.ndtri((np.arange(PLANE, dtype=np.float32) + 0.5) / PLANE)
    up, right = tf.meshgrid(quantiles[::-1], quantiles, indexing="ij")
    return tf.reshape(tf.stack([right, up], axis=-1), [-1, 2])


def plane(model, batch, seed, options):
    """The decoded latent plane: quantiles of the prior at equal steps of probability (Figure 2).

    The plane is that of class 0 if the model has classes.
    """
    if model.latent_shape != (2,):
        return None
    label = {"label": np.zeros(PLANE**2, np.int32)} if model.num_classes else {}
    decoded = model.decode(plane_latents(), seed=seed, mean=model.family.has_mean, **label)
    return tf.reshape(decoded, [PLANE, PLANE, *decoded.shape[1:]])


def interpolation(model, batch, seed, options):
    """The straight paths between the codes of neighbouring test images, one path per row."""
    images = batch["image"]
    if not model.has_codes or len(images) < 2:
        return None
    following = tf.roll(images, -1, axis=0)
    return model.interpolate(
        images,
        following,
        max(2, options.num),
        seed=seed,
        mean=options.mean,
        **given_labels(model, batch),
    )


def traversal(model, batch, seed, options):
    """The first test image with one coordinate of its code changed, one coordinate per row."""
    if not model.has_codes or len(batch["image"]) < 2:
        return None
    return traversed(model, batch, options.num, seed, options.mean)


# name, as in samples/step_00000100_NAME.png -> the function that draws it; the function returns
# None if the model has no such picture.
PICTURES = {
    "ancestral": ancestral,
    "gibbs": gibbs,
    "reconstruction": reconstruction,
    "chain": chain,
    "plane": plane,
    "interpolation": interpolation,
    "traversal": traversal,
}


def _labels(model, rows, columns=None):
    """{"label": one class for each row of the picture} if the model has classes, else {}."""
    if not model.num_classes:
        return {}
    return {"label": np.repeat(np.arange(rows) % model.num_classes, columns or rows)}


def picture_seed(seed, index):
    """The seed of a run's picture `index`: an int. Training does not use it."""
    return int(seeds.fold_in(seed, zlib.crc32(b"pictures"), index))


def draw(model, step, config, folder, batch):
    """Draw every picture that the model has, with the same seeds at every step.

    Args:
      model: a LatentVariableModel.
      step: the training step, for the file names.
      config: ConfigDict of the run.
      folder: the run folder; writes samples/step_00000100_NAME.png.
      batch: {"image": [N, H, W, C], "label": [N]} of the test split, to reconstruct.

    Returns:
      [(name, uint8 [height, width, 3])].
    """
    drawn = list(grids(model, config, batch))
    for name, pixels in drawn:
        write(pixels, pathlib.Path(folder) / "samples" / f"step_{step:08d}_{name}.png")
    return drawn


def grids(model, config, batch):
    """Every picture that the model has, as `draw`: (name, uint8 [height, width, 3])."""
    options = config.pictures.copy_and_resolve_references()
    options.mean = options.mean and model.family.has_mean
    for index, (name, make) in enumerate(PICTURES.items()):
        found = make(model, batch, picture_seed(config.seed, index), options)
        if found is not None:
            yield name, grid(found)


def write(pixels, path):
    """Write uint8 [height, width, 3] to a PNG file, atomically."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="png")
    write_whole(path, content.getvalue())
