"""Walkback (Bengio et al. 2013): train p(x|z) to come back from where the model's own chain goes.

x_0 = x,  z_t ~ q(z|x_t),  x_(t+1) ~ p(x|z_t)  =>  the loss -log p(x | z_k)

P is trained at the codes of data only. A chain that leaves the data meets other codes; walkback
trains it there, with the image that it left as the answer.
"""

import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.types import Model, Tensor


def add_loss(
    model: Model, x: Tensor, label: Tensor | None, z: Tensor, seed: Tensor, training: bool
) -> None:
    """Add `walkback` of model.walkback steps to the loss: in training, and if they are > 0.

    Args:
      model, x, label, z: as in `walkback`.
      seed: int64 scalar of the training step, which may serve other noise, too.
      training: whether the model is trained.
    """
    if training and model.walkback:
        again = seeds.fold_in(seed, 1)
        model.add_batch_loss(walkback(model, x, label, z, again, model.walkback))


def walkback(
    model: Model, x: Tensor, label: Tensor | None, z: Tensor, seed: Tensor, num_steps: int
) -> Tensor:
    """-log p(x | z_k) after k = num_steps steps of the chain from x: [B] nats.

    No gradient goes through the images of the chain. One goes through z_k to q. All networks work
    as in sampling: images of the chain are no data, and must not enter the averages of batch
    normalisation or the q(z) of a fixed classifier.

    Args:
      model: a latent variable model.
      x: images [B, H, W, C].
      label: [B] int32, or None.
      z: z_0, codes of x.
      seed: int64 scalar of the training step.
      num_steps: k, >= 1.
    """
    batch = tf.shape(x)[0]
    for step in range(num_steps):
        x_seed, z_seed = seeds.split(seeds.fold_in(seed, step), 2)
        shape = model.family.noise_shape(model.image_shape)
        noise = seeds.batch_uniform(x_seed, batch, shape)
        params = tf.stop_gradient(model.likelihood(tf.stop_gradient(z), label))
        walked = tf.stop_gradient(model.family.sample(params, noise))
        walked = tf.ensure_shape(walked, [None, *model.image_shape])
        noise = seeds.batch_normal(z_seed, batch, model.noise_shape)
        z = from_noise(model.posterior(walked), noise)
    return -model.family.log_prob(x, model.likelihood(z, label))
