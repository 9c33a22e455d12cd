"""The peers of the PixelCNN family in pixelcnn_sampling.py.

* `naive_sampler`: a loop over pixels with a full pass of the family's own network for each.
* `KerasPixelCNN`: the family's network as a Keras user writes it, with masked keras.layers.Conv2D.
* `TfpPixelCNN`: tfd.PixelCNN of similar size.

`training_steps` makes training steps of the family and of the last two.
"""

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras

layers = keras.layers


def naive_sampler(family):
    """A tf.function of (params, noise, pixels): the first `pixels` pixels of images [B, H, W, C].

    The loop is in the graph and traced once. A drawn pixel is added to the image with a mask; the
    cost of this is much smaller than that of a pass.

    Args:
      family: an Autoregressive, built, that draws the channels of a pixel from one pass.
    """
    height, width, channels = family.image_shape

    @tf.function
    def sample(params, noise, pixels):
        def one_pixel(k, image):
            i, j = k // width, k % width
            x = family.draw(family.outputs(image, params)[:, i, j], noise[:, i, j])
            here = tf.reshape(tf.one_hot(k, height * width), [1, height, width, 1])
            return k + 1, image + here * x[:, tf.newaxis, tf.newaxis]

        image = tf.zeros([noise.shape[0], height, width, channels])
        start = [tf.constant(0), image]
        return tf.while_loop(lambda k, _: k < pixels, one_pixel, start, parallel_iterations=1)[1]

    return sample


class MaskedConv(layers.Conv2D):
    """Conv2D whose kernel is masked: only its first `rows` rows and `columns` columns remain.

    The kernel is centred at its own position, so the last rows and columns are the positions after
    it in raster order.
    """

    def __init__(self, filters, kernel_size, rows, columns, **kwargs):
        super().__init__(filters, kernel_size, padding="same", **kwargs)
        self.rows, self.columns = rows, columns

    def build(self, x_shape):
        super().build(x_shape)
        self.mask = np.zeros(self.kernel.shape, np.float32)
        self.mask[: self.rows, : self.columns] = 1.0

    def call(self, x):
        x = self.convolution_op(x, self.kernel * self.mask)
        return x if self.bias is None else keras.ops.add(x, self.bias)


class KerasBlock(layers.Layer):
    """The block of layers.gated.GatedBlock for images of one channel.

    Its weights have the same order as those of that block, for `same_weights`.
    """

    def __init__(self, filters, kernel_size, first=False):
        super().__init__()
        reach, self.first = kernel_size // 2, first
        seen = reach if first else reach + 1  # The first block does not see its own position.
        square, line = (kernel_size, kernel_size), (1, kernel_size)
        self.down = MaskedConv(2 * filters, square, seen, kernel_size)
        self.link = layers.Conv2D(2 * filters, 1)
        self.across = MaskedConv(2 * filters, line, 1, seen, use_bias=False)
        self.out = layers.Conv2D(2 * filters, 1)
        self.conditions = [layers.Dense(2 * filters, use_bias=False) for _ in range(2)]

    @staticmethod
    def gate(x):
        a, b = keras.ops.split(x, 2, axis=-1)
        return keras.ops.tanh(a) * keras.ops.sigmoid(b)

    def call(self, v, h, condition):
        """(v', h', skip)."""
        seen = self.down(v) + self.conditions[0](condition)
        across = self.across(h) + self.link(seen) + self.conditions[1](condition)
        residual, skip = keras.ops.split(self.out(self.gate(across)), 2, axis=-1)
        return self.gate(seen), residual if self.first else h + residual, skip


class KerasPixelCNN(keras.Model):
    """The network of `PixelCNN` with two levels and images of one channel."""

    def __init__(self, num_blocks, filters, kernel_size=3):
        super().__init__()
        self.blocks = [KerasBlock(filters, 7, first=True)]
        self.blocks += [KerasBlock(filters, kernel_size) for _ in range(num_blocks)]
        self.hidden = layers.Conv2D(filters, 1, activation="relu")
        self.logits = layers.Conv2D(1, 1)

    def call(self, x, condition):
        """Logits [B, H, W, 1] of images [B, H, W, 1] and conditions [B, 1, 1, K]."""
        v = h = 2.0 * x - 1.0
        total = 0.0
        for block in self.blocks:
            v, h, skip = block(v, h, condition)
            total += skip
        return self.logits(self.hidden(keras.ops.relu(total)))

    def log_prob(self, x, condition):
        """[B] nats."""
        nll = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=self(x, condition))
        return -tf.reduce_sum(nll, axis=[1, 2, 3])

    def num_parameters(self):
        """(all parameters, those that are not masked)."""
        masked = [conv for block in self.blocks for conv in (block.down, block.across)]
        hidden = sum(int(np.sum(1.0 - conv.mask)) for conv in masked)
        return self.count_params(), self.count_params() - hidden


