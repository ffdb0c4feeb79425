from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.config import RunConfig
from mamviz.data.batches import to_tensor
from mamviz.errors import DataError
from mamviz.extraction.pairs import multiply_features, spread_images
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network
from mamviz.schema import Floats
from tests.core.made import make_config, make_data


def networks_of(*seeds: int, config: RunConfig | None = None) -> list[MaskNetwork]:
    config = config or make_config()
    return [build_network(replace(config, seed=seed), n_attributes=4).eval() for seed in seeds]


def features_of(network: MaskNetwork, pixels: np.ndarray) -> Floats:
    """(observation, channel), image by image and cell by cell."""
    rows = []
    with torch.inference_mode():
        for image in pixels:
            features = network.extractor(to_tensor(image[None]))[0].double().numpy()
            rows += [features[:, y, x] for y in range(features.shape[1]) for x in range(features.shape[2])]
    return np.array(rows)


@pytest.mark.parametrize("batch_size", [1, 7, 64])
def test_products_equal_a_loop_over_cells_for_every_batch_size(batch_size: int) -> None:
    data, networks = make_data(20), networks_of(0, 1, 2)
    indices = np.array([3, 4, 9, 15, 16, 17, 18, 2])
    found = multiply_features(networks, data, indices, batch_size=batch_size)
    side = np.concatenate([features_of(network, data.images[indices]) for network in networks], axis=1)
    assert found.channels == (4, 4, 4)
    assert (found.n_images, found.count) == (8, len(side))
    # float32 convolutions of another batch size differ in their last digits
    for got, expected in ((found.total, side.sum(axis=0)), (found.gram, side.T @ side)):
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    assert found.gram.dtype == np.float64
    assert found.slice_of(1) == slice(4, 8)


def test_networks_of_other_grids_are_compared_by_images() -> None:
    data, indices = make_data(10), np.arange(10)
    networks = networks_of(0)
    networks[0:0] = networks_of(1, config=replace(make_config(), model=replace(make_config().model, preset="resnet18")))
    grids = {network.shape[1:] for network in networks}
    assert len(grids) == 2
    found = multiply_features(networks, data, indices)
    assert found.count == 10
    for place, network in enumerate(networks):
        cells = features_of(network, data.images).reshape(10, -1, network.shape[0])
        np.testing.assert_allclose(found.total[found.slice_of(place)], cells.mean(axis=1).sum(axis=0), rtol=1e-4)


def test_progress_counts_images() -> None:
    seen: list[tuple[int, int]] = []
    multiply_features(
        networks_of(0, 1),
        make_data(10),
        np.arange(10),
        batch_size=4,
        progress=lambda done, total, note="": seen.append((done, total)),
    )
    assert seen == [(4, 10), (8, 10), (10, 10)]


def test_images_are_spread_over_the_part_and_always_the_same() -> None:
    data = make_data(60)
    chosen = spread_images(data, split="test", most=5)
    part = data.select("test")
    assert len(chosen) == 5
    assert set(chosen) <= set(part)
    assert (chosen[0], chosen[-1]) == (part[0], part[-1])
    np.testing.assert_array_equal(chosen, np.sort(chosen))
    np.testing.assert_array_equal(chosen, spread_images(data, split="test", most=5))
    np.testing.assert_array_equal(spread_images(data, split="all", most=1000), np.arange(60))
    empty = replace(data, split=np.zeros(60, np.int8))
    with pytest.raises(DataError, match="split 'test', found none"):
        spread_images(empty, split="test", most=5)
