from __future__ import annotations

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Correlation, Floats, RankBy, Replicates
from mamviz.stats.inclusion import centre_replicates, rank_intervals, rank_with_certainty, top_k_inclusion
from mamviz.stats.ranking import rank_neighbours
from mamviz.stats.ranks import rank_columns

NAMES = ("a", "b", "c", "d", "e")
# Of "a": b leads clearly, c and d can't be told apart, e is far behind.
TABLE = np.array(
    [
        [1.0, 0.9, 0.50, 0.49, -0.6],
        [0.9, 1.0, 0.1, 0.2, 0.3],
        [0.5, 0.1, 1.0, 0.0, 0.4],
        [0.49, 0.2, 0.0, 1.0, 0.6],
        [-0.6, 0.3, 0.4, 0.6, 1.0],
    ]
)


def make_replicates(spread: float = 0.05, *, table: Floats = TABLE, bias: float = 0.0) -> Replicates:
    rng = np.random.default_rng(0)
    off = ~np.eye(5, dtype=bool)

    def around(n: int) -> Floats:
        noise = rng.normal(bias, spread, size=(n, 5, 5))
        z = np.arctanh(np.where(off, table, 0.0)) + (noise + noise.swapaxes(1, 2)) / np.sqrt(2)
        return np.where(off, np.tanh(z), 1.0)

    correlation = Correlation(axis="attribute", names=NAMES, values=table, choices=Choices(), n_images=100)
    return Replicates(correlation=correlation, weights=np.ones((400, 12)), drawn=around(400), left_out=around(12))


@pytest.mark.parametrize("by", ["r", "abs"])
def test_ranks_of_the_table_are_those_of_the_ranking(by: RankBy) -> None:
    replicates = make_replicates()
    for target, name in enumerate(NAMES):
        ranks = rank_columns(TABLE[[target]], target, by=by, names=NAMES)[0]
        for row in rank_neighbours(replicates.correlation, top=5, by=by, targets=[name]).rows:
            assert ranks[NAMES.index(row.name)] == row.rank
        assert np.isnan(ranks[target])


def test_ties_of_ranks_are_broken_by_name_and_undefined_ones_have_none() -> None:
    values = np.array([[1.0, 0.3, 0.3, np.nan, 0.7]])
    np.testing.assert_array_equal(rank_columns(values, 0, names=NAMES), [[np.nan, 2, 3, np.nan, 1]])
    np.testing.assert_array_equal(rank_columns(values, 0, names=("a", "z", "c", "d", "e")), [[np.nan, 3, 2, np.nan, 1]])


@pytest.mark.parametrize("by", ["r", "abs"])
def test_inclusion_agrees_with_a_loop(by: RankBy) -> None:
    drawn = make_replicates(0.4).drawn
    found = top_k_inclusion(drawn, 2, by=by)
    for target in range(5):
        counts = np.zeros(5)
        for values in drawn:
            strength = [abs(r) if by == "abs" else r for r in values[target]]
            others = sorted((j for j in range(5) if j != target), key=lambda j: -strength[j])
            counts[others[:2]] += 1
        counts[target] = np.nan
        np.testing.assert_allclose(found[target], counts / len(drawn))


def test_inclusion_adds_up_to_the_number_included() -> None:
    found = top_k_inclusion(make_replicates(0.5).drawn, 3)
    np.testing.assert_allclose(np.nansum(found, axis=1), 3.0)
    np.testing.assert_array_equal(np.diag(found), np.nan)
    np.testing.assert_array_equal(top_k_inclusion(make_replicates(0.5).drawn, 9)[0, 1:], 1.0)


def test_pairs_count_in_the_replicates_that_define_them() -> None:
    drawn = make_replicates(0.0).drawn.copy()
    drawn[:100, 0, 1] = np.nan
    drawn[:, 0, 4] = np.nan
    found = top_k_inclusion(drawn, 2)
    np.testing.assert_allclose(found[0, 1:], [1.0, 1.0, 0.25, np.nan])


def test_a_top_of_nothing_is_refused() -> None:
    for ask in (
        lambda: top_k_inclusion(make_replicates().drawn, 0),
        lambda: rank_with_certainty(make_replicates(), top=0),
    ):
        with pytest.raises(StatisticsError, match="top: expected 1 or more, got 0"):
            ask()


