from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import EDIT_DIRECTIONS, OtherChange
from mamviz_reports.strips import describe_moving, strips_figure, strips_figures
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.drawn import SETTINGS, gallery
from tests.reports.records import PROVENANCE, caption_of


@pytest.fixture(scope="module")
def figure() -> Figure:
    return strips_figure(gallery(), PROVENANCE, image="b.jpg")


def panel(figure: Figure, name: str) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_gid() == name]
    return axes


def test_every_strength_has_its_picture_and_all_but_zero_a_difference(figure: Figure) -> None:
    for attribute in ("Smiling", "Wearing_Hat"):
        for strength, grey in (("-3", 70), ("-1.5", 85), ("0", 100), ("1.5", 115), ("3", 130)):
            axes = panel(figure, f"b.jpg/{attribute}/{strength}")
            assert int(np.asarray(axes.images[0].get_array())[0, 0, 0]) == grey
        differences = [axes for axes in figure.axes if str(axes.get_gid()).startswith(f"b.jpg/{attribute}/")]
        differences = [axes for axes in differences if str(axes.get_gid()).endswith("difference")]
        values = [float(np.asarray(axes.images[0].get_array())[0, 0]) for axes in differences]
        assert values == pytest.approx([-0.3, -0.15, 0.15, 0.3])
        assert {axes.images[0].get_clim() for axes in differences} == {(-0.3, 0.3)}
    titles = [panel(figure, f"b.jpg/Smiling/{strength}").get_title() for strength in ("-3", "0", "1.5")]
    assert titles == ["-3 SD", "0 SD", "+1.5 SD"]


def test_logits_and_the_most_changed_other_stand_under_their_picture(figure: Figure) -> None:
    width, _ = figure.get_size_inches()
    box = panel(figure, "b.jpg/Smiling/1.5").get_position()
    middle = (box.x0 + box.x1) / 2
    under = [text for text in figure.texts if abs(text.get_position()[0] - middle) < 0.01 / width]
    upper = sorted((text for text in under if text.get_position()[1] > 0.5), key=lambda text: -text.get_position()[1])
    expected = ["+2.00", "Wearing_Hat +0.75", "+0.50", "Mouth_Slightly_Open -1.50"]
    assert [text.get_text() for text in upper] == expected


def test_nothing_is_named_where_nothing_moved_or_there_is_no_other() -> None:
    given = gallery()
    none = OtherChange("", 0.0)
    alone = [
        replace(strip, pictures=tuple(replace(each, other_features=none, other_drawn=none) for each in strip.pictures))
        for strip in given.strips
    ]
    texts = [
        text.get_text() for text in strips_figure(replace(given, strips=tuple(alone)), PROVENANCE, image="a.jpg").texts
    ]
    assert not [text for text in texts if "Mouth_Slightly_Open" in text or text.startswith(" ")]
    shown = [text.get_text() for text in strips_figure(given, PROVENANCE, image="a.jpg").texts]
    assert shown.count("Mouth_Slightly_Open -1.50") == 2
    assert not [text for text in shown if text.endswith((" +0.00", " -0.00"))]


def test_words_of_neighbours_do_not_meet_and_the_figure_fits_two_columns(figure: Figure) -> None:
    figure.draw_without_rendering()
    small = [text for text in figure.texts if text.get_gid() is None]
    boxes = sorted((text.get_window_extent() for text in small), key=lambda box: (round(box.y0), box.x0))
    for left, right in pairwise(boxes):
        if abs(left.y0 - right.y0) < 2:
            assert left.x1 < right.x0
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 0.1


def test_each_image_has_a_figure_of_its_own() -> None:
    figures = strips_figures(gallery(), PROVENANCE)
    assert list(figures) == ["generate-edits-1", "generate-edits-2"]
    for name, figure in zip(("a.jpg", "b.jpg"), figures.values(), strict=True):
        assert [text.get_text() for text in figure.texts if text.get_text().endswith(name)]


def test_the_caption_says_what_is_by_construction(figure: Figure) -> None:
    for words in ("partly by construction", "harder question", "1,500 training images", "one scale", "run faces-3"):
        assert words in caption_of(figure)


def test_every_direction_has_words_of_its_own() -> None:
    words = {describe_moving(replace(SETTINGS, direction=direction), 10) for direction in EDIT_DIRECTIONS}
    assert len(words) == len(EDIT_DIRECTIONS)


def test_an_image_without_strips_is_refused() -> None:
    with pytest.raises(StatisticsError, match=r"expected strips of 'c\.jpg'"):
        strips_figure(gallery(), PROVENANCE, image="c.jpg")
