from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from mamviz_reports.regions import regions_figure
from tests.core.validation.faces import MEAN, face_validation
from tests.reports.records import caption_of


def drawn(figure: Figure):
    """Return {row/attribute: (values, largest colour, word under it)}."""
    found = {}
    for axes in figure.axes:
        (image,) = axes.images
        found[axes.get_gid().replace("\n", " ")] = (np.asarray(image.get_array()), image.norm.vmax, axes.get_xlabel())
    return found


def test_true_regions_stand_over_our_maps_over_those_of_other_methods():
    found = drawn(regions_figure(face_validation()))
    assert list(found) == [
        "true region/Bangs",
        "true region/Goatee",
        "ours, absolute adjusted/Bangs",
        "ours, absolute adjusted/Goatee",
        "GradCAM, absolute adjusted/Bangs",
        "GradCAM, absolute adjusted/Goatee",
        "occlusion, mean absolute/Bangs",
        "occlusion, mean absolute/Goatee",
    ]
    assert np.array_equal(found["true region/Bangs"][0], MEAN[0])
    assert np.array_equal(found["ours, absolute adjusted/Goatee"][0], 2 * MEAN[1])
    assert np.array_equal(found["GradCAM, absolute adjusted/Bangs"][0], 3 * MEAN[0])


def test_every_map_has_colours_of_its_own_and_says_its_r():
    found = drawn(regions_figure(face_validation()))
    assert found["true region/Bangs"][1:] == (0.5, "")
    assert found["ours, absolute adjusted/Bangs"][1:] == (1.0, "r 0.85")
    assert found["occlusion, mean absolute/Goatee"][1:] == (0.375, "r 0.90")


def test_columns_are_named_once_by_attribute():
    figure = regions_figure(face_validation())
    assert [axes.get_title() for axes in figure.axes] == ["Bangs", "Goatee"] + [""] * 6


def test_caption_says_how_many_images_each_map_is_of():
    words = caption_of(regions_figure(face_validation()))
    assert "of 8,000 images; mean r over all attributes 0.85" in words
    assert "500 images of the fresh split" in words
    assert "shared readout, model 0123456789ab" in words


def test_without_other_methods_two_rows_are_left():
    found = drawn(regions_figure(face_validation(others=False)))
    assert len(found) == 4
    assert not any("GradCAM" in name for name in found)


def test_a_map_without_numbers_is_drawn_empty():
    validation = face_validation(others=False)
    ours = replace(validation.recommended, maps=np.zeros((3, 2, 2)), map_r=np.full(3, np.nan))
    figure = regions_figure(replace(validation, recoveries=(ours,)))
    assert drawn(figure)["ours, absolute adjusted/Bangs"][1:] == (1.0, "r n/a")
