from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Clustering, Significance
from mamviz_reports.certainty import describe_null, describe_reliability
from mamviz_reports.heatmaps import correlation_figure, tree_segments
from mamviz_reports.style import INK, TWO_COLUMNS
from tests.reports.records import PROVENANCE, caption_of, correlation_of, four_attributes, ticks
from tests.reports.sure import certainty

pytest.importorskip("seaborn", reason="seaborn (or pandas, which it needs) is not installed")


@pytest.fixture(scope="module")
def figure() -> Figure:
    return correlation_figure(*four_attributes(), PROVENANCE)


def mesh_of(figure: Figure) -> QuadMesh:
    (mesh,) = [artist for artist in figure.axes[0].collections if isinstance(artist, QuadMesh)]
    return mesh


def test_rows_and_columns_stand_in_the_saved_order(figure: Figure):
    assert ticks(figure.axes[0], "y") == ["Male", "Young", "Hat", "Bald"]
    assert ticks(figure.axes[0], "x") == ["Male", "Young", "Hat", "Bald"]


def test_cells_hold_the_numbers_of_their_labels(figure: Figure):
    shown = np.ma.filled(mesh_of(figure).get_array(), np.nan).reshape(4, 4)
    np.testing.assert_array_equal(shown[:3, :3], [[1, -0.5, 0.3], [-0.5, 1, 0.8], [0.3, 0.8, 1]])
    assert np.isnan(shown[3]).all()
    assert np.isnan(shown[:, 3]).all()


def test_first_row_is_at_the_top(figure: Figure):
    bottom, top = figure.axes[0].get_ylim()
    assert (bottom, top) == (4, 0)


def test_small_matrices_show_their_numbers_and_undefined_cells_none(figure: Figure):
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(texts) == sorted(["1.00"] * 3 + ["-0.50", "0.30", "0.80"] * 2)


def test_undefined_cells_are_hatched_and_named(figure: Figure):
    assert figure.axes[0].patch.get_hatch()
    assert "Hatched: no correlation. Constant map, and so none: Bald." in caption_of(figure)


def test_colours_are_diverging_and_centred_on_zero_with_one_labelled_scale(figure: Figure):
    mesh = mesh_of(figure)
    assert mesh.get_clim() == (-1, 1)
    middle = np.array(mesh.get_cmap()(0.5)[:3])
    assert middle.min() > 0.93
    scales = [axes for axes in figure.axes if axes.get_title() == "r"]
    assert [ticks(axes, "x") for axes in scales] == [["−1", "0", "1"]]


def test_limit_is_taken_from_the_caller():
    figure = correlation_figure(*four_attributes(), PROVENANCE, limit=0.6)
    assert mesh_of(figure).get_clim() == (-0.6, 0.6)
    assert ticks(next(axes for axes in figure.axes if axes.get_title() == "r"), "x") == ["−0.6", "0", "0.6"]


def test_title_and_caption_state_choices_images_data_and_run(figure: Figure):
    titles = " ".join(" ".join(t.get_text() for t in figure.texts if t.get_gid() == "title").split())
    assert Choices().describe() in titles
    words = caption_of(figure)
    for fact in ("map mask", "sign absolute", "estimand adjusted", "view spatial", "centring none", "1,234 images"):
        assert fact in words
    for fact in ("built-in faces", "faces-3", "shared readout", "0123456789ab", "0.1.0", "test split"):
        assert fact in words


def test_channels_are_described_as_channels():
    correlation, clustering = four_attributes()
    channels = replace(correlation, axis="channel", names=("0", "1", "2", "3"), undefined=("1",))
    figure = correlation_figure(channels, clustering, PROVENANCE)
    titles = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "title")
    assert "Correlation between channels" in titles
    assert "summed over attributes" in " ".join(titles.split())


def marks_of(figure: Figure) -> PathCollection | None:
    found = [artist for artist in figure.axes[0].collections if isinstance(artist, PathCollection)]
    return found[0] if found else None


def cells_of(marks: PathCollection) -> list[tuple[int, int]]:
    return [(int(y), int(x)) for x, y in np.asarray(marks.get_offsets())]


