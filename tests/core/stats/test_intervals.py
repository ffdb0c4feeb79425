from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import BlockStatistics, Choices, IntervalMethod, Replicates
from mamviz.stats.bounds import bound, to_z
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.intervals import draw_replicates, estimate_intervals, interval_of_difference
from mamviz.stats.moments import select_blocks
from tests.core.stats.raw import fill, make_raw

PAIRS = (("Bald", "Male"), ("Young", "Goatee"))


def statistics(seed: int = 0, n_blocks: int = 16) -> BlockStatistics:
    return fill(make_raw(seed, n_images=300, n_blocks=n_blocks), n_blocks=n_blocks)


def drawn(stats: BlockStatistics, *, seed: int = 0, n_replicates: int = 200) -> Replicates:
    return draw_replicates(stats, Choices(), generator=np.random.default_rng(seed), n_replicates=n_replicates)


@pytest.fixture(scope="module")
def replicates() -> Replicates:
    return drawn(statistics())


def test_replicates_are_correlations_of_the_drawn_blocks(replicates: Replicates) -> None:
    stats = statistics()
    for number in (0, 7):
        chosen = select_blocks(stats, np.repeat(np.arange(16), replicates.weights[number].astype(int)))
        expected = correlate_attributes(chosen, Choices()).values
        np.testing.assert_allclose(replicates.drawn[number], expected, atol=1e-10)
    without = select_blocks(stats, np.arange(1, 16))
    np.testing.assert_allclose(replicates.left_out[0], correlate_attributes(without, Choices()).values, atol=1e-10)
    np.testing.assert_array_equal(replicates.correlation.values, correlate_attributes(stats, Choices()).values)


def test_channels_have_replicates_too() -> None:
    choices = Choices(map="evidence", sign="signed", estimand="across", view="full")
    found = draw_replicates(statistics(), choices, generator=np.random.default_rng(0), axis="channel", n_replicates=30)
    np.testing.assert_array_equal(found.correlation.values, correlate_channels(statistics(), choices).values)
    assert found.drawn.shape == (30, 4, 4)
    assert np.isfinite(estimate_intervals(found).low[0, 1])


def test_blocks_without_images_are_no_units(replicates: Replicates) -> None:
    """The same images in the same blocks, between blocks that nobody fell into."""
    raw = make_raw(0, n_images=300, n_blocks=16)
    spread = fill(replace(raw, blocks=2 * raw.blocks + 1), n_blocks=33)
    found = drawn(spread)
    assert found.n_blocks == 16
    np.testing.assert_array_equal(found.weights, replicates.weights)
    np.testing.assert_allclose(found.drawn, replicates.drawn, atol=1e-12)


def test_fewer_than_ten_units_are_refused() -> None:
    raw = make_raw(0, n_images=300, n_blocks=9)
    with pytest.raises(StatisticsError, match="at least 10 blocks with images and 1 replicate, got 9"):
        drawn(fill(raw, n_blocks=64))
    with pytest.raises(StatisticsError, match="1 replicate, got 16 and 0"):
        drawn(statistics(), n_replicates=0)


@pytest.mark.parametrize("method", ["corrected", "percentile", "bca"])
def test_intervals_are_bounds_in_fishers_z(replicates: Replicates, method: IntervalMethod) -> None:
    found = estimate_intervals(replicates, method=method, level=0.9)
    z = [to_z(part[..., 1, 3]) for part in (replicates.correlation.values, replicates.drawn, replicates.left_out)]
    expected = bound(*z, method=method, level=0.9)
    assert found.low[1, 3] == pytest.approx(np.tanh(expected.low), abs=1e-12)
    assert found.high[1, 3] == pytest.approx(np.tanh(expected.high), abs=1e-12)
    assert found.standard_error[1, 3] == pytest.approx(float(expected.standard_error), abs=1e-12)
    assert (found.n_replicates, found.n_blocks, found.method, found.level) == (200, 16, method, 0.9)


@pytest.mark.parametrize("method", ["corrected", "percentile", "bca"])
def test_intervals_are_symmetric_within_one_and_empty_on_the_diagonal(
    replicates: Replicates, method: IntervalMethod
) -> None:
    found = estimate_intervals(replicates, method=method)
    pairs = np.triu_indices(5, 1)
    for part in (found.low, found.high, found.standard_error, found.jackknife_error, found.bias):
        np.testing.assert_allclose(part, part.T, atol=1e-12)
        assert np.isnan(np.diag(part)).all()
        assert np.isfinite(part[pairs]).all()
    assert found.low[pairs].min() >= -1
    assert found.high[pairs].max() <= 1
    assert (found.low < found.high)[pairs].all()


