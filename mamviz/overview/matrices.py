"""The heatmaps of the page: what is compared in each, its values with their intervals, and its scale."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.overview.relations import Relations
from mamviz.overview.settings import OverviewSettings
from mamviz.schema import (
    BlockStatistics,
    Choices,
    Correlation,
    Entanglement,
    Floats,
    Intervals,
    MatrixKey,
    OverviewMatrix,
    PairRelation,
)
from mamviz.stats.association import associate_labels
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.intervals import draw_replicates, estimate_intervals

# Of the tables beside the recommended one, whose limits are standard errors: 300 give them to 4 %.
MOST_REPLICATES = 300

MEANS = Choices(estimand="mean", sign="signed", view="full")
CONTRASTS = Choices(estimand="contrast", sign="signed", view="full")


def make_matrices(
    stats: BlockStatistics, relations: Relations, settings: OverviewSettings
) -> tuple[OverviewMatrix, ...]:
    """Return the heatmaps between attributes, rows and columns in the attributes' own order.

    Every scale runs from -1 to 1, so that colours mean the same in all. Intervals are None where blocks can't be
    resampled; without entanglement there is no gap.
    """
    table, certainty, entanglement = relations.attributes.correlation, relations.certainty, relations.entanglement
    first = _correlated("recommended", "Masks", table, None if certainty is None else certainty.ranking.intervals)
    means = _resampled("mask", "Mean masks", MEANS, stats, settings)
    contrasts = _resampled("contrast", "Contrasts of masks", CONTRASTS, stats, settings)
    matrices = (first, means, contrasts, _labels(stats, entanglement))
    return matrices if entanglement is None else (*matrices, _gap(entanglement, stats.attributes))


def _correlated(key: MatrixKey, title: str, table: Correlation, intervals: Intervals | None) -> OverviewMatrix:
    return OverviewMatrix(
        key=key,
        title=title,
        detail=f"Correlation r of {table.choices.describe()}.",
        values=table.values,
        lowest=-1.0,
        highest=1.0,
        low=None if intervals is None else intervals.low,
        high=None if intervals is None else intervals.high,
        level=None if intervals is None else intervals.level,
    )


def _resampled(
    key: MatrixKey, title: str, choices: Choices, stats: BlockStatistics, settings: OverviewSettings
) -> OverviewMatrix:
    """Correlate masks by other choices, with intervals where blocks can be resampled."""
    n_replicates, generator = min(settings.n_replicates, MOST_REPLICATES), np.random.default_rng(settings.seed)
    try:
        replicates = draw_replicates(stats, choices, generator=generator, n_replicates=n_replicates)
    except StatisticsError:  # too few blocks or resamples: why is told where certainty is absent
        return _correlated(key, title, correlate_attributes(stats, choices), None)
    return _correlated(key, title, replicates.correlation, estimate_intervals(replicates))


def _labels(stats: BlockStatistics, entanglement: Entanglement | None) -> OverviewMatrix:
    def limit(read: Callable[[PairRelation], float]) -> Floats | None:
        return None if entanglement is None else _spread(entanglement, read, stats.attributes)

    return OverviewMatrix(
        key="labels",
        title="Labels",
        detail="Correlation phi of the labels: Pearson's r of 0 and 1.",
        values=associate_labels(stats).phi,
        lowest=-1.0,
        highest=1.0,
        low=limit(lambda pair: pair.phi.low),
        high=limit(lambda pair: pair.phi.high),
        level=None if entanglement is None else entanglement.settings.level,
    )


def _gap(entanglement: Entanglement, names: tuple[str, ...]) -> OverviewMatrix:
    return OverviewMatrix(
        key="gap",
        title="Masks beyond labels",
        detail="Rank of the masks' r among all pairs minus the rank of |phi| of their labels: above 0 masks share more "
        "than their labels would suggest, below 0 less.",
        values=_spread(entanglement, lambda pair: pair.gap.value, names),
        lowest=-1.0,
        highest=1.0,
        low=_spread(entanglement, lambda pair: pair.gap.low, names),
        high=_spread(entanglement, lambda pair: pair.gap.high, names),
        level=entanglement.settings.level,
    )


def _spread(entanglement: Entanglement, read: Callable[[PairRelation], float], names: tuple[str, ...]) -> Floats:
    """Return a figure of every pair as a symmetric matrix, NaN on its diagonal."""
    place = {name: index for index, name in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for pair in entanglement.pairs:
        row, column = place[pair.first], place[pair.second]
        matrix[row, column] = matrix[column, row] = read(pair)
    return matrix
