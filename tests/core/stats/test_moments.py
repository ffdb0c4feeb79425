from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.schema import BlockStatistics, BlockSums
from mamviz.stats.moments import (
    ROWS_AT_A_TIME,
    adjusted_weighting,
    adjusted_weights,
    merge,
    number_of_blocks,
    select_blocks,
)
from tests.core.stats.raw import fill, make_raw

SEEDS = st.integers(0, 2**32 - 1)


def assert_same(first: BlockStatistics, second: BlockStatistics, tolerance: float = 1e-10) -> None:
    """Compare every array; sums of 60 numbers of size 1 in another order differ by 1e-14."""
    assert first.attributes == second.attributes
    assert first.grid == second.grid
    for name in ("count", "positives", "weight_sum", "label_gram", "feature_sum"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=tolerance, atol=tolerance)
    for map_name in ("mask", "evidence"):
        for spec in fields(BlockSums):
            one, other = (getattr(getattr(stats, map_name), spec.name) for stats in (first, second))
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=f"{map_name}.{spec.name}")


@given(seed=SEEDS)
@settings(max_examples=25, deadline=None)
def test_weights_add_up_to_zero_and_pick_their_own_label(seed: int) -> None:
    labels = make_raw(seed).labels
    weights = adjusted_weights(labels)
    assert weights.ridge == 0.0
    assert weights.constant == ()
    np.testing.assert_allclose(weights.values.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(weights.values.T @ labels, np.eye(5), atol=1e-10)


def test_weights_are_the_coefficients_of_a_regression() -> None:
    raw = make_raw(1)
    outcome = raw.mask[:, 2, 1, 0, 2]
    design = np.column_stack([np.ones(len(outcome)), raw.labels])
    coefficients = np.linalg.lstsq(design, outcome, rcond=None)[0]
    np.testing.assert_allclose(adjusted_weights(raw.labels).values.T @ outcome, coefficients[1:], atol=1e-10)


def test_weights_of_more_images_than_are_taken_at_a_time_are_the_same_least_squares() -> None:
    labels = (np.random.default_rng(0).random((ROWS_AT_A_TIME + 100, 3)) < [0.1, 0.5, 0.9]).astype(np.uint8)
    centred = labels - labels.mean(axis=0)
    weights = adjusted_weights(labels).values
    np.testing.assert_allclose(weights, np.linalg.pinv(centred).T, rtol=1e-10, atol=1e-16)
    some = slice(ROWS_AT_A_TIME - 5, ROWS_AT_A_TIME + 5)
    np.testing.assert_allclose(adjusted_weighting(labels).weigh(labels[some]), weights[some], rtol=1e-12, atol=1e-18)


def test_weights_of_one_label_are_a_difference_of_means() -> None:
    labels = np.array([[1], [0], [1], [0], [0]])
    expected = [1 / 2, -1 / 3, 1 / 2, -1 / 3, -1 / 3]
    np.testing.assert_allclose(adjusted_weights(labels).values[:, 0], expected, atol=1e-12)


def test_a_constant_label_gets_zero_weights_and_is_named() -> None:
    labels = make_raw(2).labels
    labels[:, 3] = 1
    weights = adjusted_weights(labels)
    assert weights.constant == (3,)
    assert not weights.values[:, 3].any()
    others = [0, 1, 2, 4]
    np.testing.assert_allclose(weights.values[:, others], adjusted_weights(labels[:, others]).values, atol=1e-12)


def test_a_repeated_label_takes_a_ridge_and_shares_its_effect() -> None:
    labels = make_raw(3).labels[:, :3]
    doubled = np.column_stack([labels, labels[:, 0], 1 - labels[:, 1]])
    weights = adjusted_weights(doubled)
    assert weights.ridge > 0
    alone = adjusted_weights(labels).values
    np.testing.assert_allclose(weights.values[:, 0], weights.values[:, 3], atol=1e-9)
    np.testing.assert_allclose(weights.values[:, 1], -weights.values[:, 4], atol=1e-9)
    np.testing.assert_allclose(weights.values[:, 0], alone[:, 0] / 2, rtol=1e-2, atol=1e-4)
    np.testing.assert_allclose(weights.values[:, 2], alone[:, 2], rtol=1e-2, atol=1e-4)


def test_fewer_images_than_attributes_still_give_finite_weights() -> None:
    weights = adjusted_weights(make_raw(4).labels[:3])
    assert weights.ridge > 0
    assert np.abs(weights.values).max() < 10
    np.testing.assert_allclose(weights.values.sum(axis=0), 0, atol=1e-10)


@pytest.mark.parametrize("labels", [np.empty((0, 3)), np.zeros(4), np.array([[0.0], [np.nan]])])
def test_labels_that_are_no_table_are_refused(labels: np.ndarray) -> None:
    with pytest.raises(StatisticsError, match="labels: expected finite numbers of shape"):
        adjusted_weights(labels)


@given(seed=SEEDS, parts=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_whole_equals_the_merge_of_its_parts(seed: int, parts: int) -> None:
    raw = make_raw(seed)
    shuffled = np.random.default_rng(seed).permutation(60)
    pieces = [fill(raw, rows=list(piece)) for piece in np.array_split(shuffled, parts)]
    assert_same(merge(pieces), fill(raw))


def test_merging_leaves_its_parts_as_they_were() -> None:
    parts = [fill(make_raw(seed)) for seed in (0, 1)]
    before = parts[0].mask.total.copy()
    merge(parts)
    np.testing.assert_array_equal(parts[0].mask.total, before)


def test_sums_in_float32_are_added_in_float64_and_stay_float32() -> None:
    """2**24 + 1 + 1: in float32 each 1 would be lost."""
    stats = fill(make_raw(5))
    parts = [
        replace(stats, mask=replace(stats.mask, total=np.full_like(stats.mask.total, value, dtype=np.float32)))
        for value in (2.0**24, 1.0, 1.0)
    ]
    total = merge(parts).mask.total
    assert total.dtype == np.float32
    np.testing.assert_array_equal(total, 2.0**24 + 2)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"attributes": ("a", "b", "c", "d", "e")}, "attributes"),
        ({"grid": (4, 3, 2)}, "grid"),
        ({"count": np.ones(7)}, "number of blocks"),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_number(change: dict[str, object], what: str) -> None:
    stats = fill(make_raw(6))
    with pytest.raises(StatisticsError, match=f"part 0 has {what} .*, part 2 has"):
        merge([stats, stats, replace(stats, **change)])  # type: ignore[arg-type]


