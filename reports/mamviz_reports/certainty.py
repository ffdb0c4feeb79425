"""How sure a table is, in words and in a ranking's cells."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from mamviz.schema import Axis, CertainNeighbour, Certainty, Neighbour, TableAgreement, TiedRanks
from mamviz.schema.stability import AGREES
from mamviz_reports.tables import NBSP, UNDEFINED, Value, percent

FIELDS = ("low", "high", "inclusion", "rank_low", "rank_high", "p", "p_max", "q", "null_mean", "survives")

# Targets whose ties are told in words; a longer table says how many have some.
MOST_TOLD = 3


def describe_neighbour(row: Neighbour, certainty: Certainty | None) -> str:
    """Write one related name with r; with certainty also its mark, its interval and its inclusion."""
    text = f"{row.name}{NBSP}{row.r:.2f}"
    if certainty is None:
        return text
    certain = find_neighbour(row, certainty)
    mark = "*" if _survives(row, certainty) else ""
    if certain is None or isnan(certain.low):
        return f"{text}{mark}"
    limits = f"({certain.low:.2f}{NBSP}to{NBSP}{certain.high:.2f};{NBSP}{percent(certain.inclusion, 0)}{NBSP}%)"
    return f"{text}{mark}{NBSP}{limits}"


def certainty_values(row: Neighbour, certainty: Certainty) -> tuple[Value, ...]:
    """Return the raw numbers of FIELDS for one row of a ranking; None where undefined or not tested."""
    certain, significance = find_neighbour(row, certainty), certainty.significance
    found: list[Value] = [None] * 5
    if certain is not None:
        found = [certain.low, certain.high, certain.inclusion, certain.rank_low or None, certain.rank_high or None]
    if significance is None:
        return (*found, *[None] * 5)
    place = _place(row, certainty)
    tested = [float(table[place]) for table in (significance.p, significance.p_max, significance.q)]
    return (*found, *tested, float(significance.null_mean[place]), int(significance.survives[place]))


def find_neighbour(row: Neighbour, certainty: Certainty) -> CertainNeighbour | None:
    """Return what is known of the same row, or None."""
    return next((each for each in certainty.ranking.of(row.target) if each.name == row.name), None)


def certainty_notes(certainty: Certainty, *, targets: Sequence[str]) -> tuple[str, ...]:
    """Say what the brackets and marks mean, which ranks can't be told apart, and how far to trust the whole."""
    ranking, intervals = certainty.ranking, certainty.ranking.intervals
    level = percent(ranking.level, 0)
    axis = intervals.correlation.axis
    notes = [
        f"In brackets: {level} % interval of r for infinitely many images of this network, and the share of resamples "
        f"with that name among the top {ranking.top} ({intervals.n_blocks} blocks of people or files, "
        f"{intervals.n_replicates:,} resamples, {intervals.method})."
    ]
    return (*notes, _describe_null(certainty, axis), *_describe_ties(certainty, targets), *_describe_whole(certainty))


def certainty_warnings(certainty: Certainty) -> tuple[str, ...]:
    """Say in words why a table should not be printed as it is; nothing where it can be."""
    warnings = []
    if not certainty.reliability.reliable:
        value = certainty.reliability.spearman.value
        agree = "not at all" if isnan(value) else f"to {value:.2f} only"
        warnings.append(
            f"halves of these images agree on this table {agree} (Spearman-Brown; 0.9 is asked for): extract masks of "
            "more images, or read groups of names and not single ranks"
        )
    seeds = certainty.seeds
    if seeds is not None and not seeds.lowest.spearman.value >= AGREES:
        warnings.append(f"{_describe_seeds(seeds)}: another training would give another table")
    return tuple(warnings)


def _describe_null(certainty: Certainty, axis: Axis) -> str:
    significance = certainty.significance
    if significance is None:
        return (
            "No null of shuffled labels: this estimand uses no labels. `mamviz sanity` compares with networks of "
            "random weights."
        )
    n = len(significance.p)
    return (
        f"* differs from what {significance.null} show in its place, with all {n * (n - 1) // 2:,} pairs of {axis}s "
        f"looked at (max-T, {percent(significance.level, 0)} %): {int(significance.survives.sum()) // 2} pairs do."
    )


def _describe_ties(certainty: Certainty, targets: Sequence[str]) -> tuple[str, ...]:
    ranking = certainty.ranking
    level = percent(ranking.level, 0)
    if len(targets) > MOST_TOLD:
        open_ended = sum(not cutoff.told for cutoff in ranking.cutoffs if cutoff.target in targets)
        tied = len({tie.target for tie in ranking.ties if tie.target in targets})
        return (
            f"Ranks that the images can't tell apart ({level} %): within the top {ranking.top} of {tied} of "
            f"{len(targets)} targets, and between the last one shown and the next of {open_ended}. "
            "Name a target (--attribute) to read which.",
        )
    return tuple(text for target in targets for text in _ties_of(certainty, target))


def _ties_of(certainty: Certainty, target: str) -> list[str]:
    ranking = certainty.ranking
    ties = [_describe_tie(tie) for tie in ranking.ties if tie.target == target]
    texts = [f"{target}: {'; '.join(ties)} can't be told apart."] if ties else []
    cutoff = next((each for each in ranking.cutoffs if each.target == target and not each.told), None)
    if cutoff is not None:
        texts.append(
            f"{target}: the last one shown, rank {cutoff.rank}, can't be told from the next, up to rank "
            f"{cutoff.last_tied}."
        )
    return texts or [f"{target}: each rank shown differs from the next."]


def _describe_tie(tie: TiedRanks) -> str:
    joined = "and" if tie.last == tie.first + 1 else "to"
    return f"ranks {tie.first} {joined} {tie.last}"


def _describe_whole(certainty: Certainty) -> tuple[str, ...]:
    reliability = certainty.reliability
    whole = reliability.spearman
    value = UNDEFINED if isnan(whole.value) else f"{whole.value:.2f}"
    texts = [f"Reliability of the whole table (split halves, Spearman-Brown): {value}."]
    if certainty.seeds is None:
        texts.append("Other seeds were not compared: `mamviz train --seeds 0,1,2`, then `mamviz stability`.")
    else:
        words = _describe_seeds(certainty.seeds)
        texts.append(f"{words[0].upper()}{words[1:]}.")
    return tuple(texts)


def _describe_seeds(seeds: TableAgreement) -> str:
    lowest = seeds.lowest
    return (
        f"runs of other seeds agree on this table to {lowest.spearman.value:.2f} "
        f"(Spearman, the least of {len(seeds.agreements)} pairs of runs: {lowest.first} and {lowest.second})"
    )


def _survives(row: Neighbour, certainty: Certainty) -> bool:
    return certainty.significance is not None and bool(certainty.significance.survives[_place(row, certainty)])


def _place(row: Neighbour, certainty: Certainty) -> tuple[int, int]:
    names = certainty.ranking.intervals.correlation.names
    return names.index(row.target), names.index(row.name)
