"""Proposition 5: in the sequential VAE the expected posterior variance falls with the step t.

Step t gets z(t) ~ q_t(z|x) and x(t-1). With the 2-norm loss its optimum is x(t) = E[x | z(t),
x(t-1)] (Prop. 4), and its error is V_t = E sum_i Var[x_i | z(t), x(t-1)]. Passing on x(t) instead
of z(1..t) loses nothing: E[x | x(t)] = x(t), so E Var[x | x(t)] = V_t, and by the law of total
variance

    V_t = V_(t-1) - E sum_i Var( E[x_i | z(t), x(t-1)] | x(t-1) ).

So V_t <= V_(t-1), with equality if z(t) does not change the conditional mean. If x(t-1) is a draw
from P instead of its mean, information is lost and V_t may rise.
"""

import numpy as np

from train.reproduce.propositions import members, training
from train.reproduce.propositions.finite import Joint, images, random_law
from train.reproduce.propositions.prop4_squared_error import variance
from train.reproduce.propositions.row import Row

FALLS = "expected posterior variance falls with t"
STRICTLY = "... strictly, where z(t) tells something of x"
# V_t is a mean of squares of trained means.
TOLERANCE = 1e-4


def rows(settings, rng):
    """The rows of the table, and the curves of V_t."""
    points = images(*settings.grey) / (settings.grey[2] - 1)
    data = random_law((len(points),), rng)
    telling = [
        random_law((len(points), settings.step_z), rng) for _ in range(settings.chain_length)
    ]
    silent = [*telling[:2], *(np.full_like(q, 1 / settings.step_z) for q in telling[2:])]
    exact, trained = variances(data, telling, points, settings, rng)
    still, still_trained = variances(data, silent, points, settings, rng)
    found = [
        change(FALLS, "z(t) ~ q_t(z|x), x(t-1) its mean", "met", "<=", exact, trained),
        change(STRICTLY, "z(t) ~ q_t(z|x), x(t-1) its mean", "met", ">", exact, trained),
        change(FALLS, "z(3), ... tell nothing", "met", "<=", still, still_trained),
        change(STRICTLY, "z(3), ... tell nothing: V_t stays", "broken", ">", still, still_trained),
        parity(settings, rng),
        drawn(data, telling[0], points, settings, rng),
    ]
    steps = list(range(1, settings.chain_length + 1))
    curves = [
        {"label": "z(t) informative", "step": steps, "exact": exact, "measured": trained},
        {"label": "z(3), ... tell nothing", "step": steps, "exact": still,
         "measured": still_trained},
    ]  # fmt: skip
    return found, {"variance": curves}


def step(state, inference, points):
    """One step of the chain by enumeration.

    Args:
      state: the law of (x(t-1), x): [S, X], one row for each value of x(t-1).
      inference: q_t(z|x) [X, Z].
      points: [X, D].

    Returns:
      The law of (x(t-1), z(t), x) as [S * Z, X], V_t, and the law of (x(t), x), in which rows with
      equal x(t) are merged.
    """
    table = (state[:, None] * inference.T).reshape(-1, state.shape[1])
    table = table[table.sum(1) > 0]
    laws = table / table.sum(1, keepdims=True)
    _, label = np.unique((laws @ points).round(10), axis=0, return_inverse=True)
    merged = np.zeros((label.max() + 1, state.shape[1]))
    np.add.at(merged, label.ravel(), table)
    return table, float(table.sum(1) @ variance(laws, points)), merged


def variances(data, inferences, points, settings, rng):
    """V_1, ..., V_T, exactly and as the squared error of a trained f_t(z(t), x(t-1)): two lists."""
    state, exact, trained = data[None], [], []
    for inference in inferences:
        table, left, state = step(state, inference, points)
        exact.append(left)
        trained.append(squared_error(table, points, settings, rng))
    return exact, trained


def squared_error(table, points, settings, rng):
    """The least E |x - f|^2 by training; f is a table over the rows of the law `table` [S, X]."""
    means = training.fit(members.Gaussian(points), table.T, settings.steps, rng)
    return float(np.sum(table * ((points - means[:, None]) ** 2).sum(-1)))


def change(claim, case, condition, relation, exact, trained, note=""):
    """The row on the steps of a chain: "<=" on the largest rise, ">" on the smallest fall."""
    sign = {"<=": 1, ">": -1}[relation]
    pick = {"<=": max, ">": min}[relation]
    return Row(
        proposition="5",
        claim=claim,
        condition=condition,
        case=case,
        quantity={"<=": "largest V_t - V_(t-1)", ">": "smallest V_(t-1) - V_t"}[relation],
        relation=relation,
        claimed=0,
        exact=pick(sign * np.diff(exact)),
        measured=pick(sign * np.diff(trained)),
        tolerance=TOLERANCE,
        method="training",
        expected="holds" if condition == "met" else "fails",
        note=note,
    )


def parity(settings, rng):
    """z(2) is the parity of two fair pixels: I(x; z(2)) = log 2, but no mean changes."""
    points = images(1, 2, 2).astype(float)
    data = np.full(4, 0.25)
    inferences = [np.ones((4, 1)), np.eye(2)[points.sum(1).astype(int) % 2]]
    told = Joint(data, inferences[1]).mutual_information
    exact, trained = variances(data, inferences, points, settings, rng)
    return change(
        STRICTLY,
        "z(2) is the parity of two fair pixels: V_t stays",
        "broken",
        ">",
        exact,
        trained,
        f"I(x; z(2)) = {told:.3f} nats, but E[x|z(2)] = E[x]: information need not lower variance",
    )


def drawn(data, inference, points, settings, rng):
    """x(1) is drawn from P and z(2) has no information: V_2 > V_1.

    The pixels of x(1) are independent, 0 or 1, with the means E[x_i|z(1)].
    """
    table, first, _ = step(data[None], inference, points)
    means = (table / table.sum(1, keepdims=True)) @ points  # [Z, D]
    binary = images(1, points.shape[1], 2)
    draws = np.prod(np.where(binary, means[:, None], 1 - means[:, None]), axis=-1)  # [Z, drawn]
    state = draws.T @ table  # [drawn, X]
    silent = np.ones((len(data), 1))
    table_2, second, _ = step(state, silent, points)
    trained = [squared_error(found, points, settings, rng) for found in (table, table_2)]
    return change(
        FALLS,
        "x(1) a draw from P, not its mean; z(2) tells nothing",
        "broken",
        "<=",
        [first, second],
        trained,
        "the claim needs x(t-1) to be the mean of step t-1",
    )
