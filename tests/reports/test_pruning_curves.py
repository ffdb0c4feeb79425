from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from mamviz_reports.pruning_curves import MARKERS, STRONG, casualties_figure, curves_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.records import PROVENANCE, caption_of, ticks
from tests.reports.thinned import curve, pruning_report, tuned


@pytest.fixture(scope="module")
def figure() -> Figure:
    return curves_figure(pruning_report(), PROVENANCE)


def lines_of(axes) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines if not line.get_label().startswith("_")}


def test_every_criterion_has_its_line_in_the_panel_of_its_fill(figure: Figure) -> None:
    for axes, fill in zip(figure.axes[:2], ("zero", "mean"), strict=True):
        drawn = lines_of(axes)
        assert list(drawn) == ["L1", "Taylor", "usage"]
        for name in drawn:
            assert drawn[name] == pytest.approx([100 * loss.value for loss in curve(name, fill).loss])
    assert [axes.get_title() for axes in figure.axes[:2]] == ["zero left behind", "their means left behind"]
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == [0, 25, 50, 75]


def test_masks_have_colours_and_baselines_have_none(figure: Figure) -> None:
    colours = {line.get_label(): line.get_color() for line in figure.axes[0].lines}
    assert colours["L1"] == colours["Taylor"] != colours["usage"]
    styles = {line.get_label(): line.get_linestyle() for line in figure.axes[0].lines}
    assert styles["L1"] != styles["Taylor"]


def test_orders_by_masks_differ_in_shape_as_well_as_in_colour() -> None:
    """Grey print has no colours."""
    assert len(set(MARKERS.values())) == len(set(STRONG.values())) == len(STRONG)
    report = pruning_report()
    (line,) = [line for line in curves_figure(report, PROVENANCE).axes[0].lines if line.get_label() == "usage"]
    assert (line.get_marker(), line.get_color()) == (MARKERS["usage"], STRONG["usage"])


def test_it_fits_two_columns(figure: Figure) -> None:
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 1e-6


def test_random_orders_are_a_band_with_their_mean(figure: Figure) -> None:
    axes = figure.axes[0]
    (band,) = [area for area in axes.collections if area.get_label() == "random, range of 2"]
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(13)
    lost = [[100 * loss.value for loss in curve("random", "zero", draw=draw).loss] for draw in (0, 1)]
    assert any(
        np.allclose(line.get_ydata(), np.mean(lost, axis=0)) for line in axes.lines if len(line.get_ydata()) == 4
    )


def test_the_chosen_criterion_alone_has_its_interval(figure: Figure) -> None:
    unnamed = [[area for area in axes.collections if area.get_label().startswith("_")] for axes in figure.axes[:2]]
    assert not [area for area in unnamed[0] if area.get_alpha()]
    (band,) = [area for area in unnamed[1] if area.get_alpha()]
    assert band.get_paths()[0].vertices[:, 1].max() == pytest.approx(100 * curve("usage", "mean").loss[-1].high)


def test_fine_tuned_points_stand_at_their_sparsity_in_the_panel_of_their_fill(figure: Figure) -> None:
    assert not figure.axes[0].containers
    found = {container.get_label(): container[0] for container in figure.axes[1].containers}
    assert {name: (list(line.get_xdata()), list(line.get_ydata())) for name, line in found.items()} == {
        "fine-tuned": ([50.0], [pytest.approx(-0.1)]),
        "from scratch": ([50.0], [pytest.approx(2.0)]),
    }


def test_majority_and_limit_are_marked(figure: Figure) -> None:
    majority = [line.get_ydata()[0] for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert pytest.approx(10.0) in majority
    assert figure.axes[0].get_ylim()[1] == pytest.approx(20)
    assert "limit 0.2" in [text.get_text() for text in figure.axes[2].texts]
    assert figure.axes[2].get_ylim() == pytest.approx((-0.2, 2.0))
    assert figure.axes[3].get_ylim() == figure.axes[2].get_ylim()


def test_the_legend_names_every_line_once(figure: Figure) -> None:
    legend = figure.axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [
        "random, range of 2", "L1", "Taylor", "usage", "fine-tuned", "from scratch"
    ]  # fmt: skip


def test_nothing_lies_over_the_title_or_the_legend(figure: Figure) -> None:
    """The legend once stood on the title."""
    renderer = figure.canvas.get_renderer()
    heading = next(text for text in figure.texts if text.get_gid() == "title").get_window_extent(renderer)
    legend = figure.axes[-1].get_legend().get_window_extent(renderer)
    panels = [axes.get_tightbbox(renderer) for axes in figure.axes[:4]]
    assert heading.y0 > legend.y1
    assert all(legend.y0 > panel.y1 for panel in panels)


def test_the_caption_says_what_is_shown(figure: Figure) -> None:
    for words in (
        "Mean over 3 attributes", "which has 90.0 %", "interval of usage, their means left behind",
        "after 2 epochs", "Left out: batch norm", "300 validation images", "400 images", "faces-3",
    ):  # fmt: skip
        assert words in caption_of(figure)


def test_a_network_below_the_majority_guess_and_single_draws_are_drawn_too() -> None:
    report = replace(pruning_report(), majority=0.95, tuned=())
    report = replace(report, curves=tuple(each for each in report.curves if each.order.draw == 0))
    figure = curves_figure(report, PROVENANCE)
    assert "random" in [text.get_text() for text in figure.axes[-1].get_legend().get_texts()]
    assert figure.axes[0].get_ylim()[1] > 10


def test_greedy_removal_and_another_choice_have_their_lines() -> None:
    report = pruning_report()
    greedy = replace(curve("usage", "zero"), order=replace(curve("usage", "zero").order, criterion="greedy"))
    settings = replace(report.settings, criterion="L1", fill="zero")
    report = replace(report, settings=settings, curves=(*report.curves, greedy), tuned=(tuned(2), tuned(4)))
    figure = curves_figure(report, PROVENANCE)
    assert "greedy" in lines_of(figure.axes[0])
    assert "interval of L1, zero left behind" in caption_of(figure)


def test_casualties_stand_in_the_order_of_core_with_their_points() -> None:
    report = pruning_report()
    figure = casualties_figure(report, PROVENANCE)
    axes = figure.axes[0]
    assert ticks(axes, "y") == ["Bald", "Male", "Smiling"]
    assert ticks(axes, "x") == ["0", "25", "50", "75"]
    drawn = np.asarray(axes.collections[0].get_array()).reshape(3, 4)
    np.testing.assert_allclose(drawn, 100 * curve("usage", "mean").losses.T[[2, 1, 0]])
    for words in ("Criterion usage, their means left behind", "below 0 (blue) is a gain", "400 images"):
        assert words in caption_of(figure)


def test_colours_are_the_same_on_both_sides_of_0() -> None:
    norm = casualties_figure(pruning_report(), PROVENANCE).axes[0].collections[0].norm
    assert norm.vmin == -norm.vmax
    assert norm(0.0) == pytest.approx(0.5)
