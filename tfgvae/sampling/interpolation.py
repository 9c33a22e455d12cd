"""Paths between two codes, and codes with one coordinate changed.

linear:     z(s) = (1 - s) z_a + s z_b,   s in [0, 1]
spherical:  z(s) = r(s) (sin((1 - s) w) u_a + sin(s w) u_b) / sin w
            r(s) = (1 - s) |z_a| + s |z_b|,   u = z / |z|,   w the angle between z_a and z_b

(Shoemake 1985; for latents White 2016.) Norms and angles are those of the whole code. Points of a
linear path between two draws from N(0, I) are shorter than draws are; those of an arc are not.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgvae import seeds
from tfgvae.sampling import conditional
from tfgvae.types import Model, Shape, Tensor

# Below this sine of the angle, a path is linear: codes in one direction, or in opposite ones,
# between which no shortest arc is defined.
_SMALLEST_SINE = 1e-4


def linear(z_a: Tensor, z_b: Tensor, share: Tensor) -> Tensor:
    """(1 - s) z_a + s z_b: [N, *latent_shape] for codes of that shape and s [N]."""
    share = _beside(share, z_a)
    return (1 - share) * z_a + share * z_b


def spherical(z_a: Tensor, z_b: Tensor, share: Tensor) -> Tensor:
    """The point at the share s [N] of the arc from z_a to z_b: [N, *latent_shape].

    Its norm is (1 - s) |z_a| + s |z_b|. Without a unique arc it is `linear`'s point.
    """
    a, b = (tf.reshape(z, [tf.shape(z)[0], -1]) for z in (z_a, z_b))
    norm_a, norm_b = tf.norm(a, axis=1), tf.norm(b, axis=1)
    scale = tf.maximum(norm_a, norm_b)
    u_a, u_b = (tf.math.divide_no_nan(z, n[:, None]) for z, n in ((a, norm_a), (b, norm_b)))
    # Exact for small angles too, unlike the arc cosine (Kahan).
    angle = 2 * tf.atan2(tf.norm(u_a - u_b, axis=1), tf.norm(u_a + u_b, axis=1))
    sine = tf.sin(angle)
    arc = tf.logical_and(sine > _SMALLEST_SINE, tf.minimum(norm_a, norm_b) > 1e-6 * scale)
    sine = tf.where(arc, sine, 1.0)
    norm = (1 - share) * norm_a + share * norm_b
    at_a = tf.sin((1 - share) * angle) / sine * tf.math.divide_no_nan(norm, norm_a)
    at_b = tf.sin(share * angle) / sine * tf.math.divide_no_nan(norm, norm_b)
    point = _beside(at_a, z_a) * z_a + _beside(at_b, z_b) * z_b
    return tf.where(_beside(arc, z_a), point, linear(z_a, z_b, share))


PATHS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "linear": linear,
    "spherical": spherical,
}


def _beside(per_row, z):
    """[N] as [N, 1, ...], to broadcast against z [N, *latent_shape]."""
    return tf.reshape(per_row, [-1, *[1] * (z.shape.rank - 1)])


def share_of(step: Tensor, num_steps: Tensor) -> Tensor:
    """s of image `step` of a path of num_steps images, float32: 0 at the first, 1 from the last on.

    Args:
      step: int32, counted from 0.
      num_steps: int32 >= 1, of a shape that broadcasts against `step`.
    """
    last = num_steps - 1
    reached = tf.cast(tf.minimum(step, last), tf.float32)
    return reached / tf.cast(tf.maximum(last, 1), tf.float32)  # One image alone is the first.


def path(z_a: Tensor, z_b: Tensor, num_steps: int, mode: str) -> Tensor:
    """num_steps points from z_a to z_b, both included: [N, num_steps, *latent_shape]."""
    rows = tf.shape(z_a)[:1]
    shares = [share_of(tf.constant(k), tf.constant(num_steps)) for k in range(num_steps)]
    return tf.stack([PATHS[mode](z_a, z_b, tf.fill(rows, s)) for s in shares], axis=1)


def varied(z: Tensor, coordinates: Sequence[int], values: Tensor) -> Tensor:
    """z with one coordinate replaced by one value: [N, D, V, *latent_shape].

    Args:
      z: codes [N, *latent_shape].
      coordinates: D indices into the flattened code.
      values: [V].
    """
    flat = tf.reshape(z, [tf.shape(z)[0], -1])
    size = z.shape[1:].num_elements()
    chosen = tf.one_hot(coordinates, size)[None, :, None]  # [1, D, 1, Z]
    new = chosen * values[None, None, :, None]
    codes = (1 - chosen) * flat[:, None, None] + new
    return tf.reshape(codes, [-1, len(coordinates), tf.size(values), *z.shape[1:]])


def codes(model: Model, x: Tensor, rows: Tensor) -> Tensor:
    """E_q(z|x)[z], or a draw z ~ q(z|x) if it has no closed form: [N, *latent_shape]."""
    q = model.posterior(x)
    try:
        return q.mean()
    except NotImplementedError:
        return conditional.draw_latent(model, q, rows)


def decode_chain(model: Model, z: Tensor, label: Tensor, rows: Tensor) -> dict[str, Tensor]:
    """Every image on the way from z to x: {"samples", "mean"}, [N, number of images, H, W, C]."""
    return model.chain(z, label, seeds.fold_in(rows, seeds.IMAGE))


def interpolate(
    model: Model, x_a: Tensor, x_b: Tensor, label: Tensor, rows: Tensor, num_steps: Tensor
) -> dict[str, Tensor]:
    """The images of the linear path between the `codes` of two images, one step after another.

    Args:
      model: a latent variable model.
      x_a, x_b: images [N, H, W, C].
      label: [N] int32.
      rows: row seeds [N]. Every image of a row is drawn with the same noise.
      num_steps: [N] int32 >= 1. A row with fewer than S, the largest, repeats its last image.

    Returns:
      {"samples", "mean"}: [N, S, H, W, C] each; no "mean" if the family has none.
    """
    z_a, z_b = codes(model, x_a, rows), codes(model, x_b, rows)
    image_rows = seeds.fold_in(rows, seeds.IMAGE)
    spec = tf.TensorSpec([None, *model.image_shape])
    names = ("samples", "mean") if model.family.has_mean else ("samples",)

    def images(step):
        z = linear(z_a, z_b, share_of(step, num_steps))
        return conditional.draw_images(model, model.likelihood(z, label), image_rows)

    # One step at a time: memory does not grow with the length of the path.
    found = tf.map_fn(
        images,
        tf.range(tf.reduce_max(num_steps)),
        parallel_iterations=1,
        fn_output_signature=dict.fromkeys(names, spec),
    )
    return {name: _rows_first(steps, model.image_shape) for name, steps in found.items()}


def _rows_first(steps: Tensor, image_shape: Shape) -> Tensor:
    return tf.ensure_shape(tf.transpose(steps, [1, 0, 2, 3, 4]), [None, None, *image_shape])
