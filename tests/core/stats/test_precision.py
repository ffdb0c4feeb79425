from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mamviz.schema import Floats
from mamviz.stats.precision import Precision, measure_precision, spread_pairs, widen_pairs

N_BLOCKS = 40
N_PAIRS = 435


def draw_parts(seed: int, n_blocks: int = N_BLOCKS) -> tuple[Floats, Floats]:
    """What each block gives to the spread of each pair, and to its mean: (block, pair) each."""
    rng = np.random.default_rng(seed)
    return 0.02 * rng.exponential(size=(n_blocks, N_PAIRS)), 0.01 * rng.normal(size=(n_blocks, N_PAIRS))


def measure(spread: Floats, level: Floats, seed: int = 0) -> Precision:
    """Of z = sum of signs times spread + sum over blocks in use of level."""

    def correlate(signs: Floats) -> Floats:
        return np.asarray(np.tanh(signs @ spread + np.abs(signs) @ level))

    return measure_precision(correlate, len(spread), generator=np.random.default_rng(seed))


def by_formula(spread: Floats, level: Floats, seed: int) -> tuple[float, float]:
    """Variances of log deviation and of mean, from the groups that `measure` makes with a seed.

    Sums over signs have mean sum(level) and variance sum(spread^2): no signs are needed for the truth.
    """
    logs, means = [], []
    for group in np.array_split(np.random.default_rng(seed).permutation(N_BLOCKS), 8):
        kept = [block for block in range(N_BLOCKS) if block not in group]
        logs.append(0.5 * np.log(sum(spread[block] ** 2 for block in kept)))
        means.append(sum(level[block] for block in kept))
    doubt = [7 / 8 * sum((x - np.mean(pair)) ** 2 for x in pair) for pair in np.array(logs).T]
    error = [7 / 8 * sum((x - np.mean(pair)) ** 2 for x in pair) for pair in np.array(means).T]
    return float(np.mean(doubt)), float(np.mean(error / (7 / 8 * (spread**2).sum(axis=0))))


def test_precision_equals_the_delete_a_group_jackknife_from_the_formulas() -> None:
    """On average over six: 200 signs and 435 pairs leave each open to some 5 %."""
    ratios = []
    for seed in range(6):
        found, (doubt, error) = measure(*draw_parts(seed), seed=seed), by_formula(*draw_parts(seed), seed=seed)
        ratios.append((found.freedom * 2 * doubt, found.mean_error / error))
    np.testing.assert_allclose(np.mean(ratios, axis=0), 1, atol=0.07)


def test_degrees_of_freedom_are_those_of_a_variance_from_so_many_blocks() -> None:
    """With normal parts, sum(spread^2) / variance is chi^2 of as many degrees of freedom as blocks."""
    rng = np.random.default_rng(2)
    for n_blocks in (24, 64):
        found = measure(0.02 * rng.normal(size=(n_blocks, N_PAIRS)), np.zeros((n_blocks, N_PAIRS)))
        assert found.freedom == pytest.approx(n_blocks, rel=0.35)
        assert found.mean_error == pytest.approx(0, abs=0.01)


def test_blocks_that_are_all_alike_leave_little_doubt() -> None:
    found = measure(np.full((N_BLOCKS, N_PAIRS), 0.02), np.full((N_BLOCKS, N_PAIRS), 0.001))
    assert found.freedom > 300
    assert found.mean_error < 0.01


def test_undefined_pairs_are_left_out_and_none_leaves_no_doubt() -> None:
    spread, level = draw_parts(3)
    whole = measure(spread, level)
    holed = spread.copy()
    holed[:, ::2] = np.nan
    assert measure(holed, level).freedom == pytest.approx(whole.freedom, rel=0.25)
    assert measure(np.full_like(spread, np.nan), level) == Precision(freedom=np.inf, mean_error=0.0)
    assert measure(0 * spread, level) == Precision(freedom=np.inf, mean_error=0.0)


def test_a_normal_null_becomes_students_t() -> None:
    """Kolmogorov & Smirnov's test of 435 x 200 values, at p = 0.001; the plain normal fails it."""
    rng = np.random.default_rng(4)
    z = 0.3 + 0.1 * rng.normal(size=(200, N_PAIRS))
    z -= z.mean(axis=0) - 0.3
    wide = widen_pairs(np.tanh(z), Precision(freedom=6.0, mean_error=0.44), generator=np.random.default_rng(0))
    deviation = (np.arctanh(wide) - 0.3) / (0.1 * 1.2)
    assert scipy_stats.kstest(deviation.ravel(), scipy_stats.t(6).cdf).pvalue > 0.001
    assert scipy_stats.kstest(((z - 0.3) / 0.1).ravel(), scipy_stats.t(6).cdf).pvalue < 1e-6


def test_without_doubt_a_null_stays_as_it_is() -> None:
    z = np.random.default_rng(5).normal(size=(50, N_PAIRS))
    same = widen_pairs(np.tanh(z), Precision(freedom=np.inf, mean_error=0.0), generator=np.random.default_rng(0))
    np.testing.assert_allclose(same, np.tanh(z), atol=1e-9)


def test_widened_pairs_stay_within_one_and_undefined_where_they_were() -> None:
    z = 3 * np.random.default_rng(6).normal(size=(50, N_PAIRS))
    z[:, 3] = np.nan
    correlations = np.tanh(z)
    wide = widen_pairs(correlations, Precision(freedom=0.5, mean_error=0.1), generator=np.random.default_rng(0))
    assert np.nanmax(np.abs(wide)) <= 1
    np.testing.assert_array_equal(np.isnan(wide), np.isnan(z))
    np.testing.assert_array_equal(correlations, np.tanh(z))  # as they were


def test_pairs_are_all_of_a_small_table_and_evenly_chosen_of_a_large_one() -> None:
    np.testing.assert_array_equal(spread_pairs(30), np.triu_indices(30, k=1))
    first, second = spread_pairs(200)
    assert 2000 <= len(first) < 4000
    assert (first < second).all()
    of_row = np.arange(199, -1, -1) / 9  # every ninth of 19,900
    assert np.abs(np.bincount(first, minlength=200) - of_row).max() < 1
