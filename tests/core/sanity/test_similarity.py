from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mamviz.sanity.similarity import compare_maps, compare_tables


def table(seed: int, n: int = 12) -> np.ndarray:
    return np.corrcoef(np.random.default_rng(seed).normal(size=(n, 30)))


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_tables_are_compared_by_spearman_over_pairs() -> None:
    first, second = table(1), table(2) + 0.5 * table(1)
    upper = np.triu_indices(12, k=1)
    assert compare_tables(first, second, generator=generator())[0] == pytest.approx(
        stats.spearmanr(first[upper], second[upper]).statistic
    )


def test_a_table_without_some_names_is_compared_by_the_others() -> None:
    first, second = table(1), table(2) + 0.5 * table(1)
    whole = compare_tables(first[:-1, :-1], second[:-1, :-1], generator=generator())[0]
    first[-1] = first[:, -1] = np.nan
    assert compare_tables(first, second, generator=generator())[0] == pytest.approx(whole)


def test_the_limit_permutes_names_rows_and_columns_together() -> None:
    first, second = table(1, 6), table(2, 6) + 0.5 * table(1, 6)
    orders = generator().permuted(np.tile(np.arange(6), (499, 1)), axis=1)
    drawn = []
    for order in orders:
        pairs = [(first[k, m], second[order[k], order[m]]) for k in range(6) for m in range(k)]
        drawn.append(stats.spearmanr(*zip(*pairs, strict=True)).statistic)
    assert compare_tables(first, second, generator=generator())[1] == pytest.approx(np.quantile(drawn, 0.95))


def test_unrelated_tables_stay_under_the_limit_19_times_of_20() -> None:
    below = 0
    for seed in range(60):
        value, limit = compare_tables(table(2 * seed, 8), table(2 * seed + 1, 8), generator=np.random.default_rng(seed))
        below += value <= limit
    assert 52 <= below <= 59  # 57 expected, standard deviation 1.7


def test_the_same_table_is_far_above_the_limit() -> None:
    value, limit = compare_tables(table(1), table(1), generator=generator())
    assert value == pytest.approx(1)
    assert limit < 0.5


def test_a_constant_table_or_two_names_have_no_similarity() -> None:
    assert np.isnan(compare_tables(np.ones((5, 5)), table(1, 5), generator=generator())).all()
    assert np.isnan(compare_tables(table(1, 2), table(2, 2), generator=generator())).all()


def test_maps_are_compared_attribute_by_attribute() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(size=(2, 7, 20))
    expected = np.mean([stats.pearsonr(a, b).statistic for a, b in zip(first, second, strict=True)])
    value, limit = compare_maps(first, second, generator=generator())
    assert value == pytest.approx(expected)
    assert limit > 0
    assert compare_maps(first, first, generator=generator())[0] == pytest.approx(1)


def test_constant_and_undefined_maps_are_left_out() -> None:
    first, second = np.random.default_rng(3).normal(size=(2, 7, 20))
    rest = compare_maps(first[2:], second[2:], generator=generator())[0]
    first[0], second[1] = 0.3, np.nan
    assert compare_maps(first, second, generator=generator())[0] == pytest.approx(rest)
    assert np.isnan(compare_maps(first[:1], second[:1], generator=generator())).all()
