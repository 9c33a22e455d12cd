"""`model.export`: Keras's name for writing a SavedModel, with the signatures of tfgvae."""

import os
import pathlib
from typing import Any

import keras


class ExportMethod(keras.Model):
    """The method of a model that a user of Keras expects after `fit`."""

    def export(
        self,
        filepath: str | os.PathLike,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> pathlib.Path:
        """Write the model at `filepath` as `tfgvae.export` writes a version: one SavedModel.

        `tf.saved_model.load(filepath).signatures` has a function for each sampler. To write the
        next version of a model for TensorFlow Serving, use `tfgvae.export(model, folder)`; for a
        run, with the files that start a server, `python -m export.run`.

        Args:
          filepath: a folder that does not exist, or is empty.
          format: "tf_saved_model", the only one.
          verbose: False prints nothing.
          input_signature: must be None: the signatures are those of the samplers.

        Returns:
          The folder, a pathlib.Path.

        Raises:
          ValueError: another format, an input_signature, another option of Keras's `export`, or a
            weight that is NaN or infinite.
          OSError: the folder is not empty, or cannot be written.
        """
        if format != "tf_saved_model":
            raise ValueError(
                f"format must be 'tf_saved_model', got {format!r}: tfgvae writes SavedModels only"
            )
        if input_signature is not None:
            kwargs = {"input_signature": input_signature, **kwargs}
        if kwargs:
            raise ValueError(
                f"export takes no {', '.join(sorted(kwargs))}: the signatures are those of the "
                "samplers (encode, decode, ...)"
            )
        # Imported late: the package `export` imports this one.
        from export.bundle import write_folder

        folder = write_folder(self, filepath)
        if verbose or verbose is None:
            print(f"Saved artifact at '{folder}'. Its signatures are the samplers.")
        return folder
