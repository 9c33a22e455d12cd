"""The sequential VAE (Section 3): T unshared steps. Each improves the image of the step before.

step t:  z(t) ~ q_t(z|x),  x(t) ~ p_t(x | z(t), x(t-1)),  at the first step p_1(x | z(1))
loss:    sum_t -w_t log p_t(x | z(t), x(t-1)) + R(q)
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.distributions.divergence import kl_terms
from tfgvae.distributions.noise import from_noise
from tfgvae.families import FAMILIES, Family
from tfgvae.layers.corrupt import corrupt
from tfgvae.models import step_training, walkback
from tfgvae.models.base import LatentVariableModel
from tfgvae.models.sampling_methods import ChainMethods
from tfgvae.models.steps import LAYOUTS, Steps
from tfgvae.objectives import ELBO, OBJECTIVES, Objective, iwae
from tfgvae.registry import arguments, make
from tfgvae.regularizers import KL, REGULARIZERS, Regularizer
from tfgvae.sampling.conditional import draw_images
from tfgvae.types import Shape, Spec, Tensor

# Arguments of later versions. A file without them, of any version, has these values.
ADDED = {"layout": "wide", "channels": (), "recompute": False, "walkback": 0}


@keras.saving.register_keras_serializable("tfgvae")
class SeqVAE(Steps, ChainMethods, LatentVariableModel):
    """A chain of T = `num_steps` ladder VAEs over z [T, Z], with unshared steps as sublayers.

    A step passes E[x(t) | z(1..t)] to the next one. A gate r in (0, 1) for each pixel sets the
    parameters of the family to r * new + (1 - r) * old. The bound on log p(x) is that of the last
    step, elbo = log p_T(x | z) - KL, because the earlier images are functions of z.

    Args:
      image_shape: (H, W, C).
      num_steps: T.
      latent_dim: Z, of one step.
      latent_groups: sizes that divide Z among the scales, finest first; () divides it evenly.
      width: channels at full resolution; they double with each scale.
      dense: one number, units of the dense tops.
      kernel_size: side of the kernels; 4 in the authors' code.
      norm: normalisation: "batch", "group", "layer" or "none".
      combine: how latents enter the features: "concat", "add" or "gated_add".
      layout: the layers of a step. "wide": the channels double within a scale, the coarsest scale
        feeds the dense top, and the decoder ends at full resolution. "authors": the layers of the
        authors' code. A scale keeps its channels, one more halving comes before the dense top, the
        decoder ends at half the resolution with a transposed convolution as head, q's deviations
        come from a sigmoid, and the networks read 2 x - 1; see AuthorsEncoder and AuthorsLadder.
      channels: channels of all scales, finest first, instead of width: one number for each halving
        of the wide layout, and one more; () doubles width.
      skip: skip connections from the encoder of x(t-1) to the decoder.
      share: one generator for all t >= 2, a homogeneous chain.
      latent_prediction: p(z_t | z_{t-1}) from a network instead of N(0, I).
      prediction_dense: units of that network's layers.
      training: which images are trained, and where gradients flow. "greedy": those of all steps,
        and no gradient from a step to earlier steps, as in the authors' code; "through": those of
        all steps, with gradients through the chain; "last": that of the last step alone, with
        gradients; "annealed": as "through", but the weight of the earlier images falls from 1 to
        0. None: "greedy", or what the two older arguments below mean.
      anneal_steps: training steps over which the weight falls.
      intermediate_reconstruction, stop_gradient: older names of three modes: True and True are
        "greedy", True and False "through", and False "last".
      recompute: keep only the images and latents of the steps for the gradient, and compute the
        rest of a step again when its turn comes: the memory of one step instead of T, the same
        gradients, about a third more time.
      step_prior: p_t(z(t)). "normal": N(0, I); "conditional": a Gaussian given x(t-1), and q_t
        reads x and x(t-1). x(t-1) is a function of z(<t), so the bound stays exact.
      single: one step with the same total latent size T * Z, the model to compare with.
      num_classes: > 0 for a label that conditions the dense top of each step.
      denoise: train to reconstruct from corrupted images.
      salt_and_pepper, noise_stddev: of the corruption: a probability in [0, 1], and >= 0.
      walkback: steps of the Gibbs chain before -log p_T(x|z) is added to the loss (see
        models/walkback); its gradient goes through all steps, also with training = "greedy".
      objective: "elbo"; or "iwae", the importance-weighted bound of the last image, which needs
        training = "last", the regularizer kl and no denoise.
      family, regularizer, objective: an instance, a class, a name, or a dict
        {"name": ..., argument: value}.
      seed: int of the initial weights and the training noise; None draws one and keeps it.

    Raises:
      TypeError, ValueError: an argument of another type or out of range; arguments that contradict
        `training`; free bits together with latent prediction; a conditional prior together with
        latent prediction, with classes, or with a regularizer that is made for N(0, I); a family
        without a mean.
    """

    def __init__(
        self,
        image_shape: Shape,
        num_steps: int = 4,
        latent_dim: int = 32,
        latent_groups: tuple = (),
        width: int = 32,
        dense: tuple = (256,),
        kernel_size: int = 4,
        norm: str = "batch",
        combine: str = "concat",
        layout: str = "wide",
        channels: tuple = (),
        skip: bool = True,
        share: bool = False,
        latent_prediction: bool = False,
        prediction_dense: tuple = (1024, 1024, 1024),
        training: str | None = None,
        anneal_steps: float = 1000.0,
        intermediate_reconstruction: bool | None = None,
        stop_gradient: bool | None = None,
        recompute: bool = False,
        step_prior: str = "normal",
        single: bool = False,
        num_classes: int = 0,
        denoise: bool = False,
        salt_and_pepper: float = 0.1,
        noise_stddev: float = 0.1,
        family: Spec = "gaussian",
        regularizer: Spec = "kl",
        seed: int = 0,
        objective: Spec = "elbo",
        walkback: int = 0,
        **kwargs: Any,
    ) -> None:
        num_steps = checks.size("num_steps", num_steps, 1)
        latent_dim = checks.size("latent_dim", latent_dim, 1)
        shape = (1, num_steps * latent_dim) if single else (num_steps, latent_dim)
        super().__init__(image_shape, shape, num_classes, seed, **kwargs)
        self.num_steps, self.latent_dim = num_steps, latent_dim
        self.single = checks.boolean("single", single)
        self.latent_groups = checks.sizes("latent_groups", latent_groups, 1)
        # The networks check these values.
        self.width = checks.size("width", width, 1)
        self.dense = checks.sizes("dense", dense, 1)
        self.kernel_size = checks.size("kernel_size", kernel_size, 1)
        self.norm, self.combine = norm, combine
        self.layout = checks.choice("layout", layout, LAYOUTS)
        self.channels = checks.sizes("channels", channels, 1)
        self.skip = checks.boolean("skip", skip)
        self.share = checks.boolean("share", share)
        self.latent_prediction = checks.boolean("latent_prediction", latent_prediction)
        self.prediction_dense = checks.sizes("prediction_dense", prediction_dense, 1)
        self.training = step_training.mode(training, intermediate_reconstruction, stop_gradient)
        self.anneal_steps = checks.real("anneal_steps", anneal_steps, above=0)
        both = step_training.TRAINING[self.training]
        self.intermediate_reconstruction, self.stop_gradient = both
        self.recompute = checks.boolean("recompute", recompute)
        self.step_prior = checks.choice("step_prior", step_prior, ("normal", "conditional"))
        self.denoise = checks.boolean("denoise", denoise)
        self.salt_and_pepper = checks.real("salt_and_pepper", salt_and_pepper, 0, 1)
        self.noise_stddev = checks.real("noise_stddev", noise_stddev, 0)
        self.walkback = checks.size("walkback", walkback, 0)
        with self._construction():
            self.family = make(FAMILIES, family, "family", Family)
            self._check_family()
            self.regularizer = make(REGULARIZERS, regularizer, "regularizer", Regularizer)
            self._make_steps()
            self._check_regularizer()
            self._check_step_prior()
            self.objective = make(OBJECTIVES, objective, "objective", Objective)
            self.objective.check(self)
            self._build_parts()
        self.term_names = self._all_term_names()
        self._finish()

    def _check_family(self):
        if not self.family.has_mean:
            name = type(self.family).__name__
            raise ValueError(
                f"a step of SeqVAE passes E[x|z] to the next one, but the family {name} has no "
                "mean in closed form: use GVAE"
            )

    def _check_regularizer(self):
        if self._predictions and getattr(self.regularizer, "free_bits", 0) > 0:
            raise ValueError(
                "free_bits floors a divergence per latent dimension, and the chain of "
                "latent_prediction has none: use one of the two"
            )

    def _check_step_prior(self):
        if self.step_prior == "normal":
            return
        if self.latent_prediction:
            raise ValueError(
                "latent_prediction and step_prior = 'conditional' are two priors of z(t): use one"
            )
        if self.num_classes:
            raise ValueError(
                "step_prior = 'conditional' takes no classes, because p(z) of a model takes no "
                "label: use step_prior = 'normal'"
            )
        self.regularizer.check_prior("of step_prior = 'conditional'")

    def _build_parts(self):
        self.family.build((None, *self._first.params_shape), (None, *self.image_shape))
        images = (self._first, *self._transitions)
        priors = (*self._predictions, *self._step_priors)
        for part in (*self._posteriors, *self._residuals, *images, *priors):
            part.build()
        self.regularizer.build((None, *self.latent_shape))

    def _all_term_names(self):
        steps = range(1, self.latent_shape[0] + 1)
        return (
            *super().term_names,
            *(f"nll_step_{t}" for t in steps),
            *(f"kl_step_{t}" for t in steps),
            *(f"kl_group_{g}" for g in range(1, len(self._groups) + 1)),
            *(("bound",) if self.objective.num_samples > 1 else ()),
        )

    def chain(self, z: Tensor, label: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """The image of every step: x(t) as if t were the last step."""
        steps = [draw_images(self, p, rows) for p in self.likelihood_chain(z, label)]
        return {name: tf.stack([step[name] for step in steps], axis=1) for name in steps[0]}

    def terms(
        self, x: Tensor, label: Tensor | None, seed: Tensor, training: bool
    ) -> dict[str, Tensor]:
        z_seed, r_seed, x_seed = seeds.split(seed, 3)
        if self.objective.num_samples > 1:
            return self._weighted_terms(x, label, z_seed, training)
        seen = x
        if self.denoise and training:
            seen = corrupt(x, x_seed, self.salt_and_pepper, self.noise_stddev)
        noise = seeds.batch_normal(z_seed, tf.shape(x)[0], self.latent_shape)
        z, q, prior, chain = self._drawn(seen, noise, label, training)
        nlls = [-self.family.log_prob(x, params) for params in chain]
        self.add_batch_loss(
            step_training.reconstruction(self.training, nlls, self.train_batches, self.anneal_steps)
        )
        walkback.add_loss(self, x, label, z, x_seed, training)
        # KL takes the Gaussians of the steps given the drawn z(<t), which have a closed form. The
        # others compare draws with p(z).
        given = prior if self._step_priors and isinstance(self.regularizer, KL) else self.prior()
        penalty = self.regularizer(z, q=q, prior=given, step=self.train_batches, seed=r_seed)
        return self._named_terms(nlls, kl_terms(q, prior), penalty)

    def _weighted_terms(self, x, label, z_seed, training):
        """`terms` with the importance-weighted bound; all but it are those of the first draw."""
        count = self.objective.num_samples
        noise = iwae.noise_of(z_seed, tf.shape(x)[0], self.latent_shape, count)
        images, label = iwae.tiled(x, count), iwae.tiled(label, count)
        z, q, prior, chain = self._drawn(images, noise, label, training)
        nlls = [-self.family.log_prob(images, params) for params in chain]
        bound = iwae.bound(prior.log_prob(z) - q.log_prob(z) - nlls[-1], count)
        self.add_batch_loss(-bound)
        kl = iwae.first(kl_terms(q, prior), count)
        nlls = [iwae.first(nll, count) for nll in nlls]
        return {**self._named_terms(nlls, kl, tf.reduce_sum(kl, axis=[1, 2])), "bound": bound}

    def _drawn(self, x, noise, label, training):
        """A draw of z, the Gaussians of q and of p given z(<t), and the parameters of the steps."""
        if self._step_priors:
            walked = self._walk(noise, True, x, training)
            return walked.z, walked.posterior, walked.prior, walked.params
        q, prior = self.posterior(x, training), self.prior()
        z = from_noise(q, noise)
        conditional = prior.conditionals(z) if self._predictions else prior
        return z, q, conditional, self.likelihood_chain(z, label, training)

    def _named_terms(self, nlls, kl, penalty):
        """The terms, from kl [B, T, Z]."""
        total = tf.reduce_sum(kl, axis=[1, 2])
        groups = tf.split(tf.reduce_sum(kl, axis=1), self._groups, axis=-1)
        named = {"nll": nlls[-1], "kl": total, "elbo": -(nlls[-1] + total), "penalty": penalty}
        for t, nll in enumerate(nlls):
            named[f"nll_step_{t + 1}"] = nll
            named[f"kl_step_{t + 1}"] = tf.reduce_sum(kl[:, t], axis=-1)
        for g, group in enumerate(groups):
            named[f"kl_group_{g + 1}"] = tf.reduce_sum(group, axis=-1)
        return named

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in arguments(SeqVAE)}
        own = {name: value for name, value in own.items() if ADDED.get(name, ...) != value}
        if isinstance(self.objective, ELBO):
            del own["objective"]
        for part in {"family", "regularizer", "objective"} & set(own):
            own[part] = keras.saving.serialize_keras_object(own[part])
        return {**super().get_config(), **own}