def test_pairs_that_differ_from_the_null_get_a_dot_in_their_own_cell():
    """Hat's row is the third and Young's the second in the saved order."""
    figure = correlation_figure(*four_attributes(), PROVENANCE, certainty=certainty())
    marks = marks_of(figure)
    assert marks is not None
    assert sorted(cells_of(marks)) == [(1, 2), (2, 1)]
    places = np.asarray(marks.get_offsets()) % 1
    np.testing.assert_allclose(places, [[0.84, 0.16]] * 2)  # beside the number that stands in the middle


def test_the_caption_says_what_a_dot_is_and_how_reliable_the_table_is():
    words = caption_of(correlation_figure(*four_attributes(), PROVENANCE, certainty=certainty()))
    assert describe_null(certainty(), mark="Dot:") in words
    assert "Dot: differs from what shuffled labels show in its place" in words
    assert describe_reliability(certainty()) in words


def test_without_a_null_nothing_is_marked_and_the_reliability_stays():
    figure = correlation_figure(*four_attributes(), PROVENANCE, certainty=replace(certainty(), significance=None))
    assert marks_of(figure) is None
    assert "Dot:" not in caption_of(figure)
    assert "Reliability of the whole table" in caption_of(figure)


def test_without_certainty_nothing_is_marked_or_said_of_it(figure: Figure):
    assert marks_of(figure) is None
    assert "Reliability" not in caption_of(figure)


def test_dots_are_in_the_middle_of_small_cells_white_on_dark_and_dark_on_light():
    n = 20
    names = tuple(f"Name {number:02d}" for number in range(n))
    values = np.eye(n)
    values[0, 1] = values[1, 0] = 0.9
    values[0, 2] = values[2, 0] = 0.2
    values[0, 3] = values[3, 0] = -0.9
    correlation = correlation_of(values, names)
    p = np.full((n, n), 1.0)
    p[values != 0] = 0.01
    np.fill_diagonal(p, np.nan)
    null = Significance(
        **dict.fromkeys(("t", "p", "p_max", "q", "null_mean", "null_low", "null_high"), p),
        n_replicates=99,
        null="shuffled labels",
        level=0.05,
    )
    chain = [[0, 1, 1.0, 2]] + [[n + merge - 1, merge + 1, 1.0, merge + 2] for merge in range(1, n - 1)]
    backwards = Clustering(linkage=np.array(chain), order=np.arange(n)[::-1])
    figure = correlation_figure(correlation, backwards, PROVENANCE, certainty=replace(certainty(), significance=null))
    marks = marks_of(figure)
    assert marks is not None
    colours = {cell: to_hex(colour) for cell, colour in zip(cells_of(marks), marks.get_facecolor(), strict=True)}
    white, ink = "#ffffff", INK
    expected = {(19, 18): white, (19, 17): ink, (19, 16): white}
    assert colours == {**expected, **{cell[::-1]: colour for cell, colour in expected.items()}}
    np.testing.assert_allclose(np.asarray(marks.get_offsets()) % 1, 0.5)


def test_tree_stands_on_the_leaves_of_the_heatmap(figure: Figure):
    above = figure.axes[1]
    (lines,) = [artist for artist in above.collections if isinstance(artist, LineCollection)]
    first, second = (np.asarray(path) for path in lines.get_segments())
    # Hat stands third and Young second: they merge at 0.2; with Male, the first, at 1.1
    np.testing.assert_allclose(first, [[2.5, 0], [2.5, 0.2], [1.5, 0.2], [1.5, 0]])
    np.testing.assert_allclose(second, [[0.5, 0], [0.5, 1.1], [2.0, 1.1], [2.0, 0.2]])
    assert above.get_xlim() == figure.axes[0].get_xlim()


def test_left_tree_is_the_upper_one_on_its_side(figure: Figure):
    upper, left = (
        next(artist for artist in axes.collections if isinstance(artist, LineCollection)).get_segments()
        for axes in figure.axes[1:3]
    )
    np.testing.assert_allclose(np.asarray(upper)[..., ::-1], np.asarray(left))
    assert figure.axes[2].get_ylim() == figure.axes[0].get_ylim()


