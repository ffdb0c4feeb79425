from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz_reports.agreement import stability_figure
from tests.reports.agreed import stability_of, tables_of
from tests.reports.records import caption_of, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    stability = stability_of("one", "two", "three")
    return stability_figure(stability, tables_of(stability))


def test_dots_are_the_pairs_of_the_two_runs_that_agree_least(figure: Figure) -> None:
    (dots,) = figure.axes[0].collections
    expected = [(0.2, 0.3), (0.3, 0.4), (0.4, 0.5)]  # runs two and three, at -0.25
    np.testing.assert_allclose(dots.get_offsets(), expected)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("r in two", "r in three")
    assert figure.axes[0].get_title() == "Spearman -0.25 [-0.30, -0.20]"


def test_the_line_is_equality(figure: Figure) -> None:
    (line,) = figure.axes[0].lines
    assert list(line.get_xdata()) == list(line.get_ydata()) == pytest.approx([0.2, 0.5])


def test_the_matrix_says_every_two_runs(figure: Figure) -> None:
    axes = figure.axes[1]
    written = {tuple(map(round, text.get_position())): text.get_text() for text in axes.texts}
    assert written == {
        (1, 0): "0.88", (0, 1): "0.88", (2, 0): "0.50", (0, 2): "0.50", (2, 1): "-0.25", (1, 2): "-0.25",
    }  # fmt: skip
    assert ticks(axes, "x") == ticks(axes, "y") == ["one", "two", "three"]
    drawn = np.ma.filled(axes.images[0].get_array(), np.nan)
    np.testing.assert_allclose(drawn, [[np.nan, 0.875, 0.5], [0.875, np.nan, -0.25], [0.5, -0.25, np.nan]])
    assert axes.images[0].get_clim() == (-1, 1)


def test_the_caption_says_choices_runs_and_what_is_drawn(figure: Figure) -> None:
    words = caption_of(figure)
    for fact in ("one of 3 pairs of attributes", "estimand adjusted", "agree least", "seeds 0, 1, 2", "1,996 images"):
        assert fact in words


def test_two_runs_need_no_matrix() -> None:
    stability = stability_of("one", "two")
    figure = stability_figure(stability, tables_of(stability))
    assert len(figure.axes) == 1
    assert "agree least" not in caption_of(figure)


def test_undefined_pairs_are_left_out_and_a_table_without_any_is_drawn_empty() -> None:
    stability = stability_of("one", "two")
    first, second = tables_of(stability)
    values = first.values.copy()
    values[0], values[:, 0] = np.nan, np.nan
    figure = stability_figure(stability, (replace(first, values=values), second))
    np.testing.assert_allclose(figure.axes[0].collections[0].get_offsets(), [(0.3, 0.4)])
    empty = stability_figure(stability, (replace(first, values=np.full((3, 3), np.nan)), second))
    assert len(empty.axes[0].collections[0].get_offsets()) == 0


def test_a_table_of_each_run_is_needed() -> None:
    stability = stability_of("one", "two")
    with pytest.raises(StatisticsError, match="a table of each of 2 runs, got 1"):
        stability_figure(stability, tables_of(stability)[:1])
