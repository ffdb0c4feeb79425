"""Strips against the network asked directly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.errors import DataError
from mamviz.generation.moving import mask_features
from mamviz.generation.pictures import draw_features, edit_image, most_changed, to_pictures
from mamviz.generation.reference import read_drawn, read_logits
from mamviz.schema import EditSettings, OtherChange, Transformation
from tests.core.generation.drawn import features_of, make_network, make_reference
from tests.core.made import make_data

DATA = make_data(60)
NETWORK = make_network(double=False)


def test_drawings_are_the_reconstructors_of_masked_features() -> None:
    (first, second) = draw_features(NETWORK, DATA, images=["007.png", "009.png"], attributes=["Blue", "Red"])
    features = features_of(NETWORK, DATA, [9])
    with torch.no_grad():
        plain = to_pictures(NETWORK.reconstructor(features))[0]
        masked, level = mask_features(NETWORK, features, 2)
        blue = to_pictures(NETWORK.reconstructor(masked))[0]
    assert (first.name, second.name) == ("007.png", "009.png")
    assert np.abs(second.plain.astype(int) - plain).max() <= 1  # rounding of other batches
    assert np.abs(second.pictures[0].astype(int) - blue).max() <= 1
    assert second.levels[0] == pytest.approx(float(level), rel=1e-5)
    assert second.labels.tolist() == [DATA.labels[9, 2], DATA.labels[9, 0]]
    np.testing.assert_array_equal(second.image, DATA.images[9])


def test_a_strip_goes_through_the_image_itself() -> None:
    strip = edit_image(
        NETWORK,
        DATA,
        make_reference(NETWORK),
        EditSettings(direction="gradient", open_from=0.0),
        image="007.png",
        attribute="Green",
        strengths=[2, -2, 1, 2],
    )
    assert [each.strength for each in strip.pictures] == [-2, 0, 1, 2]
    features = features_of(NETWORK, DATA, [7])
    still = strip.pictures[1]
    assert still.own_features == pytest.approx(read_logits(NETWORK, features)[0, 1], abs=1e-5)
    assert still.own_drawn == pytest.approx(read_drawn(NETWORK, features)[0, 1], abs=1e-5)
    assert not still.difference.any()
    assert still.other_features.change == still.other_drawn.change == 0
    logits = [each.own_features for each in strip.pictures]
    assert logits == sorted(logits)
    assert logits[-1] > logits[0]
    for each in strip.pictures:
        assert each.other_features.attribute != "Green"
    change = (strip.pictures[3].picture.astype(float) - still.picture).mean(-1) / 255
    np.testing.assert_allclose(strip.pictures[3].difference, change, atol=0.01)
    assert np.abs(change).max() > 0.004


def test_pictures_round_to_the_bytes_they_came_from() -> None:
    values = torch.arange(0, 256).float()[None, None, None].expand(1, 3, 1, 256) / 127.5 - 1
    assert to_pictures(values)[0, 0, :, 0].tolist() == list(range(256))
    assert to_pictures(torch.tensor([-9.0, 9.0])[None, None, None].expand(1, 3, 1, 2))[0, 0, :, 0].tolist() == [0, 255]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DataError, match="expected one of 60 names"):
        draw_features(NETWORK, DATA, images=["nobody.png"], attributes=["Red"])


def test_what_a_sharpened_mask_lets_through_is_drawn_from_it() -> None:
    sharp = Transformation("sharpen", 3.0)
    (drawing,) = draw_features(NETWORK, DATA, images=["009.png"], attributes=["Blue"], transformation=sharp)
    features = features_of(NETWORK, DATA, [9])
    with torch.no_grad():
        masks = NETWORK.masking(features)[:, 2]
        sharpened = masks**3 / (masks**3 + (1 - masks) ** 3)
        expected = to_pictures(NETWORK.reconstructor(sharpened * features / sharpened.mean()))[0]
    assert np.abs(drawing.pictures[0].astype(int) - expected).max() <= 1
    (plain,) = draw_features(NETWORK, DATA, images=["009.png"], attributes=["Blue"])
    assert np.abs(drawing.pictures.astype(int) - plain.pictures).max() > 2


def test_the_most_changed_other_is_not_the_edited_one() -> None:
    change = np.array([0.5, -9.0, -2.0, 2.0])
    assert most_changed(change, 1, DATA.attributes) == OtherChange("Blue", -2.0)
    assert change[1] == -9.0


def test_one_attribute_alone_has_no_other() -> None:
    assert most_changed(np.array([3.0]), 0, ("Only",)) == OtherChange("", 0.0)
