"""The steps of the sequential VAE: their networks, p(z), q(z|x), and the images of the chain."""

import functools
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.distributions.latent_chain import LatentChain
from tfgvae.distributions.noise import standard_normal
from tfgvae.distributions.step_chain import StepChain
from tfgvae.inference import AuthorsLadder as AuthorsInference
from tfgvae.inference import Ladder as LadderInference
from tfgvae.inference.residual import AuthorsResidual, Residual
from tfgvae.layers.groups import latent_groups as share_out
from tfgvae.layers.ladder_heads import LadderHeads
from tfgvae.layers.one_trace import OneTrace
from tfgvae.mappings import AuthorsLadder as AuthorsMapping
from tfgvae.mappings import Ladder as LadderMapping
from tfgvae.mappings.authors_transition import AuthorsTransition
from tfgvae.mappings.latent_transition import LatentTransition
from tfgvae.mappings.transition import Transition
from tfgvae.models import step_functions
from tfgvae.types import Distribution, Shape, Tensor


class Layout(NamedTuple):
    """The classes of the networks of a step."""

    inference: type[LadderInference]
    residual: type[Residual]
    first: type[LadderMapping]
    transition: type[Transition]


LAYOUTS = {
    "wide": Layout(LadderInference, Residual, LadderMapping, Transition),
    "authors": Layout(AuthorsInference, AuthorsResidual, AuthorsMapping, AuthorsTransition),
}


class Walked(NamedTuple):
    """A chain that was followed: z [N, T, Z], p and q given z(<t), parameters of every step."""

    z: Tensor
    prior: Distribution
    posterior: Distribution
    params: list[Tensor]


