"""The objective E_{p_data(x) q(z|x)} [log p(x|z)] - R(q) (Eq. 7) as a Keras model."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from tfgvae import checks, replicas, seeds, weights
from tfgvae.distributions.noise import condition, from_noise, standard_normal
from tfgvae.images import check_range, unpack, weights_of
from tfgvae.layers.loss_layer import LossLayer, sample_weights
from tfgvae.layers.scales import check_image_shape
from tfgvae.models.export_method import ExportMethod
from tfgvae.models.path_methods import PathMethods
from tfgvae.models.preset_method import PresetMethod
from tfgvae.models.training_methods import TrainingMethods
from tfgvae.priors import fitting
from tfgvae.types import Distribution, Shape, Tensor


class LatentVariableModel(
    PathMethods, TrainingMethods, ExportMethod, PresetMethod, LossLayer, keras.Model
):
    """A plain Keras model: `compile(optimizer).fit(images)` trains it.

    `sample_weight` and `class_weight` of `fit` weight the losses of the images as Keras does: the
    sum of weighted losses is divided by the number of rows. The logged terms are unweighted means.

    Called on images [B, H, W, C] in [0, 1], or on {"image": ..., "label": ...}, it adds its losses
    and returns the terms of the objective, each [B] in nats per image:

      nll      -log p(x|z), z ~ q(z|x)
      kl       KL(q(z|x) || p(z)), with any regularizer
      elbo     -(nll + kl), a lower bound on log p(x) if the family is discrete
      penalty  R(q), unweighted

    `predict` returns these terms too, one row per image; the sampling methods draw images.

    Noise is a function of (seed, number of batches seen). The two numbers of batches are weights,
    so that a saved and loaded model continues with the same noise. A call with training=True counts
    a training batch. `evaluate` and `predict` count their batches from 0, so that two calls agree.
    In your own loop a call with training=False counts nothing: it repeats the noise of the first
    batch until you call `model.test_batches.assign_add(1)`.

    Args:
      image_shape: (H, W, C), sizes 8 to 512.
      latent_shape: the event shape of z.
      num_classes: > 0 for a model conditioned on a label.
      seed: int of the initial weights and the training noise; None draws one and keeps it.

    Raises:
      ValueError: an argument out of range; when called, a batch that images.unpack refuses, or
        pixels outside the family's range (in a graph an InvalidArgumentError when it runs).
    """

    # Constructor arguments that other fields of a configuration, or the data, supply.
    supplied: tuple[str, ...] = (
        "image_shape",
        "family",
        "mapping",
        "inference",
        "regularizer",
        "prior",
        "corruption",
        "objective",
        "num_classes",
        "seed",
    )

    # Terms whose means over the batch are logged; a subclass may add to them.
    term_names: tuple[str, ...] = ("nll", "kl", "elbo", "penalty")

    def __init__(
        self,
        image_shape: Shape,
        latent_shape: Shape,
        num_classes: int = 0,
        seed: int | None = 0,
        **kwargs: Any,
    ) -> None:
        # Under a mixed precision policy Keras would round the images to float16.
        super().__init__(autocast=False, **kwargs)
        self.image_shape = check_image_shape(image_shape)
        self.latent_shape = tuple(latent_shape)
        self.num_classes = checks.size("num_classes", num_classes, 0)
        self.seed = seeds.check(seed)

    @contextlib.contextmanager
    def _construction(self) -> Iterator[None]:
        """The context in which a model makes its parts: initial weights by its seed, its policy.

        Parts that are given as instances keep the policy that they were made with.
        """
        outside = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.dtype_policy)
        try:
            with seeds.initialization(self.seed), weights.limited():
                yield
        finally:
            keras.config.set_dtype_policy(outside)

    def _finish(self):
        """Create the counters of batches, and a tracker for each term."""
        self.train_batches = self._counter("train_batches")
        self.test_batches = self._counter("test_batches")
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.term_names}
        self.built = True

    @property
    def has_latents(self) -> bool:
        """Whether the model has latents: those of `marginal` have the event shape [0]."""
        return 0 not in self.latent_shape

    @property
    def has_codes(self) -> bool:
        """Whether z is a code, between two of which lie others: paths and traversals are shown."""
        return self.has_latents

    def fit_prior(self, *args: Any, **options: Any) -> Any:
        """Refuse: GVAE overrides it, where z is one vector (tfgvae.priors.fitting)."""
        raise ValueError(fitting.refusal(self))

    @property
    def noise_shape(self) -> Shape:
        """The shape of the standard normal noise that a draw z ~ q(z|x) is a function of."""
        return self.latent_shape

    def _counter(self, name):
        return self.add_weight(
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    # --- the parts, given by a subclass -----------------------------------------------------

    def terms(
        self, x: Tensor, label: Tensor | None, seed: Tensor, training: bool
    ) -> dict[str, Tensor]:
        """Add the losses and return {term: [B]}."""
        raise NotImplementedError

    def posterior(self, x: Tensor, training: bool = False) -> Distribution:
        """q(z|x): a tfd.Distribution, batch [B], event `latent_shape`, for `from_noise`."""
        raise NotImplementedError

    def prior(self) -> Distribution:
        """p(z): a tfd.Distribution without batch, event `latent_shape`."""
        return standard_normal(self.latent_shape)

    def prior_from_noise(self, noise: Tensor) -> Tensor:
        """A draw from p(z) as a function of standard normal noise [N, *latent_shape]."""
        return from_noise(self.prior(), noise)

    def likelihood(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Parameters of p(x|z) [B, H, W, K]; `self.family` turns them into a distribution."""
        raise NotImplementedError

    def log_weight(
        self, x: Tensor, q: Distribution, noise: Tensor, label: Tensor | None = None
    ) -> Tensor:
        """log p(x|z) + log p(z) - log q(z|x), z ~ q(z|x) as a function of noise: [B] nats.

        The mean of its exponential is p(x). A corrupted q has no density: the weight is that of the
        joint draw of (x~, z).

        Args:
          x: images [B, H, W, C].
          q: self.posterior(x).
          noise: standard normal [B, *noise_shape].
          label: [B] int32.
        """
        q, noise = condition(q, noise)
        z = from_noise(q, noise)
        log_joint = self.family.log_prob(x, self.likelihood(z, label)) + self.prior().log_prob(z)
        return log_joint - q.log_prob(z)

    def call(self, batch: Any, training: bool = False) -> dict[str, Tensor]:
        x, label = unpack(batch, self.image_shape, self.num_classes)
        check_range(x, self.family.data_range)
        if training:
            seed = seeds.fold_in(self.seed, seeds.TRAINING, self.train_batches)
            if replicas.part() is None:  # Else the training step has done it for the batch.
                self.observe(x)
        else:
            seed = seeds.fold_in(self.seed, seeds.EVALUATION, self.test_batches)
        with sample_weights(weights_of(batch, x)):
            terms = self.terms(x, label, seed, training)
        if training and replicas.part() is None:
            self.train_batches.assign_add(1)
        return terms

    def observe(self, x: Tensor) -> None:
        """Update statistics of the training images, once for each batch, before `terms`."""

    # --- saving -----------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "image_shape": self.image_shape,
            "num_classes": self.num_classes,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        deserialize = keras.saving.deserialize_keras_object
        return cls(**{k: deserialize(v) if _is_component(v) else v for k, v in config.items()})


def _is_component(value):
    return isinstance(value, dict) and "class_name" in value
