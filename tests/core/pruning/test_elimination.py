from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from mamviz.pruning.elimination import order_ascending, order_backward, order_clusters
from mamviz.schema import Floats

HALF = np.array([[1.0, 0.9, 0.1, 0.0], [0.9, 1.0, 0.2, 0.0], [0.1, 0.2, 1.0, -0.8], [0.0, 0.0, -0.8, 1.0]])


def draw_relations(seed: int, n: int = 12) -> tuple[Floats, Floats]:
    """Correlations of channels that share a few causes, and their usage."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 3)) @ rng.normal(size=(3, 40)) + rng.normal(size=(n, 40))
    correlation: Floats = np.array(np.corrcoef(rows))
    return correlation, rng.random(n)


def cluster_slowly(correlation: Floats, usage: Floats) -> tuple[int, ...]:
    """From the definition: the mean of 1 - |r| over all pairs of members, anew for every merge."""
    clusters = [[channel] for channel in range(len(usage))]
    gone = []
    while len(clusters) > 1:
        pairs = [(a, b) for a in range(len(clusters)) for b in range(a)]
        apart = [np.mean([1 - abs(correlation[i, j]) for i in clusters[a] for j in clusters[b]]) for a, b in pairs]
        a, b = pairs[int(np.argmin(apart))]
        gone.append(min((max(clusters[each], key=lambda c: usage[c]) for each in (a, b)), key=lambda c: usage[c]))
        clusters[b] += clusters.pop(a)
    return (*gone, int(np.argmax(usage)))


def eliminate_slowly(correlation: Floats, usage: Floats) -> tuple[int, ...]:
    kept, gone = list(range(len(usage))), []
    while kept:
        scores = []
        for channel in kept:
            above = [other for other in kept if (usage[other], other) > (usage[channel], channel)]
            scores.append(usage[channel] * (1 - max([correlation[channel, other] ** 2 for other in above], default=0)))
        gone.append(kept.pop(int(np.argmin(scores))))
    return tuple(gone)


def test_the_smallest_score_goes_first_and_ties_by_number() -> None:
    assert order_ascending(np.array([2.0, 1.0, 3.0, 1.0])) == (1, 3, 0, 2)


def test_of_the_closest_pair_the_less_used_goes_first() -> None:
    assert order_clusters(HALF, np.array([1.0, 2.0, 4.0, 3.0])) == (0, 3, 1, 2)
    assert order_clusters(HALF, np.array([2.0, 1.0, 3.0, 4.0])) == (1, 2, 0, 3)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_clusters_agree_with_the_definition(seed: int) -> None:
    correlation, usage = draw_relations(seed)
    assert order_clusters(correlation, usage) == cluster_slowly(correlation, usage)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_for_every_m_the_kept_are_the_most_used_of_scipys_m_clusters(seed: int) -> None:
    correlation, usage = draw_relations(seed)
    order = order_clusters(correlation, usage)
    assert sorted(order) == list(range(12))
    tree = hierarchy.linkage(squareform(1 - np.abs(correlation), checks=False), method="average")
    for m in range(1, 13):
        member = hierarchy.fcluster(tree, m, criterion="maxclust")
        expected = {max(np.flatnonzero(member == each), key=lambda c: usage[c]) for each in set(member)}
        assert set(order[12 - m :]) == expected


def test_dead_channels_go_first_and_cluster_with_none() -> None:
    order = order_clusters(HALF, np.array([1.0, 2.0, 1e-9, 0.0]), dead=(2, 3))
    assert order == (3, 2, 0, 1)


def test_an_undefined_correlation_counts_as_none() -> None:
    correlation = HALF.copy()
    correlation[0] = correlation[:, 0] = np.nan
    usage = np.array([5.0, 2.0, 4.0, 3.0])
    zero = np.where(np.isnan(correlation), 0, correlation)
    assert order_clusters(correlation, usage) == order_clusters(zero, usage) == (3, 1, 2, 0)
    assert order_backward(correlation, usage) == order_backward(zero, usage)


@pytest.mark.parametrize("dead", [(), (0,)])
def test_a_single_channel_is_an_order(dead: tuple[int, ...]) -> None:
    assert order_clusters(np.eye(1), np.ones(1), dead=dead) == (0,)
    assert order_backward(np.eye(1), np.ones(1)) == (0,)


def test_all_channels_may_be_dead() -> None:
    assert order_clusters(np.full((3, 3), np.nan), np.zeros(3), dead=(0, 1, 2)) == (0, 1, 2)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_backward_elimination_agrees_with_a_loop(seed: int) -> None:
    correlation, usage = draw_relations(seed)
    assert order_backward(correlation, usage) == eliminate_slowly(correlation, usage)
    assert order_backward(correlation, np.round(usage, 1)) == eliminate_slowly(correlation, np.round(usage, 1))


def test_a_repeated_channel_goes_before_one_that_is_used_less() -> None:
    """0 is used three times as much as 2, but 1 says nearly all that it says."""
    correlation = np.array([[1, 0.95, 0], [0.95, 1, 0], [0, 0, 1]])
    assert order_backward(correlation, np.array([3.0, 4.0, 1.0])) == (0, 2, 1)


def test_what_repeats_counts_again_once_the_other_has_gone() -> None:
    """1 repeats 0 as 2 repeats 1: with 2 and 1 gone, 0 is alone. By what they add at the start 1 would outlive 3."""
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = correlation[1, 2] = correlation[2, 1] = 0.9
    usage = np.array([4.0, 3.0, 5.0, 3.1])
    assert order_backward(correlation, usage) == eliminate_slowly(correlation, usage) == (1, 3, 0, 2)


def test_of_equal_twins_the_lower_number_goes_first() -> None:
    ones = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert order_backward(ones, np.ones(3)) == (0, 1, 2)
