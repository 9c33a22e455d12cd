"""Infusion training (Bordes, Honari, Vincent 2017): a chain that learns to denoise towards x.

generation: z(0) ~ p(0),  z(t) ~ p_t(. | z(t-1)) for t = 1 .. T - 1,  x ~ p_T(. | z(T-1))
training:   z ~ q(z|x), the same chain with some sub-pixels replaced by those of x
loss:       sum_{t=1..T} -log p_t(x | z(t-1))
bound:      log p(x) >= E_q [log p(x, z) - log q(z|x)]

Section 3 of Zhao et al. 2017 describes it as a generalised VAE: its latent is the trajectory z, and
its q has no parameters of its own.
"""

import math
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae import checks, seeds
from tfgvae.distributions.infusion_chain import InfusionChain
from tfgvae.families import FAMILIES, Family
from tfgvae.layers.running_moments import RunningMoments
from tfgvae.layers.scales import check_image_shape
from tfgvae.mappings import MAPPINGS, Mapping
from tfgvae.models import walkback
from tfgvae.models.base import LatentVariableModel
from tfgvae.models.infusion_rates import RATES
from tfgvae.models.sampling_methods import ChainMethods
from tfgvae.registry import arguments, make
from tfgvae.sampling.conditional import draw_images
from tfgvae.types import Distribution, Shape, Spec, Tensor

# A mean and a standard deviation for each sub-pixel, as in the paper.
FAMILY = {"name": "gaussian", "learned": "pixel", "scale": 0.3}


