from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Correlation, Floats
from mamviz.stats.agreement import (
    agreement_interval,
    mantel_test,
    pairs_of,
    rank_correlation,
    second_order_similarity,
    top_overlap,
)
from tests.core.stats.raw import pearson


def table_of(values: object) -> Correlation:
    matrix = np.asarray(values, dtype=np.float64)
    names = tuple(f"name {index:02d}" for index in range(len(matrix)))
    missing = np.isnan(matrix).all(axis=1)
    undefined = tuple(name for name, gone in zip(names, missing, strict=True) if gone)
    return Correlation(axis="attribute", names=names, values=matrix, choices=Choices(), n_images=9, undefined=undefined)


def draw(seed: int, n: int = 8, *, digits: int = 9) -> Floats:
    """A symmetric matrix; few digits make ties."""
    values = np.round(np.random.default_rng(seed).uniform(-1, 1, size=(n, n)), digits)
    values = np.triu(values, 1)
    return np.asarray(values + values.T + np.eye(n))


def without(values: Floats, *indices: int) -> Floats:
    values = values.copy()
    values[list(indices)] = values[:, list(indices)] = np.nan
    return values


def by_a_loop(first: Floats, second: Floats) -> float:
    """Ranks of each pair among those defined in both, then Pearson by the formula."""
    pairs = [
        (first[k, j], second[k, j])
        for k in range(len(first))
        for j in range(k + 1, len(first))
        if np.isfinite(first[k, j]) and np.isfinite(second[k, j])
    ]
    x, y = (np.array(each) for each in zip(*pairs, strict=True))
    ranks = [np.array([(v < a).sum() + ((v == a).sum() + 1) / 2 for a in v]) for v in (x, y)]
    return pearson(ranks[0], ranks[1])


@pytest.mark.parametrize("digits", [9, 1])
def test_similarity_equals_a_loop_and_scipy(digits: int) -> None:
    a, b = without(draw(1, digits=digits), 3), draw(2, digits=digits)
    b[0, 1] = b[1, 0] = np.nan
    got = second_order_similarity(table_of(a), table_of(b))
    x, y = pairs_of(a), pairs_of(b)
    known = np.isfinite(x) & np.isfinite(y)
    assert got == pytest.approx(by_a_loop(a, b), abs=1e-12)
    assert got == pytest.approx(float(spearmanr(x[known], y[known]).statistic), abs=1e-12)


@given(seed=st.integers(0, 2**32 - 1))
def test_similarity_is_symmetric_and_does_not_depend_on_the_order_of_names_or_the_scale(seed: int) -> None:
    a, b = draw(seed, digits=1), draw(seed + 1)
    order = np.random.default_rng(seed).permutation(8)
    expected = second_order_similarity(table_of(a), table_of(b))
    assert second_order_similarity(table_of(b), table_of(a)) == pytest.approx(expected, abs=1e-12)
    turned = second_order_similarity(table_of(a[np.ix_(order, order)]), table_of(b[np.ix_(order, order)]))
    assert turned == pytest.approx(expected, abs=1e-12)
    assert second_order_similarity(table_of(a), table_of(np.tanh(b))) == pytest.approx(expected, abs=1e-12)
    assert second_order_similarity(table_of(a), table_of(-a)) == pytest.approx(-1, abs=1e-12)


def test_many_replicates_at_once_equal_one_by_one() -> None:
    first = pairs_of(np.stack([draw(seed) for seed in range(4)]))
    second = pairs_of(np.stack([without(draw(seed + 9), seed) for seed in range(4)]))
    expected = [float(rank_correlation(x, y)) for x, y in zip(first, second, strict=True)]
    np.testing.assert_allclose(rank_correlation(first, second), expected, atol=1e-14)


def test_constant_tables_and_too_few_pairs_have_no_similarity() -> None:
    assert np.isnan(second_order_similarity(table_of(draw(1)), table_of(np.ones((8, 8)))))
    assert np.isnan(second_order_similarity(table_of(without(draw(1), *range(6))), table_of(draw(2))))
    assert np.isnan(second_order_similarity(table_of(np.full((8, 8), np.nan)), table_of(draw(2))))
    one = table_of([[1.0]])
    assert np.isnan(second_order_similarity(one, one))


