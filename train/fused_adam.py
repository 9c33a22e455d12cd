"""Adam with one TensorFlow operation for each weight.

Keras builds the update of a weight from a dozen small operations. A deep model has hundreds of
weights, so that graph is slow to build and slow to start. `ResourceApplyAdam` is the same
update (Kingma and Ba 2015):

    m += (1 - b1) (g - m)        v += (1 - b2) (g^2 - v)
    w -= rate sqrt(1 - b2^t) / (1 - b1^t)  m / (sqrt(v) + epsilon)

The optimizer's variables, and so its saved files, are Keras's.
"""

import keras
import tensorflow as tf


class Fused:
    """A mixin in front of keras.optimizers.Adam or AdamW."""

    def _distributed_tf_update_step(self, distribution, grads_and_vars, learning_rate):
        # Once for all weights: Keras takes both powers again for each one.
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        powers = tf.pow(float(self.beta_1), step), tf.pow(float(self.beta_2), step)

        def update(variable, gradient, rate, *powers):
            if self.amsgrad or not _is_plain(variable, gradient):
                self.update_step(gradient, variable, rate)
            else:
                self._apply(variable, gradient, rate, *powers)

        for gradient, variable in grads_and_vars:
            args = gradient, learning_rate, *powers
            distribution.extended.update(variable, update, args=args, group=False)

    def _apply(self, variable, gradient, rate, beta_1_power, beta_2_power):
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=tf.cast(rate, tf.float32),
            beta1=float(self.beta_1),
            beta2=float(self.beta_2),
            epsilon=float(self.epsilon),
            grad=gradient,
        )


def _is_plain(variable, gradient):
    """Whether the operation takes them: a dense float32 gradient of a float32 weight."""
    return (
        not isinstance(gradient, tf.IndexedSlices)
        and gradient.dtype == tf.float32
        and variable.dtype == tf.float32
    )


@keras.saving.register_keras_serializable("tfgvae")
class FusedAdam(Fused, keras.optimizers.Adam):
    """Adam."""


@keras.saving.register_keras_serializable("tfgvae")
class FusedAdamW(Fused, keras.optimizers.AdamW):
    """AdamW."""
