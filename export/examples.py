"""Example inputs that every served model accepts, made from the types of a signature."""

import numpy as np

from export.layout import IMAGES


def checkerboard(shape):
    """Black and white pixels [N, H, W, C]; every family has these levels."""
    _, i, j, _ = np.indices(shape)
    return ((i + j) % 2).astype(np.float32)


def example(inputs, rows, limits, first_seed=1):
    """Inputs for a signature.

    Args:
      inputs: {name: {"dtype", "shape"}} as in a model card; a shape's first number is None.
      rows: N.
      limits: those of the model card; Gibbs chains have 2 steps if allowed, else 1.
      first_seed: seed of the first row; the others follow.

    Returns:
      {name: array [N, ...]}.
    """
    made = {}
    for name, tensor in inputs.items():
        shape = (rows, *tensor["shape"][1:])
        if name in IMAGES:
            # The two ends of a path differ.
            values = checkerboard(shape) if name != "image_b" else 1 - checkerboard(shape)
        elif name == "seed":
            values = first_seed + np.arange(rows)
        elif name == "num_steps":
            values = np.full(shape, min(2, limits["max_num_steps"]))
        else:  # Latents at the origin, label 0.
            values = np.zeros(shape)
        made[name] = values.astype(tensor["dtype"])
    return made