def test_centred_replicates_have_the_table_as_their_mean() -> None:
    replicates = make_replicates(0.2, bias=0.3)
    centred = centre_replicates(replicates)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(np.arctanh(centred[:, off]).mean(axis=0), np.arctanh(TABLE[off]), atol=1e-9)
    np.testing.assert_array_equal(centre_replicates(replicates, 2), centred[:, 2])
    before, after = (np.arctanh(each[:, off]).std(axis=0) for each in (replicates.drawn, centred))
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_rank_intervals_hold_the_share_of_replicates_they_say() -> None:
    replicates = make_replicates(0.3)
    found = rank_intervals(replicates, level=0.8)
    centred = centre_replicates(replicates)
    for target in range(5):
        ranks = rank_columns(centred[:, target], target)
        for other in set(range(5)) - {target}:
            inside = (ranks[:, other] >= found.low[target, other]) & (ranks[:, other] <= found.high[target, other])
            assert inside.mean() >= 0.8
            assert (ranks[:, other] < found.low[target, other]).mean() < 0.1
            assert (ranks[:, other] > found.high[target, other]).mean() <= 0.1
    np.testing.assert_array_equal(np.diag(found.median), np.nan)
    limits = np.array([found.low, found.median, found.high])
    known = limits[:, ~np.eye(5, dtype=bool)]
    np.testing.assert_array_equal(known, np.round(known))
    assert (np.diff(known, axis=0) >= 0).all()


def test_rows_are_those_of_the_ranking_with_their_intervals() -> None:
    replicates = make_replicates()
    found = rank_with_certainty(replicates, top=3)
    assert [(row.target, row.rank, row.name, row.r) for row in found.rows] == [
        (row.target, row.rank, row.name, row.r) for row in rank_neighbours(replicates.correlation, top=3).rows
    ]
    first, second, third = found.of("a")
    assert (first.rank_low, first.rank_high, first.inclusion) == (1, 1, 1.0)
    assert (second.rank_low, second.rank_high) == (2, 3)
    assert (third.rank_low, third.rank_high) == (2, 3)
    assert second.low == pytest.approx(found.intervals.low[0, 2])
    assert second.low < second.r < second.high


def test_ranks_whose_order_changes_are_tied_and_clear_ones_are_not() -> None:
    found = rank_with_certainty(make_replicates(), top=3, targets=["a"])
    assert [(tie.target, tie.first, tie.last) for tie in found.ties] == [("a", 2, 3)]
    (cutoff,) = found.cutoffs
    assert (cutoff.rank, cutoff.told, cutoff.last_tied) == (3, True, 3)
    assert cutoff.probability == 1.0


def test_a_cut_through_a_tie_is_reported() -> None:
    found = rank_with_certainty(make_replicates(), top=2, targets=["a"])
    assert found.ties == ()
    (cutoff,) = found.cutoffs
    assert (cutoff.rank, cutoff.told, cutoff.last_tied) == (2, False, 3)
    assert 0.4 < cutoff.probability < 0.75
    assert 0.25 < 1 - found.of("a")[1].inclusion < 0.6


def test_runs_of_ties_may_overlap() -> None:
    """b to c and c to d differ by a standard error, b to d by three."""
    table = TABLE.copy()
    table[0, 1:] = table[1:, 0] = np.tanh([0.8, 0.7, 0.6, -0.9])
    found = rank_with_certainty(make_replicates(0.05, table=table), top=4, targets=["a"])
    assert [(tie.first, tie.last) for tie in found.ties] == [(1, 2), (2, 3)]
    assert found.cutoffs == ()


def test_noise_without_bounds_ties_everything_and_none_ties_nothing() -> None:
    loud, still = (rank_with_certainty(make_replicates(spread), top=4, targets=["a"]) for spread in (20.0, 0.0))
    assert [(tie.first, tie.last) for tie in loud.ties] == [(1, 4)]
    assert still.ties == ()
    assert [row.inclusion for row in still.rows] == [1.0, 1.0, 1.0, 1.0]


def test_neighbours_without_replicates_have_rows_without_limits() -> None:
    replicates = make_replicates()
    replicates.drawn[:300, 0, 2] = np.nan
    row = next(row for row in rank_with_certainty(replicates, top=4, targets=["a"]).rows if row.name == "c")
    assert np.isnan([row.low, row.high]).all()
    assert (row.rank_low, row.rank_high) == (0, 0)
