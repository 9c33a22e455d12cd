"""The authors' sequential VAE as a plain TensorFlow graph, for comparison with SeqVAE.

The layers of Sequential-Variational-Autoencoder (TensorFlow 0.12), written with operations that
TensorFlow has today: convolutions with bias, fused batch normalisation with offset and no scale,
and one ResourceApplyAdam per weight. As there, batches are always normalised by their own moments,
and no moving averages are kept.
"""

import math

import tensorflow as tf

START = 0.02  # standard deviation of the initial kernels before a normalisation
RATE, BETA_1, BETA_2, EPSILON = 2e-4, 0.9, 0.999, 1e-8  # of Adam in TensorFlow 1
WARMUP = 10000.0  # The weight of the KL is 1 - exp(-step / WARMUP).


def leaky_relu(x):
    """The authors' slope."""
    return tf.nn.leaky_relu(x, 0.1)


class AuthorsGraph:
    """T steps over images [B, H, W, C] in [-1, 1].

    Args:
      image_shape: (H, W, C); H and W are multiples of 2^(S + 1).
      channels: of the S scales, finest first, and of the size below the last one.
      groups: latents of the scales, finest first, and of the top.
      dense: units of the dense layers.
      num_steps: T.

    Attributes:
      weights: the variables, in the order of their use.
    """

    def __init__(self, image_shape, channels, groups, dense, num_steps):
        self.image_shape, self.channels = tuple(image_shape), tuple(channels)
        self.groups, self.dense, self.num_steps = tuple(groups), dense, num_steps
        self.weights, self._building = [], True
        with tf.device("CPU"):
            self.moments_and_images(*(tf.zeros([2, *shape]) for shape in self.shapes()))
        self._building = False
        self._slots = [[tf.Variable(tf.zeros_like(w)) for _ in range(2)] for w in self.weights]
        self._step = tf.Variable(0, dtype=tf.int64)

    def shapes(self):
        """The shapes of an image and of the noise of one image."""
        return self.image_shape, (self.num_steps, sum(self.groups))

    def count(self):
        """The number of weights."""
        return sum(math.prod(w.shape) for w in self.weights)

    # --- layers -----------------------------------------------------------------------------

    def _weight(self, shape, start):
        """The next variable; it is made in the first pass."""
        if self._building:
            self.weights.append(tf.Variable(start(shape)))
            self._used = len(self.weights)
        else:
            self._used += 1
        return self.weights[self._used - 1]

    def _kernel(self, shape, normalized):
        fan = math.prod(shape[:-2]) * (shape[-2] + shape[-1])
        limit = math.sqrt(6 / fan)
        if normalized:
            return self._weight(shape, lambda s: tf.random.normal(s, stddev=START))
        return self._weight(shape, lambda s: tf.random.uniform(s, -limit, limit))

    def _biased(self, x, units, normalized):
        """x + bias, normalised by the moments of the batch."""
        x = tf.nn.bias_add(x, self._weight([units], tf.zeros))
        if not normalized:
            return x
        rows = x if x.shape.rank == 4 else x[:, None, None]
        offset = self._weight([units], tf.zeros)
        scale = tf.ones([units])
        y, _, _ = tf.compat.v1.nn.fused_batch_norm(rows, scale, offset, epsilon=1e-3)
        return y if x.shape.rank == 4 else y[:, 0, 0]

    def _conv(self, x, filters, stride):
        kernel = self._kernel([4, 4, x.shape[-1], filters], normalized=True)
        return leaky_relu(self._biased(tf.nn.conv2d(x, kernel, stride, "SAME"), filters, True))

    def _conv_up(self, x, filters, stride, normalized=True):
        kernel = self._kernel([4, 4, filters, x.shape[-1]], normalized)
        shape = [tf.shape(x)[0], stride * x.shape[1], stride * x.shape[2], filters]
        y = tf.nn.conv2d_transpose(x, kernel, shape, stride, "SAME")
        return self._biased(y, filters, normalized)

    def _dense(self, x, units, normalized=True):
        kernel = self._kernel([x.shape[-1], units], normalized)
        return self._biased(tf.matmul(x, kernel), units, normalized)

    # --- networks ---------------------------------------------------------------------------

    def _flat(self, x):
        return tf.reshape(x, [-1, math.prod(x.shape[1:])])

    def _encoder(self, x, read=None):
        """The features of the scales, and the dense top; `read` is called with each as it comes."""
        features = []
        for filters in self.channels[:-1]:
            x = self._conv(self._conv(x, filters, 2), filters, 1)
            features.append(x)
            if read:
                read(x, self.groups[len(features) - 1])
        x = self._conv(x, self.channels[-1], 2)
        features.append(leaky_relu(self._dense(self._flat(x), self.dense)))
        if read:
            read(features[-1], self.groups[-1])
        return features

    def _inference(self, x):
        """Mean and deviation of q_t(z|x): [B, Z] each."""
        means, deviations = [], []

        def heads(features, latents):
            flat = self._flat(features)
            means.append(self._dense(flat, latents, normalized=False))
            deviations.append(tf.sigmoid(self._dense(flat, latents, normalized=False)))

        self._encoder(x, heads)
        return tf.concat(means, -1), tf.concat(deviations, -1)

    def _generator(self, x, z):
        """The image of a step from its latents, and from the image x of the step before, if any."""
        *groups, top = tf.split(z, self.groups, axis=-1)
        features = None if x is None else self._encoder(x)
        if features:
            image = leaky_relu(self._dense(features[-1], self.dense))
        h = leaky_relu(self._dense(top, self.dense))
        if features:
            h = tf.concat([image, h], -1)
        h = tf.nn.relu(self._dense(h, self.dense))
        smallest = [n // 2 ** len(self.channels) for n in self.image_shape[:2]]
        shape = [*smallest, self.channels[-1]]
        h = tf.reshape(tf.nn.relu(self._dense(h, math.prod(shape))), [-1, *shape])
        for i in reversed(range(len(groups))):
            h = self._conv_up(h, self.channels[i], 2)
            h = tf.nn.relu(h + features[i]) if features else leaky_relu(h)
            latents = leaky_relu(self._dense(groups[i], math.prod(h.shape[1:])))
            h = tf.concat([h, tf.reshape(latents, [-1, *h.shape[1:]])], -1)
            h = leaky_relu(self._conv_up(h, self.channels[i], 1))
        new = 2 * tf.sigmoid(self._conv_up(h, self.image_shape[-1], 2, normalized=False)) - 1
        if x is None:
            return new
        gate = tf.sigmoid(self._conv_up(h, 1, 2, normalized=False))
        return gate * new + (1 - gate) * x

    def moments_and_images(self, x, noise):
        """Of every step: [(mean, deviation)] of q_t, [B, Z] each, and the images [B, H, W, C].

        No gradient passes between the steps.
        """
        self._used, moments, images = 0, [], []
        for t in range(self.num_steps):
            mean, deviation = self._inference(x)
            last = tf.stop_gradient(images[-1]) if images else None
            images.append(self._generator(last, mean + deviation * noise[:, t]))
            moments.append((mean, deviation))
        return moments, images

    # --- training ---------------------------------------------------------------------------

    def loss(self, x, noise, weight=1.0):
        """16 times the squared error of every step plus `weight` times the KL: nats per image."""
        moments, images = self.moments_and_images(x, noise)
        total = tf.add_n([16 * tf.reduce_sum(tf.square(image - x)) for image in images])
        for mean, deviation in moments:
            kl = 0.5 * (tf.square(mean) + tf.square(deviation) - 1) - tf.math.log(deviation)
            total += weight * tf.reduce_sum(kl)
        return total / tf.cast(tf.shape(x)[0], tf.float32)

    def train(self, x):
        """One step of Adam on a batch in [-1, 1], with new noise; returns the loss."""
        step = tf.cast(self._step.assign_add(1), tf.float32)
        noise = tf.random.normal([tf.shape(x)[0], *self.shapes()[1]])
        loss = self.loss(x, noise, 1 - tf.exp(-step / WARMUP))
        powers = tf.pow(BETA_1, step), tf.pow(BETA_2, step)
        gradients = tf.gradients(loss, self.weights)
        for weight, slots, gradient in zip(self.weights, self._slots, gradients, strict=True):
            handles = (variable.handle for variable in (weight, *slots))
            tf.raw_ops.ResourceApplyAdam(
                **dict(zip(("var", "m", "v"), handles, strict=True)),
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=RATE,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )
        return loss