@keras.saving.register_keras_serializable("tfgvae")
class Infusion(ChainMethods, LatentVariableModel):
    """T unshared steps from noise to an image; z is the trajectory [T, H, W, C].

    p(0) has the mean and the standard deviation of each sub-pixel over all training images so far,
    the current batch included. The parameters of p_t are f_t(z(t-1)). No gradient flows through the
    states: each step takes the state before it as data.

    The terms are those of LatentVariableModel, with nll = -log p_T(x | z(T-1)), and with the
    estimate log q(z|x) - log p(z) from one draw of z as kl; and nll_step_t = -log p_t(x | z(t-1)).
    There is no regularizer: the penalty is 0. The loss is not -elbo.

    Args:
      image_shape: (H, W, C).
      num_steps: T.
      schedule: the infusion rates after a(0): a name in RATES.
      rate: a(0), in [0, 1].
      rate_growth: omega >= 0 of the linear schedule, a(t) = a(t-1) + omega, at most 1.
      infusion_stddev: s > 0. An infused sub-pixel is x_i + s * noise instead of x_i, so that q has
        a density. If s is larger than the standard deviations of p_t, the bound is much lower:
        the generative chain rarely has such states.
      start_min_stddev: lower bound, > 0, of the standard deviations of p(0).
      family: P, a density of independent sub-pixels. An instance, a class, a name or a
        dict {"name": ..., argument: value}.
      mapping: f_1, on the flattened image: as the family is given. The other steps have
        networks of the same kind with their own weights.
      seed: int of the initial weights and the training noise; None draws one and keeps it.
      walkback: steps of the Gibbs chain before -log p_T(x|z(T-1)) is added to the loss
        (models/walkback).

    Raises:
      TypeError, ValueError: an argument of another type or out of range; a discrete family.
    """

    def __init__(
        self,
        image_shape: Shape,
        num_steps: int = 10,
        schedule: str = "linear",
        rate: float = 0.0,
        rate_growth: float = 0.05,
        infusion_stddev: float = 0.02,
        start_min_stddev: float = 0.01,
        family: Spec = FAMILY,
        mapping: Spec = "mlp",
        seed: int = 0,
        walkback: int = 0,
        **kwargs: Any,
    ) -> None:
        num_steps = checks.size("num_steps", num_steps, 1)
        shape = (num_steps, *check_image_shape(image_shape))
        super().__init__(image_shape, shape, 0, seed, **kwargs)
        self.num_steps = num_steps
        self.schedule = checks.choice("schedule", schedule, RATES)
        self.rate = checks.real("rate", rate, 0, 1)
        self.rate_growth = checks.real("rate_growth", rate_growth, 0)
        self.infusion_stddev = checks.real("infusion_stddev", infusion_stddev, above=0)
        self.start_min_stddev = checks.real("start_min_stddev", start_min_stddev, above=0)
        self.walkback = checks.size("walkback", walkback, 0)
        # Before the first batch: the moments of uniform noise.
        self.start = RunningMoments(self.image_shape, mean=1 / 2, variance=1 / 12)
        with self._construction():
            self.family = make(FAMILIES, family, "family", Family)
            self._check_family()
            self._make_steps(mapping)
        steps = range(1, num_steps + 1)
        self.term_names = (*super().term_names, *(f"nll_step_{t}" for t in steps))
        self._finish()

    def _check_family(self):
        if self.family.discrete:
            name = type(self.family).__name__
            raise ValueError(
                "infusion replaces single sub-pixels by x_i + s * noise, so the family "
                f"must be a density of independent ones, such as gaussian; {name} is discrete"
            )

    def _make_steps(self, mapping):
        params_shape = self.family.params_shape(self.image_shape)
        given = {"latent_dim": math.prod(self.image_shape), "params_shape": params_shape}
        first = make(MAPPINGS, mapping, "mapping", Mapping, **given)
        for name, needed in given.items():
            if getattr(first, name) != needed:
                has = getattr(first, name)
                raise ValueError(f"a step needs a mapping of {name} {needed}, this one has {has}")
        config = {k: v for k, v in first.get_config().items() if k != "name"}
        others = [type(first).from_config(config) for _ in range(self.num_steps - 1)]
        self.steps = [first, *others]
        self.family.build((None, *params_shape), (None, *self.image_shape))
        for step in self.steps:
            step.build((None, given["latent_dim"]))

    @property
    def has_codes(self) -> bool:
        """No: z is a chain of images, and what lies between two of them mixes pixels."""
        return False

    @property
    def rates(self) -> tuple[float, ...]:
        """The infusion rates (a(0), ..., a(T-1))."""
        rate = RATES[self.schedule]
        return tuple(rate(t, self.rate, self.rate_growth) for t in range(self.num_steps))

    def _params(self, t, z, training=False):
        """Parameters of p_t(. | z(t-1)), t = 1 .. T, for z(t-1) [B, H, W, C]: [B, H, W, K]."""
        flat = tf.reshape(z, [-1, math.prod(self.image_shape)])
        raw = self.steps[t - 1](flat, training=training)
        # Densities are float32 under any policy.
        return self.family.constrain(tf.cast(raw, tf.float32))

    def _chain(self, training=False, **infused):
        mean, variance = (tf.convert_to_tensor(w) for w in (self.start.mean, self.start.variance))
        start = tfd.Normal(mean, tf.maximum(tf.sqrt(variance), self.start_min_stddev))

        def pixels(t):
            # The distribution inside tfd.Independent, which would sum over the image.
            return lambda z: self.family.distribution(self._params(t, z, training)).distribution

        steps = [pixels(t) for t in range(1, self.num_steps)]
        return InfusionChain(start, steps, self.latent_shape, **infused)

    def prior(self) -> Distribution:
        """The generative chain of z(0), ..., z(T-1)."""
        return self._chain()

    def posterior(self, x: Tensor, training: bool = False) -> Distribution:
        """The infusion chain q(z|x)."""
        return self._chain(training, x=x, rates=self.rates, stddev=self.infusion_stddev)

    def likelihood(self, z: Tensor, label: Tensor | None = None, training: bool = False) -> Tensor:
        """Parameters of p_T(x | z(T-1)): x depends only on the last state."""
        return self._params(self.num_steps, z[:, -1], training)

    def chain(self, z: Tensor, label: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """The states and the image, and the mean of each given the state before it."""
        image = draw_images(self, self.likelihood(z, label), rows)
        means = [pixels.mean() for pixels in self.prior().conditionals(z)]
        means[0] = tf.broadcast_to(means[0], tf.shape(z[:, 0]))
        return {
            "samples": tf.concat([z, image["samples"][:, None]], axis=1),
            "mean": tf.stack([*means, image["mean"]], axis=1),
        }

    def observe(self, x: Tensor) -> None:
        """Update the start of the chain, p(z(0)), by a training batch."""
        self.start.update(x)

    def terms(
        self, x: Tensor, label: Tensor | None, seed: Tensor, training: bool
    ) -> dict[str, Tensor]:
        q = self.posterior(x, training)
        z, pixels = q.walk(seeds.batch_normal(seed, tf.shape(x)[0], self.latent_shape))
        # pixels[t] is p_t(. | z(t-1)) for t = 1 .. T - 1.
        nlls = [-tf.reduce_sum(p.log_prob(x), axis=(1, 2, 3)) for p in pixels[1:]]
        nlls.append(-self.family.log_prob(x, self.likelihood(z, label, training)))
        self.add_batch_loss(tf.add_n(nlls))
        walkback.add_loss(self, x, label, z, seed, training)
        nll, kl = nlls[-1], q.log_ratio(z, pixels)
        named = {"nll": nll, "kl": kl, "elbo": -(nll + kl), "penalty": tf.zeros_like(nll)}
        return {**named, **{f"nll_step_{t}": nll for t, nll in enumerate(nlls, 1)}}

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in arguments(Infusion) if name != "mapping"}
        own["family"] = keras.saving.serialize_keras_object(self.family)
        own["mapping"] = keras.saving.serialize_keras_object(self.steps[0])
        config = super().get_config()
        del config["num_classes"]
        if not self.walkback:
            del own["walkback"]  # As in the files of earlier versions.
        return {**config, **own}
