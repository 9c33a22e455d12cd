"""Proposition 6: with a factorised discrete P the optimum is p(x_i|z) = q(x_i|z).

The loss is then sum_i H_q(x_i|z): samples have noise instead of blur.
"""

from train.reproduce.propositions import members, training
from train.reproduce.propositions.finite import entropy, images, random_joint, total_variation
from train.reproduce.propositions.row import Row

LOSS = "the loss is sum_i H_q(x_i|z)"


def rows(settings, rng):
    """The rows of the table, and no curves."""
    space = images(*settings.grey)
    pixels = members.Factorised(space, settings.grey[2])
    joint = random_joint(len(space), settings.grey_z, rng)
    parameters = training.fit(pixels, joint.table, settings.steps, rng)
    trained = pixels.marginals(members.members(pixels, parameters))
    distance = total_variation(trained, pixels.marginals(joint.posterior)).max()
    return [
        Row(
            proposition="6",
            claim="the optimum is p(x_i|z) = q(x_i|z)",
            condition="met",
            case="P: independent pixels",
            quantity="largest TV(p(x_i|z), q(x_i|z)) over z and pixels",
            relation="=",
            claimed=0,
            exact=None,
            measured=distance,
            tolerance=training.TOTAL_VARIATION,
            method="training",
            expected="holds",
        ),
        loss(joint, pixels, pixels, "met", settings, rng),
        loss(joint, pixels, members.Simplex(len(space)), "broken", settings, rng),
    ], {}


def loss(joint, pixels, family, condition, settings, rng):
    """The row on the loss -max E_q log p(x|z) of one P.

    Args:
      pixels: the Factorised family of the space, for the entropies.
    """
    parameters = training.fit(family, joint.table, settings.steps, rng)
    best = family.nearest(joint.posterior)
    entropies = entropy(pixels.marginals(joint.posterior)).sum(-1)  # [Z]
    met = condition == "met"
    return Row(
        proposition="6",
        claim=LOSS,
        condition=condition,
        case="P: independent pixels" if met else "P: every law, whose loss is H_q(x|z)",
        quantity="-max E_q log p(x|z), nats per image",
        relation="=",
        claimed=joint.aggregate @ entropies,
        exact=-joint.objective(members.log_members(family, best)),
        measured=-joint.objective(members.log_members(family, parameters)),
        tolerance=training.VALUE,
        method="training",
        expected="holds" if met else "fails",
    )
