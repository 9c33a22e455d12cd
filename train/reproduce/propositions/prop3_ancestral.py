"""Proposition 3: if q(x|z) is in P for every z and p(z) = q(z), ancestral sampling is correct.

z ~ p(z), x ~ p(x|z) has the law sum_z p(z) p(x|z).
"""

from train.reproduce.propositions import chain, members
from train.reproduce.propositions.finite import images, random_joint, random_law, total_variation
from train.reproduce.propositions.row import Row


def rows(settings, rng):
    """The rows of the table, and no curves."""
    space = images(*settings.binary, 2)
    joint = random_joint(len(space), settings.num_z, rng)
    every, pixels = members.Simplex(len(space)), members.Factorised(space, 2)
    other = random_law((settings.num_z,), rng)
    cases = (
        (every, joint.aggregate, "P: every law; p(z) = q(z)", "met"),
        (every, other, "P: every law; p(z) is not q(z)", "broken"),
        (pixels, joint.aggregate, "p(z) = q(z), but q(x|z) is not in P", "broken"),
    )
    found = [
        sampled(joint, family, prior, case, condition, settings, rng)
        for family, prior, case, condition in cases
    ]
    return found, {}


def sampled(joint, family, prior, case, condition, settings, rng):
    """The row for one P and one p(z): the law of ancestral samples."""
    best = members.members(family, family.nearest(joint.posterior))
    law = prior @ best
    codes = rng.multinomial(settings.num_chains, prior)
    drawn = rng.multinomial(codes, best).sum(0) / settings.num_chains
    return Row(
        proposition="3",
        claim="ancestral samples have the law p_data",
        condition=condition,
        case=case,
        quantity="TV(sum_z p(z) p(x|z), p_data)",
        relation="=",
        claimed=0,
        exact=total_variation(law, joint.data),
        measured=total_variation(drawn, joint.data),
        tolerance=chain.sampling_error(law, settings.num_chains),
        method="simulation",
        expected="holds" if condition == "met" else "fails",
    )