def same_weights(peer, family):
    """Give a built KerasPixelCNN the weights of a PixelCNN, whose kernels have no masked part."""
    for theirs, ours in zip(peer.trainable_variables, family.trainable_variables, strict=True):
        pad = [(0, a - b) for a, b in zip(theirs.shape, ours.shape, strict=True)]
        theirs.assign(np.pad(ours.numpy(), pad))


class TfpPixelCNN:
    """tfd.PixelCNN of two levels without dropout, conditioned on a vector in every block.

    One hierarchy is one scale, as in our network: `num_resnet` blocks in the pass down and as many
    in the pass up. Two levels need one logistic. Images are in [0, 1].

    Args:
      images: images [B, H, W, C] that initialise the weights.
      params: conditions of the images [B, 1, 1, K].
      num_resnet, num_filters: of the network.
    """

    def __init__(self, images, params, num_resnet, num_filters):
        self.distribution = tfp.distributions.PixelCNN(
            images.shape[1:],
            conditional_shape=params.shape[-1:],
            num_resnet=num_resnet,
            num_hierarchies=1,
            num_filters=num_filters,
            num_logistic_mix=1,
            dropout_p=0.0,
            high=1,
            low=0,
        )
        self.log_prob(images, params)
        self.trainable_variables = self.distribution.network.trainable_variables

    def log_prob(self, x, params):
        """[B] nats."""
        return self.distribution.log_prob(x, conditional_input=params[:, 0, 0], training=True)

    def samplers(self, params):
        """{name: function that draws an image for each condition}: eager and as a graph."""
        condition = params[:, 0, 0]

        def draw(condition):
            return self.distribution.sample(len(condition), conditional_input=condition)

        graph = tf.function(draw)
        graph(condition)  # Trace and warm up before timing.
        return {
            "tfd.PixelCNN, eager": lambda: draw(condition).numpy(),
            "tfd.PixelCNN, graph": lambda: graph(condition).numpy(),
        }

    def num_parameters(self):
        """(all parameters, those that are not masked); masks are constraints of the kernels."""
        every = seen = 0
        for variable in self.trainable_variables:
            ones = tf.ones(variable.shape)
            every += int(tf.size(ones))
            seen += int(tf.reduce_sum(variable.constraint(ones) if variable.constraint else ones))
        return every, seen


def _training_step(model, optimizer, images, params):
    """One step in graph mode: a function without arguments that waits for its result."""
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function
    def step(x, c):
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(model.log_prob(x, c))
        # The optimizer of tf_keras applies the masks of tfd.PixelCNN here.
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return lambda: step(images, params).numpy()


def training_steps(family, images, params, network, tfp_network):
    """({name: step of training}, {name: (parameters, not masked)}, difference of log p in nats).

    Each step function is traced and has been called once.

    Args:
      family: a PixelCNN of two levels, built for images of one channel.
      images, params: a batch.
      network: arguments of KerasPixelCNN that give the family's network.
      tfp_network: arguments of TfpPixelCNN.
    """
    peer = KerasPixelCNN(**network)
    peer(images, params)
    same_weights(peer, family)
    ours, theirs = family.log_prob(images, params), peer.log_prob(images, params)
    other = TfpPixelCNN(images, params, **tfp_network)
    count = family.count_params()
    counts = {
        "tfgvae": (count, count),
        "plain Keras": peer.num_parameters(),
        "tfd.PixelCNN": other.num_parameters(),
    }
    if counts["plain Keras"][1] != count:
        raise AssertionError(f"plain Keras has {counts['plain Keras'][1]} parameters, not {count}")
    adams = [keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3), tf_keras.optimizers.Adam()]
    steps = {
        name: _training_step(model, adam, images, params)
        for name, model, adam in zip(counts, (family, peer, other), adams, strict=True)
    }
    for step in steps.values():
        step()
    return steps, counts, float(tf.reduce_max(tf.abs(ours - theirs)))
