"""The pixel of PixelCNN++: a discretised mixture of logistics (Salimans et al. 2017, Section 2).

A pixel has C channels x_c in [0, 1], on `levels` equally spaced levels. With y = 2 x - 1,

    p(x) = sum_m pi_m prod_c P(x_c | mean_{m,c} + sum_{c' < c} a_{m,c,c'} y_{c'}, scale_{m,c}),

where P is a logistic rounded to the levels; the lowest and the highest level take the tails.
The channels of a pixel share one component. Means, scales and coefficients are on the [-1, 1] scale
of y, as in the paper's code: raw outputs of zero give a mid-grey mean.

Two things differ from that code. The probability of a level is exact; the code replaces small ones
by the density. A draw is rounded before later channels use it, so `sample` draws from the
distribution that `log_prob` evaluates.
"""

import math

import tensorflow as tf

from tfgvae.distributions.discretized_logistic import log_interval, standard_logistic
from tfgvae.distributions.levels import snap_to_levels
from tfgvae.types import Tensor

# Lower bound of the logarithm of a scale, on the [-1, 1] scale. No gradient passes below it.
MIN_LOG_SCALE = -7.0


def params_per_pixel(channels: int, num_mixtures: int) -> int:
    """K = M (1 + 2 C + C (C - 1) / 2): 3 M for C = 1, 10 M for C = 3."""
    return num_mixtures * (1 + 2 * channels + channels * (channels - 1) // 2)


def _rows(raw, channels, num_mixtures):
    """Raw outputs [..., K] as [..., K / M, M]: one row per parameter, one column per component."""
    num_rows = params_per_pixel(channels, num_mixtures) // num_mixtures
    return tf.reshape(raw, tf.concat([tf.shape(raw)[:-1], [num_rows, num_mixtures]], axis=0))


def _constrain(rows, channels):
    """Rows [..., K / M, M] as logits, means, floored log scales and coefficients in (-1, 1)."""
    first_scale, first_coefficient = 1 + channels, 1 + 2 * channels
    return (
        rows[..., 0, :],
        rows[..., 1:first_scale, :],
        tf.maximum(rows[..., first_scale:first_coefficient, :], MIN_LOG_SCALE),
        tf.tanh(rows[..., first_coefficient:, :]),
    )


def unpack(raw: Tensor, channels: int, num_mixtures: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The parameters of the mixture from raw outputs [..., K], on the [-1, 1] scale.

    K is divided in this order: M logits, then the C means, the C logarithms of scales and the
    C (C - 1) / 2 coefficients, each of M components.

    Returns:
      logits [..., M] of the components, unnormalised; means [..., C, M]; log_scales [..., C, M], at
      least MIN_LOG_SCALE; coefficients [..., C (C - 1) / 2, M] = tanh of the raw ones, in the order
      (c, c') = (1, 0), (2, 0), (2, 1), ... of the lower triangle by rows.
    """
    return _constrain(_rows(raw, channels, num_mixtures), channels)


def _unit_mean(means, coefficients, earlier):
    """The mean of channel c = len(earlier) given x_0 .. x_{c-1}, on the [0, 1] scale: [..., M].

    `earlier` lists those channels, each [..., 1] in [0, 1].
    """
    channel = len(earlier)
    first = channel * (channel - 1) // 2
    mean = means[..., channel, :]
    for i, x in enumerate(earlier):
        mean = mean + coefficients[..., first + i, :] * (2.0 * x - 1.0)
    return 0.5 * mean + 0.5


def _unit_log_scale(log_scale):
    """The logarithm of a scale, from the [-1, 1] scale to [0, 1]."""
    return log_scale - math.log(2.0)


def log_prob(x: Tensor, raw: Tensor, levels: int, num_mixtures: int) -> Tensor:
    """log p(x) in nats per pixel: pixels [..., C] in [0, 1] and raw outputs [..., K] to [...].

    logsumexp_m [log pi_m + sum_c log P(x_c | x_{<c}, m)] (Equations 2 and 3), where x is first
    rounded to its levels. Values and gradients are finite in float32 for log scales up to 60 and
    means up to 1e30.
    """
    channels = x.shape[-1]
    logits, means, log_scales, coefficients = unpack(raw, channels, num_mixtures)
    log_scales = _unit_log_scale(log_scales)
    x = tf.split(snap_to_levels(x, levels), channels, axis=-1)
    joint = tf.nn.log_softmax(logits)
    for c in range(channels):
        mean = _unit_mean(means, coefficients, x[:c])
        joint += log_interval(x[c], mean, log_scales[..., c, :], levels)
    return tf.reduce_logsumexp(joint, axis=-1)


def _pick(rows, noise):
    """The column [..., K / M, 1] of the component that uniform noise [..., 1] chooses.

    It is component m if pi_0 + .. + pi_{m-1} <= noise < pi_0 + .. + pi_m.
    """
    cumulative = tf.cumsum(tf.nn.softmax(rows[..., 0, :]), axis=-1)
    # Rounded weights need not sum to 1. Noise times their sum is less than the sum: the index stays
    # below M, and a component of weight 0 is never chosen.
    below = cumulative <= noise * cumulative[..., -1:]
    component = tf.reduce_sum(tf.cast(below, tf.int32), axis=-1)
    chosen = tf.one_hot(component, rows.shape[-1])[..., tf.newaxis, :]
    return tf.reduce_sum(rows * chosen, axis=-1, keepdims=True)


def sample(raw: Tensor, noise: Tensor, levels: int, num_mixtures: int) -> Tensor:
    """Draw pixels [..., C] in [0, 1] from raw outputs [..., K] and uniform noise [..., C + 1].

    noise[..., 0] chooses the component. noise[..., 1 + c] gives channel c by the quantile function
    of its logistic, rounded to a level and clipped to [0, 1]. The means of later channels depend on
    the rounded earlier ones.
    """
    channels = noise.shape[-1] - 1
    chosen = _pick(_rows(raw, channels, num_mixtures), noise[..., :1])
    _, means, log_scales, coefficients = _constrain(chosen, channels)
    scales = tf.exp(_unit_log_scale(log_scales[..., 0]))
    offsets = tf.split(scales * standard_logistic(noise[..., 1:]), channels, axis=-1)
    x: list[Tensor] = []
    for offset in offsets:
        x.append(snap_to_levels(_unit_mean(means, coefficients, x) + offset, levels))
    return tf.concat(x, axis=-1)
