"""Proposition 2 needs more than q(x|z) in P: chains that cannot leave the class of their start.

A deterministic q(z|x) gives the class (Eq. 5's classifier) or the image itself (Section 4's optimum
at I(x; z) = H(x)). It never leads from one class to another. p_data is a stationary law, but not
the only one: a chain from one image stays in its class.

With a corrupted q, q~(z|x) = sum_x~ C(x~|x) q(z|x~), the same chains converge. With probability
ERASE C takes any image, the same law for every x. So the distance of two chains shrinks by at
least 1 - ERASE in each step.
"""

import numpy as np

from train.reproduce.propositions import chain
from train.reproduce.propositions.finite import Joint, total_variation
from train.reproduce.propositions.row import Row

CONVERGES = "the Gibbs chain converges to p_data"
SHOWN_STEPS = 12
STEPS = 50
ERASE = 0.1


def rows(data, num_z, case, settings, rng):
    """Rows and the curve of a chain that stays in the class of its first image.

    Args:
      data: p_data [X].
      num_z: number of classes, all of the same size; None: each image is a class.
    """
    num_x = len(data)
    joint = Joint(data, np.eye(num_z or num_x)[np.arange(num_x) * (num_z or num_x) // num_x])
    best = joint.posterior
    K = chain.transition(joint.inference, best)
    start = np.eye(num_x)[data.argmin()]
    steps = STEPS
    laws = chain.laws(start, K, steps)
    walked = chain.simulate(start, joint.inference, best, steps, settings.num_chains, rng)
    stayed = chain.simulate(data, joint.inference, best, steps, settings.num_chains, rng)
    shared = {
        "proposition": "2",
        "case": f"P: every law; {case}",
        "relation": "=",
        "tolerance": chain.sampling_error(data, settings.num_chains),
        "method": "simulation",
    }
    made = [
        Row(
            **shared,
            claim="p_data is a stationary law of the Gibbs chain",
            condition="met",
            quantity=f"TV(law after {steps} steps from p_data, p_data)",
            claimed=0,
            exact=total_variation(data @ np.linalg.matrix_power(K, steps), data),
            measured=total_variation(stayed[-1], data),
            expected="holds",
        ),
        Row(
            **shared,
            claim=CONVERGES,
            condition="broken",
            quantity=f"TV(law after {steps} steps from one image, p_data)",
            claimed=0,
            exact=total_variation(laws[-1], data),
            measured=total_variation(walked[-1], data),
            expected="fails",
            note=f"q(x|z) is in P, but there are {len(chain.stationary_laws(K))} stationary laws:"
            " convergence needs a chain that reaches every image",
        ),
    ]
    made.append(corrupted(joint, start, case, settings, rng))
    return made, chain.convergence(case, start, K, walked[: SHOWN_STEPS + 1], data)


def corrupted(joint, start, case, settings, rng):
    """The row of the same q behind a corruption that erases everything now and then.

    Args:
      joint: the Joint without corruption.
      start: the law of the chain's first image [X].
      case, settings, rng: as of `rows`.
    """
    num_x = len(joint.data)
    C = (1 - ERASE) * np.eye(num_x) + ERASE / num_x
    through = Joint(joint.data, C @ joint.inference)
    K = chain.transition(through.inference, through.posterior)
    walked = chain.simulate(
        start, through.inference, through.posterior, STEPS, settings.num_chains, rng
    )
    return Row(
        proposition="2",
        claim=CONVERGES,
        condition="met",
        case=f"P: every law; {case}, corrupted: erased with probability {ERASE:g}",
        quantity=f"TV(law after {STEPS} steps from one image, p_data)",
        relation="<=",
        claimed=0.01,
        exact=total_variation(chain.laws(start, K, STEPS)[-1], joint.data),
        measured=total_variation(walked[-1], joint.data),
        tolerance=chain.sampling_error(joint.data, settings.num_chains),
        method="simulation",
        expected="holds",
        note="R = 0; C(x~|x) > 0 for every x~ makes the chain irreducible",
    )
