from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mamviz.schema import Certainty, Cutoff, Interval, Neighbour, TiedRanks
from mamviz_reports.certainty import (
    FIELDS,
    RowCertainty,
    certainty_facts,
    certainty_notes,
    certainty_warnings,
    describe_neighbour,
    describe_null,
    describe_reliability,
    know_rows,
)
from mamviz_reports.tables import NBSP
from tests.reports.records import NAN, ranking
from tests.reports.sure import certainty, reliability, seen_by_seeds, significance, table_of, without_limits

HAT_YOUNG, HAT_MALE = Neighbour("Hat", 1, "Young", 0.8), Neighbour("Hat", 2, "Male", 0.3)


def said(given: Certainty, *targets: str) -> str:
    return " ".join(certainty_notes(given, targets=targets))


def written(row: Neighbour, given: Certainty) -> str:
    return describe_neighbour(row, know_rows([row], given)[row]).replace(NBSP, " ")


def test_a_name_stands_with_its_r_mark_interval_and_inclusion() -> None:
    assert written(HAT_YOUNG, certainty()) == "Young 0.80* (0.75 to 0.85; 100 %)"
    assert written(HAT_MALE, certainty()) == "Male 0.30 (-0.25 to 0.50; 62 %)"
    assert describe_neighbour(HAT_YOUNG, None) == f"Young{NBSP}0.80"


def test_a_cell_never_breaks_within_one_name() -> None:
    text = describe_neighbour(HAT_YOUNG, know_rows([HAT_YOUNG], certainty())[HAT_YOUNG])
    assert " " not in text


def test_without_limits_the_mark_stays() -> None:
    assert written(HAT_YOUNG, without_limits(certainty())) == "Young 0.80*"


def test_without_a_null_nothing_is_marked() -> None:
    given = replace(certainty(), significance=None)
    assert written(HAT_YOUNG, given) == "Young 0.80 (0.75 to 0.85; 100 %)"
    assert "No null of shuffled labels: this estimand uses no labels. `mamviz sanity`" in said(given)
    assert describe_null(given) == ""


def test_every_row_of_a_ranking_is_known_with_the_numbers_of_its_pair() -> None:
    known = know_rows(ranking().rows, certainty())
    assert list(known) == list(ranking().rows)
    assert known[Neighbour("Young", 1, "Hat", 0.8)].values == (
        *(0.75, 0.85, 0.995, 1, 1),
        *(0.001, 0.004, 0.003, 0.125, 1),
    )
    assert known[HAT_MALE].values == (-0.25, 0.5, 0.625, 1, 2, 0.25, 0.5, 0.3, 0.125, 0)
    assert FIELDS == ("low", "high", "inclusion", "rank_low", "rank_high", "p", "p_max", "q", "null_mean", "survives")


def test_what_is_undefined_or_not_tested_is_none() -> None:
    assert know_rows([HAT_YOUNG], without_limits(certainty()))[HAT_YOUNG].values[:5] == (None,) * 5
    assert know_rows([HAT_YOUNG], replace(certainty(), significance=None))[HAT_YOUNG].values[5:] == (None,) * 5
    untested = replace(significance(), **{name: table_of(NAN) for name in ("p", "p_max", "q", "null_mean")})
    assert know_rows([HAT_YOUNG], replace(certainty(), significance=untested))[HAT_YOUNG].values[5:] == (None,) * 5
    # a row that the certain ranking was not asked for
    other = Neighbour("Male", 2, "Young", -0.5)
    assert know_rows([other], certainty())[other].values == (*[None] * 5, 0.25, 0.5, 0.3, 0.125, 0)
    assert RowCertainty().values == (None,) * len(FIELDS)


def test_brackets_are_explained_with_level_top_blocks_and_method() -> None:
    words = said(certainty())
    assert "95 % interval of r for infinitely many images of this network" in words
    assert "among the top 2 (64 blocks of people or files, 1,000 resamples, the bootstrap's bias taken off)" in words


def test_the_mark_is_explained_with_the_number_of_pairs_tested_and_found() -> None:
    assert describe_null(certainty()) == (
        "* differs from what shuffled labels show in its place, with all 3 pairs of attributes looked at "
        "(max-T, 5 %): 1 pair does."
    )
    everything = replace(significance(), p_max=table_of(0.01), level=0.1)
    words = describe_null(replace(certainty(), significance=everything), mark="Dot:")
    assert words.startswith("Dot: differs from")
    assert words.endswith("(max-T, 10 %): 3 pairs do.")


def test_ties_of_named_targets_are_told_rank_by_rank() -> None:
    ties = (TiedRanks("Hat", 1, 2), TiedRanks("Hat", 2, 5), TiedRanks("Male", 1, 3))
    words = said(certainty(ties=ties), "Hat", "Young")
    assert "Hat: ranks 1 and 2, 2 to 5 can't be told apart." in words
    assert "Young: each rank shown differs from the next." in words
    assert "Male:" not in words


