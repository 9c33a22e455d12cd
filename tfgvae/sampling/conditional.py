"""The two conditional draws that every sampler is made of: z ~ q(z|x) and x ~ p(x|z)."""

from tfgvae import seeds


def draw_latent(model, x, rows):
    """z ~ q(z|x): [N, *latent_shape] for images [N, H, W, C] and row seeds [N]."""
    return model.posterior_from_noise(x, seeds.normal(rows, model.latent_shape))


def draw_image(model, params, rows, mean):
    """x ~ P_params, or E[x|z] where `mean`: [N, H, W, C] from parameters [N, H, W, K]."""
    if mean:
        return model.family.mean(params)
    noise = seeds.uniform(rows, model.family.noise_shape(model.image_shape))
    return model.family.sample(params, noise)


def encode(model, x, rows):
    """z ~ q(z|x)."""
    return draw_latent(model, x, rows)


def decode(model, z, label, rows, mean):
    """x ~ p(x|z)."""
    return draw_image(model, model.likelihood(z, label), rows, mean)


def reconstruct(model, x, label, rows, mean):
    """z ~ q(z|x), x' ~ p(x|z): one step of the Gibbs chain (Eq. 6)."""
    z = draw_latent(model, x, seeds.fold_in(rows, 0))
    return decode(model, z, label, seeds.fold_in(rows, 1), mean)
