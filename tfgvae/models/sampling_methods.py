"""Sampling from Python: each method checks its arguments and runs one compiled function."""

import numbers
from typing import Any

import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.estimators.log_likelihood import log_likelihood
from tfgvae.graphs import COUNT, LABELS, ROWS, compiled, image_spec
from tfgvae.images import (
    FINITE,
    check_range,
    checked_images,
    checked_labels,
    num_rows,
    require,
    warn_off_scale,
)
from tfgvae.sampling import ancestral, conditional, gibbs
from tfgvae.types import Array, Seed, Shape, Tensor


class SamplingMethods:
    """Methods of a model. Every `seed` is an int, one int per row, or None for a fresh one.

    Row i of a call with the scalar seed s depends on seeds.fold_in(s, i) only, not on the number of
    rows. `mean=True` gives E[x|z] instead of a draw x ~ p(x|z). Use it for pictures if the noise of
    the family is only a loss weight, as in the Gaussian of the 2-norm. A draw from a Gaussian may
    lie outside [0, 1]; the methods accept it as input.

    encode and decode are the two halves of reconstruct: decode(encode(x, s), s) is
    reconstruct(x, s) for every seed s that is not None.

    The methods work inside a tf.function. There they need a seed, and the number of images may be
    unknown.

    All of them raise:
      ValueError: images or latents of another shape, NaN, or out of the family's range (in a
        graph an InvalidArgumentError when it runs); labels that are missing, not expected, not
        integers, not one per row or out of range; seeds that are not int64 or not one per row;
        no rows; mean=True if the family has no mean.
    """

    # Attributes of the model.
    image_shape: Shape
    latent_shape: Shape
    num_classes: int
    family: Any

    def encode(self, x: Array, seed: Seed = None, mean: bool = False) -> Tensor:
        """z ~ q(z|x): [N, *latent_shape] for images [N, H, W, C].

        With `mean` it is E_q(z|x)[z]. No noise is drawn then, and the seed is not used.

        Raises:
          ValueError: also mean=True if q(z|x) has no mean in closed form.
        """
        x = self._checked(x)
        if mean:
            try:
                run = compiled(self, conditional.encode_mean, image_spec(self))
            except NotImplementedError as error:
                raise ValueError(
                    "mean=True, but this q(z|x) has no mean in closed form: use mean=False"
                ) from error
            _rows_of(x)
            return run(x)
        run = compiled(self, conditional.encode, image_spec(self), ROWS)
        return run(x, seeds.rows(seed, _rows_of(x)))

    def decode(
        self, z: Array, seed: Seed = None, label: Array | int | None = None, mean: bool = False
    ) -> Tensor:
        """x ~ p(x|z): [N, H, W, C] for latents [N, *latent_shape]."""
        self._check_mean(mean)
        z = tf.cast(tf.convert_to_tensor(z), tf.float32)
        if not z.shape.is_compatible_with([None, *self.latent_shape]):
            raise ValueError(f"expected latents [N, *{self.latent_shape}], got shape {z.shape}")
        check_range(z, FINITE, "latents")
        latents = tf.TensorSpec([None, *self.latent_shape])
        run = compiled(self, conditional.decode, latents, LABELS, ROWS, mean=mean)
        return run(z, self._labels(label, z), seeds.rows(seed, _rows_of(z)))

    def reconstruct(
        self, x: Array, seed: Seed = None, label: Array | int | None = None, mean: bool = False
    ) -> Tensor:
        """z ~ q(z|x), x' ~ p(x|z): [N, H, W, C]."""
        self._check_mean(mean)
        x = self._checked(x)
        run = compiled(self, conditional.reconstruct, image_spec(self), LABELS, ROWS, mean=mean)
        return run(x, self._labels(label, x), seeds.rows(seed, _rows_of(x)))

    def ancestral_sample(
        self,
        num_samples: int = 16,
        seed: Seed = None,
        label: Array | int | None = None,
        mean: bool = False,
    ) -> Tensor:
        """z ~ p(z), x ~ p(x|z): [num_samples, H, W, C]."""
        self._check_mean(mean)
        num_samples = checks.integer("num_samples", num_samples, 1)
        label = checked_labels(label, num_samples, self.num_classes)
        run = compiled(self, ancestral.ancestral, LABELS, ROWS, mean=mean)
        return run(label, seeds.rows(seed, num_samples))

    def gibbs_sample(
        self,
        x: Array | None = None,
        num_samples: int | None = None,
        num_steps: int = 10,
        seed: Seed = None,
        return_chain: bool = False,
        label: Array | int | None = None,
        mean: bool = False,
    ) -> Tensor:
        """`num_steps` steps of z ~ q(z|x), x ~ p(x|z), from images x or from uniform noise.

        Args:
          x: the start [N, H, W, C]; None starts `num_samples` chains from noise.
          num_samples: number of chains, by default 16; with x it must be N.
          num_steps: length of the chains, >= 1.
          seed: as in the class.
          return_chain: return the image after every step.
          label: [N] ints, for a model with classes.
          mean: use E[x|z] instead of a draw, at every step.

        Returns:
          [N, H, W, C], or [N, num_steps, H, W, C] with return_chain.

        Raises:
          ValueError: an argument that is out of range, or num_samples that is not N.
        """
        self._check_mean(mean)
        num_steps = checks.integer("num_steps", num_steps, 1)
        # gibbs_sample(16) asks for 16 chains, as ancestral_sample(16) asks for 16 images.
        if isinstance(x, numbers.Integral) and num_samples is None:
            x, num_samples = None, x
        if x is None:
            num_samples = checks.integer(
                "num_samples", 16 if num_samples is None else num_samples, 1
            )
            rows = seeds.rows(seed, num_samples)
            start = compiled(self, gibbs.noise_image, ROWS)(seeds.fold_in(rows, seeds.START))
        else:
            start = self._checked(x)
            if num_samples is not None:
                message = f"num_samples is {num_samples}, but the number of images is"
                require(tf.equal(num_samples, _rows_of(start)), message, tf.shape(start)[0])
            rows = seeds.rows(seed, _rows_of(start))
        sampler = gibbs.gibbs_chain if return_chain else gibbs.gibbs
        run = compiled(self, sampler, image_spec(self), LABELS, ROWS, COUNT, mean=mean)
        return run(start, self._labels(label, start), rows, tf.constant(num_steps))

    def log_likelihood(
        self, x: Array, num_samples: int = 64, seed: Seed = None, label: Array | int | None = None
    ) -> Tensor:
        """The importance-weighted bound on log p(x) with `num_samples` draws: [N] nats."""
        num_samples = checks.integer("num_samples", num_samples, 1)
        x = self._checked(x)
        run = compiled(self, log_likelihood, image_spec(self), LABELS, ROWS, COUNT)
        rows = seeds.rows(seed, _rows_of(x))
        return run(x, self._labels(label, x), rows, tf.constant(num_samples))

    def _checked(self, x):
        x = checked_images(x, self.image_shape)
        check_range(x, self.family.draw_range)
        warn_off_scale(self, x)
        return x

    def _check_mean(self, mean):
        if mean and not self.family.has_mean:
            name = type(self.family).__name__
            raise ValueError(
                f"mean=True, but the family {name} has no mean in closed form: draw from it, "
                "mean=False"
            )

    def _labels(self, label, batch):
        return checked_labels(label, _rows_of(batch), self.num_classes)


