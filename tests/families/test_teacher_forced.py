"""The incremental evaluation of a given image has the outputs of the parallel one, to 1e-5."""

import numpy as np
import pytest
import tensorflow as tf

from tfgvae import seeds
from tfgvae.autoregressive import raster
from tfgvae.families import PixelCNN, PixelCNNPP

GREY, COLOUR = (28, 28, 1), (32, 32, 3)
SMALL = {"num_blocks": 1, "filters": 12, "features": 4}
slow = pytest.mark.slow


class Teacher:
    """A family that draws the pixels it is given, and its network's outputs beside them."""

    def __init__(self, family, num_outputs):
        height, width, self._channels = family.image_shape
        self.image_shape = (height, width, self._channels + num_outputs)
        self._family = family

    def __getattr__(self, name):
        return getattr(self._family, name)

    def network_input(self, x):
        return self._family.network_input(x[..., : self._channels])

    def draw_pixel(self, run, left, noise):
        outputs, image = [], None
        for colour in range(self.colours):
            run.start(colour)
            outputs.append(self._family.horizontal(run, left, image))
            image = self._family.network_input(noise[:, : colour + 1])
        return tf.concat([noise, *outputs], axis=-1)


def perturbed(family, image_shape, params):
    """The family built, with weights and biases away from where they start."""
    family.build(params.shape, (None, *image_shape))
    family.initialize(family.snap(seeds.batch_uniform(1, 2, image_shape)), params)
    for i, variable in enumerate(family.trainable_variables):
        noise = seeds.batch_normal(i, 1, variable.shape)[0]
        variable.assign_add(0.05 * noise)
    return family


@pytest.mark.parametrize(
    ("cls", "image_shape", "options"),
    [
        (PixelCNN, GREY, {}),
        pytest.param(PixelCNNPP, COLOUR, {}, marks=slow),
        pytest.param(PixelCNN, COLOUR, {"levels": 256}, marks=slow),
        pytest.param(PixelCNN, COLOUR, {"condition": "map"}, marks=slow),
        pytest.param(PixelCNN, GREY, {"kernel_size": 5, "num_blocks": 3}, marks=slow),
        pytest.param(PixelCNN, GREY, {"num_blocks": 0, "levels": 3}, marks=slow),
        pytest.param(PixelCNNPP, GREY, {"levels": 2}, marks=slow),
        pytest.param(PixelCNNPP, COLOUR, {"condition": "map"}, marks=slow),
        pytest.param(PixelCNNPP, COLOUR, {"num_scales": 1, "num_blocks": 2}, marks=slow),
        pytest.param(PixelCNNPP, (19, 26, 3), {"num_scales": 4}, marks=slow),
    ],
)
def test_outputs_of_the_incremental_evaluation(cls, image_shape, options):
    family = cls(**{**SMALL, **options})
    params = seeds.batch_normal(0, 2, family.params_shape(image_shape))
    perturbed(family, image_shape, params)
    x = family.snap(seeds.batch_uniform(2, 2, image_shape))
    parallel = family.outputs(x, params)
    teacher = Teacher(family, parallel.shape[-1])
    incremental = tf.function(lambda: raster.sample(teacher, params, x), autograph=False)()
    np.testing.assert_array_equal(incremental[..., : image_shape[2]], x)
    # The perturbed weights give outputs up to 10, whose float32 rounding alone is 1e-6.
    np.testing.assert_allclose(incremental[..., image_shape[2] :], parallel, rtol=2e-6, atol=1e-5)
