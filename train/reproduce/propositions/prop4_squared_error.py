"""Proposition 4: with P = {N(mu, I/2)}, the 2-norm loss (Eq. 9), the optimal f(z) is E_q(x|z)[x].

Its error is sum_i Var_q(x|z)[x_i]: blur is posterior variance.
"""

import numpy as np

from train.reproduce.propositions import members, training
from train.reproduce.propositions.finite import images, random_joint
from train.reproduce.propositions.row import Row

MEAN = "the optimal f(z) is E_q(x|z)[x]"
# The error of a parameter in [0, 1] at the end of a training.
PARAMETER = 5e-3


def rows(settings, rng):
    """The rows of the table, and no curves."""
    points = images(*settings.grey) / (settings.grey[2] - 1)
    joint = random_joint(len(points), settings.grey_z, rng)
    return [
        *fitted(joint, members.Gaussian(points), "met", settings, rng),
        fitted(joint, members.Laplace(points), "broken", settings, rng)[0],
    ], {}


def variance(laws, points):
    """sum_i Var[x_i] of laws [Z, X] on points [X, D]: [Z]."""
    return laws @ (points**2).sum(-1) - ((laws @ points) ** 2).sum(-1)


def fitted(joint, family, condition, settings, rng):
    """Rows for one P whose parameters are images: f(z), and its squared error."""
    points, laws = family.points, joint.posterior
    means = laws @ points
    best, trained = family.nearest(laws), training.fit(family, joint.table, settings.steps, rng)
    squares = ((points - trained[:, None]) ** 2).sum(-1)  # [Z, X]
    met = condition == "met"
    shared = {
        "proposition": "4",
        "condition": condition,
        "relation": "=",
        "method": "training",
        "expected": "holds" if met else "fails",
    }
    case = "P: N(mu, I/2)" if met else "P: Laplace, the 1-norm loss: f(z) is the median"
    return [
        Row(
            **shared,
            case=case,
            claim=MEAN,
            quantity="largest |f(z) - E_q(x|z)[x]| over z and pixels",
            claimed=0,
            exact=np.abs(best - means).max(),
            measured=np.abs(trained - means).max(),
            tolerance=PARAMETER,
        ),
        Row(
            **shared,
            case=case,
            claim="its error is the sum over pixels of Var_q(x|z)[x_i]",
            quantity="E_q |x - f(z)|^2, squared intensities per image",
            claimed=joint.aggregate @ variance(laws, points),
            exact=np.sum(joint.table.T * ((points - best[:, None]) ** 2).sum(-1)),
            measured=np.sum(joint.table.T * squares),
            tolerance=training.VALUE,
        ),
    ]
