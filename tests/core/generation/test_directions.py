"""Directions against loops from their formulas and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.generation.directions import find_direction, logit_gradient, open_cells
from mamviz.models.network import MaskNetwork
from mamviz.schema import EditDirection
from tests.core.generation.drawn import CHANNELS, SIDE, make_contrast, make_edit_of, make_features, make_network
from tests.core.made import ATTRIBUTES

CELLS = SIDE * SIDE


def logits_of(network: MaskNetwork, features: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network.readout(network.masking.pool(features)[0])


def slow_slopes(network: MaskNetwork, features: torch.Tensor) -> np.ndarray:
    """e_kcp = s_kc M_kcp / P, number by number."""
    masks = network.masking(features).detach().numpy()
    scale = network.readout.scale.detach().expand(len(ATTRIBUTES), -1).numpy()
    slopes = np.empty_like(masks)
    for place in np.ndindex(masks.shape):
        slopes[place] = scale[place[1], place[2]] * masks[place] / CELLS
    return slopes


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
@pytest.mark.parametrize("direction", ["evidence", "own", "contrast"])
def test_directions_equal_their_formulas(direction: EditDirection, readout: str) -> None:
    network, features, attribute = make_network(readout), make_features(), 1
    _, gradient = logit_gradient(network, features, attribute)
    found = find_direction(network, features, make_edit_of(direction), gradient=gradient).numpy()
    slopes, contrast = slow_slopes(network, features), make_contrast().numpy()
    for image, channel, row, column in np.ndindex(found.shape):
        cell = (channel, row, column)
        own = slopes[(image, attribute, *cell)]
        mean = sum(slopes[(image, other, *cell)] for other in range(len(ATTRIBUTES))) / len(ATTRIBUTES)
        agrees = contrast[cell] * float(gradient[(image, *cell)]) > 0
        expected = {"evidence": own, "own": own - mean, "contrast": contrast[cell] if agrees else 0.0}[direction]
        assert found[(image, *cell)] == pytest.approx(expected, abs=1e-14)
    if direction == "contrast":
        assert (found == 0).any()
        assert (found != 0).any()


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
def test_the_gradient_equals_finite_differences_through_the_masks(readout: str) -> None:
    network, features, step = make_network(readout), make_features(2), 1e-6
    logits, gradient = logit_gradient(network, features, 2)
    np.testing.assert_allclose(logits, logits_of(network, features)[:, 2], atol=1e-12)
    for cell in np.ndindex(CHANNELS, SIDE, SIDE):
        shift = torch.zeros(features.shape[1:], dtype=torch.float64)
        shift[cell] = step
        rise = logits_of(network, features + shift)[:, 2] - logits_of(network, features - shift)[:, 2]
        np.testing.assert_allclose(gradient[(slice(None), *cell)], rise / (2 * step), rtol=1e-6, atol=1e-9)


def test_the_gradient_is_the_direction_of_its_name() -> None:
    network, features = make_network(), make_features()
    _, gradient = logit_gradient(network, features, 1)
    found = find_direction(network, features, make_edit_of("gradient"), gradient=gradient)
    assert torch.equal(found, gradient)
    evidence = find_direction(network, features, make_edit_of("evidence"), gradient=gradient)
    assert not torch.allclose(gradient, evidence, atol=1e-3)  # masks answer to the features


@pytest.mark.parametrize("level", [0.3, 0.5, 0.7])
def test_a_mask_is_open_from_its_level_on(level: float) -> None:
    network, features = make_network(), make_features()
    masks = network.masking(features).detach()[:, 3]
    found = open_cells(network, features, 3, open_from=level)
    assert torch.equal(found, masks >= level)
    assert 0 < found.double().mean() < 1
