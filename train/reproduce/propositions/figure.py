"""The propositions as one picture: the table, the chains' convergence, the variance by step."""

import matplotlib.pyplot as plt

from train.reproduce.propositions import table

COLUMNS = (  # Heading, left edge as a fraction of the table's width, function row -> text.
    ("", 0.005, lambda row: row.proposition),
    ("claim", 0.04, lambda row: row.claim),
    ("case", 0.29, lambda row: row.case),
    ("quantity", 0.505, lambda row: row.quantity),
    ("paper", 0.725, table.claimed),
    ("exact", 0.78, lambda row: table.number(row.exact)),
    (
        "measured",
        0.825,
        lambda row: f"{table.number(row.measured)} ± {table.number(row.tolerance)}",
    ),
    ("verdict", 0.905, table.verdict),
)
WIDTH = 19
GREEN, AMBER, RED = "#dff0d8", "#fcf3d6", "#f2c1bd"


def draw(rows, curves):
    """The matplotlib figure: two plots above, the table below."""
    plots, lines = 4.6, 0.22 * (len(rows) + 1)  # Heights in inches.
    height = plots + lines + 0.1
    figure = plt.figure(figsize=(WIDTH, height))
    # Placed by hand, because a layout engine is slow on so many texts.
    bottom, part = (lines + 0.8) / height, (plots - 1.2) / height
    chain = figure.add_axes((0.05, bottom, 0.42, part))
    variance = figure.add_axes((0.55, bottom, 0.42, part))
    plot(chain, curves["chain"], "step of the Gibbs chain", "TV to p_data, from one image")
    chain.set_title("Proposition 2: the chain converges to p_data (line: exact, dots: simulated)")
    chain.set_yscale("symlog", linthresh=1e-4)
    chain.set_ylim(0, 1.5)
    plot(variance, curves["variance"], "step t", "expected posterior variance $V_t$")
    variance.set_title("Proposition 5: variance falls with t (line: exact, dots: trained)")
    variance.set_ylim(bottom=0)
    variance.xaxis.get_major_locator().set_params(integer=True)
    write_table(figure.add_axes((0.005, 0.05 / height, 0.99, lines / height)), rows)
    return figure


def plot(axes, curves, x, y):
    """Lines of exact values by step, with dots of the measured ones."""
    for curve in curves:
        (line,) = axes.plot(curve["step"], curve["exact"], label=curve["label"])
        axes.plot(curve["step"], curve["measured"], "o", color=line.get_color(), markersize=4)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)


def write_table(axes, rows):
    """The rows, shaded by their verdict."""
    axes.set(xlim=(0, 1), ylim=(len(rows), -1))
    axes.axis("off")
    for heading, left, _ in COLUMNS:
        axes.text(left, -0.5, heading, fontsize=8, weight="bold", va="center")
    last = None
    for line, row in enumerate(rows):
        color = RED
        if row.as_expected:
            color = GREEN if row.expected == "holds" else AMBER
        axes.axhspan(line, line + 1, color=color, linewidth=0)
        if row.proposition != last:
            axes.axhline(line, color="black", linewidth=0.6)
            last = row.proposition
        for _, left, text in COLUMNS:
            axes.text(left, line + 0.5, text(row), fontsize=7, va="center")
