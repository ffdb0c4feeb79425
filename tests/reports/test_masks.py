from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz_reports.masks import describe_answer, masks_figure
from mamviz_reports.style import TWO_COLUMNS
from tests.reports.records import PROVENANCE, caption_of, image_masks, ticks


@pytest.fixture(scope="module")
def figure() -> Figure:
    return masks_figure([image_masks("a.jpg"), image_masks("b.jpg")], PROVENANCE, evidence_limit=0.25)


def panel(figure: Figure, name: str) -> Axes:
    (axes,) = [axes for axes in figure.axes if axes.get_gid() == name]
    return axes


def shown(axes: Axes) -> np.ndarray:
    return np.asarray(axes.get_images()[-1].get_array())


def test_each_image_and_attribute_has_its_row_of_maps(figure: Figure):
    names = [axes.get_gid() for axes in figure.axes if axes.get_gid()]
    maps = ("mean mask", "evidence", "channel 2", "channel 0")
    wanted = [f"{i}/{a}/{m}" for i in ("a.jpg", "b.jpg") for a in ("Smiling", "Wearing_Hat") for m in maps]
    assert names == wanted


def test_maps_hold_mean_sum_and_single_channels(figure: Figure):
    masks = image_masks()
    np.testing.assert_allclose(shown(panel(figure, "a.jpg/Wearing_Hat/mean mask")), masks.masks[1].mean(axis=0))
    np.testing.assert_allclose(shown(panel(figure, "a.jpg/Wearing_Hat/evidence")), masks.evidence[1].sum(axis=0))
    np.testing.assert_allclose(shown(panel(figure, "b.jpg/Smiling/channel 2")), masks.masks[0, 2])


def test_sums_lie_over_the_grey_image_and_channels_stand_alone(figure: Figure):
    for name, layers in (("mean mask", 2), ("evidence", 2), ("channel 2", 1)):
        images = panel(figure, f"a.jpg/Smiling/{name}").get_images()
        assert len(images) == layers
        assert len({tuple(image.get_extent()) for image in images}) == 1
    under, over = panel(figure, "a.jpg/Smiling/evidence").get_images()
    assert np.asarray(under.get_array()).shape == (6, 6)
    assert over.get_alpha() is not None


def test_cells_are_drawn_as_they_are(figure: Figure):
    assert {image.get_interpolation() for axes in figure.axes for image in axes.get_images()} == {"nearest"}


def test_one_scale_a_kind_for_all_images(figure: Figure):
    limits = {"mask": set(), "evidence": set()}
    for axes in figure.axes:
        if name := axes.get_gid():
            limits["evidence" if name.endswith("evidence") else "mask"].add(axes.get_images()[-1].get_clim())
    assert limits == {"mask": {(0, 1)}, "evidence": {(-0.25, 0.25)}}
    scales = {axes.get_xlabel(): ticks(axes, "x") for axes in figure.axes if axes.get_xlabel()}
    assert scales == {
        "mask M": ["0", "0.5", "1"],
        "evidence, summed over channels (logit units)": ["-0.25", "0", "0.25"],
    }


def test_narrower_mask_scale_is_the_callers_choice():
    figure = masks_figure([image_masks()], PROVENANCE, evidence_limit=1, mask_limits=(0.4, 0.6))
    assert panel(figure, "000001.jpg/Smiling/channel 0").get_images()[-1].get_clim() == (0.4, 0.6)
    assert ["0.4", "0.5", "0.6"] in [ticks(axes, "x") for axes in figure.axes]


def test_the_mean_mask_may_have_a_scale_of_its_own():
    figure = masks_figure([image_masks()], PROVENANCE, evidence_limit=1, mean_limits=(0.3, 0.5))
    assert panel(figure, "000001.jpg/Smiling/mean mask").get_images()[-1].get_clim() == (0.3, 0.5)
    assert panel(figure, "000001.jpg/Smiling/channel 0").get_images()[-1].get_clim() == (0, 1)
    scales = {axes.get_xlabel(): ticks(axes, "x") for axes in figure.axes if axes.get_xlabel()}
    assert scales["mean mask"] == ["0.3", "0.4", "0.5"]
    assert "scale of its own" in caption_of(figure)


@pytest.mark.parametrize("n_channels", [1, 6])
def test_it_fits_two_columns(n_channels: int):
    given = image_masks()
    values = np.repeat(given.masks[:, :1], n_channels, axis=1)
    given = replace(given, masks=values, evidence=values, channels=tuple(range(n_channels)))
    assert masks_figure([given], PROVENANCE, evidence_limit=1).get_tightbbox().width <= TWO_COLUMNS + 1e-6


def test_name_label_and_logit_stand_beside_each_row(figure: Figure):
    texts = [text.get_text() for text in figure.texts]
    assert texts.count("Smiling\npresent, logit +2.25\ntrue positive") == 2
    assert texts.count("Wearing_Hat\nabsent, logit +0.50\nfalse positive") == 2


@pytest.mark.parametrize(
    ("label", "logit", "words"),
    [
        (1, 0.1, "present, logit +0.10\ntrue positive"),
        (0, 0.1, "absent, logit +0.10\nfalse positive"),
        (1, -0.1, "present, logit -0.10\nfalse negative"),
        (0, -0.1, "absent, logit -0.10\ntrue negative"),
        (0, 0.0, "absent, logit +0.00\ntrue negative"),
    ],
)
def test_answers_are_put_in_words(label: int, logit: float, words: str):
    assert describe_answer(label, logit) == words


def test_words_end_before_the_maps_begin(figure: Figure):
    figure.draw_without_rendering()
    right = max(text.get_window_extent().x1 for text in figure.texts if "logit +" in text.get_text())
    assert right < panel(figure, "a.jpg/Smiling/mean mask").get_window_extent().x0


def test_caption_states_maps_grid_data_and_run(figure: Figure):
    words = caption_of(figure)
    for fact in ("2 images", "mask and evidence, signed", "all 3 channels", "2 x 3 cells", "built-in faces", "faces-3"):
        assert fact in words


def test_images_with_other_channels_are_refused():
    other = replace(image_masks(), channels=(1,))
    with pytest.raises(StatisticsError, match=r"same chosen channels, got 2 images"):
        masks_figure([image_masks(), other], PROVENANCE, evidence_limit=1)


def test_no_images_are_refused():
    with pytest.raises(StatisticsError, match="got 0 images"):
        masks_figure([], PROVENANCE, evidence_limit=1)
