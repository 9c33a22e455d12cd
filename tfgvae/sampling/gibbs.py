"""The Gibbs chain z ~ q(z|x), x ~ p(x|z) (Eq. 6): correct for every q(z) (Prop. 2)."""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.sampling.conditional import reconstruct
from tfgvae.types import Model, Tensor


def noise_image(model: Model, rows: Tensor) -> Tensor:
    """A start without data: uniform noise, moved to the nearest image that the family allows."""
    return model.family.snap(seeds.uniform(rows, model.image_shape))


def _step(model, label, rows, mean):
    """Step s of the chain, (s, x) -> x. Each row uses the seed fold_in(row, s)."""
    return lambda s, x: reconstruct(model, x, label, seeds.fold_in(rows, s), mean)


def gibbs(
    model: Model, x: Tensor, label: Tensor, rows: Tensor, num_steps: Tensor, mean: bool
) -> Tensor:
    """x after `num_steps` steps from images [N, H, W, C]: [N, H, W, C].

    Args:
      model: a latent variable model.
      x: the start.
      label: [N] int32.
      rows: row seeds [N]; step s of a row uses fold_in(row, s).
      num_steps: int32, a scalar or [N]. With [N], each row stops after its own number of steps.
      mean: use E[x|z] instead of a draw, at every step.
    """
    step = _step(model, label, rows, mean)
    shape = tf.TensorShape([None, *model.image_shape])
    longest = tf.reduce_max(num_steps)

    def body(s, x):
        goes_on = tf.reshape(s < num_steps, [-1, 1, 1, 1])
        return s + 1, tf.where(goes_on, step(s, x), x)

    _, x = tf.while_loop(
        lambda s, _: s < longest,
        body,
        [0, x],
        shape_invariants=[tf.TensorShape([]), shape],
    )
    return x


def gibbs_chain(
    model: Model, x: Tensor, label: Tensor, rows: Tensor, num_steps: Tensor, mean: bool
) -> Tensor:
    """x after each step: [N, num_steps, H, W, C]; the last one is the result of `gibbs`."""
    step = _step(model, label, rows, mean)
    images = tf.TensorArray(tf.float32, size=num_steps, element_shape=[None, *model.image_shape])

    def body(s, x, images):
        x = step(s, x)
        return s + 1, x, images.write(s, x)

    shape = tf.TensorShape([None, *model.image_shape])
    _, _, images = tf.while_loop(
        lambda s, *_: s < num_steps,
        body,
        [0, x, images],
        shape_invariants=[tf.TensorShape([]), shape, tf.TensorShape(None)],
    )
    return tf.experimental.numpy.swapaxes(images.stack(), 0, 1)
