"""How sure a table is, in words and in a ranking's cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from math import isnan

import numpy as np

from mamviz.schema import CertainNeighbour, Certainty, IntervalMethod, Neighbour, TableAgreement, TiedRanks
from mamviz.schema.stability import AGREES
from mamviz_reports.tables import NBSP, UNDEFINED, Value, percent

# Targets whose ties are told in words; a longer table says how many have some.
MOST_TOLD = 3

METHODS: dict[IntervalMethod, str] = {
    "corrected": "the bootstrap's bias taken off",
    "percentile": "percentiles",
    "bca": "bias-corrected and accelerated percentiles",
}


@dataclass(frozen=True, kw_only=True)
class RowCertainty:
    """What is known of one row of a ranking; None where undefined or not tested.

    low, high, inclusion, rank_low, rank_high    as schema.CertainNeighbour
    p, p_max, q, null_mean, survives             as schema.Significance; survives is 0 or 1
    """

    low: float | None = None
    high: float | None = None
    inclusion: float | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    p: float | None = None
    p_max: float | None = None
    q: float | None = None
    null_mean: float | None = None
    survives: int | None = None

    @property
    def values(self) -> tuple[Value, ...]:
        """Return the raw numbers in the order of FIELDS."""
        return tuple(asdict(self).values())


FIELDS = tuple(field.name for field in fields(RowCertainty))


def know_rows(rows: Sequence[Neighbour], certainty: Certainty) -> dict[Neighbour, RowCertainty]:
    """Gather for each row of a ranking what is known of it: interval, inclusion, ranks and tests."""
    certain = {(each.target, each.name): each for each in certainty.ranking.rows}
    place = {name: index for index, name in enumerate(certainty.ranking.intervals.correlation.names)}
    tests = certainty.significance
    survives = None if tests is None else tests.survives
    known = {}
    for row in rows:
        found: dict[str, float | None] = {}
        if tests is not None and survives is not None:
            pair = place[row.target], place[row.name]
            tables = {"p": tests.p, "p_max": tests.p_max, "q": tests.q, "null_mean": tests.null_mean}
            found = {name: _or_none(table[pair]) for name, table in tables.items()}
            found["survives"] = None if found["p"] is None else int(survives[pair])
        known[row] = RowCertainty(**_limits_of(certain.get((row.target, row.name))), **found)  # type: ignore[arg-type]
    return known


def describe_neighbour(row: Neighbour, known: RowCertainty | None) -> str:
    """Write one related name with r; with certainty also its mark, its interval and its inclusion."""
    text = f"{row.name}{NBSP}{row.r:.2f}"
    if known is None:
        return text
    mark = "*" if known.survives else ""
    if known.low is None or known.high is None:
        return f"{text}{mark}"
    share = UNDEFINED if known.inclusion is None else f"{percent(known.inclusion, 0)}{NBSP}%"
    return f"{text}{mark}{NBSP}({known.low:.2f}{NBSP}to{NBSP}{known.high:.2f};{NBSP}{share})"


def certainty_facts(certainty: Certainty) -> tuple[tuple[str, Value], ...]:
    """Return what holds of the whole table, for the constant columns of its files and for JSON."""
    intervals, seeds = certainty.ranking.intervals, certainty.seeds
    return (
        ("level", intervals.level),
        ("method", intervals.method),
        ("n_blocks", intervals.n_blocks),
        ("n_replicates", intervals.n_replicates),
        ("null", None if certainty.significance is None else certainty.significance.null),
        ("reliability", certainty.reliability.spearman.value),
        ("seeds_spearman", None if seeds is None else seeds.lowest.spearman.value),
    )


def certainty_notes(certainty: Certainty, *, targets: Sequence[str]) -> tuple[str, ...]:
    """Say what the brackets and marks mean, which ranks can't be told apart, and how far to trust the whole."""
    ranking, intervals = certainty.ranking, certainty.ranking.intervals
    brackets = (
        f"In brackets: {percent(ranking.level, 0)} % interval of r for infinitely many images of this network, and the "
        f"share of resamples with that name among the top {ranking.top} ({intervals.n_blocks} blocks of people or "
        f"files, {intervals.n_replicates:,} resamples, {METHODS[intervals.method]})."
    )
    null = describe_null(certainty) or (
        "No null of shuffled labels: this estimand uses no labels. `mamviz sanity` compares with networks of random "
        "weights."
    )
    return (brackets, null, *_describe_ties(certainty, targets), describe_reliability(certainty), _compare(certainty))