def test_the_table_itself_is_inside_its_corrected_interval(replicates: Replicates) -> None:
    found = estimate_intervals(replicates)
    pairs = np.triu_indices(5, 1)
    assert (found.low < found.values)[pairs].all()
    assert (found.values < found.high)[pairs].all()


def test_a_higher_level_is_wider(replicates: Replicates) -> None:
    narrow, wide = (estimate_intervals(replicates, level=level) for level in (0.5, 0.99))
    pairs = np.triu_indices(5, 1)
    assert (wide.low < narrow.low)[pairs].all()
    assert (wide.high > narrow.high)[pairs].all()


def test_the_errors_of_bootstrap_and_jackknife_are_alike() -> None:
    """400 replicates give an error to 4 %; the two differ by the curvature of r, here under a third."""
    choices = Choices(sign="signed", estimand="mean", view="full")
    found = draw_replicates(statistics(3), choices, generator=np.random.default_rng(1), n_replicates=400)
    intervals = estimate_intervals(found)
    pairs = np.triu_indices(5, 1)
    ratio = intervals.jackknife_error[pairs] / intervals.standard_error[pairs]
    assert ratio.min() > 0.75
    assert ratio.max() < 1.33


def test_attributes_of_one_block_have_no_interval_and_the_others_do() -> None:
    raw = make_raw(2, n_images=300, n_blocks=16)
    raw.labels[:, 2] = (raw.blocks == 5) & (raw.labels[:, 0] == 1)
    raw.labels[np.flatnonzero(raw.blocks == 5)[0], 2] = 1
    found = estimate_intervals(drawn(fill(raw, n_blocks=16)))
    assert np.isfinite(found.values).all()
    assert np.isnan(found.low[2]).all()
    others = np.ix_([0, 1, 3, 4], [0, 1, 3, 4])
    assert np.isfinite(found.low[others][~np.eye(4, dtype=bool)]).all()


def test_more_images_make_narrower_intervals() -> None:
    few, many = (drawn(fill(make_raw(0, n_images=n, n_blocks=16), n_blocks=16)) for n in (150, 2400))
    widths = [np.nanmedian((found := estimate_intervals(each)).high - found.low) for each in (few, many)]
    assert widths[1] < 0.5 * widths[0]


def test_the_difference_of_a_pair_to_itself_is_nothing(replicates: Replicates) -> None:
    found = interval_of_difference(replicates, replicates, (PAIRS[0], PAIRS[0]), paired=True)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_differences_are_bounds_of_the_differences(replicates: Replicates) -> None:
    found = interval_of_difference(replicates, replicates, PAIRS, paired=True)
    a, b = (0, 3), (4, 2)
    value, each, rest = (
        part[..., a[0], a[1]] - part[..., b[0], b[1]]
        for part in (replicates.correlation.values, replicates.drawn, replicates.left_out)
    )
    expected = bound(value, each, rest)
    assert found.value == pytest.approx(float(value))
    assert (found.low, found.high) == pytest.approx((float(expected.low), float(expected.high)))
    turned = interval_of_difference(replicates, replicates, PAIRS[::-1], paired=True)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_runs_of_the_same_images_are_told_apart_better_when_paired() -> None:
    """The second run has the first one's masks with a little noise: what images do to both cancels."""
    raw = make_raw(0, n_images=300, n_blocks=16)
    noise = 0.02 * np.random.default_rng(5).normal(size=raw.mask.shape)
    first, second = drawn(fill(raw, n_blocks=16)), drawn(fill(replace(raw, mask=raw.mask + noise), n_blocks=16))
    pairs = (PAIRS[0], PAIRS[0])
    paired, apart = (interval_of_difference(first, second, pairs, paired=each) for each in (True, False))
    assert paired.value == apart.value
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)


def test_errors_of_independent_runs_add_up_in_squares() -> None:
    first, second = drawn(statistics(0)), drawn(statistics(7), seed=1)
    found = interval_of_difference(first, second, (PAIRS[0], PAIRS[0]), paired=False)
    alone = [float(np.std(each.drawn[:, 0, 3])) for each in (first, second)]
    assert found.standard_error == pytest.approx(float(np.hypot(alone[0], alone[1])), rel=0.2)  # 200 draws
    assert found.low < found.value < found.high


def test_paired_runs_need_the_same_draws(replicates: Replicates) -> None:
    with pytest.raises(StatisticsError, match="Draw them with generators of one seed"):
        interval_of_difference(replicates, drawn(statistics(), seed=1), PAIRS, paired=True)


def test_an_unknown_name_is_refused_with_what_is_like_it(replicates: Replicates) -> None:
    with pytest.raises(StatisticsError, match=r"'bald'. Did you mean Bald"):
        interval_of_difference(replicates, replicates, (("bald", "Male"), PAIRS[1]), paired=True)
