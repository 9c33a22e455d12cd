"""Proposition 2: if q(x|z) is in P for every z, q(z) p(x|z) has marginal p_data, and the Gibbs
chain z ~ q(z|x), x ~ p(x|z) (Eq. 6) converges to it.

At the optimum p(x|z) = q(x|z), and K(x, x') = sum_z q(z|x) q(x'|z) is reversible with respect to
p_data. It converges from every start only where q leads from every image to every other: see
`reducible`.
"""

import numpy as np

from train.reproduce.propositions import chain, members, training
from train.reproduce.propositions.finite import (
    Joint,
    images,
    random_joint,
    random_law,
    total_variation,
)
from train.reproduce.propositions.row import Row

MARGINAL = "q(z) p(x|z) has the marginal p_data"
CONVERGES = "the Gibbs chain converges to p_data"
BURN_IN = 1e-6
MOST_STEPS = 200


def rows(settings, rng):
    """The rows of the table, and the curves of total variation by step of the chain."""
    space = images(*settings.binary, 2)
    pixels, every = members.Factorised(space, 2), members.Simplex(len(space))
    free = random_joint(len(space), settings.num_z, rng)
    mixture = factorised_joint(pixels, settings.num_z, rng)
    cases = (
        (free, every, "P: every law", "met"),
        (mixture, pixels, "P: independent pixels, and so are those of q(x|z)", "met"),
        (free, pixels, "P: independent pixels, but q(x|z) has others", "broken"),
    )
    found, curves = [], []
    for joint, family, case, condition in cases:
        made, curve = irreducible(joint, family, case, condition, settings, rng)
        found += made
        curves.append(curve)
    for num_z, case in ((2, "q(z|x) a classifier that is sure of its class"), (None, "z names x")):
        made, curve = reducible(free.data, num_z, case, settings, rng)
        found += made
        curves.append(curve)
    return found, {"chain": curves}


def factorised_joint(family, num_z, rng):
    """A Joint whose q(x|z) are laws of independent pixels, so that p_data is their mixture."""
    components = members.members(family, rng.normal(scale=1.5, size=family.shape(num_z)))
    return Joint.of_components(random_law((num_z,), rng), components)


def irreducible(joint, family, case, condition, settings, rng):
    """Rows and the curve of a chain with one stationary law.

    Args:
      joint, family: q(x, z) and P.
      case, condition: as in Row; "broken" rows are expected to fail.
    """
    best = members.members(family, family.nearest(joint.posterior))
    trained = training.fit_members(family, joint.table, settings.steps, rng)
    K = chain.transition(joint.inference, best)
    law = chain.stationary_law(K)
    exact = total_variation(law, joint.data)
    trained_K = chain.transition(joint.inference, trained)
    shared = {
        "proposition": "2",
        "condition": condition,
        "case": case,
        "relation": "=",
        "claimed": 0,
        "expected": "holds" if condition == "met" else "fails",
    }
    # From the image that p_data has least of: the slowest start.
    start = np.eye(len(joint.data))[joint.data.argmin()]
    steps = chain.steps_until(start, K, law, BURN_IN, MOST_STEPS)
    walked = chain.simulate(start, joint.inference, best, steps, settings.num_chains, rng)
    made = [
        Row(
            **shared,
            claim=MARGINAL,
            quantity="TV(sum_z q(z) p(x|z), p_data)",
            exact=total_variation(joint.aggregate @ best, joint.data),
            measured=total_variation(joint.aggregate @ trained, joint.data),
            tolerance=training.TOTAL_VARIATION,
            method="training",
        ),
        Row(
            **shared,
            claim=CONVERGES,
            quantity="TV(stationary law, p_data), trained p(x|z)",
            exact=exact,
            measured=total_variation(chain.stationary_law(trained_K), joint.data),
            tolerance=training.TOTAL_VARIATION / (1 - chain.contraction(K)),
            method="training, linear algebra",
        ),
        Row(
            **shared,
            claim=CONVERGES,
            quantity=f"TV(law after {steps} steps, p_data)",
            exact=exact,
            measured=total_variation(walked[-1], joint.data),
            tolerance=chain.sampling_error(law, settings.num_chains) + BURN_IN,
            method="simulation",
            note=f"rate: second eigenvalue {chain.moduli(K)[1]:.4f}",
        ),
    ]
    if condition == "met":
        made.append(rate(joint, K, walked, shared, settings))
    return made, curve(case, start, K, walked, joint.data)


def rate(joint, K, walked, shared, settings):
    """The row on the rate of a chain that is reversible with respect to p_data.

    TV(law after t steps from x, p_data) <= 1/2 lambda^t sqrt((1 - p_data(x)) / p_data(x)), lambda
    the second eigenvalue (Diaconis and Stroock 1991).
    """
    steps = np.arange(len(walked))
    least = joint.data.min()
    bound = 0.5 * chain.moduli(K)[1] ** steps * np.sqrt((1 - least) / least)
    start = np.eye(len(joint.data))[joint.data.argmin()]
    laws = chain.laws(start, K, len(walked) - 1)
    return Row(
        **{**shared, "relation": "<="},
        claim="the chain converges at the rate of its second eigenvalue",
        quantity="largest TV(law after t steps, p_data) above its bound, over t",
        exact=(total_variation(laws, joint.data) - bound).max(),
        measured=(total_variation(walked, joint.data) - bound).max(),
        tolerance=max(chain.sampling_error(law, settings.num_chains) for law in laws),
        method="simulation",
    )


def reducible(data, num_z, case, settings, rng):
    """Rows and the curve of a chain that q keeps in the class of images it starts in.

    Args:
      data: p_data [X].
      num_z: classes, of as many images each; None: each image is its own.
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
            note=f"q(x|z) is in P, yet {len(chain.stationary_laws(K))} stationary laws:"
            " convergence needs a chain that reaches every image",
        ),
    ]
    return made, curve(case, start, K, walked, data)


def curve(case, start, K, walked, data):
    """Total variation to p_data by step: exact, and of the simulated chains."""
    steps = min(12, len(walked) - 1)
    return {
        "label": case,
        "step": list(range(steps + 1)),
        "exact": total_variation(chain.laws(start, K, steps), data).tolist(),
        "measured": total_variation(walked[: steps + 1], data).tolist(),
    }
