"""Sharpness against closed forms: sinusoids, quadratics, white noise, Parseval."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats

from tfgvae.estimators.sharpness import laplacian_variance, octave_power, sharpness

H, W = 16, 12
SIGMA = 0.3


def noise(count, channels=1, seed=0):
    return SIGMA * np.random.default_rng(seed).normal(size=(count, H, W, channels))


def sinusoid(k_row, k_column, amplitude=0.4):
    i, j = np.mgrid[:H, :W]
    phase = 2 * np.pi * (k_row * i / H + k_column * j / W) + 0.3
    return (0.5 + amplitude * np.cos(phase))[None, :, :, None]


@pytest.mark.parametrize(
    "k_row, k_column, inside",
    [(3, 0, False), (4, 0, True), (7, 1, True), (0, 2, False), (0, 3, True), (3, 2, False)],
)
def test_a_sinusoid_is_in_the_top_octave_or_not(k_row, k_column, inside):
    # Frequencies k_row / 16 and k_column / 12 against 1/4; the power of a sinusoid is a^2 / 2.
    top, total = octave_power(sinusoid(k_row, k_column))
    np.testing.assert_allclose(total, 0.4**2 / 2)
    np.testing.assert_allclose(top, 0.4**2 / 2 if inside else 0, atol=1e-12)
    found = sharpness(sinusoid(k_row, k_column)).top_octave_share
    assert found.value == pytest.approx(float(inside), abs=1e-12)


def test_the_laplacian_of_a_sinusoid_is_its_eigenvalue():
    # Along whole interior rows of a wave in the rows alone: l = -(2 - 2 cos w) (x - 1/2).
    x, w = sinusoid(4, 0), 2 * np.pi * 4 / H
    expected = (2 - 2 * np.cos(w)) ** 2 * x[0, 1:-1, 1:-1].var()
    np.testing.assert_allclose(laplacian_variance(x), expected)


def test_the_laplacian_of_a_quadratic_is_constant():
    i, j = np.mgrid[:H, :W] / 10
    x = 0.3 * i**2 - 0.2 * j**2 + 0.7 * i * j + i - 2 * j + 4
    np.testing.assert_allclose(laplacian_variance(x[None, :, :, None]), 0, atol=1e-24)


def test_the_laplacian_is_scipys():
    x = noise(3, channels=2)
    expected = [
        np.mean([scipy.ndimage.laplace(image[..., c])[1:-1, 1:-1].var() for c in range(2)])
        for image in x
    ]
    np.testing.assert_allclose(laplacian_variance(x), expected)


def test_white_noise_has_twenty_times_its_variance():
    # E Var[l] = 20 sigma^2 - Var[mean l], and mean l is linear in the pixels.
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    weights = np.zeros([H, W])
    for i in range(1, H - 1):
        for j in range(1, W - 1):
            weights[i - 1 : i + 2, j - 1 : j + 2] += kernel / ((H - 2) * (W - 2))
    expected = SIGMA**2 * (20 - np.square(weights).sum())
    assert expected == pytest.approx(20 * SIGMA**2, rel=0.01)
    found = sharpness(noise(1500)).laplacian_variance
    assert abs(found.value - expected) < 5 * found.standard_error


def test_white_noise_has_equal_power_at_every_frequency():
    counted = sum(
        max(min(i, H - i) / H, min(j, W - j) / W) >= 0.25 for i in range(H) for j in range(W)
    )
    found = sharpness(noise(1500)).top_octave_power
    expected = SIGMA**2 * counted / (H * W)
    assert abs(found.value - expected) < 5 * found.standard_error


def test_the_powers_sum_to_the_variance():
    x = noise(4, channels=3)
    np.testing.assert_allclose(octave_power(x)[1], x.var(axis=(1, 2)).mean(axis=-1))


def test_the_spectrum_is_the_naive_sum():
    x = np.random.default_rng(1).normal(size=(5, 4))
    top = 0.0
    for k in range(5):
        for m in range(4):
            if max(min(k, 5 - k) / 5, min(m, 4 - m) / 4) < 0.25:
                continue
            i, j = np.mgrid[:5, :4]
            wave = np.exp(-2j * np.pi * (k * i / 5 + m * j / 4))
            top += abs((x * wave).sum() / 20) ** 2
    np.testing.assert_allclose(octave_power(x[None, :, :, None])[0], top)


def test_it_does_not_depend_on_brightness_and_goes_with_the_square_of_contrast():
    x = noise(20)
    one, shifted, scaled = sharpness(x), sharpness(x + 0.25), sharpness(3 * x)
    for name in ("laplacian_variance", "top_octave_power", "top_octave_share"):
        value = getattr(one, name).value
        assert getattr(shifted, name).value == pytest.approx(value)
        factor = 1 if name == "top_octave_share" else 9
        assert getattr(scaled, name).value == pytest.approx(factor * value)


def test_blur_lowers_all_of_it():
    x = np.random.default_rng(0).uniform(size=(30, H, W, 1))
    blurred = scipy.ndimage.gaussian_filter(x, sigma=(0, 1, 1, 0), mode="wrap")
    sharp, soft = sharpness(x), sharpness(blurred)
    # The filter multiplies every |X(f)| by less than 1, and by less the higher f is.
    assert soft.laplacian_variance.value < sharp.laplacian_variance.value
    assert soft.top_octave_power.value < sharp.top_octave_power.value
    assert soft.top_octave_share.value < sharp.top_octave_share.value


def test_an_image_without_contrast_has_no_power():
    found = sharpness(np.full([3, 7, 9, 3], 0.1, np.float32))
    for estimate in (found.laplacian_variance, found.top_octave_power, found.top_octave_share):
        assert estimate.value == pytest.approx(0, abs=1e-15)
        assert estimate.standard_error == pytest.approx(0, abs=1e-15)


def test_error_bars_are_of_the_mean_over_images_whatever_the_batches():
    x = noise(600)
    found = sharpness(x)
    np.testing.assert_allclose(
        found.laplacian_variance.standard_error, scipy.stats.sem(laplacian_variance(x))
    )
    np.testing.assert_allclose(
        found.top_octave_power.standard_error, scipy.stats.sem(octave_power(x)[0])
    )
    assert found.top_octave_share.count == 600


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros([0, 8, 8, 1]), r"expected images \[N, H, W, C\]"),
        (np.zeros([2, 8, 8]), r"expected images \[N, H, W, C\]"),
        (np.zeros([2, 2, 8, 1]), "H and W >= 3"),
        (np.full([2, 8, 8, 1], np.nan), "finite pixels"),
    ],
)
def test_what_are_no_images_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        sharpness(images)
