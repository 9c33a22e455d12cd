"""`interpolate` and `traverse`: images of codes on a path, and of codes with one number changed."""

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.graphs import LABELS, ROWS, compiled
from tfgvae.images import num_rows, require
from tfgvae.models.sampling_methods import ChainMethods, SamplingMethods
from tfgvae.sampling import interpolation
from tfgvae.types import Array, Seed, Tensor

CODES = ("auto", "mean", "draw")


class PathMethods(SamplingMethods):
    """Methods of a model with latents; seeds, labels and `mean` are as in SamplingMethods.

    Both start from the codes of images: E_q(z|x)[z], or z ~ q(z|x), which is `encode(x, seed)`.
    All images of a row are drawn with the same noise, that of `decode`, so what differs between
    them comes from z.
    """

    def interpolate(
        self,
        x_a: Array,
        x_b: Array,
        num_steps: int = 8,
        mode: str = "linear",
        codes: str = "auto",
        seed: Seed = None,
        label: Array | int | None = None,
        mean: bool = False,
        return_chain: bool = False,
    ) -> Tensor:
        """The images of num_steps codes on the path from the code of x_a to that of x_b.

        The first is decode(encode(x_a)), the last decode(encode(x_b)), with the same seed.

        Args:
          x_a, x_b: images [N, H, W, C].
          num_steps: images of a path, both ends included, >= 2.
          mode: "linear", or "spherical": along an arc, which keeps the norm of two codes of equal
            norm.
          codes: "mean", "draw", or "auto": the mean where q(z|x) has one in closed form.
          seed: as in SamplingMethods; both ends of a row are drawn with the same noise.
          label: of both ends.
          mean: E[x|z] instead of a draw.
          return_chain: for a model that generates in steps, every image on the way to x, as in
            sample_chain.

        Returns:
          [N, num_steps, H, W, C], or with return_chain [N, num_steps, number of images, H, W, C].

        Raises:
          ValueError: also an unknown mode or kind of codes, another number of x_b than of x_a,
            codes="mean" if q(z|x) has no mean in closed form, a model without latents, or
            return_chain for a model without steps.
        """
        checks.choice("mode", mode, interpolation.PATHS)
        num_steps = checks.integer("num_steps", num_steps, 2)
        self._check_path(codes, mean, return_chain)
        x_a, x_b = self._checked(x_a), self._checked(x_b)
        same = tf.equal(num_rows(x_a), num_rows(x_b))
        require(
            same, "x_b must have as many images as x_a, got (x_b, x_a)", _count(x_b), _count(x_a)
        )
        rows = seeds.rows(seed, num_rows(x_a))
        start, end = (self._codes(x, rows, codes) for x in (x_a, x_b))
        points = interpolation.path(start, end, num_steps, mode)
        return self._decode_all(points, 2, rows, label, mean, return_chain)

    def traverse(
        self,
        x: Array,
        dims: Sequence[int | tuple[int, ...]],
        values: Array,
        codes: str = "auto",
        seed: Seed = None,
        label: Array | int | None = None,
        mean: bool = False,
        return_chain: bool = False,
    ) -> Tensor:
        """The images of the codes of x with one coordinate changed, for each of dims and values.

        Args:
          x: images [N, H, W, C].
          dims: the coordinates: D ints that count the numbers of a code, flattened; or tuples
            (t, d) for z of shape [T, Z].
          values: [V] numbers, in units of z. The coordinate has this value instead of its own.
          codes, seed, label, mean, return_chain: as in `interpolate`.

        Returns:
          [N, D, V, H, W, C], or with return_chain [N, D, V, number of images, H, W, C].

        Raises:
          ValueError: also a coordinate that z does not have, no dims, or values that are not finite
            numbers [V].
        """
        self._check_path(codes, mean, return_chain)
        coordinates = [_coordinate(dim, self.latent_shape) for dim in _listed("dims", dims)]
        values = np.asarray(_listed("values", values), np.float32)
        if values.ndim != 1 or not np.all(np.isfinite(values)):
            raise ValueError(f"values must be finite numbers [V], got {values.tolist()}")
        x = self._checked(x)
        rows = seeds.rows(seed, num_rows(x))
        z = self._codes(x, rows, codes)
        points = interpolation.varied(z, coordinates, tf.constant(values))
        return self._decode_all(points, 3, rows, label, mean, return_chain)

    def _check_path(self, codes, mean, return_chain):
        checks.choice("codes", codes, CODES)
        self._check_mean(mean)
        if 0 in self.latent_shape:
            raise ValueError(f"{type(self).__name__} has no latents: there are no codes to change")
        if return_chain and not isinstance(self, ChainMethods):
            raise ValueError(
                f"return_chain: {type(self).__name__} draws an image at once, not in steps"
            )

    def _codes(self, x, rows, codes):
        try:
            return self.encode(x, rows, mean=codes != "draw")
        except ValueError as error:
            if not isinstance(error.__cause__, NotImplementedError):
                raise
            if codes == "mean":
                raise ValueError(
                    "this q(z|x) has no mean in closed form: use codes='draw'"
                ) from error
        return self.encode(x, rows)

    def _decode_all(self, points, leading, rows, label, mean, return_chain):
        """The images of codes [N, ..., *latent_shape] with `leading` first axes, in one call."""
        label = self._labels(label, points)
        shape = tf.shape(points)[:leading]
        each = tf.reduce_prod(shape[1:])
        z = tf.reshape(points, [-1, *self.latent_shape])
        rows, label = tf.repeat(rows, each), tf.repeat(label, each)
        if return_chain:
            latents = tf.TensorSpec([None, *self.latent_shape])
            run = compiled(self, interpolation.decode_chain, latents, LABELS, ROWS)
            x = run(z, label, rows)["mean" if mean else "samples"]
        else:
            x = self.decode(z, rows, label if self.num_classes else None, mean)
        return tf.reshape(x, tf.concat([shape, tf.shape(x)[1:]], 0))


def _count(x):
    return tf.shape(x)[0]


def _listed(name, values):
    """What may be counted, as a list; one number is a list of one."""
    listed = list(np.atleast_1d(values)) if np.ndim(values) == 0 else list(values)
    if not listed:
        raise ValueError(f"{name} must not be empty")
    return listed


def _coordinate(dim, latent_shape):
    """An index into a flattened code, from an int or from indices of latent_shape."""
    if isinstance(dim, (tuple, list)) and len(dim) == len(latent_shape):
        for index, size in zip(dim, latent_shape, strict=True):
            checks.integer("every index in dims", index, 0, size - 1)
        return int(np.ravel_multi_index(tuple(map(int, dim)), latent_shape))
    if isinstance(dim, (tuple, list)):
        raise ValueError(f"dims: z has the shape {latent_shape}, got the index {tuple(dim)}")
    return checks.integer("every number of dims", dim, 0, math.prod(latent_shape) - 1)
