from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mamviz_reports.gaps import entanglement_figure
from mamviz_reports.style import BLUE, GREY, VERMILION
from tests.reports.entangled import entanglement, pair
from tests.reports.records import PROVENANCE, caption_of


@pytest.fixture(scope="module")
def figure() -> Figure:
    return entanglement_figure(entanglement(), PROVENANCE)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_dot_is_phi_and_r_of_a_pair_and_its_colour_says_its_list(figure: Figure):
    dots = {
        to_hex(each.get_facecolor()[0]): sorted(map(tuple, np.ma.getdata(each.get_offsets()).tolist()))
        for each in figure.axes[0].collections
    }
    assert dots[VERMILION] == [(-0.01, 0.85), (0.01, 0.9)]
    assert dots[BLUE] == [(0.5, -0.2)]
    assert dots[GREY][:2] == [(-0.4, 0.3), (0.3, 0.5)]


def test_pairs_of_both_lists_are_numbered_and_named_in_their_order(figure: Figure):
    assert [text for text in texts(figure) if not text.isdigit()] == [
        "Features shared",
        "1  Bald, Hat",
        "2  Hat, Male",
        "Features apart",
        "3  Male, Young",
    ]
    assert [text for text in texts(figure) if text.isdigit()] == ["1", "2", "3"]


def test_numbers_point_at_their_pairs_and_keep_apart(figure: Figure):
    numbers = [text for text in figure.axes[0].texts if text.get_text().isdigit()]
    assert [text.xy for text in numbers] == [(0.01, 0.9), (-0.01, 0.85), (0.5, -0.2)]
    r = (0.9, 0.88, 0.92, 0.89, 0.91)
    crowded = tuple(pair("A", f"B{place}", each, 0.0, 0.8, "shared") for place, each in enumerate(r))
    far = pair("A", "C", -0.9, 0.0, 0.0, None)
    axes = entanglement_figure(replace(entanglement(), pairs=(*crowded, far)), PROVENANCE).axes[0]
    heights = [text.get_position()[1] for text in axes.texts if text.get_text().isdigit()]
    bottom, top = axes.get_ylim()
    assert min(np.diff(sorted(heights))) == pytest.approx(0.045 * (top - bottom))
    assert np.mean(heights) == pytest.approx(0.9)
    assert np.argsort(heights).tolist() == np.argsort(r).tolist()


def test_intervals_of_the_named_pairs_are_drawn(figure: Figure):
    ends = {(tuple(line.get_xdata()), tuple(line.get_ydata())) for line in figure.axes[0].lines}
    named = entanglement().pairs[0]
    assert ((named.phi.low, named.phi.high), (0.9, 0.9)) in ends
    assert ((0.01, 0.01), (named.r.low, named.r.high)) in ends
    assert len(ends) == 6


def test_only_the_first_are_named_and_the_caption_counts_all():
    figure = entanglement_figure(entanglement(), PROVENANCE, top=1)
    assert [text for text in texts(figure) if text.isdigit()] == ["1", "2"]
    assert "Red: 2 that share features though their labels are independent, 1 named; blue squares: 1" in caption_of(
        figure
    )


def test_the_caption_states_map_estimand_view_images_and_intervals(figure: Figure):
    words = caption_of(figure)
    for fact in (
        "All 6 pairs; map mask, sign absolute, estimand adjusted, view spatial, centring none.",
        "|phi| up to 0.05",
        "Rank correlation with |phi|: 0.30 [0.20, 0.40].",
        "90 % intervals, each by itself, from 500 draws of 64 blocks",
        "1,234 images",
        "run faces-3",
    ):
        assert fact in words


def test_lists_without_a_pair_leave_the_dots():
    figure = entanglement_figure(entanglement(kinds=False), PROVENANCE)
    assert [text for text in texts(figure) if text.isdigit()] == []
    assert sum(len(each.get_offsets()) for each in figure.axes[0].collections) >= 5
