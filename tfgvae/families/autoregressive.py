"""P_c(x) = prod_i p(x_i | x_<i, c): families whose pixels are drawn one after another.

The order is that of raster lines, and within a pixel that of the channels. The parameters that the
mapping f gives are the condition c of a network that the family owns.
"""

import tensorflow as tf

from tfgvae import checks
from tfgvae.autoregressive.causal import shift_down, shift_right
from tfgvae.autoregressive.evaluation import WholeImage
from tfgvae.autoregressive.raster import sample
from tfgvae.distributions.autoregressive import AutoregressiveDistribution
from tfgvae.families.base import Family

CONDITIONS = ("vector", "map")


class Autoregressive(Family):
    """A family with a network over the image itself.

    A subclass gives the network as a program for the evaluators of
    autoregressive.evaluation, and the distribution of one sub-pixel.

    Args:
      condition: "vector": f gives `features` numbers [1, 1, features], added in every gate at every
        position; "map": it gives [H, W, features], added at its position.
      features: K.
    """

    has_mean = False

    def __init__(self, condition: str = "vector", features: int = 64, **kwargs):
        super().__init__(**kwargs)
        self.condition = checks.choice("condition", condition, CONDITIONS)
        self.features = checks.integer("features", features, 1)

    def params_shape(self, image_shape):
        size = (1, 1) if self.condition == "vector" else tuple(image_shape[:2])
        return (*size, self.features)

    def build(self, params_shape, x_shape):
        """Build the network for parameters [B, h, w, K] and images [B, H, W, C]."""
        if self.built:
            return
        self.image_shape = tuple(x_shape[1:])
        self.build_network(params_shape)
        self.built = True

    def distribution(self, params):
        return AutoregressiveDistribution(self, params)

    def log_prob(self, x, params, seed=None):
        per_pixel = self.pixel_log_prob(x, self.outputs(x, params, seed))
        return tf.reduce_sum(per_pixel, axis=[1, 2])

    def sample(self, params, noise):
        if not tf.executing_eagerly():
            return sample(self, params, noise)
        # The loops need a graph: traced at the first call. In __dict__: Keras would track it.
        if "_graph_of_sample" not in self.__dict__:
            specs = [tf.TensorSpec([None, *tensor.shape[1:]]) for tensor in (params, noise)]
            traced = tf.function(lambda *args: sample(self, *args), specs, autograph=False)
            self.__dict__["_graph_of_sample"] = traced
        return self.__dict__["_graph_of_sample"](params, noise)

    def outputs(self, x, params, seed=None):
        """The network in one pass: [B, H, W, ...]; position (i, j) sees what comes before it.

        Args:
          x: images [B, H, W, C].
          params: the condition.
          seed: int64 scalar of a training step, for dropout; None evaluates.
        """
        return self.run(WholeImage(params, self.colours, self.dropout, seed), x)

    def run(self, run, x):
        """Both programs over whole images: [B, H, W, ...]. `run` is an evaluator."""
        image = self.network_input(x)
        self.vertical(run, shift_down(image))
        return self.horizontal(run, shift_right(image), image)

    def draw_pixel(self, run, left, noise):
        """One pixel [B, C], colour by colour where the network has them one by one.

        Args:
          run: a autoregressive.incremental.OnePixel.
          left: `network_input` of the pixel to the left.
          noise: the pixel's uniform noise [B, N].
        """
        drawn, image = [], None
        for colour, part in enumerate(tf.split(noise, self.colours, axis=-1)):
            run.start(colour)
            drawn.append(self.draw(self.horizontal(run, left, image), part))
            if colour + 1 < self.colours:
                image = self.network_input(tf.concat(drawn, axis=-1))
        return tf.concat(drawn, axis=-1)

    # --- given by a subclass ----------------------------------------------------------------

    # Groups into which the horizontal stream's channels are cut, and rate of the dropout.
    colours = 1
    dropout = 0.0

    @property
    def input_channels(self):
        """Channels of `network_input`."""
        raise NotImplementedError

    def build_network(self, params_shape):
        """Make and build the layers; `image_shape` is known."""
        raise NotImplementedError

    def network_input(self, x):
        """Pixels [..., C] in [0, 1] as the network sees them; outside the image it sees zeros."""
        raise NotImplementedError

    def scales(self):
        """The layers, a autoregressive.incremental.Scale for each scale, the finest first."""
        raise NotImplementedError

    def vertical(self, run, above):
        """The vertical program, from `network_input` of the image shifted down."""
        raise NotImplementedError

    def horizontal(self, run, left, image):
        """The horizontal program, from `network_input` of the image shifted right: outputs.

        `image` is what the colours of a pixel may see of it: all of it where `run` has the whole
        image, the colours drawn so far where it has a pixel, None before the first.
        """
        raise NotImplementedError

    def draw(self, outputs, noise):
        """What the outputs [B, ...] of a pixel, or a colour of it, and its noise give: [B, n]."""
        raise NotImplementedError

    def pixel_log_prob(self, x, outputs):
        """log p(x_ij | x_<ij, c) summed over the channels: [B, H, W] nats."""
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), "condition": self.condition, "features": self.features}
