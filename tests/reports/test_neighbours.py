from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mamviz.errors import StatisticsError
from mamviz.schema import Cutoff, Neighbour, TiedRanks
from mamviz_reports.certainty import describe_null, describe_reliability
from mamviz_reports.neighbours import neighbours_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.records import PROVENANCE, caption_of, ranking, ticks
from tests.reports.sure import certainty, without_limits


@pytest.fixture(scope="module")
def figure() -> Figure:
    known = certainty(
        ties=(TiedRanks("Hat", 1, 2),),
        cutoffs=(
            Cutoff(target="Hat", rank=2, probability=0.5, told=False, last_tied=3),
            Cutoff(target="Young", rank=2, probability=0.99, told=True, last_tied=2),
        ),
    )
    return neighbours_figure(ranking(), PROVENANCE, targets=("Young", "Hat", "Bald"), certainty=known)


def dots(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() == "o"]


def spans(axes: Axes) -> list[tuple[float, ...]]:
    return [tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "None" and not line.get_gid()]


def marks(axes: Axes, gid: str) -> list[Line2D]:
    return [line for line in axes.lines if line.get_gid() == gid]


def test_panels_are_the_targets_asked_for_in_their_order(figure: Figure):
    assert [axes.get_title() for axes in figure.axes] == ["Young", "Hat", "Bald"]


def test_names_stand_best_first_with_r_and_interval(figure: Figure):
    young, hat, _ = figure.axes
    assert ticks(young, "y") == ["Hat", "Male"]
    assert [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots(young)] == [(0.8, 0), (-0.5, 1)]
    assert spans(young) == [(0.75, 0.85), (-0.25, 0.5)]
    assert [dot.get_xdata()[0] for dot in dots(hat)] == [0.8, 0.3]
    bottom, top = young.get_ylim()
    assert bottom > 1
    assert top < 0


def test_a_dot_is_filled_where_the_pair_differs_from_the_null(figure: Figure):
    assert [dot.get_markerfacecolor() == "white" for dot in dots(figure.axes[0])] == [False, True]


def test_the_share_of_resamples_stands_beside_its_row(figure: Figure):
    shares = {round(text.xy[1]): text.get_text() for text in figure.axes[1].texts}
    assert shares == {0: "100 %", 1: "62 %"}


def test_tied_ranks_are_joined_in_their_own_panel(figure: Figure):
    young, hat, _ = figure.axes
    (tie,) = marks(hat, "tie")
    assert tuple(tie.get_ydata()) == (-0.25, 1.25)
    assert marks(young, "tie") == []


def test_a_cutoff_that_is_not_told_has_a_line_under_the_last_rank(figure: Figure):
    young, hat, _ = figure.axes
    (line,) = marks(hat, "cutoff")
    assert list(line.get_ydata()) == [1.5, 1.5]
    assert marks(young, "cutoff") == []


def test_all_panels_have_one_scale_that_holds_every_interval(figure: Figure):
    (limits,) = {axes.get_xlim() for axes in figure.axes}
    assert limits == pytest.approx((-0.52, 0.92))


def test_a_target_without_a_correlation_says_so(figure: Figure):
    assert [text.get_text() for text in figure.axes[2].texts] == ["no correlation"]


def test_the_caption_says_choices_intervals_marks_images_and_run(figure: Figure):
    words = caption_of(figure)
    known = certainty()
    for fact in (
        "map mask, sign absolute, estimand adjusted, view spatial, centring none",
        "95 % intervals (1,000 resamples of 64 blocks",
        "among the top 2",
        describe_null(known, mark="Filled dot:"),
        describe_reliability(known),
        "1,234 images",
        "faces-3",
    ):
        assert fact in words


def test_without_certainty_there_are_dots_alone():
    figure = neighbours_figure(ranking(), PROVENANCE, targets=("Hat",))
    (axes,) = figure.axes
    assert spans(axes) == []
    assert [dot.get_markerfacecolor() for dot in dots(axes)] == [dot.get_color() for dot in dots(axes)]
    assert [text.get_text() for text in axes.texts] == []
    assert "intervals" not in caption_of(figure)


def test_undefined_limits_and_shares_have_no_line():
    figure = neighbours_figure(ranking(), PROVENANCE, targets=("Hat",), certainty=without_limits(certainty()))
    assert spans(figure.axes[0]) == []
    assert [text.get_text() for text in figure.axes[0].texts] == ["n/a", "n/a"]


def test_without_a_null_all_dots_are_filled():
    given = replace(certainty(), significance=None)
    axes = neighbours_figure(ranking(), PROVENANCE, targets=("Young",), certainty=given).axes[0]
    assert "white" not in [dot.get_markerfacecolor() for dot in dots(axes)]


def test_panels_stand_apart_and_fit_two_columns():
    """Names of forty letters do not run into the panel beside them."""
    long = "Wearing_Something_Long_On_The_Left_Shoulder"
    rows = tuple(Neighbour("Hat", rank, long, 0.5) for rank in (1, 2))
    given = replace(ranking(), rows=rows)
    figure = neighbours_figure(given, PROVENANCE, targets=("Hat",) * 4)
    figure.draw_without_rendering()
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    names = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert names[1].y1 <= names[0].y0
    assert boxes[0].x1 <= boxes[1].x0
    assert boxes[3].y1 <= boxes[0].y0
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 0.1


@pytest.mark.parametrize(("targets", "words"), [((), "got none"), (("Hut",), "got Hut")])
def test_no_targets_and_unknown_ones_are_refused(targets: tuple[str, ...], words: str):
    with pytest.raises(StatisticsError, match=words):
        neighbours_figure(ranking(), PROVENANCE, targets=targets)


def test_a_target_by_itself_keeps_its_row_of_ticks():
    axes = neighbours_figure(ranking(), PROVENANCE, targets=("Male",)).axes[0]
    assert axes.get_xlabel() == "r"
    np.testing.assert_allclose(dots(axes)[0].get_xdata(), [0.3])
