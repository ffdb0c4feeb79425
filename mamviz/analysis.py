"""From masks.h5 to answers: correlations, rankings and orders, kept in analysis.h5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.errors import StatisticsError
from mamviz.schema import (
    RECOMMENDED,
    Axis,
    BlockStatistics,
    Certainty,
    Choices,
    Clustering,
    Correlation,
    Progress,
    Provenance,
    RankBy,
    Ranking,
    Significance,
    TableAgreement,
    silent,
)
from mamviz.stats.clustering import cluster
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.inclusion import certify
from mamviz.stats.multiplicity import compare_pairs
from mamviz.stats.noise import LABELLED
from mamviz.stats.nulls import null_pairs
from mamviz.stats.ranking import rank_neighbours
from mamviz.stats.reliability import measure_reliability
from mamviz.stats.rows import draw_rows
from mamviz.store.analysis import write_analysis, write_certainty
from mamviz.store.masks import mask_provenance, read_statistics
from mamviz.store.stability import read_stability

FEWEST_REPLICATES = 100  # below, the ends of a 95 % interval rest on two or three of them
MOST_NUMBERS = 2**24  # correlations of all replicates of a table: 134 MB, and a few arrays of them are held
MOST_SPLITS = 200


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Correlations between attributes or channels, who is related to whom, and the order to draw them in."""

    correlation: Correlation
    clustering: Clustering
    ranking: Ranking
    provenance: Provenance


def analyse(
    masks: Path,
    results: Path,
    *,
    axis: Axis = "attribute",
    choices: Choices | None = None,
    top: int = 5,
    by: RankBy = "r",
    targets: Sequence[str] | None = None,
) -> Analysis:
    """Return the correlations of a masks.h5, ranked and ordered, and add them to an analysis.h5.

    masks      the file to read, such as run.masks_file; neither model nor images are needed
    results    the file to add to, such as run.analysis_file; made where it is missing
    choices    the recommended ones where None
    targets    names to rank for; all where None. Channels are named "0", "1", ...
    Raises MaskFileError where `masks` is missing or unfinished, StatisticsError for choices that are not defined.
    """
    choices = choices or RECOMMENDED[axis]
    statistics = read_statistics(masks)
    provenance = mask_provenance(masks)
    correlate = correlate_attributes if axis == "attribute" else correlate_channels
    correlation = correlate(statistics, choices)
    ranking = rank_neighbours(correlation, top=top, by=by, targets=targets)
    analysis = Analysis(
        correlation=correlation, clustering=cluster(correlation), ranking=ranking, provenance=provenance
    )
    write_analysis(results, correlation, analysis.clustering, provenance=provenance)
    return analysis


def measure_certainty(
    masks: Path,
    results: Path,
    ranking: Ranking,
    *,
    n_replicates: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> Certainty:
    """Return how sure a table is that `analyse` made of the same files, and add it to the analysis.h5.

    n_replicates    resamples of the blocks, and draws of the null; at least 100. Large tables have fewer of them, and
                    fewer splits than 200, but never under 100: 512 channels have 100 of each
    seed            of both, and of the split halves; the same seed gives the same numbers

    What other seeds say is taken from the stability.json beside `results`, where that is of these masks.
    Raises StatisticsError where fewer than 10 blocks have images, or for too few replicates.
    """
    require_replicates(n_replicates)
    statistics, provenance = read_statistics(masks), mask_provenance(masks)
    table = ranking.correlation
    axis, choices = table.axis, table.choices
    n_that_fit = max(FEWEST_REPLICATES, MOST_NUMBERS // max(len(table.names), 1) ** 2)
    n_drawn = min(n_replicates, n_that_fit)
    draws = [np.random.default_rng([seed, step]) for step in range(3)]
    progress(0, 3, "intervals")
    rows = draw_rows(statistics, choices, generator=draws[0], axis=axis, n_replicates=n_drawn)
    certain = certify(rank_neighbours(table, top=ranking.top, by=ranking.by), rows)
    progress(1, 3, "reliability")
    reliability = measure_reliability(
        statistics, choices, n_splits=min(MOST_SPLITS, n_that_fit), generator=draws[1], axis=axis
    )
    progress(2, 3, "null of shuffled labels")
    certainty = Certainty(
        ranking=certain,
        reliability=reliability,
        significance=_test_table(statistics, table, n_drawn, draws[2]),
        seeds=_other_seeds(results.parent, table, provenance),
    )
    write_certainty(results, certainty, provenance=provenance)
    progress(3, 3)
    return certainty


def require_replicates(n_replicates: int) -> None:
    """Raise StatisticsError for fewer replicates than the ends of an interval can rest on."""
    if n_replicates < FEWEST_REPLICATES:
        raise StatisticsError(
            f"Expected {FEWEST_REPLICATES} replicates or more, got {n_replicates}. Take 1000, or 0 for no intervals."
        )


def _test_table(
    statistics: BlockStatistics, table: Correlation, n_replicates: int, generator: np.random.Generator
) -> Significance | None:
    """Compare a table with shuffled labels; None where its estimand uses none."""
    if table.choices.estimand not in LABELLED:
        return None
    null = null_pairs(statistics, table.choices, n_replicates=n_replicates, generator=generator, axis=table.axis)
    return compare_pairs(table.values, null)


def _other_seeds(folder: Path, table: Correlation, provenance: Provenance) -> TableAgreement | None:
    """Return what `mamviz stability` found for this very table, where it compared these masks."""
    stability = read_stability(folder)
    if stability is None:
        return None
    expected = (provenance.model_sha256, provenance.fingerprint, provenance.split)
    if not any((run.model_sha256, run.fingerprint, run.split) == expected for run in stability.runs):
        return None
    tables = (each for each in stability.tables if (each.axis, each.choices) == (table.axis, table.choices))
    return next(tables, None)
