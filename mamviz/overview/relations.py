"""How attributes and channels are related, how sure that is, and what labels have to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import TypeVar

from mamviz.analysis import Analysis, analyse, measure_certainty
from mamviz.entanglement import find_entanglement
from mamviz.errors import StatisticsError
from mamviz.overview.settings import OverviewSettings
from mamviz.run import Run
from mamviz.schema import (
    AbsentPart,
    Certainty,
    Entanglement,
    EntanglementSettings,
    Interval,
    OverviewNeighbour,
    OverviewPart,
    Progress,
    silent,
)

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Relations:
    """The recommended tables of a run; certainty and entanglement of the attributes' one, None where absent."""

    attributes: Analysis
    channels: Analysis
    certainty: Certainty | None
    entanglement: Entanglement | None
    absent: tuple[AbsentPart, ...]


def relate(
    run: Run,
    settings: OverviewSettings,
    *,
    progress: Progress = silent,
    labels: Progress = silent,
) -> Relations:
    """Compute the recommended tables of a run's masks.h5, and add them to its analysis.h5.

    progress, labels   of the certainty, and of the entanglement
    Certainty and entanglement need ten blocks with images and resamples; where they can't be had, `absent` says why.
    Raises MaskFileError where the masks are missing or unfinished.
    """
    masks, results = run.masks_file, run.analysis_file
    attributes = analyse(masks, results, top=settings.top)
    channels = analyse(masks, results, axis="channel")
    n_replicates, seed = settings.n_replicates, settings.seed
    certainty, unsure = _try(
        "certainty",
        lambda: measure_certainty(
            masks, results, attributes.ranking, n_replicates=n_replicates, seed=seed, progress=progress
        ),
        run,
        settings,
    )
    drawn = EntanglementSettings(n_replicates=max(n_replicates, 1))
    found, unknown = _try(
        "entanglement", lambda: find_entanglement(masks, settings=drawn, seed=seed, progress=labels), run, settings
    )
    return Relations(
        attributes=attributes,
        channels=channels,
        certainty=certainty,
        entanglement=None if found is None else found.entanglement,
        absent=unsure + unknown,
    )


def list_neighbours(relations: Relations, attribute: str) -> tuple[OverviewNeighbour, ...]:
    """Return the top related of an attribute, with what is known of each; none where its map is constant."""
    certainty = relations.certainty
    known = {} if certainty is None else {row.name: row for row in certainty.ranking.of(attribute)}
    place = {name: index for index, name in enumerate(relations.attributes.correlation.names)}
    tests = None if certainty is None or certainty.significance is None else certainty.significance.survives
    phi = _phi_of(relations.entanglement, attribute)
    rows = []
    for row in relations.attributes.ranking.of(attribute):
        low, high, inclusion = nan, nan, nan
        if row.name in known:
            low, high, inclusion = known[row.name].low, known[row.name].high, known[row.name].inclusion
        marked = tests is not None and bool(tests[place[attribute], place[row.name]])
        r, other = Interval(row.r, low, high), phi.get(row.name)
        rows.append(OverviewNeighbour(name=row.name, rank=row.rank, r=r, inclusion=inclusion, phi=other, marked=marked))
    return tuple(rows)


def _phi_of(entanglement: Entanglement | None, attribute: str) -> dict[str, Interval]:
    """Return phi of an attribute's label with every other one."""
    pairs = () if entanglement is None else entanglement.pairs
    found = {pair.second: pair.phi for pair in pairs if pair.first == attribute}
    return found | {pair.first: pair.phi for pair in pairs if pair.second == attribute}


def _try(
    part: OverviewPart, measure: Callable[[], Found], run: Run, settings: OverviewSettings
) -> tuple[Found | None, tuple[AbsentPart, ...]]:
    """Measure a part; None, with what stands in the way, where these images or settings don't allow it."""
    command = f"mamviz report {run.name}"
    if not settings.n_replicates:
        return None, (AbsentPart(part=part, reason="no resamples were asked for", command=command),)
    try:
        return measure(), ()
    except StatisticsError as error:
        return None, (AbsentPart(part=part, reason=str(error), command=f"mamviz extract-masks {run.name} --split all"),)
