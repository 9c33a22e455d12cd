"""Recipes: one file for each, with its differences from base.py."""

import importlib

from configs.catalog import check_name

RECIPES = {
    "seqvae": "the sequential VAE: a chain of steps, each sharper than the last (Section 3)",
    "seqvae_celeba": "the authors' sequential VAE of CelebA, layer by layer (Figure 4)",
    "seqvae_lsun": "the same with 110 latents per step, of LSUN bedrooms (Figure 4)",
    "vae": "the VAE trained by the ELBO: one step, regularizer KL (Eq. 8)",
    "gvae": "any family, mapping, inference and regularizer; MMD by default (Eq. 7)",
    "uvae": "the unregularised VAE: R = 0, sampled by its Gibbs chain (Section 4)",
    "pixelvae": "a gated PixelCNN as P, on binary MNIST; KL by default (Section 4, Figure 5)",
    "pixelvae_authors": "pixelvae with the authors' q of two latents, R = 0, chains of 5 steps",
    "pixelcnn": "the same PixelCNN without a latent, for comparison",
    "pixelvae_pp": "a PixelCNN++ as P, on CIFAR-10; KL by default (Section 4, Figure 6)",
    "pixelcnn_pp": "the same PixelCNN++ without a latent, for comparison",
    "naive": "the bound of Eq. 3, q(z|x) = p(z): a baseline that must collapse",
    "fixedq": "a fixed q(z|x): the class of x by a trained classifier (Eq. 5)",
    "infusion": "infusion training: steps from noise, infused with the image (Section 3)",
    "vae2d": "a VAE with 2 latent dimensions and 2-norm loss on MNIST (Figure 2)",
}


def get_config(recipe):
    """The typed configuration of a recipe, an ml_collections.ConfigDict.

    Raises:
      ValueError: `recipe` is not in RECIPES; the message lists the known names.
    """
    check_name(RECIPES, recipe, "model")
    config = importlib.import_module(f"configs.{recipe}").get_config()
    config.recipe = recipe
    return config
