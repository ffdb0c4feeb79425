"""In which order channels go, by each criterion: what masks say, the usual baselines, and greedy removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from mamviz.errors import StatisticsError
from mamviz.models.cutting import Producers, find_producers
from mamviz.models.network import MaskNetwork
from mamviz.pruning.elimination import order_ascending, order_backward, order_clusters
from mamviz.pruning.greedy import remove_greedily
from mamviz.pruning.importance import channel_contrast, channel_importance
from mamviz.pruning.observation import Observation
from mamviz.pruning.part import Part
from mamviz.pruning.redundancy import ACROSS
from mamviz.schema import (
    BASELINES,
    MASK_CRITERIA,
    Criterion,
    Floats,
    Progress,
    RemovalOrder,
    silent,
)
from mamviz.stats.correlation import correlate_channels


def order_channels(
    network: MaskNetwork,
    observation: Observation,
    criterion: Criterion,
    *,
    size: int,
    generator: np.random.Generator | None = None,
    draw: int = 0,
) -> RemovalOrder | None:
    """Return the channels in the order in which one criterion lets them go, the least important first.

    size             side of the images in pixels
    generator, draw  of a random order: where it comes from, and its number

    Of equal scores the lower number goes first. None where the extractor does not allow the criterion: L1 and batch
    norm need the layers that make the features (`find_producers`), and these their weights.
    Raises StatisticsError for greedy, which needs images (`remove_greedily`), and for random without a generator.
    """
    if criterion == "random":
        if generator is None:
            raise StatisticsError(
                "generator: expected one for a random order, got None. Give np.random.default_rng(0)."
            )
        channels = tuple(int(channel) for channel in generator.permutation(network.shape[0]))
    elif criterion in _FROM_MASKS:
        channels = _FROM_MASKS[criterion](observation)
    elif criterion in _FROM_LAYERS:
        scores = _FROM_LAYERS[criterion](find_producers(network.extractor, size=size))
        if scores is None:
            return None
        channels = order_ascending(scores)
    else:
        raise StatisticsError(
            f"criterion: expected one that ranks without trying, got {criterion!r}. Call remove_greedily with a part."
        )
    return RemovalOrder(criterion=criterion, channels=channels, draw=draw)


def all_orders(
    network: MaskNetwork,
    part: Part,
    observation: Observation,
    *,
    size: int,
    n_random: int,
    generator: np.random.Generator,
    oracle: int = 0,
    progress: Progress = silent,
) -> tuple[RemovalOrder, ...]:
    """Return an order of every criterion that the extractor allows: the masks', the baselines, and the oracle last.

    n_random   random orders, drawn one after the other: the first of more are those of fewer
    oracle     images of greedy exact removal, the part's first; 0 leaves it out. Removed channels leave their mean

    `progress` is told of the steps of greedy removal; the rest takes no time.
    """
    orders = [
        order_channels(network, observation, criterion, size=size, generator=generator, draw=draw)
        for criterion in MASK_CRITERIA + BASELINES
        for draw in range(n_random if criterion == "random" else 1)
    ]
    if oracle:
        channels = remove_greedily(network, part, means=observation.means, n_images=oracle, progress=progress)
        orders.append(RemovalOrder(criterion="greedy", channels=channels))
    return tuple(order for order in orders if order is not None)


@dataclass(frozen=True)
class _Relations:
    """Usage (C,), correlations across images (C, C), and channels that say nothing."""

    usage: Floats
    correlation: Floats
    dead: tuple[int, ...]


def _relate(observation: Observation) -> _Relations:
    importance = channel_importance(observation.statistics)
    correlation = correlate_channels(observation.statistics, ACROSS).values
    return _Relations(importance.usage.sum(axis=0), correlation, importance.dead)


def _by_redundancy(observation: Observation) -> tuple[int, ...]:
    found = _relate(observation)
    return order_clusters(found.correlation, found.usage, dead=found.dead)


def _by_both(observation: Observation) -> tuple[int, ...]:
    found = _relate(observation)
    return order_backward(found.correlation, found.usage)


def _by_filters(producers: Producers) -> Floats | None:
    """Sum the absolute weights of each filter (Li et al. 2017, 1608.08710, section 3.1)."""
    if not producers.convolutions:
        return None
    return _add([layer.weight.detach().abs().sum((1, 2, 3)) for layer in producers.convolutions])


def _by_norms(producers: Producers) -> Floats | None:
    """Sum the absolute scales of batch norm (Liu et al. 2017, 1708.06519)."""
    scales = [layer.weight.detach().abs() for layer in producers.norms if layer.affine]
    return _add(scales) if scales else None


def _add(parts: list[torch.Tensor]) -> Floats:
    total: Floats = torch.stack([part.double() for part in parts]).sum(0).cpu().numpy()
    return total


_FROM_MASKS: dict[Criterion, Callable[[Observation], tuple[int, ...]]] = {
    "contrast": lambda seen: order_ascending(channel_contrast(seen.statistics).sum(axis=0)),
    "usage": lambda seen: order_ascending(channel_importance(seen.statistics).usage.sum(axis=0)),
    "mean mask": lambda seen: order_ascending(channel_importance(seen.statistics).mean_mask),
    "redundancy": _by_redundancy,
    "both": _by_both,
    "activation": lambda seen: order_ascending(seen.activation),
    "Taylor": lambda seen: order_ascending(seen.taylor),
}
_FROM_LAYERS: dict[Criterion, Callable[[Producers], Floats | None]] = {"L1": _by_filters, "batch norm": _by_norms}
