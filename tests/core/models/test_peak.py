"""Bytes that are alive at once, against sums done by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mamviz.models.peak import PeakMemory, count_peak_bytes
from tests.core.models.stirred import draw_images, stirred_network


def test_what_is_freed_makes_room_for_what_comes() -> None:
    def compute(x: Tensor) -> Tensor:
        doubled = x * 2  # 400 + 400
        part = doubled[:, :3]  # a view
        del doubled  # still alive through it
        cut = part.relu()  # 400 + 400 + 120
        del part
        return torch.cat([cut, cut], 1)  # 400 + 120 + 240

    assert count_peak_bytes(compute, torch.zeros(10, 10)) == 920


def test_nothing_is_counted_twice_in_place_or_through_views() -> None:
    def compute(x: Tensor) -> Tensor:
        y = x + 1
        return y.relu_().view(-1).mul_(3)[2:]

    assert count_peak_bytes(compute, torch.zeros(5, 4)) == 2 * 80


def test_weights_do_not_count_and_views_of_them_neither() -> None:
    weight = torch.ones(100, 100)

    def compute(x: Tensor) -> Tensor:
        return x @ weight.T[:, :7]

    assert count_peak_bytes(compute, torch.ones(2, 100)) == 4 * (200 + 14)


def test_the_peak_of_a_second_computation_is_its_own() -> None:
    x = torch.zeros(10)
    assert count_peak_bytes(lambda x: x.repeat(9), x) == 400
    assert count_peak_bytes(lambda x: x.repeat(2), x) == 120


def test_what_is_kept_stays_counted() -> None:
    kept: list[Tensor] = []
    with PeakMemory() as memory:
        kept.extend(torch.zeros(25) for _ in range(3))
        assert memory.alive == 300
        kept.clear()
        assert memory.alive == 0
        torch.zeros(25)
    assert memory.peak == 300


def test_a_network_needs_as_much_as_its_largest_layer_by_hand() -> None:
    network = stirred_network(n_attributes=4, size=32)
    per_image = 4 * (3 * 32 * 32 + 3 * 48 * 16 * 16)  # the image; input, convolution and norm of the 1x1 at 16 x 16
    assert count_peak_bytes(network.classify, draw_images(1)) == per_image
    assert count_peak_bytes(network.classify, draw_images(8)) == 8 * per_image


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_allocators_maximum_is_close_to_the_count() -> None:
    network = stirred_network(n_attributes=4, size=32)
    counted = count_peak_bytes(network.classify, draw_images(64))
    allocated = count_peak_bytes(network.cuda().classify, draw_images(64).cuda())
    assert counted <= allocated < 4 * counted
