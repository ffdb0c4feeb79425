"""From masks.h5 to answers: correlations, rankings and orders, kept in analysis.h5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mamviz.schema import RECOMMENDED, Axis, Choices, Clustering, Correlation, Provenance, RankBy, Ranking
from mamviz.stats.clustering import cluster
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.ranking import rank_neighbours
from mamviz.store.analysis import write_analysis
from mamviz.store.masks import mask_provenance, read_statistics


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