class Steps:
    """Methods of SeqVAE, which gives the options as attributes.

    A step has a ladder for q_t, and one for its image: the first step a mapping, the others a
    transition. With a conditional prior, heads on the transition's features of x(t-1) give p_t, and
    the ladder of q_t is a Residual. x(t-1) is the image E[x | z(<t)].
    """

    image_shape: Shape
    latent_shape: Shape
    family: Any

    def _make_steps(self):
        steps, latent_dim = self.latent_shape
        factor = self.num_steps if self.single else 1
        groups = tuple(n * factor for n in self.latent_groups)
        self._groups = share_out(self.image_shape, latent_dim, groups)
        network = {
            "latent_groups": self._groups,
            "width": self.width,
            "dense": self.dense,
            "kernel_size": self.kernel_size,
            "norm": self.norm,
            "channels": self.channels,
        }
        layout = LAYOUTS[self.layout]
        conditional = self.step_prior == "conditional"
        self._posteriors = [
            layout.inference(latent_dim, self.image_shape, **network)
            for _ in range(1 if conditional else steps)
        ]
        self._residuals = [
            layout.residual(self.image_shape, **network)
            for _ in range(steps - 1 if conditional else 0)
        ]
        params_shape = self.family.params_shape(self.image_shape)
        network = network | {"combine": self.combine, "num_classes": self.num_classes}
        self._first = layout.first(latent_dim, params_shape, **network)
        unshared = min(1, steps - 1) if self.share else steps - 1
        self._transitions = [
            layout.transition(latent_dim, params_shape, self.image_shape, skip=self.skip, **network)
            for _ in range(unshared)
        ]
        predictions = unshared if self.latent_prediction else 0
        self._predictions = [
            LatentTransition(latent_dim, self.prediction_dense) for _ in range(predictions)
        ]
        self._step_priors = [
            LadderHeads(self._groups, transition.feature_shapes())
            for transition in (self._transitions if conditional else [])
        ]
        # Equal steps are traced once.
        self._infer, self._start = OneTrace(step_functions.infer), OneTrace(step_functions.first)
        self._follows = OneTrace(step_functions.following)
        self._conditional = OneTrace(step_functions.conditional)

    def _step_of(self, layers, t):
        # With `share` one layer serves every step after the first.
        return layers[min(t - 1, len(layers) - 1)]

    def posterior(self, x: Tensor, training: bool = False) -> Distribution:
        if self._step_priors:
            follow = functools.partial(self._follow, training=training)
            return StepChain(follow, self.latent_shape, x)
        return _independent([self._inferred(q, x, training) for q in self._posteriors])

    def prior(self) -> Distribution:
        if self._step_priors:
            return StepChain(self._follow, self.latent_shape)
        if not self._predictions:
            return standard_normal(self.latent_shape)
        steps = range(1, self.latent_shape[0])
        return LatentChain([self._step_of(self._predictions, t) for t in steps], self.latent_shape)

    def _follow(self, given, draw, x, training=False):
        walked = self._walk(given, draw, x, training)
        return walked.z, walked.prior if x is None else walked.posterior

    def _walk(self, given, draw, x=None, training=False):
        """Follow the chain with a conditional prior: a Walked.

        Args:
          given: [N, T, Z]: the noise of the latents if `draw`, else the latents.
          draw: whether z is drawn: from the posterior of x, or from the prior without x.
          x: [N, H, W, C], or None.
          training: bool.
        """
        prior = [(tf.zeros_like(given[:, 0]), tf.ones_like(given[:, 0]))]
        posterior = [prior[0] if x is None else self._inferred(self._posteriors[0], x, training)]
        z = [step_functions.latents(given[:, 0], draw, posterior[0])]
        params = [self._first_params(z[0], None, training)]
        for t in range(1, self.latent_shape[0]):
            layers = [self._step_of(self._transitions, t), self._step_of(self._step_priors, t)]
            layers += [self.family, *([] if x is None else [self._residuals[t - 1]])]
            old = self._old(params[-1], training)
            found = self._conditional(
                layers,
                given[:, t],
                old,
                x,
                draw=draw,
                stop=self._stops(training),
                **self._how(training),
            )
            for values, value in zip((prior, posterior, z, params), found, strict=True):
                values.append(value)
        return Walked(tf.stack(z, 1), _independent(prior), _independent(posterior), params)

    def _how(self, training):
        """The options of a step's functions."""
        return {"training": training, "recompute": training and self.recompute}

    def _stops(self, training):
        """Whether no gradient passes from a step to the steps before it."""
        return training and self.training == "greedy"

    def _old(self, params, training):
        """The parameters of p_{t-1} that step t is given."""
        # A step that is computed again must wait for the next one, also where no gradient passes:
        # then the step itself stops it.
        stop = self._stops(training) and not self.recompute
        return tf.stop_gradient(params) if stop else params

    def _inferred(self, inference, x, training):
        return self._infer([inference], x, **self._how(training))

    def _first_params(self, z, label, training):
        return self._start([self._first, self.family], z, label, **self._how(training))

    def log_weight(
        self, x: Tensor, q: Distribution, noise: Tensor, label: Tensor | None = None
    ) -> Tensor:
        if not self._step_priors:
            return super().log_weight(x, q, noise, label)  # type: ignore[misc]  # The base.
        # z, q, p and the image in one walk: each of them alone would walk the chain again.
        walked = self._walk(noise, True, x)
        log_prior = walked.prior.log_prob(walked.z) - walked.posterior.log_prob(walked.z)
        return self.family.log_prob(x, walked.params[-1]) + log_prior

    def likelihood_chain(
        self, z: Tensor, label: Tensor | None = None, training: bool = False
    ) -> list[Tensor]:
        """Parameters of p_t(x | z(t), x(t-1)) for t = 1 .. T: a list of [B, H, W, K]."""
        chain = [self._first_params(z[:, 0], label, training)]
        options = {"stop": self._stops(training), **self._how(training)}
        for t in range(1, self.latent_shape[0]):
            layers = [self._step_of(self._transitions, t), self.family]
            old = self._old(chain[-1], training)
            chain.append(self._follows(layers, z[:, t], old, label, **options))
        return chain

    def likelihood(self, z: Tensor, label: Tensor | None = None, training: bool = False) -> Tensor:
        return self.likelihood_chain(z, label, training)[-1]


def _independent(moments):
    """The Gaussian over z [T, Z] of T pairs (mean, stddev), [B, Z] each."""
    means, stddevs = zip(*moments, strict=True)
    return tfd.Independent(tfd.Normal(tf.stack(means, 1), tf.stack(stddevs, 1)), 2)
