from __future__ import annotations

import numpy as np
import pytest

from mamviz.schema import Floats, RankBy
from mamviz.stats.ranks import compare_columns, measure_strength, rank_quantiles, share_included
from tests.core.stats.ranked import rank_columns

NAMES = ("d", "a", "e", "c", "b", "f")


def draw_rows(n_rows: int = 80) -> Floats:
    """Rows of six correlations with many ties, since they have one digit, and some that are undefined."""
    rng = np.random.default_rng(0)
    values = np.round(rng.uniform(-0.5, 0.5, size=(n_rows, 6)), 1)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.mark.parametrize("by", ["r", "abs"])
def test_chosen_columns_stand_where_sorted_rows_put_them(by: RankBy) -> None:
    values, target = draw_rows(), 3
    ranks = rank_columns(values, target, by=by, names=NAMES)
    chosen, others = np.array([1, 5]), np.array([5, 0, 1, 4])
    order_of_names = np.argsort(np.argsort(NAMES))
    found = compare_columns(measure_strength(values, target, by=by), chosen, others, order=order_of_names)
    np.testing.assert_array_equal(found.rank, ranks[:, chosen])
    for place, column in enumerate(chosen):
        for number, other in enumerate(others):
            pairs = [(row[column], row[other]) for row in ranks if not np.isnan(row[column] + row[other])]
            expected = np.nan if column == other else np.mean([first < second for first, second in pairs])
            assert found.ahead[place, number] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("top", [1, 2, 4, 5, 6, 9])
def test_the_top_of_each_row_is_included_with_ties_by_column(top: int) -> None:
    values = draw_rows()
    ranks = rank_columns(values, 3)
    known = np.isfinite(ranks).sum(axis=0)
    expected = np.divide((ranks <= top).sum(axis=0), known, out=np.full(6, np.nan), where=known > 0)
    np.testing.assert_array_equal(share_included(measure_strength(values, 3), top), expected)


@pytest.mark.parametrize("by", ["r", "abs"])
def test_inclusion_agrees_with_a_loop(by: RankBy) -> None:
    values = np.random.default_rng(1).uniform(-1, 1, size=(50, 6))
    counts = np.zeros(6)
    for row in values:
        others = sorted((1, 2, 3, 4, 5), key=lambda column: -(abs(row[column]) if by == "abs" else row[column]))
        counts[others[:2]] += 1
    found = share_included(measure_strength(values, 0, by=by), 2)
    np.testing.assert_allclose(found, [np.nan, *counts[1:] / 50])


def test_inclusion_adds_up_to_the_number_included() -> None:
    strength = measure_strength(np.random.default_rng(1).uniform(-1, 1, size=(50, 6)), 0)
    for top in (1, 3, 5):
        assert np.nansum(share_included(strength, top)) == pytest.approx(top)
    np.testing.assert_array_equal(share_included(strength, 9), [np.nan, 1, 1, 1, 1, 1])


def test_columns_count_in_the_rows_that_define_them() -> None:
    strength = np.tile([np.nan, 0.9, 0.5, 0.49, -0.6], (400, 1))
    strength[:100, 1] = np.nan
    strength[:, 4] = np.nan
    np.testing.assert_allclose(share_included(strength, 2), [np.nan, 1.0, 1.0, 0.25, np.nan])


def test_nothing_known_is_included_nowhere_and_has_no_quantile() -> None:
    nothing = np.full((4, 3), np.nan)
    np.testing.assert_array_equal(share_included(nothing, 2), np.nan)
    np.testing.assert_array_equal(rank_quantiles(nothing, (0.5,)), np.full((1, 3), np.nan))


def test_quantiles_of_ranks_are_ranks() -> None:
    rank = np.array([[1.0, 5], [2, np.nan], [3, 7], [4, 6], [9, np.nan]])
    np.testing.assert_array_equal(rank_quantiles(rank, (0.0, 0.2, 0.5, 1.0)), [[1, 5], [1, 5], [3, 6], [9, 7]])
