"""Proposition 2 needs more than q(x|z) in P: chains that cannot leave the class of their start.

A deterministic q(z|x) gives the class (Eq. 5's classifier) or the image itself (Section 4's optimum
at I(x; z) = H(x)). It never leads from one class to another. p_data is a stationary law, but not
the only one: a chain from one image stays in its class.
"""

import numpy as np

from train.reproduce.propositions import chain
from train.reproduce.propositions.finite import Joint, total_variation
from train.reproduce.propositions.row import Row

CONVERGES = "the Gibbs chain converges to p_data"
SHOWN_STEPS = 12


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
    steps = 50
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
    return made, chain.convergence(case, start, K, walked[: SHOWN_STEPS + 1], data)
