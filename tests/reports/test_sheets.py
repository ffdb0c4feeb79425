from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from mamviz.errors import StatisticsError
from mamviz_reports.sheets import images_sheet, pairs_sheet
from tests.reports.records import caption_of


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 5, 5, 3)).astype(np.uint8)


def edges_of(axes: Axes) -> set[tuple[tuple[float, float], ...]]:
    lines = [path for item in axes.collections if isinstance(item, LineCollection) for path in item.get_segments()]
    return {tuple(sorted(map(tuple, np.asarray(line).tolist()))) for line in lines}


def test_images_stand_in_the_given_order_row_by_row_with_their_labels():
    images = pictures(5)
    figure = images_sheet(images, list("abcde"), heading="Faces", words="Five faces.", columns=3)
    for axes, image, label in zip(figure.axes, images, "abcde", strict=True):
        np.testing.assert_array_equal(axes.get_images()[0].get_array(), image)
        assert axes.get_xlabel() == label
    lefts = [round(axes.get_position().x0, 6) for axes in figure.axes]
    tops = [round(axes.get_position().y1, 6) for axes in figure.axes]
    assert lefts[:3] == sorted(set(lefts))
    assert lefts[3:] == lefts[:2]
    assert tops[0] == tops[1] == tops[2] > tops[3] == tops[4]
    assert caption_of(figure) == "Five faces."


def test_long_labels_do_not_run_into_each_other_or_the_next_row():
    labels = ["Mouth_Slightly_Open\nWearing_Necklace_And_Necktie"] * 6
    figure = images_sheet(pictures(6), labels, heading="h", words="w", columns=3)
    figure.draw_without_rendering()
    boxes = [axes.xaxis.label.get_window_extent() for axes in figure.axes]
    assert boxes[0].x1 <= boxes[1].x0
    assert boxes[0].y0 >= figure.axes[3].get_window_extent().y1


@pytest.mark.parametrize(("n", "labels", "got"), [(2, ["a"], "1 labels"), (0, [], "none")])
def test_labels_must_fit_the_images(n: int, labels: list[str], got: str):
    with pytest.raises(StatisticsError, match=f"for {n} images.*got {got}"):
        images_sheet(pictures(n), labels, heading="h", words="w")


def test_pairs_show_without_and_with_and_outline_the_region_in_the_second():
    off, on = pictures(4)[:2], pictures(4)[2:]
    regions = np.zeros((2, 5, 5), bool)
    regions[0, 0, 1:3] = True
    figure = pairs_sheet(off, on, regions, ["Hat", "Bald"], words="w")
    first, second, third, fourth = figure.axes
    np.testing.assert_array_equal(first.get_images()[0].get_array(), off[0])
    np.testing.assert_array_equal(second.get_images()[0].get_array(), on[0])
    assert (first.get_title(loc="left"), third.get_title(loc="left")) == ("Hat", "Bald")
    assert (first.get_xlabel(), second.get_xlabel()) == ("without", "with")
    above, below = (((0.5, y), (1.5, y)) for y in (-0.5, 0.5)), (((1.5, y), (2.5, y)) for y in (-0.5, 0.5))
    sides = [((x, -0.5), (x, 0.5)) for x in (0.5, 2.5)]
    assert edges_of(second) == {*above, *below, *sides}
    assert edges_of(first) == set()
    assert edges_of(fourth) == set()


def test_pairs_of_different_lengths_are_refused():
    with pytest.raises(StatisticsError, match="got 1 on, 3 attributes"):
        pairs_sheet(pictures(2), pictures(1), np.zeros((2, 5, 5), bool), ["a", "b", "c"], words="w")