def test_tree_agrees_with_scipys_dendrogram():
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    linkage = hierarchy.linkage(np.random.default_rng(0).normal(size=(30, 4)), "average", optimal_ordering=True)
    drawn = hierarchy.dendrogram(linkage, no_plot=True)
    position = np.empty(30)
    position[drawn["leaves"]] = 10 * np.arange(30) + 5  # scipy's spacing
    ours = {tuple(sorted(map(tuple, lines.round(9).tolist()))) for lines in tree_segments(linkage, position)}
    theirs = {
        tuple(sorted(zip(np.round(x, 9).tolist(), np.round(y, 9).tolist(), strict=True)))
        for x, y in zip(drawn["icoord"], drawn["dcoord"], strict=True)
    }
    assert ours == theirs


def test_chain_longer_than_the_recursion_limit_is_drawn():
    n = 2 * sys.getrecursionlimit()
    chain = [[0, 1, 1.0, 2]] + [[n + merge - 1, merge + 1, merge + 1.0, merge + 2] for merge in range(1, n - 1)]
    lines = tree_segments(np.array(chain), np.arange(n) + 0.5)
    assert lines.shape == (n - 1, 4, 2)
    assert lines[-1, 1, 1] == n - 1


def test_many_labels_are_thinned_and_the_caption_says_so():
    n = 120
    correlation = replace(correlation_of(np.eye(n), tuple(map(str, range(n)))), axis="channel")
    chain = [[0, 1, 1.0, 2]] + [[n + merge - 1, merge + 1, 1.0, merge + 2] for merge in range(1, n - 1)]
    figure = correlation_figure(correlation, Clustering(linkage=np.array(chain), order=np.arange(n)), PROVENANCE)
    shown = ticks(figure.axes[0], "y")
    step = int(shown[1]) - int(shown[0])
    assert step > 1
    assert shown == [str(channel) for channel in range(0, n, step)]
    assert f"One label in {step} is shown." in caption_of(figure)
    assert mesh_of(figure).get_rasterized()


@pytest.mark.parametrize("which", ["order", "linkage"])
def test_clustering_of_another_correlation_is_refused(which: str):
    correlation, clustering = four_attributes()
    wrong = {"order": np.array([0, 1, 2, 2]), "linkage": clustering.linkage[:1]}
    with pytest.raises(StatisticsError, match=r"expected an order of all 4 attributes and 2 merges.*Cluster"):
        correlation_figure(correlation, replace(clustering, **{which: wrong[which]}), PROVENANCE)


def test_nothing_but_undefined_names_is_drawn_without_a_tree():
    correlation = correlation_of(np.eye(2), ("A", "B"), undefined=("A", "B"))
    empty = Clustering(linkage=np.empty((0, 4)), order=np.array([0, 1]))
    figure = correlation_figure(correlation, empty, PROVENANCE)
    assert np.ma.getmaskarray(mesh_of(figure).get_array()).all()


def test_every_label_is_whole_and_apart_from_its_neighbours_at_40():
    names = tuple(f"Attribute_with_long_name_{number:02d}" for number in range(40))
    chain = [[0, 1, 1.0, 2]] + [[40 + merge - 1, merge + 1, 1.0, merge + 2] for merge in range(1, 39)]
    clustering = Clustering(linkage=np.array(chain), order=np.arange(40))
    figure = correlation_figure(correlation_of(np.eye(40), names), clustering, PROVENANCE)
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(boxes) == 40
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
    words = next(text for text in figure.texts if text.get_gid() == "caption").get_window_extent()
    assert words.y1 < min(label.get_window_extent().y0 for label in figure.axes[0].get_xticklabels())


@pytest.mark.parametrize("n", [4, 40, 120])
def test_a_heatmap_fits_two_columns(n: int):
    """The longest name of CelebA has 19 letters."""
    names = tuple(f"Mouth_Slightly_O{place:03d}" for place in range(n))
    linkage = np.array([[0, 1, 0.5, 2], *([n + k - 1, k + 1, 0.5, k + 2] for k in range(1, n - 1))])
    clustering = Clustering(linkage=linkage, order=np.arange(n))
    figure = correlation_figure(correlation_of(np.eye(n), names), clustering, PROVENANCE)
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 0.05
