from __future__ import annotations

import numpy as np
import pytest

from mamviz.schema import Floats, RankBy
from mamviz.stats.ranks import compare_columns, measure_strength, rank_columns, rank_quantiles, share_included

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


def test_nothing_known_is_included_nowhere_and_has_no_quantile() -> None:
    nothing = np.full((4, 3), np.nan)
    np.testing.assert_array_equal(share_included(nothing, 2), np.nan)
    np.testing.assert_array_equal(rank_quantiles(nothing, (0.5,)), np.full((1, 3), np.nan))


def test_quantiles_of_ranks_are_ranks() -> None:
    rank = np.array([[1.0, 5], [2, np.nan], [3, 7], [4, 6], [9, np.nan]])
    np.testing.assert_array_equal(rank_quantiles(rank, (0.0, 0.2, 0.5, 1.0)), [[1, 5], [1, 5], [3, 6], [9, 7]])
