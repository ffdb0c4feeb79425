from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Correlation, Floats, RankBy, Replicates
from mamviz.stats import inclusion
from mamviz.stats.ranking import rank_neighbours
from mamviz.stats.rows import RowReplicates, rows_of
from tests.core.stats.ranked import rank_columns, rank_with_certainty

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


def test_a_top_of_nothing_is_refused() -> None:
    with pytest.raises(StatisticsError, match="top: expected 1 or more, got 0"):
        rank_with_certainty(make_replicates(), top=0)


def centred(replicates: Replicates) -> Floats:
    (part,) = rows_of(replicates)
    return inclusion.centre_rows(part, replicates.correlation.values)


def test_centred_replicates_have_the_table_as_their_mean() -> None:
    replicates = make_replicates(0.2, bias=0.3)
    found = centred(replicates)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(np.arctanh(found[:, off]).mean(axis=0), np.arctanh(TABLE[off]), atol=1e-9)
    before, after = (np.arctanh(each[:, off]).std(axis=0) for each in (replicates.drawn, found))
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_inclusion_is_the_share_of_centred_replicates_with_a_rank_in_the_top() -> None:
    replicates = make_replicates(0.3, bias=0.2)
    found, moved = rank_with_certainty(replicates, top=2), centred(replicates)
    for target in range(5):
        ranks = rank_columns(moved[:, target], target)
        expected = (ranks <= 2).mean(axis=0)
        expected[target] = np.nan
        np.testing.assert_allclose(found.inclusion[target], expected)


def test_limits_of_ranks_hold_the_share_of_replicates_they_say() -> None:
    replicates = make_replicates(0.3)
    found, moved = rank_with_certainty(replicates, top=4, level=0.8), centred(replicates)
    assert len(found.rows) == 20
    for row in found.rows:
        target, other = NAMES.index(row.target), NAMES.index(row.name)
        rank = rank_columns(moved[:, target], target)[:, other]
        assert ((rank >= row.rank_low) & (rank <= row.rank_high)).mean() >= 0.8
        assert (rank < row.rank_low).mean() < 0.1
        assert (rank > row.rank_high).mean() <= 0.1
        assert row.rank_low <= np.median(rank) <= row.rank_high


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


def test_parts_are_let_go_before_the_next_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """So are the arrays that are made of them on the way."""
    replicates = make_replicates()
    made: list[weakref.ref[object]] = []
    alive: list[int] = []
    monkeypatch.setattr("mamviz.stats.rows.CHUNK_NUMBERS", 2 * 5 * 400)

    def watch(name: str) -> None:
        function = getattr(inclusion, name)

        def watched(*given: object, **settings: object) -> object:
            found = function(*given, **settings)
            made.append(weakref.ref(found))
            return found

        monkeypatch.setattr(inclusion, name, watched)

    def parts() -> Iterator[RowReplicates]:
        asked = rows_of(replicates)
        while (part := next(asked, None)) is not None:
            made.append(weakref.ref(part))
            yield part
            del part
            alive.append(sum(each() is not None for each in made))

    watch("centre_rows")
    watch("measure_strength")
    inclusion.certify(rank_neighbours(replicates.correlation, top=3), parts())
    assert len(made) == 3 + 3 + 5
    assert alive == [0, 0, 0]
