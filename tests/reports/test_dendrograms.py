from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Clustering, Floats
from mamviz_reports.dendrograms import dendrogram_figure
from mamviz_reports.style import ONE_COLUMN, TWO_COLUMNS
from tests.reports.records import PROVENANCE, caption_of, correlation_of, four_attributes, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return dendrogram_figure(*four_attributes(), PROVENANCE)


def branches(figure: Figure) -> list[Floats]:
    (lines,) = [item for item in figure.axes[0].collections if isinstance(item, LineCollection)]
    return [np.asarray(each) for each in lines.get_segments()]


def test_leaves_stand_in_the_saved_order_from_the_top(figure: Figure):
    """The saved order is Male, Young, Hat; Bald is undefined and has no leaf."""
    assert ticks(figure.axes[0], "y") == ["Male", "Young", "Hat"]
    bottom, top = figure.axes[0].get_ylim()
    assert bottom > top
    assert "no leaf: Bald" in caption_of(figure)


def test_branches_join_their_names_at_their_distance(figure: Figure):
    """Hat (row 2) and Young (row 1) merge at 0.2, and Male (row 0) with both at 1.1; points are (distance, row)."""
    first, second = branches(figure)
    np.testing.assert_allclose(first, [(0, 2), (0.2, 2), (0.2, 1), (0, 1)])
    np.testing.assert_allclose(second, [(0, 0), (1.1, 0), (1.1, 1.5), (0.2, 1.5)])


def test_leaves_are_at_distance_0_at_the_right(figure: Figure):
    left, right = figure.axes[0].get_xlim()
    assert (left, right) == pytest.approx((1.1 * 1.03, 0))
    assert "1 − r" in figure.axes[0].get_xlabel()


def test_the_caption_says_choices_images_and_run(figure: Figure):
    words = caption_of(figure)
    for fact in (
        "Average linkage",
        "map mask, sign absolute, estimand adjusted, view spatial",
        "1,234 images",
        "faces-3",
    ):
        assert fact in words


def test_it_fits_one_column(figure: Figure):
    assert figure.get_tightbbox().width <= ONE_COLUMN + 0.2
    assert ONE_COLUMN < TWO_COLUMNS


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_names_have_no_branch(n: int):
    correlation = correlation_of(np.eye(n), tuple("AB"[:n]))
    figure = dendrogram_figure(correlation, Clustering(linkage=np.empty((0, 4)), order=np.arange(n)), PROVENANCE)
    assert branches(figure) == []
    assert ticks(figure.axes[0], "y") == list("AB"[:n])


def test_a_chain_of_many_names_is_drawn_with_every_few_of_them_named():
    n = 600
    correlation = correlation_of(np.eye(n), tuple(str(place) for place in range(n)))
    chain = np.array([[0, 1, 0.5, 2], *([n + k - 1, k + 1, 0.5 + k / n, k + 2] for k in range(1, n - 1))])
    figure = dendrogram_figure(correlation, Clustering(linkage=chain, order=np.arange(n)), PROVENANCE)
    assert len(branches(figure)) == n - 1
    assert figure.get_size_inches()[1] < 10
    shown = ticks(figure.axes[0], "y")
    step = int(shown[1])
    assert shown == [str(place) for place in range(0, n, step)]
    assert f"One leaf in {step} is named." in caption_of(figure)


def test_a_clustering_of_other_names_is_refused():
    correlation, clustering = four_attributes()
    with pytest.raises(StatisticsError, match="expected an order of all 4"):
        dendrogram_figure(correlation, replace(clustering, order=np.array([0, 1, 2, 2])), PROVENANCE)
