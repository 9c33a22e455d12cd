"""Averages of the weights (train.ema_momentum), used for validation and pictures.

The optimizer keeps them: after step t, with the weights w_t and the momentum m,

    a_1 = w_1,    a_t = m a_{t-1} + (1 - m) w_t.

Only trainable weights have averages; moving statistics of batch normalisation stay as they are.
"""

import keras


def put_averages(model):
    """Replace the weights of a compiled model by its optimizer's averages, if it keeps any."""
    model.optimizer.finalize_variable_values(model.trainable_variables)


class UseAverages(keras.callbacks.Callback):
    """Gives the model the averages from the start of validation to its own `on_epoch_end`.

    In the list it comes after the callbacks that look at the model and before the one that saves
    it. An error in between ends the run and nothing is saved, so no checkpoint holds the averages
    instead of the weights.
    """

    def __init__(self):
        super().__init__()
        self._weights = None

    def on_test_begin(self, logs=None):
        self._weights = [v.numpy() for v in self.model.trainable_variables]
        put_averages(self.model)

    def on_epoch_end(self, epoch, logs=None):
        self._put_back()

    def on_train_end(self, logs=None):
        # Keras puts the averages at the end of every fit, and a run may need another fit.
        self._put_back()

    def _put_back(self):
        for variable, value in zip(self.model.trainable_variables, self._weights, strict=True):
            variable.assign(value)