def test_merging_nothing_is_refused() -> None:
    with pytest.raises(StatisticsError, match="expected at least one part"):
        merge([])


def test_chosen_blocks_are_the_statistics_of_their_images() -> None:
    raw = make_raw(7)
    some = fill(raw, rows=[n for n in range(60) if raw.blocks[n] in (1, 4)])
    expected = select_blocks(some, [1, 4])
    assert_same(select_blocks(fill(raw), [1, 4]), expected)
    assert_same(select_blocks(fill(raw), np.isin(np.arange(6), [1, 4])), expected)
    assert expected.n_images == int(np.isin(raw.blocks, [1, 4]).sum())


def test_a_block_may_be_chosen_twice() -> None:
    stats = fill(make_raw(8))
    twice = select_blocks(stats, [2, 2, 5])
    assert twice.n_images == 2 * stats.count[2] + stats.count[5]


@pytest.mark.parametrize("keep", [[6], [-1], [0.5], [True, False], [[1, 2]]])
def test_blocks_that_do_not_exist_are_refused(keep: npt.ArrayLike) -> None:
    with pytest.raises(StatisticsError, match="expected 6 booleans or block numbers from 0 to 5"):
        select_blocks(fill(make_raw(10)), keep)


def test_a_small_grid_keeps_64_blocks() -> None:
    assert number_of_blocks(40, 48, 8, 8) == 64


def test_a_large_grid_keeps_fewer_blocks_but_never_under_20() -> None:
    assert number_of_blocks(40, 512, 7, 7) == 20
    between = number_of_blocks(40, 128, 8, 8)
    assert 20 < between < 64
    maps = 4 * (6 * 40 + 1) * 128 * 64
    pairs = 8 * (2 * 3 * 40**2 + 2 * 128**2 + 2 * 12 * 40**2 + 40**2)
    vectors = 8 * (1 + 2 * 40)
    assert between == 256_000_000 // (maps + pairs + vectors)
