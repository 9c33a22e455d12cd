"""Plots as inline SVG. Lines and text have the page's text colour, in light and dark mode."""

import io
import itertools
import re

import matplotlib
import matplotlib.figure
import matplotlib.ticker
import numpy as np

# matplotlib draws in this colour; `svg` replaces it by the page's text colour.
INK = "#010203"
# Medium lightness: visible on white and on black.
COLOURS = ("#3b82d6", "#e07b1a", "#2f9e62", "#a066d3", "#d0455f")
COLOURS += ("#8f8420", "#1597a5", "#c95fa8", "#a8683c", "#76818d")
STYLE = {
    "svg.fonttype": "none",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
}
SIZE = (4.6, 3.0)  # inches of 72 CSS pixels: the text is readable on a phone


def _values(numbers):
    """A float array. None, JSON's value for numbers that are not finite, becomes NaN: not drawn."""
    return np.array([np.nan if v is None else v for v in numbers], float)


def _draw(axes, curve, colour):
    x, y = _values(curve.x), _values(curve.y)
    error = None if curve.error is None else _values(curve.error)
    if curve.style == "bars":
        axes.bar(x, y, width=0.8 * _spacing(x), color=colour, label=curve.name, yerr=error)
    elif curve.style == "points":
        axes.errorbar(x, y, error, fmt="o", markersize=3.5, color=colour, label=curve.name)
    elif curve.style == "dashed":
        axes.plot(x, y, "--", color=INK, label=curve.name, linewidth=1.1, zorder=3)
    elif curve.style == "dotted":
        axes.plot(x, y, ":", color=INK, label=curve.name, linewidth=1.4, zorder=3)
    else:
        axes.plot(x, y, color=colour, label=curve.name, linewidth=2)
        if error is not None:
            # Two standard errors: about 95 %.
            axes.fill_between(x, y - 2 * error, y + 2 * error, color=colour, alpha=0.2, linewidth=0)


def _spacing(x):
    return float(np.min(np.diff(np.unique(x)))) if len(np.unique(x)) > 1 else 1.0


def _figure(plot):
    figure = matplotlib.figure.Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    colours = itertools.cycle(COLOURS)
    for curve in plot.curves:
        _draw(axes, curve, next(colours))
    dashes = itertools.cycle(("-.", ":", "--"))
    for name, level in plot.levels.items():
        axes.axhline(level, color=INK, linewidth=1, linestyle=next(dashes), label=name)
    for name, mark in plot.marks.items():
        axes.axvline(mark, color=INK, linewidth=1.4, linestyle=next(dashes), label=name)
    axes.set_xlabel(plot.x_label)
    axes.set_ylabel(plot.y_label)
    if len(plot.curves) + len(plot.levels) + len(plot.marks) > 1:
        figure.legend(loc="outside lower center", ncols=2, fontsize=8.5)
    axes.set_xscale(plot.x_scale)
    axes.set_yscale(plot.y_scale)
    if plot.x_scale == "log":  # matplotlib's ticks overlap on less than a decade.
        ticks = _values(plot.curves[0].x)
        axes.set_xticks(ticks[:: 1 + len(ticks) // 9], minor=False)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    elif all(float(x) == int(x) for curve in plot.curves for x in curve.x):
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(integer=True))
    axes.margins(y=0.1)
    if plot.y_limits:
        axes.set_ylim(plot.y_limits)
    return figure


def svg(plot, name):
    """A Plot as an <svg> element: a string.

    Args:
      plot: a Plot.
      name: a prefix for the ids in the element, unique on the page.
    """
    file = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        _figure(plot).savefig(file, format="svg", transparent=True, metadata=metadata)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = text.replace(INK, "currentColor")
    # The page gives the width; the height follows from the view box.
    text = re.sub(r'^(<svg[^>]*?) width="[^"]*"', r"\1", text)
    text = re.sub(r'^(<svg[^>]*?) height="[^"]*"', r"\1", text)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
