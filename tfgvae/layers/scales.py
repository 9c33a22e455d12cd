"""The pyramid of sizes in convolutional networks."""

import math

from tfgvae import checks
from tfgvae.types import Shape

SMALLEST, LARGEST = 8, 512


def check_image_shape(image_shape: Shape) -> Shape:
    """Return (H, W, C) as ints.

    Raises:
      ValueError: not three integers, sizes outside 8 to 512, or more channels than
        checks.MOST["channels"].
    """
    shape = checks.integers("image_shape", image_shape, 1)
    if len(shape) != 3:
        raise ValueError(f"image_shape must be (height, width, channels), got {image_shape}")
    if not all(SMALLEST <= n <= LARGEST for n in shape[:2]):
        raise ValueError(f"image sizes must be from {SMALLEST} to {LARGEST}, got {shape[:2]}")
    checks.size("channels", shape[2], 1)
    return shape


def pyramid(image_shape: Shape) -> list[tuple[int, int]]:
    """Sizes [(H, W), (H/2, W/2), ...], halved and rounded up until the smaller side is <= 8.

    There is at least one halving: 8 has one scale (to 4), 28 and 32 two, 64 three, 512 six.
    """
    height, width, _ = check_image_shape(image_shape)
    scales = max(1, math.ceil(math.log2(min(height, width) / SMALLEST)))
    return [(-(-height // 2**i), -(-width // 2**i)) for i in range(scales + 1)]


def channels_of(sizes: list[tuple[int, int]], width: int, channels: tuple = ()) -> tuple[int, ...]:
    """One number of channels for each size of a pyramid: `channels`, or `width`, doubled each time.

    Raises:
      ValueError: not one number > 0 for each size.
    """
    if not channels:
        return tuple(width * 2**i for i in range(len(sizes)))
    channels = checks.sizes("channels", channels, 1)
    if len(channels) != len(sizes):
        raise ValueError(
            f"channels must be {len(sizes)} sizes > 0, finest scale first, for images of "
            f"{sizes[0][0]}x{sizes[0][1]}, got {channels}"
        )
    return channels
