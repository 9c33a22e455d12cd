"""What Keras's training loop asks of a model: fit, its steps, its metrics; and what it refuses."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgvae import seeds
from tfgvae.distributions.noise import from_noise
from tfgvae.images import check_range, check_spec, first_batch, unpack
from tfgvae.models import batch_gradient
from tfgvae.models.worker_methods import WorkerMethods
from tfgvae.types import Tensor


class TrainingMethods(WorkerMethods):
    """Methods of a model. Its call returns the terms of the objective and adds the losses.

    Attributes:
      accumulate: into how many equal parts `fit` cuts each batch of a replica, one after another
        in memory: see models.batch_gradient. Set it before `fit`.
      jit: whether XLA compiles the gradient of the training step. Noise is the same as without,
        up to float rounding. Set it before `fit`.
    """

    accumulate: int = 1
    jit: bool = False

    def initialize(self, batch: Any) -> None:
        """Set the family's data-dependent weights from a batch. `fit` does this at its start.

        In your own training loop, call it once at the start.
        """
        x, label = unpack(batch, self.image_shape, self.num_classes)
        check_range(x, self.family.data_range)
        seed = seeds.fold_in(self.seed, seeds.INITIALIZATION)
        noise = seeds.batch_normal(seed, tf.shape(x)[0], self.noise_shape)
        z = from_noise(self.posterior(x), noise)
        self.family.initialize(x, self.likelihood(z, label))

    def fit(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **kwargs: Any
    ) -> keras.callbacks.History:
        """Keras's `fit`; a family that needs initialization gets the first batch of x before.

        Raises:
          ValueError: a loss in `compile`; arrays, or a data set whose elements are known, that the
            model refuses; `accumulate` or `jit` with a part that needs the whole batch. It is one
            sentence, before the graph is built.
        """
        batch_gradient.check(self, self.distribute_strategy.num_replicas_in_sync)
        self._check_fit(x)
        if self.family.wants_initialization:
            self.initialize(_images_of(first_batch(x, batch_size or 32)))
        y = _targets(x, y, kwargs.get("sample_weight"))
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, (tuple, list)) and len(held_out) == 3:
            images, targets, weight = held_out
            kwargs["validation_data"] = (images, _targets(images, targets, weight), weight)
        return super().fit(x, y, batch_size, **kwargs)

    def evaluate(
        self, x: Any = None, y: Any = None, batch_size: int | None = None, **kwargs: Any
    ) -> Any:
        """Keras's `evaluate`."""
        return super().evaluate(
            x, _targets(x, y, kwargs.get("sample_weight")), batch_size, **kwargs
        )

    def _check_fit(self, x):
        # Not in `compile`: a model that overrides it is not compiled again by load_model.
        if getattr(self, "loss", None) is not None:
            raise ValueError(
                "the model has its own loss, E[-log p(x|z)] + R(q) (Eq. 7): compile(optimizer) "
                f"without loss, got loss={self.loss!r}"
            )
        if isinstance(x, tf.data.Dataset):
            # Its elements are known without reading any; weights and targets come after images.
            check_spec(_images_of(x.element_spec), self.image_shape)
        elif not (x is None or hasattr(x, "__next__") or _is_distributed(x)):
            batch = _images_of(first_batch(x, 1))
            x, _ = unpack(batch, self.image_shape, self.num_classes)
            check_range(x, self.family.data_range)

    def train_step(self, data: Any) -> dict[str, Any]:
        data = _with_weights(data)
        if self.accumulate == 1 and not self.jit:
            return super().train_step(data)
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        return batch_gradient.train_step(self, x, y)

    def test_step(self, data: Any) -> dict[str, Any]:
        logs = super().test_step(_with_weights(data))
        self.test_batches.assign_add(1)
        return logs

    def predict_step(self, data: Any) -> dict[str, Any]:
        terms = super().predict_step(data)
        self.test_batches.assign_add(1)
        return terms

    def predict(self, *args: Any, **kwargs: Any) -> dict[str, np.ndarray]:
        # Keras's predict, unlike its evaluate, resets nothing.
        self.test_batches.assign(0)
        return super().predict(*args, **kwargs)

    def reset_metrics(self) -> None:
        """Also restart the evaluation noise, so that two evaluations agree."""
        super().reset_metrics()
        self.test_batches.assign(0)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: dict[str, Tensor], sample_weight: Any = None
    ) -> dict[str, Any]:
        for name, tracker in self._trackers.items():
            tracker.update_state(y_pred[name])
        return super().compute_metrics(x, y, y_pred, sample_weight)


def _targets(x, y, weight):
    """y, or zeros in its place: without targets Keras drops the weights of arrays."""
    if y is not None or weight is None or not hasattr(weight, "__len__"):
        return y
    arrays = all(hasattr(part, "shape") for part in tf.nest.flatten(x))
    return np.zeros(len(weight), np.float32) if arrays else y


def _images_of(batch):
    """The images of a batch that may hold targets and weights after them."""
    return batch[0] if isinstance(batch, tuple) else batch


def _is_distributed(x):
    return isinstance(x, tf.distribute.DistributedDataset)


def _with_weights(data):
    """A batch of `fit` whose sample weights, if any, are an entry "weight" of its images."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    if weight is None:
        return data
    return ({**(x if isinstance(x, dict) else {"image": x}), "weight": weight}, y)
