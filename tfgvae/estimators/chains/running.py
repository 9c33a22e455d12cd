"""Gibbs chains from noise and from data, with their latents."""

import dataclasses

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.estimators.batching import one_label
from tfgvae.estimators.gathering import gathered
from tfgvae.sampling.gibbs import noise_image
from tfgvae.types import Array, Images, Model, Tensor


@dataclasses.dataclass(frozen=True)
class Chains:
    """The states of parallel chains: step s has z_s ~ q(z | x_{s-1}), then x_s ~ p(x | z_s).

    Attributes:
      images: x_s, [num_steps, num_chains, H, W, C].
      latents: z_s, flattened: [num_steps, num_chains, Z].
    """

    images: np.ndarray
    latents: np.ndarray


def chains_from(
    model: Model,
    start: Array,
    rows: Tensor,
    num_steps: int,
    label: Array | int | None = None,
    mean: bool = False,
) -> Chains:
    """The chains of `gibbs_sample` from images `start` [N, H, W, C], and their latents.

    Args:
      model: a latent variable model.
      start: images that the model accepts.
      rows: row seeds, int64 [N].
      num_steps: >= 1.
      label, mean: as in gibbs_sample.

    Returns:
      Chains.
    """
    drawn = model.gibbs_sample(
        start, num_steps=num_steps, seed=rows, return_chain=True, label=label, mean=mean
    )
    images = np.swapaxes(drawn.numpy(), 0, 1)
    before = [tf.convert_to_tensor(start), *images[:-1]]
    # Step s of the sampler draws z from the seeds fold_in(row, s), as `encode` does.
    latents = [model.encode(x, seeds.fold_in(rows, s)).numpy() for s, x in enumerate(before)]
    return Chains(images, np.reshape(latents, (*images.shape[:2], -1)))


def run_chains(
    model: Model,
    images: Images,
    num_steps: int,
    num_chains: int,
    seed: int = 0,
    label: Array | int | None = None,
    mean: bool = False,
) -> dict[str, Chains]:
    """Chains from noise and from data, with independent random numbers.

    Args:
      model: a latent variable model.
      images: data [N, H, W, C], an Images of tfgvae.types, N >= num_chains; the first num_chains
        are starts.
      num_steps: length of the chains, >= 1.
      num_chains: the number of chains from each kind of start, >= 1.
      seed: an int.
      label: for a model with classes, int [num_chains], or None if the images bring their labels;
        both kinds of chains use the same labels.
      mean: as in gibbs_sample.

    Returns:
      {"noise": Chains, "data": Chains}.

    Raises:
      ValueError: fewer images than chains, or an argument that gibbs_sample refuses.
    """
    checks.integer("num_chains", num_chains, 1)
    images, own = gathered(images, model.image_shape, num_chains)
    label = one_label(model, label, own)
    if len(images) < num_chains:
        raise ValueError(f"expected at least num_chains = {num_chains} images, got {len(images)}")
    noise_rows, data_rows = (seeds.rows(part, num_chains) for part in seeds.split(seed, 2))
    starts = {
        "noise": (noise_image(model, seeds.fold_in(noise_rows, seeds.START)), noise_rows),
        "data": (images[:num_chains], data_rows),
    }
    return {
        name: chains_from(model, start, rows, num_steps, label, mean)
        for name, (start, rows) in starts.items()
    }
