from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import is_valid_linkage
from scipy.spatial.distance import squareform

from mamviz.schema import Choices, Correlation, Floats
from mamviz.stats.clustering import cluster


def correlation_of(values: Floats) -> Correlation:
    names = tuple(f"n{index}" for index in range(len(values)))
    return Correlation(axis="channel", names=names, values=values, choices=Choices(), n_images=10)


def random_correlation(seed: int, n: int) -> Floats:
    values: Floats = np.atleast_2d(np.corrcoef(np.random.default_rng(seed).normal(size=(n, 6))))
    return values


def line(n: int) -> Floats:
    """Points on a line, each a little further from the last."""
    place = 1.001 ** np.arange(n) * np.arange(n)
    distance: Floats = np.abs(place[:, None] - place)
    values: Floats = 1 - distance / distance.max()
    return values


def chain(n: int) -> Floats:
    """Leaf n joins all before it at height n: a tree as deep as it has leaves."""
    distance = np.maximum.outer(np.arange(n), np.arange(n)) / n
    np.fill_diagonal(distance, 0)
    return 1 - distance


def average_linkage(distance: Floats) -> list[float]:
    """Heights of merges, by a slow loop over clusters."""
    clusters = [[index] for index in range(len(distance))]
    heights = []
    while len(clusters) > 1:
        pairs = [(i, j) for i in range(len(clusters)) for j in range(i)]
        mean = {(i, j): distance[np.ix_(clusters[i], clusters[j])].mean() for i, j in pairs}
        best = min(mean, key=lambda pair: mean[pair])
        heights.append(float(mean[best]))
        clusters[best[1]] += clusters.pop(best[0])
    return heights


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 8))
@settings(max_examples=15, deadline=None)
def test_merges_are_those_of_a_slow_loop(seed: int, n: int) -> None:
    values = random_correlation(seed, n)
    result = cluster(correlation_of(values))
    assert is_valid_linkage(result.linkage)
    np.testing.assert_allclose(result.linkage[:, 2], average_linkage(1 - values), atol=1e-12)
    assert sorted(result.order) == list(range(n))


def test_the_order_is_the_shortest_walk_its_tree_allows() -> None:
    """Two pairs far apart: of the eight orders of the tree, the one whose neighbours are closest."""
    values = np.array([[1, 0.1, 0.9, 0.0], [0.1, 1, 0.3, 0.9], [0.9, 0.3, 1, 0.2], [0.0, 0.9, 0.2, 1]])
    order = cluster(correlation_of(values)).order.tolist()
    assert order in ([0, 2, 1, 3], [3, 1, 2, 0])


def test_what_is_undefined_comes_last() -> None:
    values = random_correlation(1, 6)
    for gone in (0, 3):
        values[gone], values[:, gone] = np.nan, np.nan
    result = cluster(correlation_of(values))
    assert result.order[-2:].tolist() == [0, 3]
    assert sorted(result.order[:4]) == [1, 2, 4, 5]
    assert result.linkage.shape == (3, 4)


def test_a_pair_without_a_correlation_counts_as_unrelated() -> None:
    values = random_correlation(2, 5)
    zero = values.copy()
    zero[1, 4] = zero[4, 1] = 0.0
    values[1, 4] = values[4, 1] = np.nan
    np.testing.assert_array_equal(cluster(correlation_of(values)).linkage, cluster(correlation_of(zero)).linkage)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_few_names_work(n: int) -> None:
    result = cluster(correlation_of(np.full((n, n), 0.5) + 0.5 * np.eye(n)))
    assert sorted(result.order.tolist()) == list(range(n))
    assert result.order.dtype == np.int64
    assert result.linkage.shape == (max(0, n - 1), 4)


def test_nothing_defined_keeps_the_order() -> None:
    result = cluster(correlation_of(np.full((4, 4), np.nan)))
    assert result.order.tolist() == [0, 1, 2, 3]
    assert result.linkage.shape == (0, 4)


def test_equal_maps_have_distance_zero_and_opposite_ones_two() -> None:
    values = np.array([[1, 1 + 1e-15, -1], [1 + 1e-15, 1, -1 - 1e-15], [-1, -1 - 1e-15, 1]])
    np.testing.assert_array_equal(cluster(correlation_of(values)).linkage[:, 2], [0.0, 2.0])


def test_points_on_a_line_are_ordered_along_it() -> None:
    shuffled = np.random.default_rng(4).permutation(200)
    order = cluster(correlation_of(line(200)[np.ix_(shuffled, shuffled)])).order
    assert shuffled[order].tolist() in (list(range(200)), list(range(200))[::-1])


@pytest.mark.parametrize("n", [300, 1500])
def test_long_chains_work(n: int) -> None:
    """Recursive orderings fail from 1,100 leaves on."""
    result = cluster(correlation_of(chain(n)))
    assert (result.linkage[:, :2].min(axis=1) < n).all(), "every merge takes one leaf"
    place = np.argsort(result.order)
    widths = np.maximum.accumulate(place) - np.minimum.accumulate(place)
    np.testing.assert_array_equal(widths, np.arange(n))


def test_the_same_input_gives_the_same_order() -> None:
    values = np.round(random_correlation(3, 40), 1)
    np.fill_diagonal(values, 1.0)
    first, second = cluster(correlation_of(values)), cluster(correlation_of(values.copy()))
    np.testing.assert_array_equal(first.order, second.order)
    assert np.isclose(squareform(1 - values).min(), first.linkage[0, 2])
