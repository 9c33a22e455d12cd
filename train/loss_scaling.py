"""Loss scaling for float16, whose numbers end at 65504 and lose bits below 6e-5.

The loss is multiplied by S before the gradient is taken, and the gradient is divided by S. If a
number of the gradient is not finite, the step is skipped and S is halved. After 2000 steps without
a skipped one S is doubled (Micikevicius et al. 2018).

Keras's LossScaleOptimizer asks only the first replica whether its gradient is finite, before the
gradients are summed. Here a step is skipped on all replicas if one of them has to skip it. S stays
below 2^24, so that a gradient that is 0 for long does not make it infinite.
"""

import keras
import tensorflow as tf

LARGEST = 2.0**24


@keras.saving.register_keras_serializable("tfgvae")
class LossScaling(keras.optimizers.LossScaleOptimizer):
    """The optimizer around another one, whose options, state and steps are as without it.

    Attributes:
      skipped_steps: a variable, the number of steps that were skipped. `iterations` counts the
        others: a skipped step moves neither Adam's averages nor a schedule.
    """

    def build(self, var_list):
        if self.built:
            return
        self.skipped_steps = self.add_variable(
            shape=(), dtype="int", initializer="zeros", aggregation="none", name="skipped_steps"
        )
        super().build(var_list)

    def _tf_apply(self, grads, trainable_variables=None):
        context = tf.distribute.get_replica_context()
        context.merge_call(self._apply_or_skip, args=(grads, trainable_variables))

    def _apply_or_skip(self, distribution, grads, variables):
        # A cond may hold cross-replica operations only in the cross-replica context.
        run = distribution.extended.call_for_each_replica
        found = distribution.experimental_local_results(run(self.check_finite, args=(grads,)))

        def take():
            run(self._apply_unscaled, args=(grads, variables))
            steps = tf.convert_to_tensor(self.step_counter) + 1
            scale = tf.convert_to_tensor(self.dynamic_scale)
            grows = steps >= self.dynamic_growth_steps
            self.dynamic_scale.assign(tf.where(grows, tf.minimum(2 * scale, LARGEST), scale))
            self.step_counter.assign(tf.where(grows, tf.zeros_like(steps), steps))
            return tf.constant(True)

        def skip():
            self._stateful_handle_non_finite_grads()
            self.skipped_steps.assign(tf.convert_to_tensor(self.skipped_steps) + 1)
            return tf.constant(False)

        tf.cond(tf.reduce_all(tf.stack(found)), take, skip)

    def _apply_unscaled(self, grads, variables):
        scale = tf.convert_to_tensor(self.dynamic_scale)
        unscaled = [None if gradient is None else gradient / scale for gradient in grads]
        self.inner_optimizer.apply(unscaled, trainable_variables=variables)
