"""Philox 4x32-10 (Salmon et al. 2011): the numbers of TensorFlow's stateless operations, and more.

`draw_uniform` and `draw_normal` give a stretch of the long row of numbers that belongs to a seed.
A graph that XLA compiles has the same numbers as any other. TensorFlow's own operations do not have
this, not even with the algorithm named: under XLA they make another key from a seed with a negative
word, and other floats from the same bits.

`normal` draws for many seeds at once, by elementwise operations. TensorFlow's operations draw from
one seed. A loop over rows costs about 20 microseconds for each row, which is most of the time where
rows are short. Here row n has the numbers that tf.random.stateless_normal gives for seed n, up to
float rounding.
"""

import math

import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from tfgvae.types import Shape, Tensor

_MASK = (1 << 32) - 1
_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
# The key with which TensorFlow scrambles a seed (StatelessRandomGetKeyCounter).
_SCRAMBLE = 0x3EC8F720, 0x02461E29
_ALGORITHM = tf.random.Algorithm.PHILOX.value


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
    drawn = _words_of(seeds, tf.range((count + 3) // 4, dtype=tf.int64))
    return tf.reshape(drawn, [tf.shape(seeds)[0], -1])


# Traced once: its 250 operations would be most of what a graph with a little noise has to trace.
@tf.function(input_signature=[tf.TensorSpec([None], tf.int64)] * 2, autograph=False)
def _words_of(seeds, blocks):
    """The words [N, M, 4] of N seeds at M values of the counter."""
    low, high = tf.unstack(tf.cast(tf.bitcast(seeds, tf.int32), tf.int64), axis=-1)
    # TensorFlow extends the sign of each half to 64 bits.
    halves = []
    for half in (low, high):
        sign = tf.bitwise.right_shift(half, tf.constant(32, tf.int64))
        halves += [tf.bitwise.bitwise_and(half, _MASK), tf.bitwise.bitwise_and(sign, _MASK)]
    mixed = _philox(halves, [tf.constant(word, tf.int64) for word in _SCRAMBLE])
    key, upper = mixed[:2], mixed[2:]
    blocks = blocks[None, :]
    counter = (blocks, tf.zeros_like(blocks), upper[0][:, None], upper[1][:, None])
    return tf.stack(_philox(counter, [word[:, None] for word in key]), axis=-1)


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
    flat = tf.reshape(_box_muller(pairs), [tf.shape(seeds)[0], 4 * ((size + 3) // 4)])[:, :size]
    return tf.reshape(flat, [tf.shape(seeds)[0], *shape])


def _box_muller(pairs):
    """Normal numbers from uniform ones, [..., 2] both (Box and Muller 1958)."""
    radius = tf.sqrt(-2.0 * tf.math.log(tf.maximum(pairs[..., 0], 1e-7)))
    angle = 2.0 * math.pi * pairs[..., 1]
    return tf.stack([radius * tf.sin(angle), radius * tf.cos(angle)], axis=-1)


# --- one seed, any stretch, any graph ---------------------------------------------------------


def draw_uniform(seed: Tensor, shape: Shape | Tensor, start: int | Tensor = 0) -> Tensor:
    """Uniform noise in [0, 1): numbers start, start + 1, ... of the seed's, in this shape.

    With start = 0 they are those of tf.random.stateless_uniform, bit for bit.

    Args:
      seed: int64 scalar, or its int32 [2] form.
      shape: integers, or an int32 vector.
      start: an integer >= 0.
    """
    return _draw(tf.raw_ops.StatelessRandomUniformV2, _unit, seed, shape, start)


def draw_normal(seed: Tensor, shape: Shape | Tensor, start: int | Tensor = 0) -> Tensor:
    """Standard normal noise: as `draw_uniform`, and as tf.random.stateless_normal.

    A graph that XLA compiles has the same numbers up to float rounding.
    """

    def from_words(drawn):
        return tf.reshape(_box_muller(tf.reshape(_unit(drawn), [-1, 2])), [-1])

    return _draw(tf.raw_ops.StatelessRandomNormalV2, from_words, seed, shape, start)


def _draw(operation, from_words, seed, shape, start):
    """The numbers of a stateless operation, or under XLA those that `from_words` makes of bits."""
    compiled = control_flow_util.GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph())
    key, counter = (_xla_key_and_counter if compiled else _key_and_counter)(seed)
    whole = isinstance(start, int) and start == 0
    if whole and not compiled:
        return operation(shape=shape, key=key, counter=counter, alg=_ALGORITHM)
    if not whole:  # Four numbers come from one value of the counter.
        counter += tf.stack([tf.cast(start // 4, tf.uint64), tf.constant(0, tf.uint64)])
    count = tf.reduce_prod(tf.cast(shape, tf.int32))
    size = [4 * ((count + (3 if whole else 6)) // 4)]  # up to 3 are skipped
    drawn = {"shape": size, "key": key, "counter": counter}
    if compiled:
        bits = tf.raw_ops.StatelessRandomUniformFullIntV2(**drawn, alg=_ALGORITHM, dtype=tf.uint32)
        numbers = from_words(tf.cast(bits, tf.int64))
    else:
        numbers = operation(**drawn, alg=_ALGORITHM)
    return tf.reshape(tf.slice(numbers, [start % 4], [count]), shape)


def _key_and_counter(seed):
    """The key [1] and the counter [2] of Philox, uint64, that TensorFlow makes of a seed."""
    return tf.raw_ops.StatelessRandomGetKeyCounter(seed=_pair(seed))


def _xla_key_and_counter(seed):
    """The same for XLA, whose own operation does not extend the signs.

    The key is a vector from one operation. XLA would compute scalars again for every number drawn.
    """
    given = tf.bitcast(tf.cast(_pair(seed), tf.int64), tf.uint64)
    fixed = tf.constant([_SCRAMBLE[1] << 32 | _SCRAMBLE[0]], tf.uint64)
    key, upper = tf.split(
        tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=[2], key=fixed, counter=given, alg=_ALGORITHM, dtype=tf.uint64
        ),
        2,
    )
    return key, tf.concat([tf.zeros([1], tf.uint64), upper], axis=0)


def _pair(seed):
    """The int32 [2] form of a seed."""
    if tf.is_tensor(seed) and seed.dtype == tf.int32 and seed.shape.rank == 1:
        return seed
    return tf.bitcast(tf.convert_to_tensor(seed, tf.int64), tf.int32)
