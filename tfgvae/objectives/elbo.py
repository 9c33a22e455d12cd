"""E_q(z|x) [log p(x|z)] - R(q), from one draw of z (Eq. 7); with R = KL the ELBO (Eq. 8)."""

import keras

from tfgvae.objectives.base import Objective


@keras.saving.register_keras_serializable("tfgvae.objectives")
class ELBO(Objective):
    """The loss -log p(x|z) + R(q) with one z ~ q(z|x) for each image; any regularizer."""
