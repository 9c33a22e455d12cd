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
from tensorflow.python.distribute.values import PerReplica

# The inputs of the operation that are equal for all weights.
SHARED = ("beta1_power", "beta2_power", "lr", "beta1", "beta2", "epsilon")


class Fused:
    """A mixin in front of keras.optimizers.Adam or AdamW."""

    # AutoGraph would read each of these functions again for every weight.
    @tf.autograph.experimental.do_not_convert
    def _distributed_tf_update_step(self, distribution, grads_and_vars, learning_rate):
        # Tensors that all weights share: Keras makes them again for each one.
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        betas = [tf.constant(beta, tf.float32) for beta in (self.beta_1, self.beta_2)]
        powers = [tf.pow(beta, step) for beta in betas]
        # A schedule on several replicas gives one rate for each; `update` gets the replica's own.
        own = isinstance(learning_rate, PerReplica)
        rate = learning_rate if own else tf.cast(learning_rate, tf.float32)
        shared = [*powers, rate, *betas, tf.constant(self.epsilon, tf.float32)]

        @tf.autograph.experimental.do_not_convert
        def update(variable, gradient, learning_rate, *shared):
            if self.amsgrad or not _is_plain(variable, gradient):
                self.update_step(gradient, variable, learning_rate)
            else:
                self._apply(variable, gradient, *shared)

        for gradient, variable in grads_and_vars:
            args = gradient, learning_rate, *shared
            distribution.extended.update(variable, update, args=args, group=False)

    def _apply(self, variable, gradient, *shared):
        """`shared`: the inputs SHARED."""
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            grad=gradient,
            **dict(zip(SHARED, shared, strict=True)),
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
