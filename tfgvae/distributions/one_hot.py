"""A categorical distribution over one-hot vectors, drawn from normal noise by the Gumbel-max trick.

With independent G_k of the standard Gumbel law, argmax_k (logit_k + G_k) is k with probability
softmax(logits)_k (Gumbel 1954).
"""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfgvae.types import Tensor


class OneHot(tfd.OneHotCategorical):
    """z in {e_1, ..., e_K} with P(z = e_k) = softmax(logits)_k: logits [..., K], event [K]."""

    def from_noise(self, noise: Tensor) -> Tensor:
        """A draw [N, K] as a function of standard normal noise [N, K]."""
        # U = Phi(noise) is uniform, -log U exponential. log_cdf is accurate in both tails, where
        # Phi itself rounds to 0 and 1.
        log_uniform = tfd.Normal(0.0, 1.0).log_cdf(noise)
        gumbel = -tf.math.log(-log_uniform)
        return tf.one_hot(tf.argmax(self.logits + gumbel, axis=-1), self.event_shape[0])

    def _variance(self):
        mean = self.mean()
        return mean * (1 - mean)
