"""Greedy removal against a loop that masks channels in the whole network, one candidate after the other."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional

from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans, masked_logits
from mamviz.pruning import greedy
from mamviz.pruning.greedy import iterate_greedily, remove_greedily
from mamviz.pruning.observation import sum_masks, take_means
from mamviz.pruning.part import Part
from tests.core.pruning.pruned_parts import make_network, sparse_part


def loss_without(network: MaskNetwork, part: Part, kept: list[int], means: ChannelMeans | None) -> float:
    logits = masked_logits(network, part.features, kept, means=means).double()
    return float(functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(part.labels).double()))


def remove_slowly(network: MaskNetwork, part: Part, means: ChannelMeans | None) -> tuple[int, ...]:
    kept, gone = list(range(network.shape[0])), []
    while len(kept) > 1:
        losses = [loss_without(network, part, [c for c in kept if c != channel], means) for channel in kept]
        best, second = sorted(losses)[:2]
        assert second - best > 1e-5  # float32 decides no step
        gone.append(kept.pop(int(np.argmin(losses))))
    return (*gone, *kept)


def means_of(network: MaskNetwork, part: Part) -> ChannelMeans:
    return take_means(network, sum_masks(network, part))


@pytest.mark.parametrize(
    ("kernel", "readout", "fill"), [*itertools.product((1, 3), ("shared", "per-attribute"), ("zero", "mean", "other"))]
)
def test_the_order_is_that_of_a_loop_over_masked_networks(
    kernel: int, readout: str, fill: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greedy, "MASKS_AT_A_TIME", 500)  # many chunks
    network = make_network(trunk_kernel=kernel, readout=readout, size=32)
    part = sparse_part(network)
    generator = torch.Generator().manual_seed(1)
    means = {
        "zero": None,
        "mean": means_of(network, part),
        "other": ChannelMeans(  # so large that what earlier ones left behind decides
            torch.rand(network.shape, generator=generator), 5 * torch.randn(4, 6, generator=generator)
        ),
    }[fill]
    expected = remove_slowly(network, part, means)
    assert remove_greedily(network, part, means=means) == expected
    assert expected != tuple(range(6))


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_a_channel_that_never_changes_still_loses_its_evidence(fill: str) -> None:
    """With its mean in its place the trunk sees no difference, but the masks on it become constant."""
    network = make_network(size=32, position=False)
    part = sparse_part(network)
    part.features[:, 2] = 1.5
    means = means_of(network, part) if fill == "mean" else None
    assert remove_greedily(network, part, means=means) == remove_slowly(network, part, means)


def test_channels_that_do_nothing_go_one_after_the_other_by_their_number() -> None:
    network = make_network(size=32)
    part = sparse_part(network)
    part.features[:, [1, 4]] = 0
    order = remove_greedily(network, part)
    assert order.index(4) == order.index(1) + 1


def test_an_interrupted_removal_goes_on_where_it_was() -> None:
    network = make_network(size=32)
    part = sparse_part(network)
    whole = remove_greedily(network, part)
    first = list(itertools.islice(iterate_greedily(network, part), 2))
    assert (*first, *iterate_greedily(network, part, gone=first)) == whole
    assert list(iterate_greedily(network, part, gone=whole)) == []


def test_only_the_first_images_count_and_the_network_stays_as_it_was() -> None:
    network = make_network(size=32).train()
    part, other = sparse_part(network), sparse_part(network, seed=7)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    order = remove_greedily(network, part, n_images=12)
    part.features[12:], part.labels[12:] = other.features[12:], other.labels[12:]
    assert remove_greedily(network, part, n_images=12) == order
    assert remove_greedily(network, part) != order
    assert network.training
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_every_step_is_told() -> None:
    network = make_network(size=32)
    seen: list[tuple[int, int]] = []
    remove_greedily(network, sparse_part(network), progress=lambda done, total, note="": seen.append((done, total)))
    assert seen == [(step, 6) for step in range(1, 7)]
