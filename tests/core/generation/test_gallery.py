"""Galleries against their parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.errors import DataError
from mamviz.generation.gallery import Chosen, choose_pair, difference_limit, make_gallery
from mamviz.generation.pictures import edit_image
from mamviz.schema import EditSettings, Transformation
from tests.core.generation.drawn import make_network, make_reference
from tests.core.made import make_data

DATA = make_data(60)
NETWORK = make_network(double=False)
REFERENCE = make_reference(NETWORK)
SETTINGS = EditSettings(direction="gradient", strength=1.5)
CHOSEN = Chosen(images=("007.png", "009.png"), attributes=("Blue", "Red"), transformation=Transformation("power", 2.0))


def test_a_gallery_has_every_image_with_every_attribute() -> None:
    seen = []
    gallery = make_gallery(
        NETWORK, DATA, REFERENCE, SETTINGS, chosen=CHOSEN, progress=lambda *step: seen.append(step[:2])
    )
    assert [drawing.name for drawing in gallery.drawings] == ["007.png", "009.png"]
    named = [(strip.name, strip.attribute) for strip in gallery.strips]
    assert named == [(image, attribute) for image in CHOSEN.images for attribute in CHOSEN.attributes]
    assert [each.strength for each in gallery.strips[0].pictures] == [-3.0, -1.5, 0.0, 1.5, 3.0]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    alone = edit_image(
        NETWORK, DATA, REFERENCE, SETTINGS, image="009.png", attribute="Blue", strengths=[-3, -1.5, 1.5, 3]
    )
    assert gallery.strips[2].pictures[4].own_drawn == pytest.approx(alone.pictures[4].own_drawn, abs=1e-5)
    assert (gallery.n_reference, gallery.transformation.name) == (REFERENCE.n_images, "power 2")


def test_the_limit_is_the_largest_difference_of_all_strips() -> None:
    strips = make_gallery(NETWORK, DATA, REFERENCE, SETTINGS, chosen=CHOSEN).strips
    largest = max(abs(cell) for strip in strips for each in strip.pictures for cell in each.difference.flat)
    assert difference_limit(strips) == largest > 0
    still = replace(strips[0], pictures=(strips[0].pictures[2],))
    assert difference_limit([still]) == 1.0


def test_images_are_swapped_with_a_chosen_one_where_it_has_another_label() -> None:
    labels = DATA.labels.copy()
    labels[[7, 9], 0], labels[[7, 9], 1], labels[:, 2] = [0, 1], [1, 1], 1
    data = replace(DATA, labels=labels)
    assert choose_pair(data, ("007.png", "009.png"), "Red") == ("007.png", "009.png")
    pair = choose_pair(data, ("007.png", "009.png"), "Green")
    assert pair is not None
    assert pair[0] == "007.png"
    assert labels[data.names.index(pair[1]), 1] == 0
    assert choose_pair(data, ("007.png", "009.png"), "Blue") is None
    gallery = make_gallery(NETWORK, data, REFERENCE, SETTINGS, chosen=CHOSEN)
    assert gallery.unswapped == ("Blue",)
    assert [swap.attribute for swap in gallery.swaps] == ["Red"]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DataError, match="Did you mean Blue"):
        make_gallery(NETWORK, DATA, REFERENCE, SETTINGS, chosen=replace(CHOSEN, attributes=("Blu",)))
