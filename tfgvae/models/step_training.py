"""Which images of a chain are trained, and where gradients flow: the named modes of SeqVAE.

loss = sum_{t < T} w nll_t + nll_T + R(q),   w in [0, 1]
"""

import tensorflow as tf

from tfgvae import checks
from tfgvae.regularizers.schedules import linear
from tfgvae.types import Tensor

# mode -> (whether the images before the last are trained, whether gradients stop between steps)
TRAINING = {
    "greedy": (True, True),
    "through": (True, False),
    "last": (False, False),
    "annealed": (True, False),
}


def mode(training: str | None, intermediate: bool | None, stop: bool | None) -> str:
    """The name in TRAINING that the arguments of a model mean.

    Args:
      training: the name; None leaves it to the other two, which are older.
      intermediate: intermediate_reconstruction, or None.
      stop: stop_gradient, or None; without intermediate reconstruction it is not used.

    Raises:
      ValueError: an unknown name, a value of another type, or values that contradict the name.
    """
    older = {"intermediate_reconstruction": intermediate, "stop_gradient": stop}
    for name, value in older.items():
        if value is not None:
            checks.boolean(name, value)
    if training is None:
        if intermediate is False:
            return "last"
        return "through" if stop is False else "greedy"
    checks.choice("training", training, TRAINING)
    for (name, value), meant in zip(older.items(), TRAINING[training], strict=True):
        if value is not None and value != meant:
            raise ValueError(
                f"training = {training!r} means {name} = {meant}, got {name} = {value}: "
                "set only training"
            )
    return training


def reconstruction(training: str, nlls: list[Tensor], step: Tensor, anneal_steps: float) -> Tensor:
    """sum_{t < T} w nll_t + nll_T: [B] nats.

    Args:
      training: a name in TRAINING. w is 0 for "last", 1 for "greedy" and "through", and falls from
        1 to 0 over `anneal_steps` training steps for "annealed".
      nlls: -log p_t(x | z(t), x(t-1)) of every step, [B] each.
      step: the number of training steps so far, a scalar.
    """
    *earlier, last = nlls
    if training == "last" or not earlier:
        return last
    if training == "annealed":
        weight = 1 - linear(tf.cast(step, tf.float32), anneal_steps)
        return weight * tf.add_n(earlier) + last
    return tf.add_n(nlls)