def certainty_warnings(certainty: Certainty) -> tuple[str, ...]:
    """Say in words why a table should not be printed as it is; nothing where it can be."""
    warnings = []
    if not certainty.reliability.reliable:
        value = certainty.reliability.spearman.value
        found = (
            "whether halves of these images agree on this table is not known: too few of its pairs are defined in both"
            if isnan(value)
            else f"halves of these images agree on this table to {value:.2f} only (Spearman-Brown; 0.9 is asked for)"
        )
        warnings.append(f"{found}: extract masks of more images, or read groups of names and not single ranks")
    seeds = certainty.seeds
    if seeds is not None and not seeds.lowest.spearman.value >= AGREES:
        warnings.append(f"{_describe_seeds(seeds)}: another training would give another table")
    return tuple(warnings)


def describe_null(certainty: Certainty, *, mark: str = "*") -> str:
    """Say what is marked, and how many pairs are; nothing where there was no null."""
    tests = certainty.significance
    if tests is None:
        return ""
    upper = np.triu_indices(len(tests.p), k=1)
    tested, survive = int(np.isfinite(tests.p[upper]).sum()), int(tests.survives[upper].sum())
    axis = certainty.ranking.intervals.correlation.axis
    return (
        f"{mark} differs from what {tests.null} show in its place, with all {tested:,} pairs of {axis}s looked at "
        f"(max-T, {percent(tests.level, 0)} %): {survive:,} {'pair does' if survive == 1 else 'pairs do'}."
    )


def describe_reliability(certainty: Certainty) -> str:
    """Say how far the table would come out again from other images."""
    value = certainty.reliability.spearman.value
    return f"Reliability of the whole table (split halves, Spearman-Brown): {_two_digits(value)}."


def _limits_of(certain: CertainNeighbour | None) -> dict[str, float | None]:
    if certain is None:
        return {}
    found = {name: _or_none(getattr(certain, name)) for name in ("low", "high", "inclusion")}
    return {**found, "rank_low": certain.rank_low or None, "rank_high": certain.rank_high or None}


def _describe_ties(certainty: Certainty, targets: Sequence[str]) -> tuple[str, ...]:
    ranking = certainty.ranking
    if len(targets) <= MOST_TOLD:
        return tuple(text for target in targets for text in _ties_of(certainty, target))
    tied = len({tie.target for tie in ranking.ties if tie.target in targets})
    open_ended = sum(not cutoff.told for cutoff in ranking.cutoffs if cutoff.target in targets)
    name_one = " Name a target (--attribute) to read which." if _axis(certainty) == "attribute" else ""
    return (
        f"Ranks that the images can't tell apart ({percent(ranking.level, 0)} %): within the top {ranking.top} of "
        f"{tied} of {len(targets)} targets, and between the last one shown and the next of {open_ended}.{name_one}",
    )


def _ties_of(certainty: Certainty, target: str) -> list[str]:
    ranking = certainty.ranking
    n_shown = len(ranking.of(target))
    ties = [_describe_tie(tie) for tie in ranking.ties if tie.target == target]
    texts = [f"{target}: ranks {', '.join(ties)} can't be told apart."] if ties else []
    cutoff = next((each for each in ranking.cutoffs if each.target == target), None)
    if cutoff is not None and not cutoff.told:
        texts.append(
            f"{target}: the last one shown, rank {cutoff.rank}, can't be told from the next, up to rank "
            f"{cutoff.last_tied}."
        )
    comparable = n_shown > 1 or cutoff is not None  # a single one has no other to differ from
    return texts or ([f"{target}: each rank shown differs from the next."] if comparable else [])


def _describe_tie(tie: TiedRanks) -> str:
    return f"{tie.first} {'and' if tie.last == tie.first + 1 else 'to'} {tie.last}"


def _compare(certainty: Certainty) -> str:
    if certainty.seeds is None:
        return "Other seeds were not compared: `mamviz train --seeds 0,1,2`, then `mamviz stability`."
    words = _describe_seeds(certainty.seeds)
    return f"{words[0].upper()}{words[1:]}."


def _describe_seeds(seeds: TableAgreement) -> str:
    lowest, n_pairs = seeds.lowest, len(seeds.agreements)
    among = "" if n_pairs == 1 else f", the least of {n_pairs} pairs of runs"
    return (
        f"runs of other seeds agree on this table to {_two_digits(lowest.spearman.value)} (Spearman{among}: "
        f"{lowest.first} and {lowest.second})"
    )


def _axis(certainty: Certainty) -> str:
    return certainty.ranking.intervals.correlation.axis


def _two_digits(value: float) -> str:
    return UNDEFINED if isnan(value) else f"{value:.2f}"


def _or_none(value: float) -> float | None:
    return None if isnan(value) else float(value)
