"""Proposition 1: the optimum of E_q(x,z)[log p(x|z)] maps each z to the member of P nearest q(x|z).

For a tabular F, E_q(x,z)[log p(x|z)] = -H_q(x|z) - sum_z q(z) KL(q(x|z) || p(x|z)) (Eq. 5). Each
term of the sum over z is largest at the member with the least KL.
"""

import numpy as np

from train.reproduce.propositions import members, training
from train.reproduce.propositions.finite import (
    divergence,
    images,
    random_joint,
    total_variation,
)
from train.reproduce.propositions.row import Row

CLAIM = "the optimum maps each z to the member of P nearest q(x|z)"


def rows(settings, rng):
    """The rows of the table, and no curves."""
    space = images(*settings.binary, 2)
    joint = random_joint(len(space), settings.num_z, rng)
    families = {
        "every law": members.Simplex(len(space)),
        "independent pixels": members.Factorised(space, 2),
        "one parameter": members.Factorised(space, 2, shared=True),
    }
    found = []
    for name, family in families.items():
        found += tabular(joint, family, f"P: {name}", settings, rng)
    return [*found, tied(joint, families["independent pixels"], settings, rng)], {}


def tabular(joint, family, case, settings, rng):
    """Rows for one P: the objective at its optimum, and the member of each z."""
    nearest = members.members(family, family.nearest(joint.posterior))
    trained = training.fit(family, joint.table, settings.steps, rng)
    least = joint.aggregate @ divergence(joint.posterior, nearest)
    distance = total_variation(members.members(family, trained), nearest).max()
    shared = {"proposition": "1", "claim": CLAIM, "condition": "met", "case": case}
    return [
        Row(
            **shared,
            quantity="max E_q log p(x|z), nats",
            relation="=",
            claimed=-joint.conditional_entropy - least,
            exact=joint.objective(members.log_members(family, family.nearest(joint.posterior))),
            measured=joint.objective(members.log_members(family, trained)),
            tolerance=training.VALUE,
            method="training",
            expected="holds",
        ),
        Row(
            **shared,
            quantity="largest TV over z, trained p(x|z) to the nearest member",
            relation="=",
            claimed=0,
            exact=None,
            measured=distance,
            tolerance=training.TOTAL_VARIATION,
            method="training",
            expected="holds",
        ),
    ]


def tied(joint, family, settings, rng):
    """The row for an F that is too small: two codes share a member, which is nearest to neither."""
    pairs = np.repeat(np.arange((joint.table.shape[1] + 1) // 2), 2)[: joint.table.shape[1]]
    pooled = np.stack([joint.table[:, pairs == pair].sum(1) for pair in np.unique(pairs)], axis=1)
    nearest = members.members(family, family.nearest(joint.posterior))
    optimum = members.members(family, family.nearest((pooled / pooled.sum(0)).T))[pairs]
    trained = training.fit_members(family, pooled, settings.steps, rng)[pairs]
    return Row(
        proposition="1",
        claim=CLAIM,
        condition="broken",
        case="F too small: two codes share a member of P, independent pixels",
        quantity="largest TV over z, p(x|z) to the nearest member",
        relation="=",
        claimed=0,
        exact=total_variation(optimum, nearest).max(),
        measured=total_variation(trained, nearest).max(),
        tolerance=training.TOTAL_VARIATION,
        method="training",
        expected="fails",
    )
