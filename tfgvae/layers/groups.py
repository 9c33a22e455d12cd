"""How a ladder splits the dimensions of z between its scales."""

from tfgvae import checks
from tfgvae.layers.scales import pyramid
from tfgvae.types import Shape


def latent_groups(
    image_shape: Shape, latent_dim: int, latent_groups: tuple = ()
) -> tuple[int, ...]:
    """Sizes of the latent groups, the finest scale first, the dense top last.

    Without `latent_groups` the dimensions are split evenly, and the top also gets the remainder:
    40 at 64x64 gives (10, 10, 10, 10), the authors' setting for CelebA.

    Raises:
      ValueError: not one size > 0 for each group, sizes that do not add up to latent_dim, or fewer
        dimensions than groups.
    """
    count = len(pyramid(image_shape))
    if latent_groups:
        groups = checks.sizes("latent_groups", latent_groups, 1)
        if len(groups) != count or sum(groups) != latent_dim:
            raise ValueError(
                f"latent_groups must be {count} sizes > 0 (finest scale first, top last) that add "
                f"up to latent_dim = {latent_dim}, got {groups}"
            )
        return groups
    if latent_dim < count:
        raise ValueError(f"latent_dim must be >= {count}, one for each group, got {latent_dim}")
    share = latent_dim // count
    return (*[share] * (count - 1), latent_dim - share * (count - 1))
