from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mamviz.schema import AGREES
from mamviz_reports.seeds import seeds_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.agreed import SPEARMAN, stability_of, without_limits
from tests.reports.records import NAN, caption_of, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return seeds_figure(stability_of("one", "two", "three"))


def pairs_of(axes: Axes) -> dict[str, Line2D]:
    return {str(line.get_label()): line for line in axes.lines if " and " in str(line.get_label())}


def spans(axes: Axes) -> list[list[float]]:
    found = [np.asarray(path) for lines in axes.collections for path in lines.get_segments() if len(path)]
    return [path[:, 0].tolist() for path in found if path[:, 0].tolist() != [0, 1]]  # not the lines between rows


def test_a_row_is_a_table_in_the_given_order(figure: Figure):
    assert ticks(figure.axes[0], "y") == ["recommended", "literal"]
    bottom, top = figure.axes[0].get_ylim()
    assert bottom > top


def test_a_mark_is_the_agreement_of_two_runs_in_its_row(figure: Figure):
    drawn = pairs_of(figure.axes[0])
    assert list(drawn) == [f"{first} and {second}" for first, second in SPEARMAN]
    for (first, second), value in SPEARMAN.items():
        line = drawn[f"{first} and {second}"]
        assert list(line.get_xdata()) == [value, 0.9375]
        assert np.round(line.get_ydata()).tolist() == [0, 1]


def test_intervals_are_drawn_where_there_are_some(figure: Figure):
    expected = [[value - 0.05, value + 0.05] for value in (0.875, 0.9375, 0.5, 0.9375, -0.25, 0.9375)]
    np.testing.assert_allclose(sorted(spans(figure.axes[0])), sorted(expected))
    assert len(spans(seeds_figure(without_limits(stability_of("one", "two"))).axes[0])) == 1


def test_pairs_of_runs_differ_in_shape_and_in_colour(figure: Figure):
    looks = [(line.get_marker(), line.get_color()) for line in pairs_of(figure.axes[0]).values()]
    assert len({marker for marker, _ in looks}) == len({colour for _, colour in looks}) == 3


def test_the_line_is_where_a_table_stands_for_the_others(figure: Figure):
    (line,) = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert list(line.get_xdata()) == [AGREES, AGREES]
    assert f"dashed: {AGREES:g}" in caption_of(figure)


def test_cka_and_r_of_matched_channels_stand_beside(figure: Figure):
    _, alike, channels = figure.axes
    assert [line.get_ydata()[0] for line in alike.lines] == [0.8125] * 3
    curves = [line for line in channels.lines if len(line.get_ydata()) == 2 and line.get_marker() != "None"]
    assert [list(line.get_ydata()) for line in curves] == [[0.75, 0.25]] * 3
    assert list(curves[0].get_xdata()) == [25, 75]


def test_channels_are_sorted_best_first():
    stability = stability_of("one", "two")
    (features,) = stability.features
    matching = replace(features.matching, first=(0, 1, 2), second=(2, 0, 1), r=(0.25, 0.75, -0.5))
    figure = seeds_figure(replace(stability, features=(replace(features, matching=matching),)))
    curve = next(line for line in figure.axes[2].lines if len(line.get_ydata()) == 3)
    assert list(curve.get_ydata()) == [0.75, 0.25, -0.5]
    assert figure.axes[2].get_ylim()[0] <= -0.5


def test_runs_without_features_have_one_panel():
    figure = seeds_figure(stability_of("one", "two", features=False))
    assert len(figure.axes) == 1
    assert "kernel alignment" not in caption_of(figure)


def test_many_runs_have_one_look_and_no_legend():
    stability = stability_of("one", "two", "three")
    table = stability.tables[0]
    many = tuple(
        replace(table.agreements[0], first=f"a{k}", second=f"b{k}", spearman=table.agreements[0].spearman)
        for k in range(7)
    )
    figure = seeds_figure(replace(stability, tables=(replace(table, agreements=many),), features=()))
    assert figure.axes[0].get_legend() is None
    assert len({line.get_color() for line in pairs_of(figure.axes[0]).values()}) == 1


def test_an_undefined_agreement_has_no_dot():
    stability = stability_of("one", "two")
    table = stability.tables[0]
    unknown = replace(table.agreements[0], spearman=replace(table.agreements[0].spearman, value=NAN))
    figure = seeds_figure(replace(stability, tables=(replace(table, agreements=(unknown,)), stability.tables[1])))
    values = pairs_of(figure.axes[0])["one and two"].get_xdata()
    np.testing.assert_allclose(values, [np.nan, 0.9375])


def test_the_caption_says_interval_images_and_runs(figure: Figure):
    words = caption_of(figure)
    for fact in ("3 pairs of runs", "95 % interval", "1,000 resamples", "features of 1,000 images", "seeds 0, 1, 2"):
        assert fact in words


def test_it_fits_two_columns(figure: Figure):
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 1e-6
