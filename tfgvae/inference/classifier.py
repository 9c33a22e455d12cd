"""q(z|x), fixed: z is the class of x, by a trained classifier (Eq. 5).

z is one of e_1, ..., e_K, with the probabilities that the classifier gives to the K classes. The
classifier is frozen, so training fits f alone: the optimum of E_q(x,z)[log p(x|z)] maps
each z to the member of P nearest to q(x|z) (Prop. 1). x is sampled by the Gibbs chain (Eq. 6).
"""

import pathlib
from typing import Any, Self

import keras
import tensorflow as tf

from tfgvae import replicas, weights
from tfgvae.distributions.one_hot import OneHot
from tfgvae.inference.base import Inference
from tfgvae.layers.classifier import ClassifierNetwork
from tfgvae.layers.running_moments import RunningMoments
from tfgvae.messages import reason
from tfgvae.types import BatchShape, Distribution, Shape, Tensor

COMMAND = "python -m train.classifier --dataset=NAME --output=FILE.keras"
SMALLEST = 1e-30  # Keeps the logit of a class with probability 0 finite.


@keras.saving.register_keras_serializable("tfgvae.inference")
class Classifier(Inference):
    """OneHot over the classes of a frozen ClassifierNetwork.

    The prior is p(z) = q(z), so ancestral sampling is right where the Gibbs chain is (Prop. 3). It
    is the mean of q(z|x) over all training batches so far; each image counts as often as it was
    seen. Before the first batch it is uniform.

    Images from a sampler may lie outside [0, 1], as draws of a Gaussian do. They are clipped.

    Args:
      latent_dim: K, the number of classes.
      image_shape: (H, W, C).
      checkpoint: the FILE.keras of `python -m train.classifier`. It is read once, here: a saved
        model contains the network and does not need the file.
      network: the ClassifierNetwork itself, instead of a file.

    Raises:
      ValueError: neither or both of checkpoint and network; no such file, a damaged one, or one
        that holds something else; a network for other images or another number of classes.
    """

    # A network is no value for a configuration; a file's name is.
    supplied = ("latent_dim", "image_shape", "network")

    matches_prior = True

    def __init__(
        self,
        latent_dim: int,
        image_shape: Shape,
        checkpoint: str | None = None,
        network: ClassifierNetwork | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(latent_dim, image_shape, **kwargs)
        if (checkpoint is None) == (network is None):
            raise ValueError(
                "inference 'classifier' needs a trained classifier: make one with "
                f"`{COMMAND}` and give checkpoint=FILE.keras, or give the network itself, not both"
            )
        self.network = read(str(checkpoint)) if network is None else network
        self._check_network()
        # Also weight by weight: in Keras 3.15 the first line alone leaves weights trainable if the
        # network was made from the configuration of a frozen one.
        self.network.trainable = False
        for weight in self.network.weights:
            weight.trainable = False
        self._classes = RunningMoments((self.latent_dim,), mean=1 / self.latent_dim)

    def _check_network(self):
        network = self.network
        if tuple(network.image_shape) != self.image_shape:
            raise ValueError(
                f"the classifier is made for images {tuple(network.image_shape)}, the model for "
                f"{self.image_shape}: train one on this data set with `{COMMAND}`"
            )
        if network.num_classes != self.latent_dim:
            raise ValueError(
                f"z is one of the classifier's {network.num_classes} classes: latent_dim must be "
                f"{network.num_classes}, got {self.latent_dim}"
            )

    def build(self, x_shape: BatchShape | None = None) -> None:
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """Logits [B, K]. The network is frozen, so `training` has no effect."""
        logits = self.network(tf.clip_by_value(x, 0.0, 1.0), training=False)
        return tf.stop_gradient(tf.cast(logits, tf.float32))

    def distribution(self, x: Tensor, training: bool = False) -> Distribution:
        """q(z|x): batch [B], event [K]. In training, the estimate of q(z) is updated."""
        q = OneHot(self(x, training=training), dtype=tf.float32)
        if training:
            replicas.check_whole("the estimate of q(z) of a fixed classifier")
            self._classes.update(q.mean())
        return q

    def prior(self) -> Distribution:
        """p(z) = q(z), estimated."""
        probabilities = tf.convert_to_tensor(self._classes.mean)
        return OneHot(tf.math.log(tf.maximum(probabilities, SMALLEST)), dtype=tf.float32)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["min_stddev"]
        return {**config, "network": keras.saving.serialize_keras_object(self.network)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        if "network" not in config:
            raise ValueError("the file of a fixed q must hold its network")
        network = keras.saving.deserialize_keras_object(config["network"])
        return cls(**{**config, "network": network})


def read(path: str | pathlib.Path) -> ClassifierNetwork:
    """Read a ClassifierNetwork from a file.

    Raises:
      ValueError: there is no such file, it is damaged, or it holds something else.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise ValueError(f"no classifier at {path}: make one with `{COMMAND}`")
    try:
        with weights.limited():
            network = keras.models.load_model(path, compile=False)
    except Exception as error:  # A damaged archive, or a file of another program.
        raise ValueError(
            f"{path} is damaged, or no .keras file: {reason(error)}; `{COMMAND}`"
        ) from error
    if not isinstance(network, ClassifierNetwork):
        kind = type(network).__name__
        raise ValueError(f"{path} holds a {kind}, not the classifier that `{COMMAND}` makes")
    return network
