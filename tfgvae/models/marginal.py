"""p(x) = P_theta(x): one member of the family P, and no latent. What P does alone."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgvae import checks, seeds
from tfgvae.families import FAMILIES, Family
from tfgvae.images import num_rows
from tfgvae.models.base import LatentVariableModel
from tfgvae.registry import make

tfd = tfp.distributions


@keras.saving.register_keras_serializable("tfgvae")
class Marginal(LatentVariableModel):
    """maximise E_{p_data(x)} [log P_theta(x)]: f is a constant theta, learned.

    The model to compare with: what a latent code is worth to P is the difference to it. A
    factorised P gives the pixels' own marginals, which is what every z is worth to a code that is
    ignored; an autoregressive P gives its best model of the data.

    There are latents of event [0], so that it is sampled and evaluated as the others are: encode
    gives [N, 0], decode takes [N, 0], reconstruct and gibbs_sample draw from p(x) whatever the
    image is. The KL and the penalty are 0, and elbo is log p(x) itself.

    Args:
      image_shape: (H, W, C).
      family: an instance, a name in FAMILIES, or a dict {"name": ..., argument: value}.
      num_classes: > 0 for p(x | label) with a theta for each label.
      seed: int of the initial weights and the training noise; None draws one, which is kept.
    """

    def __init__(
        self, image_shape, family="bernoulli", num_classes: int = 0, seed: int = 0, **kwargs
    ):
        super().__init__(image_shape, (0,), num_classes, seed, **kwargs)
        with seeds.initialization(self.seed):
            self.family = make(FAMILIES, family, "family", Family)
            params_shape = tuple(self.family.params_shape(self.image_shape))
            self.family.build((None, *params_shape), (None, *self.image_shape))
            # Not zeros: the kernels that an autoregressive family has on theta would never move.
            small = keras.initializers.RandomNormal(stddev=0.05)
            shape = (max(self.num_classes, 1), *params_shape)
            self.theta = self.add_weight(shape=shape, initializer=small, name="theta")
        self._finish()

    def posterior(self, x, training=False):
        none = tf.zeros([num_rows(x), 0])
        return tfd.Independent(tfd.Normal(none, tf.ones_like(none)), 1)

    def likelihood(self, z, label=None, training=False):
        if not self.num_classes:
            label = tf.zeros(tf.shape(z)[:1], tf.int32)
        # A product, not a lookup: the gradient is a plain tensor.
        chosen = tf.one_hot(label, self.theta.shape[0])
        theta = tf.tensordot(chosen, tf.cast(self.theta, tf.float32), 1)
        return self.family.constrain(theta)

    def terms(self, x, label, seed, training):
        q = self.posterior(x, training)
        params = self.likelihood(q.mean(), label, training)
        nll = -self.family.log_prob(x, params, seed if training else None)
        self.add_batch_loss(nll)
        nothing = tf.zeros_like(nll)
        return {"nll": nll, "kl": nothing, "elbo": -nll, "penalty": nothing}

    def log_likelihood(self, x, num_samples=64, seed=None, label=None):
        """log p(x), exact: [N] nats. One draw of nothing is all there is to draw."""
        checks.integer("num_samples", num_samples, 1)
        return super().log_likelihood(x, 1, seed, label)

    def get_config(self):
        family = keras.saving.serialize_keras_object(self.family)
        return {**super().get_config(), "family": family}