def test_a_cutoff_that_is_not_told_says_up_to_which_rank() -> None:
    cutoffs = (
        Cutoff(target="Hat", rank=2, probability=0.7, told=False, last_tied=4),
        Cutoff(target="Young", rank=2, probability=0.99, told=True, last_tied=2),
    )
    words = said(certainty(cutoffs=cutoffs), "Hat", "Young")
    assert "Hat: the last one shown, rank 2, can't be told from the next, up to rank 4." in words
    assert "Hat: each rank" not in words
    assert "Young: each rank shown differs from the next." in words


def test_of_a_target_with_one_related_or_none_nothing_is_said_to_differ() -> None:
    words = said(certainty(), "Bald", "Male")
    assert "Bald" not in words
    assert "Male" not in words


def test_of_many_targets_the_number_with_ties_is_told() -> None:
    ties = (TiedRanks("Hat", 1, 2), TiedRanks("Hat", 2, 3), TiedRanks("Male", 1, 2))
    cutoffs = tuple(
        Cutoff(target=target, rank=2, probability=0.7, told=target == "Male", last_tied=3)
        for target in ("Hat", "Male", "Young")
    )
    words = said(certainty(ties=ties, cutoffs=cutoffs), "Hat", "Bald", "Male", "Young")
    assert "within the top 2 of 2 of 4 targets, and between the last one shown and the next of 2." in words
    assert "Name a target (--attribute) to read which." in words


def test_channels_have_no_option_to_name_one() -> None:
    given = certainty()
    intervals = given.ranking.intervals
    channels = replace(intervals, correlation=replace(intervals.correlation, axis="channel"))
    words = said(replace(given, ranking=replace(given.ranking, intervals=channels)), "Hat", "Bald", "Male", "Young")
    assert "--attribute" not in words
    assert "pairs of channels" in words


def test_the_whole_table_has_its_reliability() -> None:
    assert describe_reliability(certainty()).endswith("(split halves, Spearman-Brown): 0.96.")
    undefined = replace(certainty(), reliability=replace(reliability(), spearman=Interval(NAN, NAN, NAN)))
    assert describe_reliability(undefined).endswith("n/a.")


def test_other_seeds_are_told_or_how_to_compare_them() -> None:
    assert "Other seeds were not compared: `mamviz train --seeds 0,1,2`, then `mamviz stability`." in said(certainty())
    two = said(replace(certainty(), seeds=seen_by_seeds(0.9375)))
    assert "Runs of other seeds agree on this table to 0.94 (Spearman: one and two)." in two
    three = said(replace(certainty(), seeds=seen_by_seeds(0.875, 0.5, 0.75)))
    assert "to 0.50 (Spearman, the least of 3 pairs of runs: one and three)." in three
    assert "to n/a (Spearman" in said(replace(certainty(), seeds=seen_by_seeds(NAN)))


def test_a_table_that_can_be_trusted_has_no_warning() -> None:
    given = replace(certainty(), seeds=seen_by_seeds(0.95, 0.9, 0.99))
    assert given.trusted
    assert certainty_warnings(given) == ()
    assert certainty_warnings(replace(certainty(), reliability=reliability(0.9))) == ()


def test_halves_that_disagree_are_warned_of_with_what_to_do() -> None:
    given = replace(certainty(), reliability=reliability(0.75))
    assert not given.trusted
    (words,) = certainty_warnings(given)
    assert "agree on this table to 0.75 only (Spearman-Brown; 0.9 is asked for): extract masks of more images" in words


def test_halves_that_can_not_be_compared_are_warned_of() -> None:
    given = replace(certainty(), reliability=replace(reliability(), spearman=Interval(NAN, NAN, NAN)))
    assert not given.trusted
    (words,) = certainty_warnings(given)
    assert "is not known: too few of its pairs are defined in both" in words


@pytest.mark.parametrize(("value", "text"), [(0.83, "to 0.83 "), (NAN, "to n/a ")])
def test_seeds_that_disagree_are_warned_of(value: float, text: str) -> None:
    given = replace(certainty(), seeds=seen_by_seeds(value))
    assert not given.trusted
    (words,) = certainty_warnings(given)
    assert text in words
    assert words.endswith("another training would give another table")


def test_facts_hold_what_is_constant_over_the_table() -> None:
    assert certainty_facts(replace(certainty(), seeds=seen_by_seeds(0.875, 0.5))) == (
        ("level", 0.95),
        ("method", "corrected"),
        ("n_blocks", 64),
        ("n_replicates", 1000),
        ("null", "shuffled labels"),
        ("reliability", 0.96),
        ("seeds_spearman", 0.5),
    )
    alone = dict(certainty_facts(replace(certainty(), significance=None)))
    assert alone["null"] is None
    assert alone["seeds_spearman"] is None


def test_no_sentence_has_a_gap_or_an_undefined_number() -> None:
    """Whatever is missing, words say n/a or say nothing."""
    bare = replace(without_limits(certainty()), significance=None, seeds=seen_by_seeds(NAN))
    bare = replace(bare, reliability=replace(reliability(), spearman=Interval(NAN, NAN, NAN)))
    for text in (*certainty_notes(bare, targets=("Hat", "Bald")), *certainty_warnings(bare)):
        assert not re.search(r"\bnan\b|None|  ", text)
