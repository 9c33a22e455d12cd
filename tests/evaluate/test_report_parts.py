"""The parts of a report: numbers as text, bits, plots, steps of a chain."""

import io
import math
import types

import numpy as np
import pytest

from tests.evaluate.page_checks import problems
from tfgvae.estimators.estimate import Estimate
from tfgvae.families import FAMILIES
from train.evaluate import plots, table
from train.evaluate.metrics.log_likelihood import in_bits
from train.evaluate.metrics.samples import shown_steps, square
from train.evaluate.page import escape
from train.evaluate.progress import Progress
from train.evaluate.section import Curve, Plot, Section


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-86.7412, 0.7012, "-86.74 +- 0.70"),
        (1234.56, 78.9, "1235 +- 79"),
        (0.0003, 0.0021, "0.0003 +- 0.0021"),
        (5.0, math.nan, "5"),
        (29.0, 0.0, "29 +- 0"),
    ],
)
def test_a_value_has_two_digits_of_its_error(value, error, text):
    assert table.shown(Estimate(value, error)) == text


@pytest.mark.parametrize(("name", "offset"), [("bernoulli", 0.0), ("gaussian", 8.0)])
def test_a_lower_bound_in_nats_is_an_upper_bound_in_bits(name, offset):
    shape = (4, 4, 1)
    model = types.SimpleNamespace(family=FAMILIES[name](), image_shape=shape)
    found = in_bits(model, Estimate(-10.0, 0.5, "lower bound", count=7))
    unit = 16 * math.log(2)
    assert found.kind == "upper bound" and found.count == 7
    assert found.value == pytest.approx(10.0 / unit + offset)
    assert found.standard_error == pytest.approx(0.5 / unit)


@pytest.mark.parametrize("style", ["line", "dashed", "dotted", "points", "bars"])
def test_a_plot_stands_inside_a_page(style):
    label = '<b> & "quotes"'
    curves = [Curve(label, [1, 2, 3], [1.0, None, 2.0], [0.1, None, 0.2], style)] * 2
    plot = Plot(label, label, label, curves, {label: 1.5}, marks={label: 2})
    page = plots.svg(plot, "one") + plots.svg(plot, "two")
    assert problems(f"<div>{page}</div>") == []
    assert "<b>" not in page and "http" not in page.replace("http://www.w3.org/", "")
    assert "currentColor" in page and plots.INK not in page


def test_the_same_plot_is_the_same_text():
    plot = Plot("a", "b", "c", [Curve("d", [1, 10], [1, 2])], x_scale="log", y_limits=(0, 3))
    assert plots.svg(plot, "name") == plots.svg(plot, "name")


@pytest.mark.parametrize("num_steps", [2, 8, 9, 50, 1000])
def test_the_shown_steps_have_both_ends(num_steps):
    steps = shown_steps(num_steps)
    assert steps[0] == 0 and steps[-1] == num_steps - 1
    assert len(steps) <= 8 and steps == sorted(set(steps))


def test_a_grid_takes_the_first_images():
    images = np.arange(7.0).reshape(7, 1, 1, 1)
    assert square(images, 8)[..., 0, 0, 0].tolist() == [[0, 1], [2, 3]]


def test_text_is_escaped():
    assert escape('<a href="x">1 +- 2</a>') == "&lt;a href=&quot;x&quot;&gt;1 \u00b1 2&lt;/a&gt;"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_for_each_count_of_a_metric():
    terminal, lines = Terminal(), []
    progress = Progress(lines.append, 2, terminal)
    progress.start("chain")
    progress(1, 4)
    progress.end("done", 61.0)
    assert "[1/2] chain 1/4 [======" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n") and lines == ["[1/2] chain: done (1:01)"]


def test_what_may_be_infinite_is_a_note():
    section = Section()
    section.add_finite("split_rhat", Estimate(math.inf), "R-hat.")
    section.check()
    assert section.numbers == {} and section.notes == ["split rhat is not finite (inf)."]
    section.add("score", Estimate(math.nan), "A score.")
    with pytest.raises(ArithmeticError, match="score = nan"):
        section.check()