def test_tables_of_other_names_are_refused() -> None:
    other = replace(table_of(draw(1)), names=tuple("abcdefgh"))
    with pytest.raises(StatisticsError, match="same attributes in the same order, got 8 and 8"):
        second_order_similarity(table_of(draw(1)), other)
    with pytest.raises(StatisticsError, match="same attributes"):
        mantel_test(table_of(draw(1)), other, generator=np.random.default_rng(0))
    with pytest.raises(StatisticsError, match="same attributes"):
        top_overlap(table_of(draw(1)), other)


def test_mantels_p_comes_near_the_share_of_all_orders_of_names() -> None:
    """All 720 permutations of six names, each by a slow loop; 20,000 drawn ones differ by their sampling error."""
    rng = np.random.default_rng(5)
    a = draw(3, 6)
    b = 0.5 * a + 0.5 * draw(4, 6)
    observed = by_a_loop(a, b)
    all_orders = [by_a_loop(a, b[np.ix_(order, order)]) for order in map(list, itertools.permutations(range(6)))]
    greater = np.mean([value >= observed - 1e-12 for value in all_orders])
    extreme = np.mean([abs(value) >= abs(observed) - 1e-12 for value in all_orders])
    assert 0.005 < greater < extreme < 0.5
    found = mantel_test(table_of(a), table_of(b), n_permutations=20_000, generator=rng)
    for got, expected in ((found.p_greater, greater), (found.p_two_sided, extreme)):
        assert got == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))


def test_mantels_p_of_equal_and_of_opposite_tables_is_the_smallest_there_is() -> None:
    table = table_of(draw(1, 12))
    equal = mantel_test(table, table, n_permutations=199, generator=np.random.default_rng(0))
    assert (equal.p_greater, equal.p_two_sided) == (1 / 200, 1 / 200)
    opposite = mantel_test(table, table_of(-table.values), n_permutations=199, generator=np.random.default_rng(0))
    assert opposite.p_greater == 1.0
    assert opposite.p_two_sided == 1 / 200


def test_mantel_permutes_names_and_not_pairs() -> None:
    """Tables with a level for every name: pairs that share a name rise together.

    Unrelated tables of this kind differ far more than unrelated pairs would: p must be uniform all the same.
    """
    rng = np.random.default_rng(11)
    p, too_low = [], 0
    for _ in range(200):
        levels = rng.normal(size=(2, 12))
        tables = [table_of(np.tanh(level[:, None] + level[None, :])) for level in levels]
        p.append(mantel_test(tables[0], tables[1], n_permutations=99, generator=rng).p_two_sided)
        x, y = (pairs_of(table.values) for table in tables)
        too_low += float(spearmanr(x, y).pvalue) <= 0.05
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.10  # 0.05 with a standard error of 0.015
    assert too_low > 40  # what counting pairs as observations would claim: a trap that the test stays out of


def test_mantel_leaves_out_what_is_undefined() -> None:
    a, b = draw(1, 9), draw(2, 9)
    kept = [0, 1, 2, 4, 5, 6, 7]
    b[8, 7] = b[7, 8] = b[8, 6] = b[6, 8] = np.nan  # name 8 has the most gaps
    with_gaps = mantel_test(
        table_of(without(a, 3)), table_of(b), n_permutations=500, generator=np.random.default_rng(7)
    )
    whole = mantel_test(
        table_of(a[np.ix_(kept, kept)]), table_of(b[np.ix_(kept, kept)]), n_permutations=500,
        generator=np.random.default_rng(7),
    )  # fmt: skip
    assert with_gaps == whole


def test_mantel_has_no_p_for_constant_tables_or_two_names() -> None:
    generator = np.random.default_rng(0)
    constant = mantel_test(table_of(np.ones((5, 5))), table_of(draw(1, 5)), generator=generator)
    assert np.isnan([constant.p_greater, constant.p_two_sided]).all()
    two = mantel_test(table_of(draw(1, 2)), table_of(draw(2, 2)), generator=generator)
    assert np.isnan([two.p_greater, two.p_two_sided]).all()


