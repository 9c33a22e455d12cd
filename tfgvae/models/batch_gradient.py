"""The gradient of a training batch: in parts, one after another, or by a graph that XLA compiles.

grad L(batch) = 1/n sum_i grad L(part i),   L the mean over images, n equal parts

Only one part's activations are in memory. Row r of the batch has the same noise in a part as in the
whole batch, so n parts give the gradient of one, up to float rounding. Two things differ. Batch
normalisation takes the moments of a part, and moves its averages n times a step. A regularizer that
compares whole batches with the prior is refused.

XLA compiles what one replica computes alone. With several replicas there is no cross-replica
operation in that graph, so batch normalisation and such a regularizer are refused.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgvae import checks, replicas
from tfgvae.images import check_range, unpack
from tfgvae.types import Model, Tensor

Gradients = tuple[Tensor, dict[str, Tensor], list[Tensor | None]]


def check(model: Model, num_replicas: int) -> None:
    """Check that the model trains with its `accumulate` and `jit` on so many replicas.

    Raises:
      ValueError: values of another type or out of range; a layer that needs the whole batch.
    """
    accumulate = checks.size("accumulate", model.accumulate, 1)
    across = checks.boolean("jit", model.jit) and num_replicas > 1
    for layer in model._flatten_layers():
        if getattr(layer, "batch_level", False) and (accumulate > 1 or across):
            what = f"the regularizer {type(layer).__name__} compares whole batches with the prior"
            if accumulate > 1:
                raise ValueError(
                    f"{what}, and accumulate = {accumulate} shows it parts of them: set "
                    "accumulate = 1, or take a regularizer of single images, such as kl"
                )
            raise ValueError(f"{what}, {_ALONE}: set jit = False")
        if across and isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                f"batch normalisation takes the moments of all replicas, {_ALONE}: set jit = "
                "False, or take norm = 'group' or 'layer'"
            )


_ALONE = "and XLA compiles only what one replica computes alone"


def has_batch_norm(model: Model) -> bool:
    """Whether the model has batch normalisation."""
    return any(isinstance(x, keras.layers.BatchNormalization) for x in model._flatten_layers())


def train_step(model: Model, x: Any, y: Any) -> dict[str, Any]:
    """One step of `fit`, as keras.Model.train_step, on a batch x without targets: the logs."""
    check(model, model.distribute_strategy.num_replicas_in_sync)
    images, _ = unpack(x, model.image_shape, model.num_classes)
    # Here, because XLA leaves assertions out.
    check_range(images, model.family.data_range)
    rows = tf.shape(images)[0]
    place = replicas.place(rows)
    model.observe(images)
    loss, terms, gradients = _compiled(model)(x, *place)
    replicas_in_sync = tf.distribute.get_strategy().num_replicas_in_sync
    # Keras divides a loss by the number of replicas, over which the optimizer sums gradients.
    model._loss_tracker.update_state(loss * replicas_in_sync, sample_weight=rows)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    model.train_batches.assign_add(1)
    return model.compute_metrics(x, y, terms)


def _compiled(model):
    """gradients(x, start, total), in a graph that XLA compiles if the model says so."""

    def gradients(x, start, total):
        return _gradients(model, x, start, total)

    # Like Keras: nothing is compiled where the step runs eagerly.
    if not model.jit or tf.executing_eagerly():
        return gradients
    return tf.function(gradients, jit_compile=True, autograph=False)


def _gradients(model, x, start, total) -> Gradients:
    """The loss, the terms [B] and the gradients of the rows `start` ... of `total`."""
    count = model.accumulate
    across = replicas.context() is not None
    if count == 1:
        return _of_rows(model, x, start, total, whole=not across)
    rows = tf.nest.flatten(x)[0].shape[0]
    if rows is not None and rows % count:
        raise ValueError(
            f"accumulate = {count} needs batches of a multiple of {count} images on each replica, "
            f"got {rows}"
        )
    parts = tf.nest.map_structure(lambda t: tf.reshape(t, [count, -1, *t.shape[1:]]), x)
    size = tf.shape(tf.nest.flatten(parts)[0])[1]

    def of_part(i):
        part = tf.nest.map_structure(lambda t: t[i], parts)
        return _of_rows(model, part, start + i * size, total, whole=False)

    one_by_one = _unrolled if across and not model.jit else _looped
    loss, terms, sums = one_by_one(model, of_part, count)
    terms = {name: tf.reshape(term, [-1]) for name, term in terms.items()}
    return loss / count, terms, [None if s is None else s / count for s in sums]


def _of_rows(model, x, start, total, whole) -> Gradients:
    with replicas.part_of_batch(start, total, whole), tf.GradientTape() as tape:
        terms = model(x, training=True)
        loss = model.compute_loss(x=x, y=None, y_pred=terms, sample_weight=None, training=True)
        scaled = model.optimizer.scale_loss(loss)
    gradients = tape.gradient(scaled, model.trainable_weights)
    return loss, terms, [None if g is None else tf.convert_to_tensor(g) for g in gradients]


def _looped(model, of_part, count) -> Gradients:
    """Sums over parts, and the terms [n, B / n], by a loop: traced once, for any number."""
    connected = set()
    weights = model.trainable_weights

    def body(i, loss, sums, terms):
        more, named, gradients = of_part(i)
        connected.update(k for k, g in enumerate(gradients) if g is not None)
        sums = [s if g is None else s + g for s, g in zip(sums, gradients, strict=True)]
        return i + 1, loss + more, sums, {k: terms[k].write(i, named[k]) for k in terms}

    zeros = [tf.zeros(w.shape, w.dtype) for w in weights]
    terms = {name: tf.TensorArray(tf.float32, count) for name in model.term_names}
    _, loss, sums, terms = tf.while_loop(
        lambda i, *_: i < count,
        body,
        (0, 0.0, zeros, terms),
        parallel_iterations=1,
        maximum_iterations=count,
    )
    sums = [s if k in connected else None for k, s in enumerate(sums)]
    return loss, {name: array.stack() for name, array in terms.items()}, sums


def _unrolled(model, of_part, count) -> Gradients:
    """The same without a loop, in which a cross-replica operation would be an error."""
    loss, terms, sums = of_part(0)
    collected = {name: [terms[name]] for name in model.term_names}
    for i in range(1, count):
        # The next part waits, so that the last one's activations are gone.
        with tf.control_dependencies([s for s in sums if s is not None]):
            more, terms, gradients = of_part(tf.identity(i))
        loss += more
        sums = [s if g is None else s + g for s, g in zip(sums, gradients, strict=True)]
        for name, values in collected.items():
            values.append(terms[name])
    return loss, {name: tf.concat(values, 0) for name, values in collected.items()}, sums
