"""The calls for sampling from Python: arguments checked, one compiled function each."""

import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.estimators import log_likelihood as likelihood_estimator
from tfgvae.graphs import COUNT, LABELS, ROWS, compiled, image_spec
from tfgvae.images import FINITE, check_range, checked_images, checked_labels, num_rows, require
from tfgvae.sampling import ancestral, conditional, gibbs


class SamplingMethods:
    """Methods of a model. Every `seed` is an int, or one int a row, or None: a fresh one.

    Row i of a call with the scalar seed s uses seeds.fold_in(s, i) alone, so that a row does not
    depend on how many others are drawn with it. `mean=True` gives E[x|z] in place of a draw
    x ~ p(x|z): the picture to look at where the family's noise is a loss weight, as with the
    Gaussian of the 2-norm. A draw from a Gaussian may leave [0, 1], and is welcome back.

    encode and decode are the halves of reconstruct: for one seed s (a fresh one is another each
    time), decode(encode(x, s), s) is reconstruct(x, s).

    The methods may be called inside a user's tf.function, there with a seed, and with images
    whose number is not known.

    Raises, all of them:
      ValueError: images or latents of another shape, NaN, or out of the family's range (in a
        graph an InvalidArgumentError as it runs); labels that are missing, not wanted, not
        integers, too many or out of range; seeds that are no int64, or not one a row; no rows;
        mean=True where the family has no mean.
    """

    def encode(self, x, seed=None):
        """z ~ q(z|x): [N, *latent_shape] for images [N, H, W, C]."""
        x = self._checked(x)
        run = compiled(self, conditional.encode, image_spec(self), ROWS)
        return run(x, seeds.rows(seed, _rows_of(x)))

    def decode(self, z, seed=None, label=None, mean=False):
        """x ~ p(x|z): [N, H, W, C] for latents [N, *latent_shape]."""
        self._check_mean(mean)
        z = tf.cast(tf.convert_to_tensor(z), tf.float32)
        if not z.shape.is_compatible_with([None, *self.latent_shape]):
            raise ValueError(f"expected latents [N, *{self.latent_shape}], got shape {z.shape}")
        check_range(z, FINITE, "latents")
        latents = tf.TensorSpec([None, *self.latent_shape])
        run = compiled(self, conditional.decode, latents, LABELS, ROWS, mean=mean)
        return run(z, self._labels(label, z), seeds.rows(seed, _rows_of(z)))

    def reconstruct(self, x, seed=None, label=None, mean=False):
        """z ~ q(z|x), x' ~ p(x|z): [N, H, W, C]."""
        self._check_mean(mean)
        x = self._checked(x)
        run = compiled(self, conditional.reconstruct, image_spec(self), LABELS, ROWS, mean=mean)
        return run(x, self._labels(label, x), seeds.rows(seed, _rows_of(x)))

    def ancestral_sample(self, num_samples=16, seed=None, label=None, mean=False):
        """z ~ p(z), x ~ p(x|z): [num_samples, H, W, C]."""
        self._check_mean(mean)
        num_samples = checks.integer("num_samples", num_samples, 1)
        label = checked_labels(label, num_samples, self.num_classes)
        run = compiled(self, ancestral.ancestral, LABELS, ROWS, mean=mean)
        return run(label, seeds.rows(seed, num_samples))

    def gibbs_sample(
        self,
        x=None,
        num_samples=None,
        num_steps=10,
        seed=None,
        return_chain=False,
        label=None,
        mean=False,
    ):
        """`num_steps` steps of z ~ q(z|x), x ~ p(x|z), from images x or from uniform noise.

        Args:
          x: the start [N, H, W, C]; None starts `num_samples` chains (16 unless told) from noise.
          num_samples: number of chains; with x it may only be N.
          num_steps: length of the chains, >= 1.
          seed: see the class.
          return_chain: return the image after every step.
          label: [N] ints, for a model with classes.
          mean: x is E[x|z] instead of a draw, at every step.

        Returns:
          [N, H, W, C], or [N, num_steps, H, W, C] with return_chain.

        Raises:
          ValueError: an argument that is out of range, or num_samples that is not N.
        """
        self._check_mean(mean)
        num_steps = checks.integer("num_steps", num_steps, 1)
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

    def log_likelihood(self, x, num_samples=64, seed=None, label=None):
        """The importance-weighted bound on log p(x) with `num_samples` draws: [N] nats."""
        num_samples = checks.integer("num_samples", num_samples, 1)
        x = self._checked(x)
        estimate = likelihood_estimator.log_likelihood
        run = compiled(self, estimate, image_spec(self), LABELS, ROWS, COUNT)
        rows = seeds.rows(seed, _rows_of(x))
        return run(x, self._labels(label, x), rows, tf.constant(num_samples))

    def _checked(self, x):
        x = checked_images(x, self.image_shape)
        check_range(x, self.family.draw_range)
        return x

    def _check_mean(self, mean):
        if mean and not self.family.has_mean:
            name = type(self.family).__name__
            raise ValueError(
                f"mean=True, but the family {name} has no mean that can be had without drawing: "
                "draw from it, mean=False"
            )

    def _labels(self, label, batch):
        return checked_labels(label, _rows_of(batch), self.num_classes)


class ChainMethods:
    """`sample_chain` of a model that generates in steps, which gives `chain`."""

    def chain(self, z, label, rows):
        """The images on the way to x: {"samples", "mean"}, [N, number of images, H, W, C] each.

        Args:
          z: [N, *latent_shape].
          label: [N] int32.
          rows: row seeds [N] of x ~ p(x|z), which is the last image.
        """
        raise NotImplementedError

    def sample_chain(self, num_samples=16, seed=None, label=None, mean=False):
        """Every image on the way: [num_samples, number of images, H, W, C].

        Of the sequential VAE those of its T steps, the columns of Figure 4; of infusion z(0), ...,
        z(T-1) and x. With `mean` each is E[x|z], or the state's mean given the state before. The
        last is what ancestral_sample gives for the same seed.
        """
        self._check_mean(mean)
        num_samples = checks.integer("num_samples", num_samples, 1)
        label = checked_labels(label, num_samples, self.num_classes)
        run = compiled(self, ancestral.ancestral_chain, LABELS, ROWS)
        return run(label, seeds.rows(seed, num_samples))["mean" if mean else "samples"]


def _rows_of(batch):
    """The number of rows, an int or an int32 scalar; ValueError where it is known to be 0."""
    if batch.shape[0] == 0:
        raise ValueError("expected at least one row, got an empty batch")
    return num_rows(batch)
