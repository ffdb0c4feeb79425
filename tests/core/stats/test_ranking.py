from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Correlation, Floats, RankBy
from mamviz.stats.ranking import choose_targets, rank_neighbours


def correlation_of(values: Floats | Sequence[Sequence[float]], names: Sequence[str]) -> Correlation:
    table = np.asarray(values, dtype=np.float64)
    undefined = tuple(name for name, row in zip(names, table, strict=True) if np.isnan(row).all())
    return Correlation(
        axis="attribute", names=tuple(names), values=table, choices=Choices(), n_images=10, undefined=undefined
    )


FOUR = correlation_of(
    [[1, 0.5, -0.9, 0.2], [0.5, 1, 0.1, 0.5], [-0.9, 0.1, 1, 0.3], [0.2, 0.5, 0.3, 1]],
    ["Black_Hair", "Male", "Heavy_Makeup", "Bald"],
)


def names_of(correlation: Correlation, target: str, *, top: int = 5, by: RankBy = "r") -> list[str]:
    return [row.name for row in rank_neighbours(correlation, top=top, by=by).of(target)]


def test_the_largest_r_comes_first() -> None:
    rows = rank_neighbours(FOUR, top=2, targets=["Black_Hair"]).rows
    assert [(row.target, row.rank, row.name, row.r) for row in rows] == [
        ("Black_Hair", 1, "Male", 0.5),
        ("Black_Hair", 2, "Bald", 0.2),
    ]


def test_ranking_by_size_keeps_the_sign() -> None:
    first = rank_neighbours(FOUR, top=1, by="abs", targets=["Black_Hair"]).rows[0]
    assert (first.name, first.r) == ("Heavy_Makeup", -0.9)


def test_ties_are_broken_by_name() -> None:
    assert names_of(FOUR, "Male") == ["Bald", "Black_Hair", "Heavy_Makeup"]


def test_more_than_there_are_gives_all_others() -> None:
    ranking = rank_neighbours(FOUR, top=10)
    assert ranking.top == 10
    assert [len(ranking.of(name)) for name in FOUR.names] == [3, 3, 3, 3]


def test_targets_keep_their_order_and_come_once() -> None:
    ranking = rank_neighbours(FOUR, top=1, targets=["Bald", "Male", "Bald"])
    assert [row.target for row in ranking.rows] == ["Bald", "Male"]


def test_the_undefined_is_never_ranked_and_has_no_rows() -> None:
    values = FOUR.values.copy()
    values[3], values[:, 3] = np.nan, np.nan
    values[0, 1] = values[1, 0] = np.nan
    ranking = rank_neighbours(correlation_of(values, FOUR.names), top=3)
    assert [row.name for row in ranking.of("Black_Hair")] == ["Heavy_Makeup"]
    assert ranking.of("Bald") == ()


def test_one_name_alone_has_no_neighbours() -> None:
    assert rank_neighbours(correlation_of([[1.0]], ["Bald"]), top=3).rows == ()


def test_a_name_that_comes_twice_is_ranked_beside_its_twin() -> None:
    twins = correlation_of([[1, 0.7, 0.1], [0.7, 1, 0.2], [0.1, 0.2, 1]], ["a", "a", "b"])
    assert [(row.target, row.name, row.r) for row in rank_neighbours(twins, top=1, targets=["a"]).rows] == [
        ("a", "a", 0.7),
        ("a", "a", 0.7),
    ]


def test_an_unknown_target_is_refused_with_the_closest_names() -> None:
    with pytest.raises(StatisticsError, match=r"got 'black hair'\. Did you mean Black_Hair"):
        rank_neighbours(FOUR, targets=["black hair"])


def test_a_target_like_nothing_is_refused_with_the_first_names() -> None:
    with pytest.raises(StatisticsError, match=r"got 'zzz'\. There are Black_Hair, Male, Heavy_Makeup, Bald\.$"):
        rank_neighbours(FOUR, targets=["zzz"])


def test_a_top_of_zero_is_refused() -> None:
    with pytest.raises(StatisticsError, match="top: expected 1 or more, got 0"):
        rank_neighbours(FOUR, top=0)


def test_the_posters_targets_come_first_then_the_others_in_the_tables_order() -> None:
    assert choose_targets(FOUR) == ("Black_Hair", "Heavy_Makeup", "Male", "Bald")
    assert choose_targets(FOUR, most=3) == ("Black_Hair", "Heavy_Makeup", "Male")


def test_targets_that_are_named_come_alone_once_and_in_their_order() -> None:
    assert choose_targets(FOUR, named=["Bald", "Male", "Bald"]) == ("Bald", "Male")
    assert choose_targets(FOUR, named=["Bald", "Male"], most=1) == ("Bald",)


def test_undefined_targets_are_chosen_only_by_name() -> None:
    nan = float("nan")
    table = correlation_of([[nan, nan], [nan, 1.0]], ["Black_Hair", "Male"])
    assert choose_targets(table) == ("Male",)
    assert choose_targets(table, named=["Black_Hair"]) == ("Black_Hair",)


def test_an_unknown_name_is_no_target() -> None:
    with pytest.raises(StatisticsError, match="Did you mean Male"):
        choose_targets(FOUR, named=["male"])


@given(seed=st.integers(0, 2**32 - 1), by=st.sampled_from(["r", "abs"]))
def test_rows_agree_with_sorting_by_hand(seed: int, by: RankBy) -> None:
    """Values of one digit, so that there are ties."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.uniform(-1, 1, size=(7, 7)), 1)
    values = (values + values.T) / 2
    names = [str(name) for name in rng.permutation(list("gfedcba"))]
    correlation = correlation_of(values, names)
    for target, name in enumerate(names):
        sizes = np.abs(values[target]) if by == "abs" else values[target]
        expected = sorted((-sizes[k], names[k]) for k in range(7) if k != target)
        assert names_of(correlation, name, top=4, by=by) == [other for _, other in expected[:4]]
