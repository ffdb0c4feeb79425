from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.pruning.curves import TracedCurves, choose_levels, mean_height, trace_curves
from mamviz.schema import BASELINES, FILLS, MASK_CRITERIA, Interval, PruningSettings, RemovalOrder
from mamviz.stats.bootstrap import draw_counts
from mamviz.store.records import to_plain
from tests.core.pruning.removed import (
    CHANNELS,
    Stop,
    feature_part,
    half_of,
    known_part,
    loud_network,
    means_of,
    right_without,
    silence,
)

SETTINGS = PruningSettings(step=0.25, last=0.8, n_replicates=30)
LEVELS = (0, 2, 3, 4, 5)  # 0, 1.5, 3, 4.5 and 4.8 of 6 channels
ORDERS = (
    RemovalOrder(criterion="usage", channels=(4, 0, 5, 2, 1, 3)),
    RemovalOrder(criterion="Taylor", channels=(3, 1, 0, 4, 2, 5)),
    RemovalOrder(criterion="random", channels=(0, 1, 2, 3, 4, 5), draw=0),
    RemovalOrder(criterion="random", channels=(2, 5, 4, 0, 3, 1), draw=1),
    RemovalOrder(criterion="greedy", channels=(5, 4, 3, 2, 1, 0)),
)
NETWORK = loud_network()
VALIDATION, TEST = (half_of(feature_part(NETWORK, 60), half) for half in (0, 1))
MEANS = means_of(NETWORK, VALIDATION)


def trace(orders=ORDERS, *, part=TEST, network=NETWORK, settings=SETTINGS, **options) -> TracedCurves:
    generator = np.random.default_rng(0)
    return trace_curves(
        network, part, orders, means=means_of(network, VALIDATION), settings=settings, generator=generator, **options
    )


def right_by_loop(order: RemovalOrder, fill: str, levels=LEVELS):
    left = MEANS if fill == "mean" else None
    return np.array([right_without(NETWORK, TEST, order.channels[:removed], left) for removed in levels])


def resampled_by_loop() -> list[list[int]]:
    """Rows of the images of each replicate, the images themselves first."""
    counts = draw_counts(TEST.units, SETTINGS.n_replicates, np.random.default_rng(0))
    return [[row for row in range(TEST.n_images) for _ in range(int(drawn[row]))] for drawn in counts]


def is_interval(found: Interval, replicates: list[float]) -> bool:
    low, high = np.quantile(replicates[1:], [0.025, 0.975])
    return (found.value, found.low, found.high) == pytest.approx((replicates[0], low, high), abs=1e-12)


def test_levels_are_whole_numbers_of_channels_up_to_the_last():
    assert choose_levels(100, step=0.05, last=0.95) == tuple(range(0, 96, 5))
    assert choose_levels(64, step=0.05, last=0.95)[:4] == (0, 3, 6, 10)
    assert choose_levels(64, step=0.05, last=0.95)[-1] == 61
    assert choose_levels(10, step=0.3, last=0.8) == (0, 3, 6, 8)
    assert choose_levels(10, step=0.1, last=0.3) == (0, 1, 2, 3)


def test_levels_of_few_channels_are_not_repeated_and_keep_one():
    assert choose_levels(4, step=0.05, last=0.95) == (0, 1, 2, 3)
    assert choose_levels(6, step=0.25, last=0.8) == (0, 2, 3, 4, 5)
    assert choose_levels(8, step=0.5, last=1.0) == (0, 4, 7)
    assert choose_levels(1, step=0.05, last=0.95) == (0,)


@pytest.mark.parametrize(("step", "last"), [(0, 0.9), (-0.1, 0.9), (1.5, 0.9), (0.1, 0), (0.1, 1.2), (np.nan, 0.9)])
def test_levels_of_no_share_are_refused(step, last):
    with pytest.raises(StatisticsError, match="above 0 up to 1"):
        choose_levels(10, step=step, last=last)


def test_heights_are_areas_over_the_range():
    rng = np.random.default_rng(0)
    places, curves = np.array([0, 0.1, 0.4, 0.9]), rng.random((3, 4))
    expected = [np.trapezoid(curve, places) / 0.9 for curve in curves]
    assert mean_height(curves, places) == pytest.approx(expected)
    assert mean_height(np.full(4, 0.7), places) == pytest.approx(0.7)
    assert mean_height(np.array([[0.3], [0.4]]), np.array([0.0])) == pytest.approx([0.3, 0.4])


def test_curves_count_right_answers_of_the_masked_network():
    found = trace()
    assert [(curve.fill, curve.order) for curve in found.curves] == [(fill, o) for fill in FILLS for o in ORDERS]
    for curve in found.curves:
        right = right_by_loop(curve.order, curve.fill)
        assert curve.removed == LEVELS
        np.testing.assert_allclose(curve.attributes, right.mean(axis=1), atol=1e-12)
        assert [each.value for each in curve.accuracy] == pytest.approx(right.mean(axis=(1, 2)).tolist())
        lost = right[0].mean() - right.mean(axis=(1, 2))
        assert [each.value for each in curve.loss] == pytest.approx(lost.tolist(), abs=1e-12)
        sparsity = np.array(LEVELS) / CHANNELS
        assert curve.area.value == pytest.approx(np.trapezoid(right.mean(axis=(1, 2)), sparsity) / sparsity[-1])
    assert len({curve.area.value for curve in found.curves}) > 5


