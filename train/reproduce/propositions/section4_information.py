"""Section 4, the information preference: the ELBO and R = 0 when P holds every law.

Eq. 10: E_p_data ELBO(x) = -KL(p_data || p) - E KL(q(z|x) || p(z|x)) - H(x). Without a regulariser,
for a given q, max_p E_q log p(x|z) = -H_q(x|z) = I_q(x; z) - H(x).
"""

import numpy as np

from train.reproduce.propositions import members, section4_free_inference, training
from train.reproduce.propositions.finite import (
    divergence,
    entropy,
    random_joint,
    random_law,
)
from train.reproduce.propositions.row import Row

DRIVES = "a P that can model the data drives I(x; z) to 0 under the ELBO"


def rows(settings, rng):
    """The rows of the table, and no curves."""
    joint = random_joint(2 ** int(np.prod(settings.binary)), settings.num_z, rng)
    return [
        identity(joint, settings, rng),
        *lost_information(joint, settings, rng),
        given(joint, settings, rng),
        *section4_free_inference.rows(settings, rng),
    ], {}


def elbo(joint, prior, log_p):
    """E_p_data ELBO = E_q[log p(x|z)] - E KL(q(z|x) || p(z)) (Eq. 8), nats; log_p [Z, X]."""
    return joint.objective(log_p) - joint.data @ divergence(joint.inference, prior)


def identity(joint, settings, rng):
    """Eq. 10 for a random q, p(z) and p(x|z); the ELBO by enumeration and from draws of (x, z)."""
    prior = random_law((joint.table.shape[1],), rng)
    likelihood = random_law(joint.table.T.shape, rng)
    model = (prior[:, None] * likelihood).T  # p(x, z) [X, Z]
    marginal = model.sum(1)
    claimed = (
        -divergence(joint.data, marginal)
        - joint.data @ divergence(joint.inference, model / marginal[:, None])
        - entropy(joint.data)
    )
    counts = rng.multinomial(settings.num_chains, joint.table.ravel() / joint.table.sum())
    terms = np.log(model / joint.inference).ravel()
    mean = counts @ terms / settings.num_chains
    error = np.sqrt(counts @ (terms - mean) ** 2) / settings.num_chains
    return Row(
        proposition="Eq. 10",
        claim="ELBO = -KL(p_data || p) - E KL(q(z|x) || p(z|x)) - H(x)",
        condition="met",
        case="random q(z|x), p(z), p(x|z)",
        quantity="E ELBO, nats",
        relation="=",
        claimed=claimed,
        exact=elbo(joint, prior, np.log(likelihood)),
        measured=mean,
        tolerance=6 * error,
        method="simulation, 6 standard errors",
        expected="holds",
        note="Eq. 10 without H(x) is true up to that constant",
    )


def lost_information(joint, settings, rng):
    """The loss of ELBO by I(x; z) > 0, against its optimum -H(x) at I = 0; p(z) = q(z).

    With one member for all z the loss is E KL(q(z|x) || p(z)). With a tabular F it is 0:
    p(x|z) = q(x|z) is an optimum for every I.
    """
    optimum, prior = -entropy(joint.data), joint.aggregate
    every = members.Simplex(len(joint.data))
    shared = {
        "proposition": "Sec. 4",
        "claim": DRIVES,
        "quantity": f"ELBO lost by I(x; z) = {joint.mutual_information:.3f} nats",
        "relation": ">",
        "claimed": 0,
        "tolerance": training.VALUE,
        "method": "training",
    }
    found = []
    for table, case, condition in (
        (joint.data[:, None], "P: every law; one member for all z", "met"),
        (joint.table, "P: every law; each z has its member", "broken"),
    ):
        laws = (table / table.sum(0)).T
        best = members.log_members(every, every.nearest(laws))
        trained = training.fit(every, table, settings.steps, rng)
        exact, measured = (
            optimum - elbo(joint, prior, np.broadcast_to(log_p, joint.table.T.shape))
            for log_p in (best, members.log_members(every, trained))
        )
        met = condition == "met"
        note = "" if met else "I = 0 is one optimum of many: the ELBO does not depend on I here"
        found.append(
            Row(
                **shared,
                case=case,
                condition=condition,
                exact=exact,
                measured=measured,
                expected="holds" if met else "fails",
                note=note,
            )
        )
    return found


def given(joint, settings, rng):
    """The optimum for a given q: I_q(x; z) - H(x)."""
    every = members.Simplex(len(joint.data))
    trained = training.fit(every, joint.table, settings.steps, rng)
    return Row(
        proposition="Sec. 4",
        claim="without a regulariser the optimum is I_q(x; z) - H(x)",
        condition="met",
        case="P: every law; q given",
        quantity="max E_q log p(x|z), nats",
        relation="=",
        claimed=joint.mutual_information - entropy(joint.data),
        exact=joint.objective(members.log_members(every, every.nearest(joint.posterior))),
        measured=joint.objective(members.log_members(every, trained)),
        tolerance=training.VALUE,
        method="training",
        expected="holds",
    )
