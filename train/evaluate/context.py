"""The argument of a metric: the model, test images, sizes, seeds, and samples drawn once."""

import functools
import math
import zlib

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import seeds
from tfgvae.distributions.divergence import is_factorised
from tfgvae.distributions.noise import Conditioned
from tfgvae.distributions.step_chain import StepChain
from tfgvae.estimators.batching import batches
from tfgvae.estimators.log_likelihood import importance_weighted
from train.evaluate.section import NotApplicable

LARGEST_LATENT = 256  # numbers of z, for metrics that take all pairs or each coordinate


def _no_progress(done, total):
    pass


class Context:
    """The data and settings of one evaluation, for its metrics.

    Every setting that a metric reads through `setting` is noted in `used`. A stored result depends
    on these settings.

    Args:
      model: a LatentVariableModel.
      images: float32 [N, H, W, C] as the model takes them, N >= the numbers in the settings.
      labels: int [N], or None if the data set has none.
      settings: {name: value}: those of train.evaluate.settings; "mean", whether samples are E[x|z]
        instead of draws x ~ p(x|z); "classifier", the identity of `features`.
      seed: an int.
      features: a train.evaluate.features.Features.
      has_bits: whether the log-likelihood can be given as bits per sub-pixel of the data.
      training: a function count -> at most so many training images, or None.
    """

    def __init__(
        self, model, images, labels, settings, seed, features, has_bits=True, training=None
    ):
        self.model = model
        self.settings = settings
        self.seed = seed
        self.has_bits = has_bits
        self.used = {}
        self.progress = _no_progress
        self._images, self._labels = images, labels
        self._features = features
        self._training = training
        self._drawn = {}

    def setting(self, name):
        """The value of a setting; notes that it was used."""
        self.used[name] = self.settings[name]
        return self.settings[name]

    def images(self, count="num_images"):
        """The first N test images, N the setting `count`: [N, H, W, C]."""
        return self._images[: self.setting(count)]

    def paired_images(self):
        """Test images for q(z_i|x_j) of all pairs; fewer if q walks its chain for each pair."""
        return self.images(
            "num_walked" if isinstance(self._posterior(), StepChain) else "num_codes"
        )

    def critic_images(self):
        """The first `num_critic` training images, for a critic; None if it is 0.

        Raises:
          NotApplicable: q(z|x) has a density, which is the best critic.
        """
        if self.has_posterior_density():
            if self.settings["num_critic"]:
                raise NotApplicable(
                    "num_critic is for a model whose q sees damaged images; the density of this "
                    "q(z|x) is known, and no critic is better."
                )
            return None
        count = self.setting("num_critic")
        return self._training(count) if count else None

    def labels(self, count="num_images"):
        """The labels of these images: int32 [N]; None if the model is not conditioned on them."""
        if not self.model.num_classes:
            return None
        return np.asarray(self._labels[: self.setting(count)], np.int32)

    @property
    def has_more_data(self):
        """Whether there are at least 2 * num_images test images."""
        return len(self._images) >= 2 * self.setting("num_images")

    def more_data(self):
        """The next test images after `images()`, as many again."""
        return self._images[self.setting("num_images") : 2 * self.setting("num_images")]

    def other_images(self):
        """Test images that are not in `images()`, at most `num_codes`."""
        first = self.setting("num_images")
        return self._images[first : first + self.setting("num_codes")]

    def unseen(self):
        """Test images that no chain starts from, at most `num_images`; all if there are few."""
        count, first = self.setting("num_images"), self.setting("num_chains")
        rest = self._images[first : first + count]
        return rest if len(rest) > 2 else self._images[:count]

    def label_argument(self, rows, start=0):
        """{"label": classes in turn} for samples of a model with classes, else {}."""
        if not self.model.num_classes:
            return {}
        return {"label": np.arange(start, start + rows, dtype=np.int32) % self.model.num_classes}

    def seed_of(self, name):
        """An int >= 0, the seed of the noise called `name`. Each name has its own seed."""
        return int(seeds.fold_in(self.seed, zlib.crc32(f"evaluate/{name}".encode()))) & (2**63 - 1)

    def require_latents(self):
        """Raise NotApplicable for a model without latents."""
        if not self.model.has_latents:
            raise NotApplicable("This model has no latent variable z.")

    def require_density(self):
        """Raise NotApplicable if the density of z has no gradient (HMC needs it)."""
        self.require_latents()
        kind = self.model.prior().reparameterization_type
        if kind != tfp.distributions.FULLY_REPARAMETERIZED:
            raise NotApplicable("The density of this model's z has no gradient.")

    def require_mean(self):
        """Raise NotApplicable if E_q(z|x)[z] has no closed form."""
        self.require_latents()
        try:
            self._posterior().mean()
        except NotImplementedError:
            raise NotApplicable("This model's q(z|x) has no mean in closed form.") from None

    def has_posterior_density(self):
        """Whether q(z|x) has a density: with a corruption of x it has none."""
        return not isinstance(self._posterior(), Conditioned)

    def _posterior(self):
        """q(z|x) of one image."""
        return self.model.posterior(tf.constant(self._images[:1]))

    def require_pairs(self):
        """Raise NotApplicable if q(z_i|x_j) costs too much for all pairs.

        For a Gaussian q it is two matrix products; other q are evaluated pair by pair.
        """
        self.require_latents()
        if (
            not is_factorised(self._posterior())
            and math.prod(self.model.latent_shape) > LARGEST_LATENT
        ):
            raise NotApplicable(
                "Here z is a whole chain of images. Comparing every code with every image would "
                "take hours."
            )

    def batches(self, total):
        """(start, end) of each batch of `total` rows."""
        return [(part.start, part.stop) for part in batches(total, self.setting("batch_size"))]

    def mapped(self, function, total):
        """The results of function(start, end) over batches, concatenated: numpy [total, ...]."""
        parts = []
        for start, end in self.batches(total):
            parts.append(np.asarray(function(start, end)))
            self.progress(end, total)
        return np.concatenate(parts)

    def rows(self, name, total):
        """Row seeds [total] for the noise called `name`."""
        return seeds.rows(self.seed_of(name), total)

    def samples(self, kind):
        """N = num_generated samples of the model: [N, H, W, C].

        Args:
          kind: "ancestral", z ~ p(z), x ~ p(x|z); "fitted prior", the same while the model has
            that prior; "gibbs", the state of chains from noise after `chain_steps` steps; or
            "steps", the images of every step of a sequential VAE: [N, T, H, W, C].
        """
        total, mean = self.setting("num_generated"), self.setting("mean")
        steps = self.setting("chain_steps") if kind == "gibbs" else None
        self.setting("batch_size")
        key = kind, total, mean, steps
        if key not in self._drawn:
            draw = functools.partial(self._draw, kind, self.rows(kind, total), steps, mean)
            self._drawn[key] = self.mapped(draw, total)
        return self._drawn[key]

    def _draw(self, kind, rows, steps, mean, start, end):
        given = {"seed": rows[start:end], "mean": mean, **self.label_argument(end - start, start)}
        if kind == "gibbs":
            return self.model.gibbs_sample(num_samples=end - start, num_steps=steps, **given)
        if kind == "steps":
            return self.model.sample_chain(end - start, **given)
        return self.model.ancestral_sample(end - start, **given)

    def bound(self, prior="own prior"):
        """The importance-weighted bound on log p(x) of `images()`, of the prior that is in place.

        Args:
          prior: "own prior" or "fitted prior". Each is computed once.

        Returns:
          A tfgvae.estimators.log_likelihood.ImportanceWeighted.
        """
        draws, size = self.setting("num_samples"), self.setting("batch_size")
        images, labels = self.images(), self.labels()
        key = "bound", prior, draws, len(images)
        if key not in self._drawn:
            self._drawn[key] = importance_weighted(
                self.model,
                images,
                draws,
                self.seed_of("log_likelihood"),
                label=labels,
                chunk_size=20,
                batch_size=size,
                progress=self.progress,
            )
        return self._drawn[key]

    def features(self, kind):
        """Classifier features [N, D] of "data", "more data", "unseen", or of `samples(kind)`.

        Raises:
          NotApplicable: there is no classifier and there are no labels to train one.
        """
        steps = self.setting("classifier_steps")
        key = "features", kind, self.setting("classifier"), steps
        self._features.prepare(steps)  # Its training has its own progress bar.
        sources = {"data": self.images, "more data": self.more_data, "unseen": self.unseen}
        images = sources[kind]() if kind in sources else self.samples(kind)
        if key not in self._drawn:
            self._drawn[key] = self.embed(images)
        return self._drawn[key]

    def embed(self, images):
        """Classifier features [N, D] of images. Call `features` first."""
        return self.mapped(lambda start, end: self._features.of(images[start:end]), len(images))

    def terms(self, images, labels):
        """The terms of the objective with one draw of z: {name: float64 [N]}."""
        parts = []
        for start, end in self.batches(len(images)):
            batch = {"image": tf.constant(images[start:end])}
            if labels is not None:
                batch["label"] = tf.constant(labels[start:end])
            parts.append({k: np.asarray(v, np.float64) for k, v in self.model(batch).items()})
            self.progress(end, len(images))
        return {k: np.concatenate([part[k] for part in parts]) for k in parts[0]}
