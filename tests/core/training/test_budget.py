"""The budget against what can be counted by hand and what a run really writes."""

from __future__ import annotations

from pathlib import Path

from mamviz.config import RunConfig, from_dict, to_dict
from mamviz.models.weights import build_network
from mamviz.training.budget import predict_budget
from tests.core.made import make_config, make_data


def test_parameters_and_flops_are_those_of_the_network() -> None:
    config = from_dict(RunConfig, {**to_dict(make_config()), "model": {"channels": 4, "trunk_kernel": 1}})
    budget = predict_budget(config, n_attributes=4, n_images=60)
    network = build_network(config, n_attributes=4)
    assert sum(budget.parameters.values()) == sum(p.numel() for p in network.parameters())
    # By hand: 2 * multiply-adds of each product at 16 px, grid 2 x 2, C = 4, K = 4.
    extractor = 8 * 8 * 48 * (27 + 48) + 4 * 4 * 96 * (432 + 96) + 2 * 2 * 192 * (864 + 192) + 4 * 192 * 4
    masks = 4 * (4 * 4 + 4 * 16)
    drawn = 4 * 9 * 4 * 128 + 16 * 9 * 32 * 64 + 64 * 9 * 16 * 12
    assert budget.flops_per_image == 2 * (extractor + masks + drawn + 4 * 4)


def test_disk_is_what_images_and_weights_take() -> None:
    small = predict_budget(make_config(), n_attributes=4, n_images=60)
    large = predict_budget(make_config(), n_attributes=4, n_images=600)
    assert large.disk_bytes - small.disk_bytes == 540 * 3 * 16 * 16
    assert small.disk_bytes > 60 * 3 * 16 * 16 + 4 * sum(small.parameters.values())
    assert (small.ram_bytes, small.time) == (0.0, None)  # found by trying


def test_components_have_the_shapes_of_the_network(tmp_path: Path) -> None:
    budget = predict_budget(make_config(), n_attributes=len(make_data(10).attributes), n_images=10)
    shapes = {component.name: component.output for component in budget.components}
    assert shapes["extractor"] == (4, 2, 2)
    assert shapes["mask generator"] == (4, 4, 2, 2)
    assert shapes["reconstructor"] == (3, 16, 16)
    assert not list(tmp_path.iterdir())
