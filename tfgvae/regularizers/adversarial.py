"""R(q) = sup_D E_p D - E_q D over 1-Lipschitz D, by a WGAN-GP critic (Gulrajani et al. 2017)."""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, seeds
from tfgvae.layers.activations import leaky_relu
from tfgvae.regularizers import batch
from tfgvae.regularizers.base import Regularizer
from tfgvae.types import BatchShape, Distribution, Tensor


@keras.saving.register_keras_serializable("tfgvae")
class Adversarial(Regularizer):
    """penalty = D(y) - D(z) per example, y ~ p(z): for the best critic, W1(q(z), p(z)).

    W1 >= 0 and W1 = 0 iff q(z) = p(z). A critic that is not the best gives less, even a negative
    value. The unit is a distance in z; the weight turns it into nats per image.

    The critic and the encoder share one optimizer and one loss, with opposite signs:

        critic:   minimise  -(E_p D - E_q D) + gradient_penalty * E (|grad D(h)| - 1)^2
        encoder:  minimise  weight * schedule(step) * (E_p D - E_q D)

    z reaches the critic through a map that is the identity forwards and multiplies the gradient
    by -weight * schedule(step) backwards: the critic trains at full rate while the schedule warms
    up. A prior with weights is trained like the encoder. h is a random point between z and y, one
    for each example, and gives no gradient to the encoder. The value of the loss is
    weight * schedule * penalty, as for every regularizer; the critic's other terms are only in its
    gradient.

    The authors give the critic its own Adam(2e-5, 0.5, 0.9); here it uses the model's optimizer, in
    the same step as the encoder. They draw one position of h for the whole batch, initialise with
    N(0, 0.02), and use weight 100 with a loss summed over the 100 images of a batch, hence weight 1
    here.

    Args:
      hidden: widths of the critic's hidden layers (leaky ReLU 0.1, as the authors').
      gradient_penalty: the factor on the gradient penalty, > 0.

    Raises:
      ValueError: an argument out of range, or a latent size that is not known at build.
    """

    def __init__(
        self,
        weight: float = 1.0,
        hidden: tuple = (512, 512),
        gradient_penalty: float = 10.0,
        schedule: str = "constant",
        schedule_steps: float = 10000.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, schedule, schedule_steps, **kwargs)
        hidden = hidden if isinstance(hidden, (list, tuple)) else (hidden,)
        self.hidden = checks.sizes("hidden", hidden, 1)
        self.gradient_penalty = checks.real("gradient_penalty", gradient_penalty, above=0)
        # A critic in half precision would lose the gradient penalty's second derivatives.
        dtype = self.variable_dtype
        self._critic_layers = [
            *(keras.layers.Dense(n, leaky_relu, dtype=dtype) for n in self.hidden),
            keras.layers.Dense(1, dtype=dtype),
        ]

    def build(self, z_shape: BatchShape | None = None) -> None:
        if self.built:
            return
        event = (None,) if z_shape is None else tuple(z_shape)[1:]
        if None in event:
            raise ValueError(f"the critic needs a known latent size, got z of shape {z_shape}")
        size = tf.TensorShape(event).num_elements()
        for layer in self._critic_layers:
            if not layer.built:
                layer.build((None, size))
            size = layer.units
        self.built = True

    @property
    def takes_weights(self) -> bool:
        return False  # Its draws from the prior have no image whose weight they could take.

    def critic(self, z: Tensor) -> Tensor:
        """D(z): [B, Z] or [B, T, Z] -> [B]."""
        h = tf.cast(batch.flatten(z), self.variable_dtype)
        for layer in self._critic_layers:
            h = layer(h)
        return tf.squeeze(h, axis=-1)

    def penalty(self, q: Distribution, z: Tensor, prior: Distribution, seed: Tensor) -> Tensor:
        return self.critic(batch.prior_rows(prior, seeds.fold_in(seed, 0), z)) - self.critic(z)

    def terms(
        self,
        q: Distribution,
        z: Tensor,
        prior: Distribution,
        scale: Tensor,
        seed: Tensor,
        training: bool | None,
    ) -> tuple[Tensor, Tensor]:
        y = batch.prior_rows(prior, seeds.fold_in(seed, 0), z)
        scale = tf.cast(scale, self.variable_dtype)
        distance = self.critic(reverse(y, scale)) - self.critic(reverse(z, scale))  # [B]
        loss = -distance
        if training is not False:
            loss += self.gradient_penalty * self.slope_penalty(z, y, seeds.fold_in(seed, 1))
        # The gradient is that of `loss`; the value is scale * penalty, as for every regularizer.
        return distance, loss + tf.stop_gradient(scale * distance - loss)

    def slope_penalty(self, z: Tensor, y: Tensor, seed: Tensor) -> Tensor:
        """(|grad D(h)| - 1)^2 at a random h between z and y for each example: [B]."""
        z, y = tf.stop_gradient(batch.flatten(z)), tf.stop_gradient(batch.flatten(y))
        place = tf.cast(seeds.batch_uniform(seed, tf.shape(z)[0], [1]), z.dtype)
        h = tf.cast(z + place * (y - z), self.variable_dtype)
        with tf.GradientTape() as tape:
            tape.watch(h)
            d = self.critic(h)
        slope = tape.gradient(d, h)  # [B, D]
        # 1e-12 keeps the derivative of the square root finite where the slope is 0.
        return (tf.sqrt(tf.reduce_sum(slope**2, axis=1) + 1e-12) - 1) ** 2

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden": list(self.hidden),
            "gradient_penalty": self.gradient_penalty,
        }


def reverse(x: Tensor, scale: Tensor) -> Tensor:
    """x, with the gradient multiplied by -scale (Ganin and Lempitsky 2015)."""

    @tf.custom_gradient
    def identity(x):
        return tf.identity(x), lambda dy: -tf.cast(scale, dy.dtype) * dy

    return identity(x)
