"""An objective: how many draws z ~ q(z|x) of an image enter the loss, and how they are combined."""

from typing import Any

from tfgvae.types import Model


class Objective:
    """The base class. It has no weights: it is not a layer, and changes no saved file.

    Attributes:
      num_samples: K, draws of z for each image in training.
    """

    num_samples: int = 1
    # Arguments of the constructor that a model supplies: none.
    supplied: tuple[str, ...] = ()

    def check(self, model: Model) -> None:
        """Check that a model can be trained by it.

        Args:
          model: a model whose parts are made.

        Raises:
          ValueError: it cannot; one sentence.
        """

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Objective":
        """The objective of `get_config`."""
        return cls(**config)
