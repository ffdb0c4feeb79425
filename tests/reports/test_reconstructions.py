from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Transformation
from mamviz_reports.reconstructions import features_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.drawn import drawing, gallery
from tests.reports.records import PROVENANCE, caption_of


def test_each_image_stands_beside_all_its_drawings() -> None:
    figure = features_figure(gallery(), PROVENANCE)
    shown = {axes.get_gid(): int(np.asarray(axes.images[0].get_array())[0, 0, 0]) for axes in figure.axes}
    assert shown == {
        "a.jpg/image": 30, "a.jpg/all features": 31, "a.jpg/Smiling": 32, "a.jpg/Wearing_Hat": 33,
        "b.jpg/image": 40, "b.jpg/all features": 41, "b.jpg/Smiling": 42, "b.jpg/Wearing_Hat": 43,
    }  # fmt: skip
    texts = [text.get_text() for text in figure.texts]
    for words in ("a.jpg", "b.jpg", "present", "absent", "mean mask 0.25", "mean mask 0.75"):
        assert words in texts
    assert [axes.get_title() for axes in figure.axes[:3]] == ["image", "all features", "Smiling"]


def test_the_caption_says_how_masks_were_used() -> None:
    given = gallery()
    for words in ("divided by the mask's mean", "masked ones are new to it", "run faces-3"):
        assert words in caption_of(features_figure(given, PROVENANCE))
    assert "transformed" not in caption_of(features_figure(given, PROVENANCE))
    sharp = replace(given, transformation=Transformation("sharpen", 3.0))
    assert "transformed first (sharpen 3)" in caption_of(features_figure(sharp, PROVENANCE))


@pytest.mark.parametrize("n_attributes", [1, 5])
def test_it_fits_two_columns(n_attributes: int) -> None:
    one = drawing("a.jpg", 30)
    many = replace(
        one,
        attributes=("Mouth_Slightly_Open",) * n_attributes,
        pictures=one.pictures[[0] * n_attributes],
        levels=one.levels[[0] * n_attributes],
        labels=one.labels[[0] * n_attributes],
    )
    figure = features_figure(replace(gallery(), drawings=(many,)), PROVENANCE)
    assert figure.get_tightbbox().width <= TWO_COLUMNS + 0.05


def test_no_images_are_refused() -> None:
    with pytest.raises(StatisticsError, match="expected images, got none"):
        features_figure(replace(gallery(), drawings=()), PROVENANCE)
