"""The one-step generalised VAE: any family, any mapping, any q, any regularizer."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.corruptions import CORRUPTIONS, Corruption
from tfgvae.distributions.corrupted import Corrupted
from tfgvae.distributions.divergence import kl_divergence
from tfgvae.distributions.noise import condition, from_noise
from tfgvae.estimators import batching
from tfgvae.estimators.estimate import Estimate
from tfgvae.families import FAMILIES, Family
from tfgvae.graphs import forget
from tfgvae.inference import INFERENCE, Inference
from tfgvae.mappings import MAPPINGS, Mapping
from tfgvae.models import walkback
from tfgvae.models.base import LatentVariableModel
from tfgvae.objectives import ELBO, OBJECTIVES, Objective, iwae
from tfgvae.priors import PRIORS, OfInference, Prior, fitting
from tfgvae.registry import make
from tfgvae.regularizers import REGULARIZERS, Regularizer
from tfgvae.types import Distribution, Images, Shape, Spec, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class GVAE(LatentVariableModel):
    """maximise E_{p_data(x) q(z|x)} [log p(x|z)] - R(q) (Eq. 7), z of event shape [Z].

    With the KL regularizer it is the VAE (Eq. 8), without one the unregularised VAE of Section 4.

    Args:
      image_shape: (H, W, C).
      latent_dim: Z.
      family, mapping, inference, regularizer: the four parts. Each is an instance, a class, a name
        in its folder's table, or a dict {"name": ..., argument: value} with a name or a class. A
        class gets latent_dim, image_shape and params_shape from the model.
      num_classes: > 0 for f(z, label).
      prior: p(z), given as the parts are. "inference" is the prior that q brings: N(0, I), or q(z)
        of a fixed q.
      corruption: C(x~|x). With one, q~(z|x) = E_C q(z|x~) is the inference distribution: for
        training, for `encode`, and in every step of a Gibbs chain. `kl` is then the upper bound
        E_C KL(q(z|x~) || p(z)), from one x~ per image.
      objective: what is maximised: "elbo", Eq. 7 from one draw of z; or "iwae", the
        importance-weighted bound, which needs the regularizer kl and a density of q. Given as the
        parts are.
      walkback: k > 0 adds -log p(x|z_k) after k steps of the model's own Gibbs chain from x to the
        loss. Each step draws images, which is slow for a PixelCNN.
      seed: int of the initial weights and the training noise; None draws one and keeps it.
    """

    def __init__(
        self,
        image_shape: Shape,
        latent_dim: int = 32,
        family: Spec = "bernoulli",
        mapping: Spec = "conv",
        inference: Spec = "gaussian",
        regularizer: Spec = "kl",
        num_classes: int = 0,
        seed: int = 0,
        prior: Spec = "inference",
        corruption: Spec = "none",
        walkback: int = 0,
        objective: Spec = "elbo",
        **kwargs: Any,
    ) -> None:
        latent_dim = checks.size("latent_dim", latent_dim, 1)
        super().__init__(image_shape, (latent_dim,), num_classes, seed, **kwargs)
        (self.latent_dim,) = self.latent_shape
        # f takes z and the label as a one-hot vector; q(z|x) does not depend on the label.
        self.walkback = checks.size("walkback", walkback, 0)
        self._mapped_dim = latent_dim + self.num_classes
        with self._construction():
            self.family = make(FAMILIES, family, "family", Family)
            params_shape = self.family.params_shape(self.image_shape)
            given = {"latent_dim": self._mapped_dim, "params_shape": params_shape}
            self.mapping = make(MAPPINGS, mapping, "mapping", Mapping, **given)
            given = {"latent_dim": latent_dim, "image_shape": self.image_shape}
            self.inference = make(INFERENCE, inference, "inference", Inference, **given)
            self.regularizer = make(REGULARIZERS, regularizer, "regularizer", Regularizer)
            self.latent_prior = make(PRIORS, prior, "prior", Prior, **given)
            shape = {"image_shape": self.image_shape}
            self.corruption = make(CORRUPTIONS, corruption, "corruption", Corruption, **shape)
            self.objective = make(OBJECTIVES, objective, "objective", Objective)
            self._check_prior()
            self.objective.check(self)
            self._build_parts(params_shape)
        if self.objective.num_samples > 1:
            self.term_names = (*self.term_names, "bound")
        self._finish()

    def _build_parts(self, params_shape):
        if tuple(self.mapping.params_shape) != tuple(params_shape):
            raise ValueError(
                f"the family needs parameters {params_shape}, the mapping gives "
                f"{self.mapping.params_shape}"
            )
        if self.mapping.latent_dim != self._mapped_dim:
            raise ValueError(
                f"f takes {self.latent_dim} latents and {self.num_classes} classes, the mapping is "
                f"made for {self.mapping.latent_dim}"
            )
        self.family.build((None, *params_shape), (None, *self.image_shape))
        self.mapping.build((None, self._mapped_dim))
        self.inference.build((None, *self.image_shape))
        self.regularizer.build((None, self.latent_dim))
        self.latent_prior.build((None, self.latent_dim))
        self.corruption.build((None, *self.image_shape))

    def _check_prior(self):
        if self.latent_prior.latent_dim != self.latent_dim:
            raise ValueError(
                f"z has {self.latent_dim} latents, the prior is made for "
                f"{self.latent_prior.latent_dim}"
            )
        if not (self.latent_prior.is_normal or isinstance(self.latent_prior, OfInference)):
            self._check_other_prior(type(self.latent_prior).__name__)

    def _check_other_prior(self, kind):
        if self.inference.matches_prior:
            raise ValueError(
                f"the inference {type(self.inference).__name__} has the prior p(z) = q(z), which "
                f"the prior {kind} would replace: leave prior='inference'"
            )
        self.regularizer.check_prior(kind)

    def posterior(self, x: Tensor, training: bool = False) -> Distribution:
        def clear(images):
            return self.inference.distribution(images, training=training)

        if not self.corruption.noise_size:
            return clear(x)
        return Corrupted(x, self.corruption, clear, self.latent_dim)

    @property
    def noise_shape(self) -> Shape:
        return (self.latent_dim + self.corruption.noise_size,)

    def prior(self) -> Distribution:
        return self.latent_prior.distribution(self.inference)

    def likelihood(self, z: Tensor, label: Tensor | None = None, training: bool = False) -> Tensor:
        if self.num_classes:
            z = tf.concat([z, tf.one_hot(label, self.num_classes)], axis=-1)
        # Densities are float32 under any policy.
        return self.family.constrain(tf.cast(self.mapping(z, training=training), tf.float32))

    def fit_prior(
        self,
        images: Images,
        prior: str = "mixture",
        seed: int | None = 0,
        batch_size: int = 500,
        **options: Any,
    ) -> Estimate:
        """Replace p(z) by a prior that is fitted to the codes z ~ q(z|x) of images.

        If p(z) = q(z), ancestral sampling is right (Prop. 3): this is a sampler for a model that
        was trained without a regularizer. `ancestral_sample`, `log_likelihood` and exports use the
        new prior, and `.keras` files keep it. Every tenth code is held out.

        Args:
          images: training images [N, H, W, C], N >= 20.
          prior: "mixture", Gaussians with full covariances; or "flow", an autoregressive flow.
          seed: int of the codes and of the fit; None draws one.
          batch_size: images encoded at a time.
          **options: of the fit: see tfgvae.priors.fitting.fit.

        Returns:
          The mean log-density of the codes that were held out, in nats, with its standard error.

        Raises:
          ValueError: images that the model refuses, fewer than 20 of them, an unknown prior, or an
            option out of range.
        """
        self._check_other_prior(prior)
        x = batching.model_images(self, images, least=2 * fitting.HELD_OUT)
        seed = seeds.check(seed)
        rows = seeds.rows(seed, len(x))
        z = batching.in_parts(self.encode, x, rows, batch_size=batch_size)
        found, density = fitting.fit(z, self.image_shape, prior, seed, **options)
        self.use_prior(found)
        return Estimate.of_mean(density)

    def use_prior(self, prior: Prior) -> None:
        """Replace p(z) by a prior that is built, such as the `latent_prior` before `fit_prior`."""
        del self.latent_prior
        self.latent_prior = prior
        forget(self)

    def terms(
        self, x: Tensor, label: Tensor | None, seed: Tensor, training: bool
    ) -> dict[str, Tensor]:
        z_seed, r_seed, family_seed = seeds.split(seed, 3)
        if self.objective.num_samples > 1:
            return self._weighted_terms(x, label, z_seed, family_seed, training)
        noise = seeds.batch_normal(z_seed, tf.shape(x)[0], self.noise_shape)
        # With a corruption, q is that of the corrupted images.
        q, noise = condition(self.posterior(x, training), noise)
        z, prior = from_noise(q, noise), self.prior()
        params = self.likelihood(z, label, training)
        nll = -self.family.log_prob(x, params, family_seed if training else None)
        self.add_batch_loss(nll)
        walkback.add_loss(self, x, label, z, family_seed, training)
        penalty = self.regularizer(z, q=q, prior=prior, step=self.train_batches, seed=r_seed)
        kl = kl_divergence(q, prior, z)
        return {"nll": nll, "kl": kl, "elbo": -(nll + kl), "penalty": penalty}

    def _weighted_terms(self, x, label, z_seed, family_seed, training):
        """`terms` with the importance-weighted bound; all but it are those of the first draw."""
        count = self.objective.num_samples
        noise = iwae.noise_of(z_seed, tf.shape(x)[0], self.noise_shape, count)
        q, prior = self.posterior(x, training), self.prior()
        z, log_q = iwae.draws(q, noise, count)
        params = self.likelihood(z, iwae.tiled(label, count), training)
        images = iwae.tiled(x, count)
        nll = -self.family.log_prob(images, params, family_seed if training else None)
        bound = iwae.bound(prior.log_prob(z) - log_q - nll, count)
        self.add_batch_loss(-bound)
        nll = iwae.first(nll, count)
        kl = kl_divergence(q, prior, iwae.first(z, count))
        return {"nll": nll, "kl": kl, "elbo": -(nll + kl), "penalty": kl, "bound": bound}

    def get_config(self) -> dict[str, Any]:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "family": serialize(self.family),
            "mapping": serialize(self.mapping),
            "inference": serialize(self.inference),
            "regularizer": serialize(self.regularizer),
            "prior": serialize(self.latent_prior),
            "corruption": serialize(self.corruption),
            "walkback": self.walkback,
            **(
                {} if isinstance(self.objective, ELBO) else {"objective": serialize(self.objective)}
            ),
        }
