"""Images of any number of channels, and of sides up to 512: what takes them, what refuses."""

import keras
import numpy as np
import pytest

import tfgvae
from tfgvae import data, seeds
from tfgvae.layers import scales
from train import pictures

INFERENCE = {"name": "gaussian", "width": 2, "dense": (4,)}
CONV = {"name": "conv", "width": 2, "dense": (4,)}
MLP = {"name": "mlp", "dense": (4,)}  # A PixelCNN takes a vector.


def gvae(image_shape, mapping=CONV, **options):
    options = {"inference": INFERENCE, "mapping": mapping, **options}
    return tfgvae.GVAE(image_shape, latent_dim=2, seed=1, **options)


@pytest.mark.parametrize(
    ("channels", "family"),
    [
        (5, {"name": "gaussian", "learned": "pixel"}),
        (2, {"name": "categorical", "levels": 3}),
        (5, {"name": "discretized_logistic", "levels": 7}),
        (2, {"name": "pixelcnn", "num_blocks": 1, "filters": 4, "features": 4}),
    ],
)
def test_a_model_takes_any_number_of_channels(channels, family):
    mapping = MLP if family["name"] == "pixelcnn" else CONV
    model = gvae((8, 8, channels), mapping, family=family)
    x = model.family.snap(seeds.batch_uniform(0, 4, (8, 8, channels)))
    terms = model(x)
    assert terms["elbo"].shape == (4,) and np.isfinite(terms["elbo"]).all()
    drawn = model.ancestral_sample(3, seed=0)
    assert drawn.shape == (3, 8, 8, channels) and np.isfinite(drawn).all()
    # Every channel counts.
    params = model.mapping(seeds.batch_normal(1, 4, (2,)))
    log_prob = model.family.log_prob(x, params)
    for channel in range(channels):
        other = np.array(x)
        other[..., channel] = other[::-1, ..., channel]
        assert not np.allclose(model.family.log_prob(other, params), log_prob)


def test_a_network_whose_filters_are_no_multiple_says_so():
    with pytest.raises(ValueError, match="multiple of the 5 channels of the image, got 4"):
        gvae((8, 8, 5), MLP, family={"name": "pixelcnn", "filters": 4})(np.zeros((1, 8, 8, 5)))


def test_pictures_show_one_or_three_channels():
    for channels, shown in ((1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 1, 2]), (5, [0, 1, 2])):
        image = np.arange(channels) / 10 * np.ones((1, 1, 64, 64, channels))
        found = pictures.grid(image)[10, 10]
        np.testing.assert_array_equal(found, np.round(25.5 * np.array(shown)))


def test_no_png_file_of_five_channels(tmp_path):
    with pytest.raises(ValueError, match=r"PNG files need images of 1 or 3 channels .* got 5"):
        tfgvae.export(gvae((8, 8, 5)), tmp_path / "five", png=True)
    assert not list(tmp_path.iterdir())


def test_arrays_of_five_channels_are_data_and_have_no_grey():
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 5), np.uint8)
    (batch,) = data.load({"image": x}, batch_size=6)
    np.testing.assert_array_equal(np.rint(255 * batch["image"].numpy()), x)
    with pytest.raises(ValueError, match="grayscale needs images of 1 or 3 channels, got 5"):
        data.load({"image": x}, batch_size=6, grayscale=True)


@pytest.mark.parametrize(
    ("side", "sizes"), [(8, (8, 4)), (64, (64, 32, 16, 8)), (512, (512, 256, 128, 64, 32, 16, 8))]
)
def test_the_pyramid_ends_at_eight(side, sizes):
    assert scales.pyramid((side, side, 3)) == [(n, n) for n in sizes]


@pytest.mark.slow
def test_a_model_of_the_largest_images_trains():
    side = scales.LARGEST
    steps = {"num_steps": 2, "latent_dim": 7, "width": 1, "dense": (4,), "kernel_size": 3}
    for model in (gvae((side, side, 3)), tfgvae.SeqVAE((side, side, 3), seed=0, **steps)):
        model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
        x = seeds.batch_uniform(0, 2, (side, side, 3))
        assert np.isfinite(model.fit(x, batch_size=2, verbose=0).history["loss"]).all()
        assert model.ancestral_sample(1, seed=0).shape == (1, side, side, 3)
