"""`from_preset`: the name that users of Keras know for loading trained models."""

import os
from typing import Self

import keras


class PresetMethod(keras.Model):
    """The class method that loads a trained model of the class."""

    @classmethod
    def from_preset(cls, source: str | os.PathLike) -> Self:
        """A trained model of this class.

        Args:
          source: as `tfgvae.from_preset` takes it: a name, a folder, or "hf://user/name".

        Raises:
          ValueError: the preset is a model of another class; and the errors of
            `tfgvae.from_preset`.
        """
        # Imported late: the zoo imports the models.
        from tfgvae.zoo.finding import open_preset

        found = open_preset(source)
        model = found.model()
        if not isinstance(model, cls):
            raise ValueError(
                f"the preset {found.card['name']!r} is a {type(model).__name__}, not a "
                f"{cls.__name__}: use {type(model).__name__}.from_preset, or tfgvae.from_preset"
            )
        return model
