"""Orders in which channels go, from what each contributes and how far they repeat each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.cluster import hierarchy

from mamviz.schema import Floats


def order_ascending(scores: Floats) -> tuple[int, ...]:
    """Return channels by their score (C,), the smallest first; equal ones by their number."""
    return tuple(int(channel) for channel in np.argsort(scores, kind="stable"))


def order_clusters(correlation: Floats, usage: Floats, *, dead: Sequence[int] = ()) -> tuple[int, ...]:
    """Return channels in the order in which those that repeat others go: average linkage on 1 - |r|.

    correlation   (C, C); an undefined one counts as r = 0
    usage         (C,), any unit
    dead          channels that say nothing; they go first, the least used first

    From the closest pair on, clusters merge, and of their two representatives the less used goes. So the m channels
    that are left are the most used of each of m clusters, for every m.
    """
    asleep = [channel for channel in order_ascending(usage) if channel in set(dead)]
    place = np.setdiff1d(np.arange(len(usage)), asleep)
    if len(place) < 2:
        return (*asleep, *(int(channel) for channel in place))
    rank = _rank(usage)
    first, second = np.triu_indices(len(place), k=1)
    distance = 1.0 - np.abs(_known(correlation))[place[first], place[second]]
    representatives = [int(channel) for channel in place]
    gone = []
    for one, other, *_ in hierarchy.linkage(np.clip(distance, 0.0, 1.0), method="average"):
        pair = representatives[int(one)], representatives[int(other)]
        gone.append(min(pair, key=lambda channel: rank[channel]))
        representatives.append(max(pair, key=lambda channel: rank[channel]))
    return (*asleep, *gone, representatives[-1])


def order_backward(correlation: Floats, usage: Floats) -> tuple[int, ...]:
    """Return channels in the order of what each adds to those that are used more, made anew after each step.

    correlation, usage   as in `order_clusters`

    The kept channel with the smallest usage (1 - max r^2) goes, the maximum over the kept channels that are used
    more; of equal usage the higher number counts as used more. Of equal scores the lower number goes.
    """
    rank = _rank(usage)
    shared = np.where(rank[:, None] < rank, _known(correlation) ** 2, 0.0)  # with those that are used more
    kept = np.ones(len(usage), dtype=bool)
    gone: list[int] = []
    while kept.any():
        alone = 1.0 - np.clip(shared[:, kept].max(axis=1), 0.0, 1.0)
        channel = int(np.argmin(np.where(kept, usage * alone, np.inf)))
        kept[channel] = False
        gone.append(channel)
    return tuple(gone)


def _known(correlation: Floats) -> Floats:
    return np.nan_to_num(correlation, nan=0.0)


def _rank(usage: Floats) -> Floats:
    """Return each channel's place by usage, the least used 0; equal ones by their number."""
    rank = np.empty(len(usage))
    rank[np.argsort(usage, kind="stable")] = np.arange(len(usage))
    return rank
