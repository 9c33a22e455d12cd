"""Section 4 with a trained q: E_q log p(x|z) = I_q(x; z) - H(x) grows until I(x; z) = H(x).

Then z identifies x. Ancestral sampling is wrong. The Gibbs chain keeps p_data but never leaves its
first image.
"""

import dataclasses

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from train.reproduce.propositions import chain, members, prop3_ancestral, training
from train.reproduce.propositions.finite import (
    Joint,
    entropy,
    images,
    random_law,
    total_variation,
)
from train.reproduce.propositions.row import Row

PREFERS = "without a regulariser z takes all information"
# The error of I at the end of a training: a little mass is still on other codes.
INFORMATION = 1e-2


def train_inference(data, settings, rng):
    """Maximise E_q log p(x|z) over q and p from several starts. P holds every law; Z = 2 X codes.

    Returns:
      The Joints of q at the start and at the end of each training: two lists.
    """
    num_x, num_z = len(data), 2 * len(data)
    start = [
        rng.normal(size=(settings.restarts, num_x, num_z)),
        rng.normal(size=(settings.restarts, num_z, num_x)),
    ]

    def objective(tensors):
        inference, log_p = tf.nn.softmax(tensors[0]), tf.nn.log_softmax(tensors[1])
        return tf.reduce_sum(tf.einsum("x,rxz,rzx->r", data, inference, log_p))

    trained = training.ascend(objective, start, settings.steps)
    return [
        [Joint(data, softmax(logits, axis=-1)) for logits in ends]
        for ends in (start[0], trained[0])
    ]


def rows(settings, rng):
    """Rows with a trained q: the best of several trainings has I(x; z) = H(x).

    I is convex in q(z|x), so some trainings end at a local optimum where two images share a code.
    """
    data = random_law((len(images(*settings.small, 2)),), rng)
    before, after = train_inference(data, settings, rng)
    told = [joint.mutual_information for joint in after]
    started = np.mean([joint.mutual_information for joint in before])
    told_all = Row(
        proposition="Sec. 4",
        claim=PREFERS,
        condition="met",
        case=f"q trained, too, from I = {started:.2f}; best of {settings.restarts}",
        quantity="I(x; z) at the optimum, nats",
        relation="=",
        claimed=entropy(data),
        exact=Joint(data, np.eye(len(data))).mutual_information,
        measured=max(told),
        tolerance=INFORMATION,
        method="training",
        expected="holds",
        note=f"mean over the trainings {np.mean(told):.3f}",
    )
    return [told_all, *sampled(after[int(np.argmax(told))], settings, rng)]


def sampled(joint, settings, rng):
    """Rows on both ways to sample if I(x; z) = H(x); p(z) is uniform."""
    num_x, num_z = joint.table.shape
    steps, start = 100, np.eye(num_x)[joint.data.argmin()]
    laws = chain.laws(start, chain.transition(joint.inference, joint.posterior), steps)
    walk = joint.inference, joint.posterior, steps, settings.num_chains, rng
    shared = {
        "proposition": "Sec. 4",
        "case": "the q trained for I(x; z) = H(x), p(x|z) = q(x|z)",
        "relation": "=",
        "claimed": 0,
        "method": "simulation",
        "tolerance": chain.sampling_error(joint.data, settings.num_chains),
    }
    stuck = Row(
        **{**shared, "tolerance": chain.sampling_error(laws[-1], settings.num_chains)},
        claim="the Gibbs chain still samples right",
        condition="broken",
        quantity=f"TV(law after {steps} steps from one image, p_data)",
        exact=total_variation(laws[-1], joint.data),
        measured=total_variation(chain.simulate(start, *walk)[-1], joint.data),
        expected="fails",
        note="z identifies x: the chain stays at its image; it keeps p_data, but does not reach it",
    )
    kept = Row(
        **shared,
        claim="the Gibbs chain keeps p_data",
        condition="met",
        quantity=f"TV(law after {steps} steps from p_data, p_data)",
        exact=total_variation(joint.aggregate @ joint.posterior, joint.data),
        measured=total_variation(chain.simulate(joint.data, *walk)[-1], joint.data),
        expected="holds",
    )
    even = np.full(num_z, 1 / num_z)
    wrong = prop3_ancestral.sampled(
        joint, members.Simplex(num_x), even, shared["case"], "broken", settings, rng
    )
    return [kept, stuck, dataclasses.replace(wrong, proposition="Sec. 4")]
