"""The signatures of a served model: typed functions of tensors that share dimension 0.

Each traces a sampler or an estimator of tfgvae with one seed per row. A row of an answer equals the
result of the model's Python method for the same seed, in any batch. encode_mean and decode_mean
draw nothing and take no seed: converters to ONNX and TensorFlow Lite know all their operations.
"""

import tensorflow as tf

from export.guards import checked
from export.layout import IMAGES, PNG
from tfgvae import seeds
from tfgvae.autoregressive.compilation import compiled_sampling
from tfgvae.estimators.log_likelihood import log_likelihood
from tfgvae.families.autoregressive import Autoregressive
from tfgvae.models.sampling_methods import ChainMethods
from tfgvae.sampling.ancestral import ancestral_chain, draw_prior
from tfgvae.sampling.conditional import draw_images, draw_latent
from tfgvae.sampling.gibbs import gibbs, noise_image
from tfgvae.sampling.interpolation import interpolate


def _decode(model, limits, z, seed, label):
    return draw_images(model, model.likelihood(z, label), seeds.fold_in(seed, seeds.IMAGE))


def _ancestral_sample(model, limits, seed, label):
    return _decode(model, limits, draw_prior(model, seed), seed, label)


def _sample_chain(model, limits, seed, label):
    return ancestral_chain(model, label, seed)


def _encode(model, limits, images, seed):
    q = model.posterior(images)
    return {**_moments(q), "z": draw_latent(model, q, seed)}


def _encode_mean(model, limits, images):
    return _moments(model.posterior(images))


def _decode_mean(model, limits, z, label):
    return {"mean": model.family.mean(model.likelihood(z, label))}


def _moments(q):
    """{"mean", "stddev"} of q(z|x), or {} if they have no closed form."""
    try:
        return {"mean": q.mean(), "stddev": q.stddev()}
    except NotImplementedError:
        return {}


def _reconstruct(model, limits, images, seed, label):
    z = draw_latent(model, model.posterior(images), seed)
    return _decode(model, limits, z, seed, label)


def _gibbs_sample(model, limits, images, seed, num_steps, label):
    return {"samples": gibbs(model, images, label, seed, num_steps, mean=False)}


def _gibbs_from_noise(model, limits, seed, num_steps, label):
    start = noise_image(model, seeds.fold_in(seed, seeds.START))
    return _gibbs_sample(model, limits, start, seed, num_steps, label)


def _log_likelihood(model, limits, images, seed, label):
    # Without a latent, one term is log p(x) itself.
    num_samples = limits.num_samples if model.has_latents else 1
    return {"log_likelihood": log_likelihood(model, images, label, seed, num_samples)}


def _interpolate(model, limits, image_a, image_b, seed, num_steps, label):
    return interpolate(model, image_a, image_b, label, seed, num_steps)


# name -> (function, its inputs)
OF_EVERY_MODEL = {
    "ancestral_sample": (_ancestral_sample, ("seed", "label")),
    "log_likelihood": (_log_likelihood, ("images", "seed", "label")),
}
OF_LATENTS = {
    "encode": (_encode, ("images", "seed")),
    "decode": (_decode, ("z", "seed", "label")),
    "encode_mean": (_encode_mean, ("images",)),
    "decode_mean": (_decode_mean, ("z", "label")),
    "reconstruct": (_reconstruct, ("images", "seed", "label")),
    "gibbs_sample": (_gibbs_sample, ("images", "seed", "num_steps", "label")),
    "gibbs_from_noise": (_gibbs_from_noise, ("seed", "num_steps", "label")),
}
OF_CODES = {
    "interpolate": (_interpolate, ("image_a", "image_b", "seed", "num_steps", "label")),
}
OF_CHAINS = {"sample_chain": (_sample_chain, ("seed", "label"))}


def input_specs(model):
    """{input: TensorSpec} of all inputs that signatures of this model may have."""
    specs = {
        **{n: tf.TensorSpec([None, *model.image_shape], tf.float32, n) for n in IMAGES},
        "z": tf.TensorSpec([None, *model.latent_shape], tf.float32, "z"),
        "seed": tf.TensorSpec([None], tf.int64, "seed"),
        "num_steps": tf.TensorSpec([None], tf.int32, "num_steps"),
    }
    if model.num_classes:
        specs["label"] = tf.TensorSpec([None], tf.int32, "label")
    return specs


def png_bytes(images):
    """Images [N, H, W, C] as N PNG files: a string tensor [N], 8 bits per channel.

    Pixels outside [0, 1] are clipped.
    """
    levels = tf.cast(tf.round(255 * tf.clip_by_value(images, 0.0, 1.0)), tf.uint8)
    return tf.map_fn(tf.io.encode_png, levels, fn_output_signature=tf.string)


def _with_png(function):
    """A signature that also returns its samples as `png_bytes`."""

    def drawing(*arguments, **inputs):
        outputs = function(*arguments, **inputs)
        # Chains are left out: a PNG file holds one image.
        if "samples" in outputs and outputs["samples"].shape.rank == 4:
            return {**outputs, PNG: png_bytes(outputs["samples"])}
        return outputs

    return drawing


def _typed(model, limits, function, names):
    specs = input_specs(model)
    given_names = [name for name in names if name in specs]
    is_path = "image_b" in names

    def signature(*tensors):
        given = checked(model, limits, dict(zip(given_names, tensors, strict=True)), is_path)
        if "label" in names and "label" not in given:  # Without classes, it is not used.
            given["label"] = tf.zeros(tf.shape(tensors[0])[:1], tf.int32)
        return function(model, limits, **given)

    return tf.function(signature, [specs[name] for name in given_names], autograph=False)


def signatures(model, limits, png=False):
    """The signatures of a model.

    Args:
      model: a model of tfgvae.models.
      limits: a limits.Limits. With jit_batch_sizes, XLA compiles the pixel loops.
      png: whether signatures that draw images also return `png_bytes`.

    Returns:
      {name: concrete function of the named inputs, which returns a dict of named outputs}.

    Raises:
      ValueError: jit_batch_sizes for a family that does not draw pixel by pixel, or png for
        images of other than 1 or 3 channels.
    """
    if png and model.image_shape[-1] not in (1, 3):
        raise ValueError(
            "PNG files need images of 1 or 3 channels (grey or colour), got "
            f"{model.image_shape[-1]}: export without png"
        )
    if limits.jit_batch_sizes and not isinstance(model.family, Autoregressive):
        raise ValueError(
            "jit_batch_sizes compiles the loop over the pixels of pixelcnn or pixelcnn_pp; "
            f"the family {type(model.family).__name__} has none"
        )
    table = dict(OF_EVERY_MODEL)
    if model.has_latents:
        table |= OF_LATENTS
    if model.has_codes:
        table |= OF_CODES
    if isinstance(model, ChainMethods):
        table |= OF_CHAINS
    if not model.family.has_mean:
        table.pop("decode_mean", None)
    traced = {}
    with compiled_sampling(model.family, limits.jit_batch_sizes):
        for name, (function, inputs) in table.items():
            served = _with_png(function) if png else function
            traced[name] = _typed(model, limits, served, inputs).get_concrete_function()
    # encode_mean is empty if q(z|x) has no mean in closed form.
    return {name: function for name, function in traced.items() if function.structured_outputs}
