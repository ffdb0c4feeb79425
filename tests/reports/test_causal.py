from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from mamviz.schema import Interval
from mamviz_reports.causal import causal_figure, causal_table, effects_table
from mamviz_reports.tables import NBSP
from mamviz_reports.texts import to_values
from tests.reports.records import NAN, PROVENANCE, caption_of, ticks
from tests.reports.thinned import causal, pruning_report


@pytest.fixture(scope="module")
def figure() -> Figure:
    report = pruning_report()
    return causal_figure(replace(report, causal=(causal(), replace(causal(), fill="mean"))), PROVENANCE)


def test_each_fill_has_a_row_with_three_correlations() -> None:
    table = causal_table(pruning_report(), PROVENANCE)
    assert [cell.text.replace(NBSP, " ") for cell in table.rows[0]] == [
        "zero", "0.85 [0.84, 0.86]", "0.75 [0.74, 0.76]", "0.40 [0.39, 0.41]"
    ]  # fmt: skip
    row = to_values(table)["rows"][0]
    assert (row["pairs"], row["within_low"], row["loss_within_high"]) == (0.85, 0.74, pytest.approx(0.41))


def test_every_pair_has_a_row_of_raw_numbers() -> None:
    rows = to_values(effects_table(pruning_report(), PROVENANCE))["rows"]
    assert len(rows) == 12
    assert rows[5] == {
        "fill": "zero", "attribute": "Male", "channel": 1, "claim": 0.2, "effect": 0.3,
        "loss_rise": pytest.approx(0.029), "accuracy": pytest.approx(-0.03),
    }  # fmt: skip


def test_pairs_are_drawn_where_both_are_above_0(figure: Figure) -> None:
    axes = figure.axes[0]
    points = axes.lines[0]
    assert len(points.get_xdata()) == 8  # Bald has no effect
    assert sorted(points.get_ydata()) == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.1, 0.2, 0.3, 0.4])
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert "zero left behind: 0.85" in axes.get_title(loc="left").replace(NBSP, " ")
    assert not any("$" in text for text in (*ticks(axes, "x"), *ticks(axes, "y")))


def test_attributes_stand_best_first_and_one_without_a_correlation_has_no_dot(figure: Figure) -> None:
    axes = figure.axes[1]
    assert ticks(axes, "y") == ["Smiling", "Male", "Bald"]
    (dots,) = [line for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots.get_xdata(), [1, -1, np.nan])
    assert axes.get_xlim()[0] < -1
    turned = replace(causal(), effect=causal().effect[::-1])
    right = causal_figure(replace(pruning_report(), causal=(turned,)), PROVENANCE).axes[1]
    assert ticks(right, "y") == ["Bald", "Male", "Smiling"]


def test_fills_have_a_row_of_panels_each_and_the_caption_says_what_is_claimed(figure: Figure) -> None:
    assert len(figure.axes) == 4
    assert "their means left behind" in figure.axes[2].get_title(loc="left")
    for words in ("3 x 4 points", "absolute evidence", "validation images", "masks made anew", "faces-3"):
        assert words in caption_of(figure)


def test_a_network_without_any_effect_is_drawn() -> None:
    unknown = Interval(NAN, NAN, NAN)
    nothing = replace(causal(), effect=np.zeros((3, 4)), pairs=unknown, within=unknown, loss_within=unknown)
    report = replace(pruning_report(), causal=(nothing,))
    figure = causal_figure(report, PROVENANCE)
    assert len(figure.axes[0].lines[0].get_xdata()) == 0
    assert "n/a over all pairs" in figure.axes[0].get_title(loc="left")
    assert causal_table(report, PROVENANCE).rows[0][1].text == "n/a"
