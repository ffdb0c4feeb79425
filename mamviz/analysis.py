"""From masks.h5 to answers: correlations, rankings and orders, kept in analysis.h5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mamviz.run import Run
from mamviz.schema import Axis, Choices, Clustering, Correlation, Provenance, RankBy, Ranking
from mamviz.stats.clustering import cluster
from mamviz.stats.correlation import correlate_attributes, correlate_channels
from mamviz.stats.ranking import rank_neighbours
from mamviz.store.analysis import write_analysis
from mamviz.store.masks import mask_provenance, read_statistics


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """Correlations between attributes or channels of a run, who is related to whom, and the order to draw them in."""

    correlation: Correlation
    clustering: Clustering
    ranking: Ranking
    provenance: Provenance


def analyse(
    run: Run,
    *,
    axis: Axis = "attribute",
    choices: Choices | None = None,
    top: int = 5,
    by: RankBy = "r",
    targets: Sequence[str] | None = None,
) -> Analysis:
    """Return correlations of a run, ranked and ordered, and add them to its analysis.h5.

    choices    the recommended ones where None
    targets    names to rank for; all where None. Channels are named "0", "1", ...
    Raises MaskFileError where masks.h5 is missing or unfinished, StatisticsError for choices that are not defined.
    """
    choices = choices or Choices()
    statistics = read_statistics(run.masks_file)
    provenance = mask_provenance(run.masks_file)
    correlate = correlate_attributes if axis == "attribute" else correlate_channels
    correlation = correlate(statistics, choices)
    ranking = rank_neighbours(correlation, top=top, by=by, targets=targets)
    analysis = Analysis(
        correlation=correlation, clustering=cluster(correlation), ranking=ranking, provenance=provenance
    )
    write_analysis(run.analysis_file, correlation, analysis.clustering, provenance=provenance)
    return analysis
