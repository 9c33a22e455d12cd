"""f: mappings from latents to the family's parameters. One file and one line here for each."""

from tfgvae.mappings.authors_ladder import AuthorsLadder
from tfgvae.mappings.base import Mapping
from tfgvae.mappings.conv import Conv
from tfgvae.mappings.ladder import Ladder
from tfgvae.mappings.mlp import MLP

MAPPINGS = {
    "authors_ladder": AuthorsLadder,
    "conv": Conv,
    "ladder": Ladder,
    "mlp": MLP,
}

__all__ = ["MAPPINGS", "MLP", "AuthorsLadder", "Conv", "Ladder", "Mapping"]
