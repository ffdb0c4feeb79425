from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz_reports.style import TWO_COLUMNS
from mamviz_reports.swaps import swaps_figure
from mamviz_reports.tables import NBSP
from tests.reports.drawn import gallery
from tests.reports.records import PROVENANCE, caption_of


def test_both_images_stand_before_and_after_with_their_own_logits() -> None:
    figure = swaps_figure(gallery(), PROVENANCE)
    shown = {axes.get_gid(): int(np.asarray(axes.images[0].get_array())[0, 0, 0]) for axes in figure.axes}
    for attribute in ("Smiling", "Wearing_Hat"):
        for level, name in ((10, "a.jpg"), (20, "b.jpg")):
            for place, stage in enumerate(("image", "before", "after")):
                assert shown[f"{attribute}/{name}/{stage}"] == level + place
    titles = {axes.get_gid(): axes.get_title() for axes in figure.axes}
    assert titles["Smiling/a.jpg/after"] == f"after, 12{NBSP}% open"
    assert titles["Smiling/b.jpg/after"] == f"after, 50{NBSP}% open"
    places = {text.get_text(): text.get_position()[0] for text in figure.texts}
    left, right = ["features +1.25", "features -0.50"], ["features -2.00", "features +0.75"]
    assert max(places[words] for words in left) < 0.5 < min(places[words] for words in right)
    assert places["features +1.25"] < places["features -0.50"]
    assert {"picture +1.00", "picture +0.25", "picture -1.00", "picture -0.25"} <= set(places)
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 0.05


def test_the_caption_names_what_could_not_be_swapped() -> None:
    given = gallery()
    assert "another label of Bald." in caption_of(swaps_figure(given, PROVENANCE))
    assert "another label" not in caption_of(swaps_figure(replace(given, unswapped=()), PROVENANCE))
    assert "at least 0.5" in caption_of(swaps_figure(given, PROVENANCE))


def test_no_pairs_are_refused() -> None:
    with pytest.raises(StatisticsError, match="expected pairs of images that differ"):
        swaps_figure(replace(gallery(), swaps=()), PROVENANCE)
