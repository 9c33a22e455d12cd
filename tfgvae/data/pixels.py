"""Geometry of the pixels: crop, grayscale, resize; uint8 in, uint8 out.

The last operation rounds to the 256 levels. So a resized image has levels k / 255 too, and
dequantization noise fills exactly the gaps between them.
"""

import dataclasses

import tensorflow as tf

from tfgvae import checks
from tfgvae.types import Tensor


@dataclasses.dataclass(frozen=True)
class Geometry:
    """The operations on the pixels of every image, in this order: crop, grayscale, resize.

    Attributes:
      image_size: H = W, or (H, W), in pixels; None keeps the size.
      crop: side of a centred square in pixels, "square" for the largest one, "none" for no crop
        even if the set has a default; None is the set's default, if any.
      grayscale: whether RGB becomes its luma; one-channel images stay as they are.
    """

    image_size: int | tuple[int, int] | None = None
    crop: int | str | None = None
    grayscale: bool = False

    def __post_init__(self) -> None:
        checks.boolean("grayscale", self.grayscale)
        if self.crop not in (None, "none", "square"):
            _integer_crop(self.crop)
        if self.image_size is not None:
            object.__setattr__(self, "image_size", _height_width(self.image_size))

    def defaults_from(self, other: "Geometry") -> "Geometry":
        """The same geometry, with the crop and size of `other` if they are None here."""
        return dataclasses.replace(
            self,
            image_size=other.image_size if self.image_size is None else self.image_size,
            crop=other.crop if self.crop is None else self.crop,
        )

    def output_shape(
        self,
        image_shape: tuple[int | None, int | None, int],
        name: str = "the set",
        size_note: str = "its images differ in size",
    ) -> tuple[int, int, int]:
        """(H, W, C) after the geometry; `name` and `size_note` are used in errors."""
        height, width, channels = image_shape
        if isinstance(self.crop, int):
            for side in (height, width):
                if side is not None and side < self.crop:
                    raise ValueError(
                        f"crop must be at most the image's size, {height}x{width} in {name}, "
                        f"got {self.crop}"
                    )
            height = width = self.crop
        elif self.crop == "square" and height is not None and width is not None:
            height = width = min(height, width)
        if self.image_size is not None:
            height, width = _height_width(self.image_size)
        if height is None or width is None:
            raise ValueError(f"{name} needs image_size: {size_note}")
        if self.grayscale and channels not in (1, 3):
            raise ValueError(f"grayscale needs images of 1 or 3 channels, got {channels} in {name}")
        return height, width, 1 if self.grayscale else channels

    def apply(self, image: Tensor) -> Tensor:
        """uint8 [h, w, C] -> uint8 [H, W, C']."""
        if self.crop not in (None, "none"):
            image = _centre_crop(image, self.crop)
        gray = self.grayscale and image.shape[-1] == 3
        resize = self.image_size is not None and tuple(image.shape[:2]) != self.image_size
        if not (gray or resize):
            return image
        pixels = image
        if gray:
            pixels = tf.image.rgb_to_grayscale(tf.cast(image, tf.float32))
        if resize:
            # Without antialias, a smaller image would be a sample of the pixels, not a mean.
            # It takes uint8 and computes in float32. A cast would need four times the memory.
            pixels = tf.image.resize(pixels, self.image_size, "bilinear", antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(pixels), 0.0, 255.0), tf.uint8)


def _integer_crop(crop):
    try:
        return checks.integer("crop", crop, 1)
    except ValueError:
        raise ValueError(
            f"crop must be an integer >= 1, 'square' or 'none', got {crop!r}"
        ) from None


def _height_width(image_size):
    """An int or a pair of ints -> (H, W)."""
    sizes = image_size if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    if len(sizes) != 2:
        raise ValueError(f"image_size must be an integer or (height, width), got {image_size!r}")
    return tuple(checks.size("image_size", size, 1) for size in sizes)


def _centre_crop(image, crop):
    """uint8 [h, w, C] -> uint8 [crop, crop, C], the centre, or half a pixel above and left."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    shortest = tf.minimum(height, width)
    side = shortest if crop == "square" else crop
    fits = tf.debugging.assert_greater_equal(
        shortest, side, message=f"crop must be at most the image's size, got {crop}"
    )
    # In eager mode the assertion has already run.
    with tf.control_dependencies([] if fits is None else [fits]):
        top, left = (height - side) // 2, (width - side) // 2
    cropped = image[top : top + side, left : left + side]
    known = None if crop == "square" else crop
    if crop == "square" and None not in image.shape[:2]:
        known = min(image.shape[:2])
    cropped.set_shape((known, known, image.shape[-1]))
    return cropped
