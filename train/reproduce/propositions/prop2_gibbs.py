"""Proposition 2: if q(x|z) is in P for every z, q(z) p(x|z) has marginal p_data, and the Gibbs
chain z ~ q(z|x), x ~ p(x|z) (Eq. 6) converges to it.

At the optimum p(x|z) = q(x|z), and K(x, x') = sum_z q(z|x) q(x'|z) is reversible with respect to
p_data. It converges from every start only if q leads from every image to every other: see
prop2_reducible.py.
"""

import numpy as np

from train.reproduce.propositions import chain, members, prop2_reducible, training
from train.reproduce.propositions.finite import (
    Joint,
    images,
    random_joint,
    random_law,
    total_variation,
)
from train.reproduce.propositions.prop2_reducible import CONVERGES, SHOWN_STEPS
from train.reproduce.propositions.row import Row

MARGINAL = "q(z) p(x|z) has the marginal p_data"
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
        made, drawn = irreducible(joint, family, case, condition, settings, rng)
        found += made
        curves.append(drawn)
    for num_z, case in ((4, "q(z|x) a classifier that is sure of its class"), (None, "z names x")):
        made, drawn = prop2_reducible.rows(free.data, num_z, case, settings, rng)
        found += made
        curves.append(drawn)
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
    K = chain.transition(joint.inference, best)
    # Start from the image with the least probability: the slowest start.
    start = np.eye(len(joint.data))[joint.data.argmin()]
    steps = chain.steps_until(start, K, chain.stationary_law(K), BURN_IN, MOST_STEPS)
    steps = max(SHOWN_STEPS, steps)
    walked = chain.simulate(start, joint.inference, best, steps, settings.num_chains, rng)
    shared = {
        "proposition": "2",
        "condition": condition,
        "case": case,
        "relation": "=",
        "claimed": 0,
        "expected": "holds" if condition == "met" else "fails",
    }
    made = [
        *learned(joint, family, best, K, shared, settings, rng),
        simulated(joint, start, K, walked, shared, settings),
    ]
    if condition == "met":
        made.append(rate(joint, start, K, walked, shared, settings))
    return made, chain.convergence(case, start, K, walked[: SHOWN_STEPS + 1], joint.data)


def learned(joint, family, best, K, shared, settings, rng):
    """Rows on the trained p(x|z): its marginal, and the stationary law by linear algebra."""
    trained = training.fit_members(family, joint.table, settings.steps, rng)
    trained_law = chain.stationary_law(chain.transition(joint.inference, trained))
    return [
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
            exact=total_variation(chain.stationary_law(K), joint.data),
            measured=total_variation(trained_law, joint.data),
            tolerance=training.TOTAL_VARIATION / (1 - chain.contraction(K)),
            method="training, linear algebra",
        ),
    ]


def simulated(joint, start, K, walked, shared, settings):
    """The row on the final law of the simulated chains."""
    steps, law = len(walked) - 1, chain.stationary_law(K)
    last = chain.laws(start, K, steps)[-1]
    left = total_variation(last, law)
    return Row(
        **shared,
        claim=CONVERGES,
        quantity=f"TV(law after {steps} steps, p_data)",
        exact=total_variation(law, joint.data),
        measured=total_variation(walked[-1], joint.data),
        tolerance=chain.sampling_error(last, settings.num_chains) + left,
        method="simulation",
        note=f"rate: second eigenvalue {chain.moduli(K)[1]:.4f}",
    )


def rate(joint, start, K, walked, shared, settings):
    """The row on the rate of a chain that is reversible with respect to p_data.

    TV(law after t steps from x, p_data) <= 1/2 lambda^t sqrt((1 - p_data(x)) / p_data(x)), lambda
    the second eigenvalue (Diaconis and Stroock 1991).
    """
    steps = np.arange(len(walked))
    least = joint.data.min()
    bound = 0.5 * chain.moduli(K)[1] ** steps * np.sqrt((1 - least) / least)
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