def test_mantel_gives_the_same_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = table_of(draw(1)), table_of(draw(2))
    whole = mantel_test(*tables, n_permutations=50, generator=np.random.default_rng(3))
    monkeypatch.setattr("mamviz.stats.agreement._AT_A_TIME", 28 * 7)
    assert mantel_test(*tables, n_permutations=50, generator=np.random.default_rng(3)) == whole


def test_overlap_counts_shared_names_of_each_target() -> None:
    a, b = draw(1), draw(2)
    found = top_overlap(table_of(a), table_of(b), top=3)
    for target in range(8):
        tops = [
            set(sorted((k for k in range(8) if k != target), key=lambda k: -values[target, k])[:3]) for values in (a, b)
        ]
        assert found.shares[target] == pytest.approx(len(tops[0] & tops[1]) / 3)
    assert found.mean == pytest.approx(np.mean(found.shares))
    assert top_overlap(table_of(a), table_of(a), top=3).mean == 1.0


def test_overlap_by_size_of_r_takes_the_most_negative_too() -> None:
    a = draw(1)
    apart = ~np.eye(8, dtype=bool)
    flipped = np.where(apart, -a, a)
    assert top_overlap(table_of(a), table_of(flipped), top=3, by="abs").mean == 1.0
    assert top_overlap(table_of(a), table_of(flipped), top=3).mean < 0.5


def test_overlap_by_chance_is_what_unrelated_tables_show() -> None:
    rng = np.random.default_rng(0)
    means = []
    for _ in range(150):
        order = rng.permutation(12)
        a = draw(1, 12)
        means.append(top_overlap(table_of(a), table_of(a[np.ix_(order, order)]), top=4).mean)
    chance = top_overlap(table_of(a), table_of(a), top=4).chance
    assert chance == pytest.approx(4 / 11)
    assert np.mean(means) == pytest.approx(chance, abs=5 * np.std(means) / np.sqrt(150))


def test_overlap_leaves_out_names_undefined_in_either_table() -> None:
    a, b = draw(1), draw(2)
    kept = [1, 2, 3, 4, 6, 7]
    found = top_overlap(table_of(without(a, 0)), table_of(without(b, 5)), top=2)
    expected = top_overlap(table_of(a[np.ix_(kept, kept)]), table_of(b[np.ix_(kept, kept)]), top=2)
    assert found.targets == tuple(f"name {index:02d}" for index in kept)
    assert found.shares == expected.shares
    assert found.chance == 2 / 5


def test_overlap_of_more_than_there_are_is_whole_and_of_one_name_undefined() -> None:
    few = top_overlap(table_of(draw(1, 4)), table_of(draw(2, 4)), top=5)
    assert (few.mean, few.chance) == (1.0, 1.0)
    one = top_overlap(table_of([[1.0]]), table_of([[1.0]]))
    assert np.isnan([one.mean, one.chance]).all()
    none = top_overlap(table_of(np.full((3, 3), np.nan)), table_of(draw(1, 3)))
    assert none.shares == ()
    assert np.isnan(none.mean)


def test_ranks_of_pairs_are_scipys() -> None:
    """The statistic of the permutation test is the similarity itself: the identity repeats it."""
    a, b = draw(1, digits=1), draw(2, digits=1)
    x, y = rankdata(pairs_of(a)), rankdata(pairs_of(b))
    expected = np.corrcoef(x, y)[0, 1]
    assert second_order_similarity(table_of(a), table_of(b)) == pytest.approx(expected, abs=1e-12)


def test_limits_are_t_steps_of_the_replicates_spread_on_fishers_z() -> None:
    replicates = np.tanh(np.random.default_rng(0).normal(1.0, 0.1, size=400))
    found = agreement_interval(0.8, replicates, n_pairs=780, n_blocks=30, level=0.9)
    spread = np.sqrt(sum((np.arctanh(r) - np.arctanh(replicates).mean()) ** 2 for r in replicates) / 399 * 30 / 29)
    assert found.value == 0.8
    # t of 0.95 with 29 degrees of freedom, from a table
    assert np.arctanh(found.high) - np.arctanh(0.8) == pytest.approx(1.6991 * spread, rel=1e-4)
    assert np.arctanh(0.8) - np.arctanh(found.low) == pytest.approx(1.6991 * spread, rel=1e-4)