class ChainMethods(SamplingMethods):
    """`sample_chain` for a model that generates in steps. The model defines `chain`."""

    def chain(self, z: Tensor, label: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """The images on the way to x: {"samples", "mean"}, [N, number of images, H, W, C] each.

        Args:
          z: [N, *latent_shape].
          label: [N] int32.
          rows: row seeds [N] of x ~ p(x|z), which is the last image.
        """
        raise NotImplementedError

    def sample_chain(
        self,
        num_samples: int = 16,
        seed: Seed = None,
        label: Array | int | None = None,
        mean: bool = False,
    ) -> Tensor:
        """Every image on the way: [num_samples, number of images, H, W, C].

        The sequential VAE gives the images of its T steps, the columns of Figure 4. Infusion gives
        z(0), ..., z(T-1) and x. With `mean` each is E[x|z], or the mean of the state given the
        state before it. The last one is the result of ancestral_sample for the same seed.
        """
        self._check_mean(mean)
        num_samples = checks.integer("num_samples", num_samples, 1)
        label = checked_labels(label, num_samples, self.num_classes)
        run = compiled(self, ancestral.ancestral_chain, LABELS, ROWS)
        return run(label, seeds.rows(seed, num_samples))["mean" if mean else "samples"]


def _rows_of(batch):
    """The number of rows, an int or an int32 scalar; ValueError if it is known to be 0."""
    if batch.shape[0] == 0:
        raise ValueError("expected at least one row, got an empty batch")
    return num_rows(batch)
