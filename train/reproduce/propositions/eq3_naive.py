"""The naive bound E_p_data(x) E_p(z)[log p(x|z)] (Eq. 3, 4): every z gets the same member of P.

It is Eq. 5 with q(z|x) = p(z). Then q(x|z) = p_data for every z, and the optimum is the member
nearest to p_data for every z.
"""

import numpy as np

from train.reproduce.propositions import members, training
from train.reproduce.propositions.finite import (
    Joint,
    divergence,
    entropy,
    images,
    random_law,
    total_variation,
)
from train.reproduce.propositions.row import Row

COLLAPSES = "the naive bound gives every z the best single member of P"


def rows(settings, rng):
    """The rows of the table, and no curves."""
    space = images(*settings.binary, 2)
    data = random_law((len(space),), rng)
    prior = random_law((settings.num_z,), rng)
    families = {
        "every law": members.Simplex(len(space)),
        "independent pixels": members.Factorised(space, 2),
    }
    found = []
    for name, family in families.items():
        found += collapsed(
            data, np.tile(prior, (len(data), 1)), family, f"P: {name}", settings, rng
        )
    return [*found, fitted(data, families["independent pixels"], settings, rng)], {}


def collapsed(data, inference, family, case, settings, rng):
    """Rows for one P: the largest distance between two trained p(x|z), and the objective.

    Args:
      data: p_data [X].
      inference: the law of z for each x [X, Z]. In the naive bound every row is p(z).
    """
    joint = Joint(data, inference)
    best = members.members(family, family.nearest(data[None]))[0]
    parameters = training.fit(family, joint.table, settings.steps, rng)
    trained = members.members(family, parameters)
    exact = members.members(family, family.nearest(joint.posterior))
    shared = {
        "proposition": "Eq. 3-4",
        "claim": COLLAPSES,
        "condition": "met",
        "case": case,
        "relation": "=",
        "method": "training",
        "expected": "holds",
    }
    return [
        Row(
            **shared,
            quantity="largest TV between p(x|z) of two codes",
            claimed=0,
            exact=spread(exact),
            measured=spread(trained),
            tolerance=2 * training.TOTAL_VARIATION,
        ),
        Row(
            **shared,
            quantity="max E_p(z) log p(x|z), nats",
            claimed=-entropy(data) - divergence(data, best),
            exact=joint.objective(members.log_members(family, family.nearest(joint.posterior))),
            measured=joint.objective(members.log_members(family, parameters)),
            tolerance=training.VALUE,
        ),
    ]


def spread(laws):
    """The largest total variation between two of the laws [Z, X]."""
    return max(float(total_variation(laws, law).max()) for law in laws)


def fitted(data, family, settings, rng):
    """The row on the cost of the collapse: one member of a simple P is not p_data."""
    best = members.members(family, family.nearest(data[None]))[0]
    trained = training.fit_members(family, data[:, None], settings.steps, rng)[0]
    return Row(
        proposition="Eq. 3-4",
        claim="the naive bound fits p_data",
        condition="broken",
        case="P: independent pixels, p_data has others",
        quantity="TV(sum_z p(z) p(x|z), p_data)",
        relation="=",
        claimed=0,
        exact=total_variation(best, data),
        measured=total_variation(trained, data),
        tolerance=training.TOTAL_VARIATION,
        method="training",
        expected="fails",
    )