def test_limits_stay_within_one_and_are_not_given_where_little_is_known() -> None:
    rng = np.random.default_rng(0)
    wide = agreement_interval(0.9, rng.uniform(-1, 1, size=200), n_pairs=780, n_blocks=20)
    assert -1 <= wide.low < 0.9 < wide.high <= 1
    same = agreement_interval(1.0, np.ones(50), n_pairs=780, n_blocks=20)
    assert same.low == pytest.approx(1.0)
    exact = agreement_interval(1.0, np.array([1.0, 1.0, 0.9, 0.95]), n_pairs=10, n_blocks=20)
    assert 0.8 < exact.low < exact.high == 1.0  # an infinite z would leave nothing but -1 to 1
    step = float(rank_correlation(np.arange(10.0), np.array([0, 1, 2, 3, 5, 4, 6, 7, 8, 9.0])))
    single = agreement_interval(1.0, np.ones(9), n_pairs=10, n_blocks=20)
    assert single.low == pytest.approx((1 + step) / 2)
    gaps = rng.uniform(0.5, 0.6, size=100)
    gaps[:6] = np.nan
    for value, replicates, n_blocks in (
        (0.5, gaps, 20),
        (0.5, gaps[6:], 9),
        (np.nan, gaps[6:], 20),
        (0.5, gaps[:0], 20),
    ):
        found = agreement_interval(value, replicates, n_pairs=45, n_blocks=n_blocks)
        assert np.isnan([found.low, found.high]).all()
    assert np.isfinite(agreement_interval(0.5, gaps[2:], n_pairs=780, n_blocks=20).low)  # 4 of 98 undefined


def test_limits_cover_the_agreement_of_tables_from_as_many_images() -> None:
    """Two noisy tables of the same blocks, drawn anew 200 times; percentiles of the same replicates would not do."""
    rng = np.random.default_rng(1)
    n_names, n_cells, n_blocks = 10, 24, 40
    rows, columns = np.triu_indices(n_names, 1)
    base = rng.normal(size=(n_names, 3)) @ rng.normal(size=(3, n_cells))
    truth = [base + 0.2 * rng.normal(size=base.shape) for _ in range(2)]

    def agree(blocks: list[Floats], weights: Floats) -> Floats:
        tables = []
        for part in blocks:
            maps = (weights / weights.sum(axis=1, keepdims=True)) @ part.reshape(n_blocks, -1)
            maps = maps.reshape(len(weights), n_names, n_cells)
            maps = maps - maps.mean(axis=2, keepdims=True)
            maps /= np.sqrt((maps**2).sum(axis=2, keepdims=True))
            tables.append((maps @ maps.swapaxes(1, 2))[:, rows, columns])
        return rank_correlation(tables[0], tables[1])

    values, limits, percentiles = [], [], []
    for _ in range(200):
        shared = rng.normal(size=(n_blocks, n_names, n_cells))
        noise = [0.6 * np.sqrt(n_blocks) * (0.7 * shared + 0.7 * rng.normal(size=shared.shape)) for _ in range(2)]
        blocks = [mean + part for mean, part in zip(truth, noise, strict=True)]
        replicates = agree(blocks, rng.multinomial(n_blocks, np.ones(n_blocks) / n_blocks, size=60).astype(float))
        values.append(float(agree(blocks, np.ones((1, n_blocks)))[0]))
        found = agreement_interval(values[-1], replicates, n_pairs=45, n_blocks=n_blocks)
        limits.append((found.low, found.high))
        percentiles.append(np.quantile(replicates, [0.025, 0.975]))
    expected = np.tanh(np.mean(np.arctanh(values)))
    covered, naive = (np.mean([low <= expected <= high for low, high in each]) for each in (limits, percentiles))
    assert 0.88 <= covered <= 0.99  # 0.95 with a standard error of 0.015
    assert naive < covered - 0.05
