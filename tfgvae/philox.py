"""Philox 4x32-10 (Salmon et al. 2011) for many seeds at once, by elementwise operations.

TensorFlow's stateless operations draw from one seed. A loop over rows costs about 20 microseconds
for each row, which is most of the time where rows are short. Here row n has the numbers that
tf.random.stateless_normal gives for seed n, up to float rounding.
"""

import math

import tensorflow as tf

from tfgvae.types import Shape, Tensor

_MASK = (1 << 32) - 1
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
# The key with which TensorFlow scrambles a seed (StatelessRandomGetKeyCounter).
_SCRAMBLE = 0x3EC8F720, 0x02461E29


def _high_low(a, b):
    """The two 32-bit halves of a product of 32-bit words in int64, which may overflow."""
    product = a * b
    high = tf.bitwise.bitwise_and(tf.bitwise.right_shift(product, tf.constant(32, tf.int64)), _MASK)
    return high, tf.bitwise.bitwise_and(product, _MASK)


def _philox(counter, key):
    """Four 32-bit words from a counter of four words and a key of two, all of them int64."""
    xor = tf.bitwise.bitwise_xor
    for _ in range(10):
        high_0, low_0 = _high_low(counter[0], tf.constant(_MULTIPLIERS[0], tf.int64))
        high_1, low_1 = _high_low(counter[2], tf.constant(_MULTIPLIERS[1], tf.int64))
        counter = (
            xor(xor(high_1, counter[1]), key[0]),
            low_1,
            xor(xor(high_0, counter[3]), key[1]),
            low_0,
        )
        key = [tf.bitwise.bitwise_and(k + w, _MASK) for k, w in zip(key, _WEYL, strict=True)]
    return counter


def words(seeds: Tensor, count: int) -> Tensor:
    """Random 32-bit words in int64: [N, 4 * ceil(count / 4)].

    Args:
      seeds: [N] int64, each the two 32-bit words of a stateless seed.
      count: at least this many words for each seed.
    """
    low, high = tf.unstack(tf.cast(tf.bitcast(seeds, tf.int32), tf.int64), axis=-1)
    # TensorFlow extends the sign of each half to 64 bits.
    halves = []
    for half in (low, high):
        sign = tf.bitwise.right_shift(half, tf.constant(32, tf.int64))
        halves += [tf.bitwise.bitwise_and(half, _MASK), tf.bitwise.bitwise_and(sign, _MASK)]
    mixed = _philox(halves, [tf.constant(word, tf.int64) for word in _SCRAMBLE])
    key, upper = mixed[:2], mixed[2:]
    blocks = tf.range((count + 3) // 4, dtype=tf.int64)[None, :]
    counter = (blocks, tf.zeros_like(blocks), upper[0][:, None], upper[1][:, None])
    drawn = _philox(counter, [word[:, None] for word in key])
    return tf.reshape(tf.stack(drawn, axis=-1), [tf.shape(seeds)[0], -1])


def _unit(words_):
    """Words as float32 in [0, 1): the mantissa is their lowest 23 bits."""
    mantissa = tf.bitwise.bitwise_and(words_, (1 << 23) - 1)
    return tf.cast(mantissa, tf.float32) * 2.0**-23


def normal(seeds: Tensor, shape: Shape) -> Tensor:
    """Standard normal noise [N, *shape] by Box and Muller (1958).

    Args:
      seeds: [N] int64.
      shape: the static shape of a row.
    """
    size = math.prod(shape)
    if not size:  # A model without latents.
        return tf.zeros([tf.shape(seeds)[0], *shape])
    pairs = tf.reshape(_unit(words(seeds, size)), [tf.shape(seeds)[0], -1, 2])
    radius = tf.sqrt(-2.0 * tf.math.log(tf.maximum(pairs[..., 0], 1e-7)))
    angle = 2.0 * math.pi * pairs[..., 1]
    drawn = tf.stack([radius * tf.sin(angle), radius * tf.cos(angle)], axis=-1)
    flat = tf.reshape(drawn, [tf.shape(seeds)[0], 4 * ((size + 3) // 4)])[:, :size]
    return tf.reshape(flat, [tf.shape(seeds)[0], *shape])
