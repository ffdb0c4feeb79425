"""Laws of moved, swapped and masked features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.generation.directions import find_direction, logit_gradient, open_cells
from mamviz.generation.moving import LONGEST, STEPS, mask_features, move_features, swap_features
from mamviz.generation.reference import read_logits
from mamviz.schema import EDIT_DIRECTIONS, EditDirection, Transformation
from tests.core.generation.drawn import make_edit_of, make_features, make_network


@pytest.mark.parametrize("direction", EDIT_DIRECTIONS)
def test_asking_for_no_change_changes_no_logit(direction: EditDirection) -> None:
    network, features = make_network(), make_features()
    moved = move_features(network, features, make_edit_of(direction), torch.zeros(len(features)).double())
    assert torch.equal(moved, features)
    np.testing.assert_allclose(read_logits(network, moved), read_logits(network, features), atol=1e-12)


@pytest.mark.parametrize("asked", [0.4, -0.4, 40.0, -40.0])
@pytest.mark.parametrize("direction", EDIT_DIRECTIONS)
def test_features_stay_where_the_mask_is_closed_and_never_fall_below_zero(
    direction: EditDirection, asked: float
) -> None:
    network, features, edit = make_network(), make_features(), make_edit_of(direction)
    moved = move_features(network, features, edit, torch.full((len(features),), asked).double())
    opened = open_cells(network, features, edit.attribute, open_from=edit.open_from)
    assert torch.equal(moved[~opened], features[~opened])
    assert (moved >= 0).all()
    assert (moved[opened] != features[opened]).any()
    assert bool((~opened).any())


@pytest.mark.parametrize("direction", EDIT_DIRECTIONS)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_small_change_comes_as_asked(direction: EditDirection, sign: float) -> None:
    network, features, edit = make_network(), make_features().clamp_min(0.5), make_edit_of(direction, open_from=0.0)
    asked = sign * 1e-5
    moved = move_features(network, features, edit, torch.full((len(features),), asked).double())
    change = (read_logits(network, moved) - read_logits(network, features))[:, edit.attribute]
    _, gradient = logit_gradient(network, features, edit.attribute)
    direction_there = find_direction(network, features, edit, gradient=gradient)
    rises = ((direction_there * gradient).sum((1, 2, 3)) > 1e-4).numpy()
    assert rises.any()  # in a network that was drawn, what is the attribute's own may lower its logit
    # four steps, each from where it stands: what is left is the curvature of the last one
    np.testing.assert_allclose(change[rises], asked, rtol=0.05)


def test_no_step_is_longer_than_its_limit() -> None:
    network, features, edit = make_network(), make_features(), make_edit_of("gradient")
    moved = move_features(network, features, edit, torch.full((len(features),), 1e6).double())
    lengths = (moved - features).flatten(1).norm(dim=1)
    assert (lengths <= STEPS * LONGEST * features.flatten(1).norm(dim=1) * (1 + 1e-12)).all()


def test_images_are_moved_each_for_itself() -> None:
    network, features, edit = make_network(), make_features(), make_edit_of("contrast")
    asked = torch.linspace(-1, 1, len(features)).double()
    together = move_features(network, features, edit, asked)
    alone = [move_features(network, features[n : n + 1], edit, asked[n : n + 1]) for n in range(len(features))]
    torch.testing.assert_close(together, torch.cat(alone), rtol=0, atol=1e-12)


def test_features_without_any_open_cell_stay() -> None:
    network, features = make_network(), make_features()
    edit = make_edit_of("gradient", open_from=1.0)
    assert torch.equal(move_features(network, features, edit, torch.ones(len(features)).double()), features)


def test_features_of_zero_stay_zero_when_there_is_nothing_to_take() -> None:
    network, features = make_network(), torch.zeros(2, 4, 2, 2).double()
    moved = move_features(network, features, make_edit_of("evidence"), torch.full((2,), -1.0).double())
    assert torch.isfinite(moved).all()
    assert (moved >= 0).all()


def test_an_image_swapped_with_itself_stays_as_it_is() -> None:
    network, features = make_network(), make_features(1).expand(2, -1, -1, -1)
    assert torch.equal(swap_features(network, features, 0, open_from=0.5), features)


def test_swapped_features_are_the_others_where_the_own_mask_is_open() -> None:
    network, features = make_network(), make_features(2)
    masks = network.masking(features).detach()[:, 0]
    found = swap_features(network, features, 0, open_from=0.5)
    for image, other in ((0, 1), (1, 0)):
        for cell in np.ndindex(found.shape[1:]):
            source = other if masks[(image, *cell)] >= 0.5 else image
            assert found[(image, *cell)] == features[(source, *cell)]
    assert not torch.equal(found, features)


def test_a_mask_that_is_the_same_everywhere_gives_the_features_themselves() -> None:
    network, features = make_network(), make_features()
    torch.nn.init.zeros_(network.masking.mask.weight)
    torch.nn.init.constant_(network.masking.mask.bias, -1.0)
    found, level = mask_features(network, features, 2)
    torch.testing.assert_close(found, features, rtol=1e-12, atol=0)
    torch.testing.assert_close(level, torch.full_like(level, 1 / (1 + np.e)), rtol=1e-12, atol=0)


def test_masked_features_are_divided_by_the_mean_mask() -> None:
    network, features = make_network(), make_features()
    masks = network.masking(features).detach()[:, 2].numpy()
    with torch.no_grad():
        found, level = mask_features(network, features, 2)
    for image in range(len(features)):
        mean = sum(masks[image].flatten()) / masks[image].size
        assert float(level[image]) == pytest.approx(mean, rel=1e-12)
        np.testing.assert_allclose(found[image], masks[image] * features[image].numpy() / mean, rtol=1e-12)


def test_a_mask_that_is_cut_off_everywhere_lets_nothing_through() -> None:
    network, features = make_network(), make_features()
    torch.nn.init.zeros_(network.masking.mask.weight)
    torch.nn.init.zeros_(network.masking.mask.bias)  # all masks 0.5
    found, level = mask_features(network, features, 0, Transformation("binary", 0.9))
    assert level.tolist() == [0.0] * len(features)
    assert torch.equal(found, torch.zeros_like(features))
