from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from mamviz.errors import StatisticsError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans
from mamviz.pruning.criteria import all_orders, order_channels
from mamviz.pruning.elimination import order_backward, order_clusters
from mamviz.pruning.greedy import remove_greedily
from mamviz.pruning.observation import Observation, observe
from mamviz.pruning.part import Part
from mamviz.schema import BASELINES, MASK_CRITERIA, Criterion
from tests.core.models.stirred import SMALL, stir, stirred_network
from tests.core.pruning.pruned_parts import make_network, make_part, sparse_part
from tests.core.stats.raw import Raw, fill, make_raw


class TwoWays(nn.Module):
    """Two convolutions whose sum is the features, as at the end of a residual block."""

    def __init__(self, *, affine: bool = True) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 6, 1, bias=False)
        self.other = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.one_norm, self.other_norm = nn.BatchNorm2d(6, affine=affine), nn.BatchNorm2d(6, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.one_norm(self.one(x)) + self.other_norm(self.other(x)))


class Winding(nn.Module):
    """Features that can't be followed: their way depends on the image."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.one(x) if float(x.mean()) > 0 else self.one(-x))


def observe_raw(raw: Raw) -> Observation:
    """What masks and evidence alone say."""
    statistics = fill(replace(raw, blocks=np.zeros_like(raw.blocks)), n_blocks=1)
    means = ChannelMeans(torch.zeros(raw.features.shape[1:]), torch.zeros(raw.mask.shape[1:3]))
    n_channels = raw.mask.shape[2]
    return Observation(statistics=statistics, means=means, taylor=np.zeros(n_channels), activation=np.zeros(n_channels))


def order_of(network: MaskNetwork, seen: Observation, criterion: Criterion) -> tuple[int, ...]:
    order = order_channels(network, seen, criterion, size=16)
    assert order is not None
    assert (order.criterion, order.draw) == (criterion, 0)
    return order.channels


def ascending(scores: list[float]) -> tuple[int, ...]:
    return tuple(sorted(range(len(scores)), key=lambda channel: (scores[channel], channel)))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_usage_and_mean_mask_agree_with_raw_masks(seed: int) -> None:
    raw = make_raw(seed, n_channels=6)
    network, seen = make_network(), observe_raw(raw)
    usage = [sum(float(np.abs(image[:, c]).sum()) for image in raw.evidence) for c in range(6)]
    assert order_of(network, seen, "usage") == ascending(usage)
    assert order_of(network, seen, "mean mask") == ascending([float(raw.mask[:, :, c].mean()) for c in range(6)])


def test_activation_and_taylor_are_the_observed_ones_and_ties_go_by_number() -> None:
    seen = observe_raw(make_raw(0, n_channels=6))
    seen = replace(seen, activation=np.array([3.0, 1, 2, 1, 5, 0]), taylor=np.array([0.0, 1, 0, 3, 2, 9]))
    network = make_network()
    assert order_of(network, seen, "activation") == (5, 1, 3, 2, 0, 4)
    assert order_of(network, seen, "Taylor") == (0, 2, 1, 4, 3, 5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_redundancy_and_both_use_the_correlation_of_evidence_across_images(seed: int) -> None:
    raw = make_raw(seed, n_channels=6)
    raw.features[:, 4] = 0
    cells = raw.evidence.swapaxes(1, 2).reshape(60, 6, -1)
    cells = cells - cells.mean(axis=0)
    products = np.einsum("ncp,ndp->cd", cells, cells)
    deviation = np.sqrt(np.diag(products))
    deviation[4] = np.nan
    correlation = products / np.outer(deviation, deviation)
    usage = np.abs(raw.evidence).sum(axis=(0, 1, 3, 4))
    network, seen = make_network(), observe_raw(raw)
    assert order_of(network, seen, "redundancy") == order_clusters(correlation, usage, dead=(4,))
    assert order_of(network, seen, "both") == order_backward(correlation, usage)
    assert order_of(network, seen, "redundancy")[0] == order_of(network, seen, "both")[0] == 4


def test_filters_and_norms_of_all_layers_that_make_the_features_count() -> None:
    network = make_network()
    network.extractor = extractor = TwoWays()
    stir(extractor, 5)
    seen = observe_raw(make_raw(0, n_channels=6))
    extractor.requires_grad_(False)
    extractor.one_norm.weight[2] = -9  # a scale's sign says nothing of its size
    filters = [float(extractor.one.weight[c].abs().sum() + extractor.other.weight[c].abs().sum()) for c in range(6)]
    scales = [float(abs(extractor.one_norm.weight[c]) + abs(extractor.other_norm.weight[c])) for c in range(6)]
    assert order_of(network, seen, "L1") == ascending(filters)
    assert order_of(network, seen, "batch norm") == ascending(scales)
    assert order_of(network, seen, "batch norm")[-1] == 2


def test_the_last_layer_of_the_small_extractor_is_ranked() -> None:
    network = stirred_network(SMALL, size=16)
    last = [module for module in network.extractor.modules() if isinstance(module, nn.Conv2d)][-1]
    seen = observe_raw(make_raw(0, n_channels=6))
    assert order_of(network, seen, "L1") == ascending([float(each.abs().sum()) for each in last.weight.detach()])


@pytest.mark.parametrize(
    ("extractor", "absent"), [(Winding(), {"L1", "batch norm"}), (TwoWays(affine=False), {"batch norm"})]
)
def test_what_the_extractor_does_not_allow_is_left_out(extractor: nn.Module, absent: set[str]) -> None:
    network = make_network()
    part = make_part(network)
    seen = observe(network, part)
    network.extractor = extractor
    for criterion in BASELINES[:2]:
        assert (order_channels(network, seen, criterion, size=16) is None) == (criterion in absent)
    orders = all_orders(network, part, seen, size=16, n_random=2, generator=np.random.default_rng(0))
    assert {order.criterion for order in orders} == {*MASK_CRITERIA, *BASELINES} - absent


def test_random_orders_are_uniform_over_all_permutations() -> None:
    """Chi-square over the 24 orders of 4 channels, and over the place of each channel; one fixed seed."""
    network = stirred_network(replace(SMALL, channels=4), size=16)
    seen = observe_raw(make_raw(0))
    generator = np.random.default_rng(20)
    drawn = [order_channels(network, seen, "random", size=16, generator=generator, draw=i) for i in range(4800)]
    channels = [order.channels for order in drawn if order is not None]
    counts = Counter(channels)
    assert len(channels) == 4800
    assert set(counts) == set(permutations(range(4)))
    assert stats.chisquare(list(counts.values())).pvalue > 0.01
    for channel in range(4):
        places = np.bincount([order.index(channel) for order in channels], minlength=4)
        assert stats.chisquare(places).pvalue > 0.01


def test_all_criteria_come_once_random_as_often_as_asked_and_the_oracle_last() -> None:
    network = make_network()
    part = make_part(network)
    seen = observe(network, part)

    def draw(n_random: int, seed: int, oracle: int = 0) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
        orders = all_orders(
            network, part, seen, size=16, n_random=n_random, generator=np.random.default_rng(seed), oracle=oracle
        )
        return tuple((order.criterion, order.draw, order.channels) for order in orders)

    orders = draw(5, 3)
    assert [each[:2] for each in orders] == [
        *((criterion, 0) for criterion in (*MASK_CRITERIA, *BASELINES[:4])),
        *(("random", number) for number in range(5)),
    ]
    assert all(sorted(channels) == list(range(6)) for _, _, channels in orders)
    assert draw(5, 3) == orders
    assert draw(2, 3) == orders[:-3]
    assert draw(5, 4)[:9] == orders[:9]
    assert draw(5, 4)[9:] != orders[9:]
    assert len({channels for *_, channels in orders[9:]}) == 5
    assert draw(5, 3, oracle=10) == (
        *orders,
        ("greedy", 0, remove_greedily(network, part, means=seen.means, n_images=10)),
    )


def test_an_order_that_needs_more_than_it_was_given_is_refused() -> None:
    network, seen = make_network(), observe_raw(make_raw(0, n_channels=6))
    with pytest.raises(StatisticsError, match="generator: expected one for a random order, got None"):
        order_channels(network, seen, "random", size=16)
    with pytest.raises(StatisticsError, match=r"got 'greedy'\. Call remove_greedily"):
        order_channels(network, seen, "greedy", size=16)


@torch.no_grad()
def plant() -> tuple[MaskNetwork, Part]:
    """Labels are the network's own answers, mostly by channel 5; 0 says next to nothing, 2 half of what 1 says."""
    network = make_network(size=32)
    part = sparse_part(network, 64)
    part.features[:, 2] = part.features[:, 1]
    part.features[:, 5] *= 4
    network.masking.trunk.weight.mul_(0.01)  # masks that hardly move: evidence is what the channel is
    network.masking.mask.weight.mul_(0.1)
    network.masking.mask.bias.zero_()
    network.readout.scale[:] = torch.tensor([1e-3, 2.0, 1.0, -0.7, 0.8, 6.0])
    logits = network.explain_features(part.features).logits
    network.readout.bias.sub_(logits.median(0).values)
    part.labels[:] = (logits > logits.median(0).values).numpy()
    return network, part


@pytest.mark.parametrize(
    ("criterion", "first"),
    [
        ("usage", (0,)),
        ("redundancy", (2, 0)),  # what repeats another goes before what says nothing
        ("both", (0, 2)),
        ("Taylor", (0,)),
        ("greedy", (0,)),
    ],
)
def test_orders_find_what_was_planted(criterion: Criterion, first: tuple[int, ...]) -> None:
    """The useless channel and the duplicate go first; the vital one stays to the end."""
    network, part = plant()
    seen = observe(network, part)
    orders = all_orders(
        network, part, seen, size=32, n_random=0, generator=np.random.default_rng(0), oracle=part.n_images
    )
    (channels,) = (order.channels for order in orders if order.criterion == criterion)
    assert channels[: len(first)] == first
    assert channels[-1] == 5
