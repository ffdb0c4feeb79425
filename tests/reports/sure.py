"""Certainties of the small ranking with known numbers, as core would hand them over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mamviz.schema import (
    CertainNeighbour,
    CertainRanking,
    Certainty,
    Choices,
    Correlation,
    Cutoff,
    Floats,
    Interval,
    Intervals,
    Reliability,
    Significance,
    TableAgreement,
    TiedRanks,
)
from tests.reports.agreed import agreement_of
from tests.reports.records import NAN, four_attributes, ranking

HAT, BALD, MALE, YOUNG = range(4)


def table_of(fill: float, **pairs: float) -> Floats:
    """A symmetric (4, 4) of one number, NaN on the diagonal and of Bald; pairs such as Hat_Male=0.2 have their own."""
    names = four_attributes()[0].names
    values = np.full((4, 4), fill)
    np.fill_diagonal(values, NAN)
    values[BALD] = values[:, BALD] = NAN
    for pair, value in pairs.items():
        first, second = map(names.index, pair.split("_"))
        values[first, second] = values[second, first] = value
    return values


def intervals_of(correlation: Correlation) -> Intervals:
    return Intervals(
        correlation=correlation,
        low=table_of(-0.25, Hat_Young=0.75),
        high=table_of(0.5, Hat_Young=0.85),
        standard_error=table_of(0.1),
        jackknife_error=table_of(0.125),
        bias=table_of(0.01),
        level=0.95,
        method="corrected",
        n_replicates=1000,
        n_blocks=64,
    )


def significance() -> Significance:
    """Hat and Young differ from the null; the other two pairs of the three defined names do not."""
    return Significance(
        t=table_of(0.5, Hat_Young=6.0),
        p=table_of(0.25, Hat_Young=0.001),
        p_max=table_of(0.5, Hat_Young=0.004),
        q=table_of(0.3, Hat_Young=0.003),
        null_mean=table_of(0.125),
        null_low=table_of(-0.1),
        null_high=table_of(0.35),
        n_replicates=1000,
        null="shuffled labels",
        level=0.05,
    )


def reliability(value: float = 0.96) -> Reliability:
    correlation = four_attributes()[0]
    return Reliability(
        axis="attribute",
        names=correlation.names,
        choices=correlation.choices,
        n_images=1234,
        rows=(Interval(value, value, value),) * 4,
        maps=(),
        spearman=Interval(value, value - 0.02, value + 0.02),
        pearson=Interval(value, value, value),
        half_spearman=value / (2 - value),
        n_splits=200,
        n_blocks=64,
    )


def certain_ranking(*, ties: tuple[TiedRanks, ...] = (), cutoffs: tuple[Cutoff, ...] = ()) -> CertainRanking:
    """How sure the rows of `records.ranking` are."""
    given = ranking()
    intervals = intervals_of(given.correlation)
    place = given.correlation.names.index
    rows = tuple(
        CertainNeighbour(
            target=row.target,
            rank=row.rank,
            name=row.name,
            r=row.r,
            low=float(intervals.low[place(row.target), place(row.name)]),
            high=float(intervals.high[place(row.target), place(row.name)]),
            rank_low=1,
            rank_high=row.rank,
            inclusion=0.995 if row.rank == 1 else 0.625,
        )
        for row in given.rows
    )
    return CertainRanking(
        rows=rows,
        ties=ties,
        cutoffs=cutoffs,
        inclusion=table_of(0.5),
        top=2,
        by="r",
        level=0.95,
        intervals=intervals,
    )


def certainty(*, ties: tuple[TiedRanks, ...] = (), cutoffs: tuple[Cutoff, ...] = ()) -> Certainty:
    """All that is known of the small ranking, without other seeds; halves agree to 0.96."""
    return Certainty(
        ranking=certain_ranking(ties=ties, cutoffs=cutoffs), reliability=reliability(), significance=significance()
    )


def seen_by_seeds(*values: float) -> TableAgreement:
    """What runs "one" and "two", and so on, agree to on the recommended table."""
    pairs = (("one", "two"), ("one", "three"), ("two", "three"))
    agreements = tuple(agreement_of(*pair, value=value) for pair, value in zip(pairs, values, strict=False))
    return TableAgreement(
        name="recommended", axis="attribute", choices=Choices(), agreements=agreements, n_replicates=1000
    )


def without_limits(given: Certainty) -> Certainty:
    """The same where too many replicates were undefined: no limits, no inclusion and no ranks."""
    rows = tuple(replace(row, low=NAN, high=NAN, inclusion=NAN, rank_low=0, rank_high=0) for row in given.ranking.rows)
    return replace(given, ranking=replace(given.ranking, rows=rows))
