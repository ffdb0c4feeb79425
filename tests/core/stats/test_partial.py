from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.schema import Floats
from mamviz.stats.moments import RIDGE
from mamviz.stats.partial import partial_correlations
from tests.core.stats.raw import pearson

NAN = float("nan")


def draw(seed: int, *, n: int = 200, k: int = 5) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)) @ rng.normal(size=(k, k))


def slow_partial(table: Floats, k: int, other: int) -> float:
    """r of what least squares on all other columns leaves of two columns."""
    rest = [column for column in range(table.shape[1]) if column not in (k, other)]
    design = np.column_stack([np.ones(len(table)), table[:, rest]])
    left = [table[:, each] - design @ np.linalg.lstsq(design, table[:, each], rcond=None)[0] for each in (k, other)]
    return pearson(*left)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_partials_are_correlations_of_what_regression_leaves(seed: int) -> None:
    table = draw(seed)
    found = partial_correlations(np.corrcoef(table.T))
    if found.ridge == 0:
        for pair in ((0, 1), (4, 2)):
            assert found.values[pair] == pytest.approx(slow_partial(table, *pair), abs=1e-6)
    np.testing.assert_allclose(found.values, found.values.T, atol=1e-12)
    np.testing.assert_array_equal(np.diag(found.values), 1.0)


def test_of_three_the_textbook_formula_holds() -> None:
    r = np.corrcoef(draw(1, k=3).T)
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert partial_correlations(r, ridge=0).values[0, 1] == pytest.approx(expected, abs=1e-10)


def test_two_that_share_a_cause_have_none_left_once_it_is_held_fixed() -> None:
    rng = np.random.default_rng(2)
    cause = rng.normal(size=50_000)
    table = np.stack([cause + rng.normal(size=50_000), cause + rng.normal(size=50_000), cause])
    r = np.corrcoef(table)
    assert r[0, 1] > 0.45
    assert abs(partial_correlations(r).values[0, 1]) < 0.02  # four standard errors


def test_replicates_go_through_in_one_call() -> None:
    stack = np.array([np.corrcoef(draw(seed).T) for seed in range(4)])
    found = partial_correlations(stack.reshape(2, 2, 5, 5), ridge=0.05)
    assert found.values.shape == (2, 2, 5, 5)
    for place, one in enumerate(stack):
        np.testing.assert_allclose(found.values.reshape(4, 5, 5)[place], partial_correlations(one, ridge=0.05).values)


def test_a_ridge_is_a_shrinkage() -> None:
    r = np.corrcoef(draw(3).T)
    shrunk = r / 1.25
    np.fill_diagonal(shrunk, 1)
    expected = partial_correlations(shrunk, ridge=0).values
    np.testing.assert_allclose(partial_correlations(r, ridge=0.25).values, expected, atol=1e-12)


def test_columns_that_repeat_each_other_take_the_small_ridge_and_others_none() -> None:
    table = np.random.default_rng(4).normal(size=(99, 5))
    repeated = np.corrcoef(np.column_stack([table, table[:, 0]]).T)
    found = partial_correlations(repeated)
    assert found.ridge == RIDGE
    assert found.values[0, 5] == pytest.approx(1, abs=1e-3)
    assert partial_correlations(np.corrcoef(np.random.default_rng(0).normal(size=(3, 99)))).ridge == 0


def test_singular_matrices_are_refused_unless_a_ridge_is_given() -> None:
    few_cells = np.corrcoef(draw(5, n=4).T)
    with pytest.raises(StatisticsError, match=r"more than 5 cells, got a singular matrix .*Use a larger ridge"):
        partial_correlations(few_cells, ridge=0)
    assert np.isfinite(partial_correlations(few_cells, ridge=0.1).values).all()


def test_what_is_undefined_stays_so_and_does_not_touch_the_others() -> None:
    table = draw(6)
    r = np.corrcoef(table.T)
    r[2] = r[:, 2] = NAN
    found = partial_correlations(r).values
    kept = [0, 1, 3, 4]
    assert np.isnan(found[2]).all()
    assert np.isnan(found[:, 2]).all()
    np.testing.assert_allclose(found[np.ix_(kept, kept)], partial_correlations(r[np.ix_(kept, kept)]).values)


def test_a_matrix_with_a_gap_has_no_partials_and_its_neighbours_keep_theirs() -> None:
    whole = np.corrcoef(draw(7).T)
    gap = whole.copy()
    gap[0, 1] = gap[1, 0] = NAN
    found = partial_correlations(np.array([whole, gap])).values
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[0], partial_correlations(whole).values)