def test_intervals_resample_the_persons_of_the_test_images():
    found, drawn = trace(), resampled_by_loop()
    sparsity = np.array(LEVELS) / CHANNELS
    for curve in found.curves[::3]:
        right = right_by_loop(curve.order, curve.fill).mean(axis=2)  # (level, image)
        heights = [right[:, rows].mean(axis=1) for rows in drawn]
        for level in range(len(LEVELS)):
            assert is_interval(curve.accuracy[level], [height[level] for height in heights])
            assert is_interval(curve.loss[level], [height[0] - height[level] for height in heights])
        assert is_interval(curve.area, [float(np.trapezoid(height, sparsity) / sparsity[-1]) for height in heights])
        assert curve.area.low < curve.area.high
        assert (curve.loss[0].low, curve.loss[0].high) == (0, 0)


def test_differences_are_paired_and_of_random_orders_the_mean():
    found, drawn = trace(), resampled_by_loop()
    sparsity = np.array(LEVELS) / CHANNELS

    def areas(order: RemovalOrder, fill: str) -> np.ndarray:
        right = right_by_loop(order, fill).mean(axis=2)
        return np.array([np.trapezoid(right[:, rows].mean(axis=1), sparsity) / sparsity[-1] for rows in drawn])

    pairs = {(each.criterion, each.other, each.fill): each.difference for each in found.differences}
    assert list(pairs) == [("usage", other, fill) for fill in FILLS for other in ("Taylor", "random", "greedy")]
    usage, taylor, first, second, _ = ORDERS
    for fill in FILLS:
        own = areas(usage, fill)
        assert is_interval(pairs["usage", "Taylor", fill], list(own - areas(taylor, fill)))
        drawn_mean = (areas(first, fill) + areas(second, fill)) / 2
        assert is_interval(pairs["usage", "random", fill], list(own - drawn_mean))
    fills = {each.criterion: each.difference for each in found.fills}
    assert list(fills) == ["usage", "Taylor", "random", "greedy"]
    assert is_interval(fills["usage"], list(areas(usage, "mean") - areas(usage, "zero")))


def test_every_mask_criterion_meets_every_baseline():
    orders = [replace(ORDERS[0], criterion=criterion) for criterion in (*MASK_CRITERIA, *BASELINES)]
    found = trace(orders)
    assert len(found.differences) == 2 * len(MASK_CRITERIA) * len(BASELINES)
    assert all(each.difference == Interval(0, 0, 0) for each in found.differences)


@pytest.mark.parametrize("after", [1, 5, 17, 30])
def test_a_stopped_job_goes_on_with_the_next_order_and_gives_the_same_bits(tmp_path, after):
    whole = Stop()
    expected = trace(progress=whole)
    with pytest.raises(KeyboardInterrupt):
        trace(folder=tmp_path, progress=Stop(after))
    rest = Stop()
    assert to_plain(trace(folder=tmp_path, progress=rest)) == to_plain(expected)
    finished = (after - 1) // 5 - (after % 5 == 0)  # of an order four levels, then the order itself
    assert len(whole.seen) - len(rest.seen) >= 4 * max(0, finished)
    assert whole.seen[-1] == rest.seen[-1] == (40, 40)
    again = Stop()
    assert to_plain(trace(folder=tmp_path, progress=again)) == to_plain(expected)
    assert len(again.seen) == 10  # an order each, no level


def test_channels_without_use_can_go_first_at_no_cost():
    network = loud_network(readout="per-attribute")
    for channel in (1, 4, 5):
        silence(network, channel, attributes=range(4))
    part = known_part(network, TEST)
    useless, useful = ((1, 4, 5), (0, 2, 3))
    orders = [
        RemovalOrder(criterion="usage", channels=useless + useful),
        RemovalOrder(criterion="L1", channels=useful + useless),
    ]
    found = trace(orders, part=part, network=network)
    for fill in range(2):
        good, bad = found.curves[2 * fill : 2 * fill + 2]
        assert [each.value for each in good.accuracy[:3]] == [1, 1, 1]
        assert max(each.value for each in good.accuracy[3:]) < 1
        assert max(each.value for each in bad.accuracy[1:]) < 1
    assert all(each.verdict == "better" for each in found.differences)


def test_the_order_of_images_does_not_matter():
    rows = np.random.default_rng(1).permutation(TEST.n_images)
    moved = replace(TEST, indices=TEST.indices[rows], labels=TEST.labels[rows], units=TEST.units[rows])
    moved = replace(moved, features=TEST.features[rows])
    for one, other in zip(trace().curves, trace(part=moved).curves, strict=True):
        np.testing.assert_allclose(other.attributes, one.attributes, atol=1e-12)
        assert (other.area.value, other.area.low) == pytest.approx((one.area.value, one.area.low))


def test_a_single_person_has_no_intervals():
    alone = replace(TEST, units=np.zeros_like(TEST.units))
    curve = trace(ORDERS[:1], part=alone).curves[0]
    assert np.isnan([curve.area.low, curve.area.high, curve.loss[2].low]).all()
    assert np.isfinite(curve.area.value)
