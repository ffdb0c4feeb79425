"""All that is known of one run, gathered into one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mamviz.analysis import require_replicates
from mamviz.config import BUILT_IN_FACES
from mamviz.data.dataset import ImageData
from mamviz.data.origin import describe_origin
from mamviz.extraction.examples import evidence_limit
from mamviz.models.weights import load_network
from mamviz.overview.answers import Answers, answer, count_outcomes
from mamviz.overview.cautions import list_cautions
from mamviz.overview.examples import make_strip, show_examples
from mamviz.overview.facts import describe_run
from mamviz.overview.kept import read_kept
from mamviz.overview.maps import largest, limit_maps, map_attributes, range_masks
from mamviz.overview.matrices import make_matrices
from mamviz.overview.relations import Relations, list_neighbours, relate
from mamviz.overview.settings import OverviewSettings
from mamviz.overview.usage import use_channels
from mamviz.pruning.pace import Pace
from mamviz.pruning.redundancy import report
from mamviz.run import Run
from mamviz.schema import (
    AttributeMaps,
    AttributeOverview,
    BlockStatistics,
    ExampleImage,
    ImageMasks,
    Overview,
    OverviewMatrix,
    Progress,
    Provenance,
    silent,
)
from mamviz.stats.poster import describe_average, poster_average, poster_intervals, poster_table
from mamviz.store.masks import mask_provenance, read_statistics

# What each step is worth of the whole, by its time on celeba-8k.
STEPS = {"scores": 5, "certainty": 50, "masks beyond labels": 30, "images": 5, "other tables": 10}


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """What needs the network or the masks; examples and strip are empty where images must stay away."""

    statistics: BlockStatistics
    answers: Answers
    relations: Relations
    examples: tuple[tuple[ExampleImage, ...], ...]
    strip: tuple[ImageMasks, ...]


def collect(
    run: Run,
    data: ImageData,
    *,
    settings: OverviewSettings | None = None,
    version: str,
    device: str = "cpu",
    progress: Progress = silent,
) -> Overview:
    """Return all that is known of a run; writes nothing but its analysis.h5, as `mamviz correlate` does.

    data       the run's own; version: of mamviz

    The run must have masks of its present weights. Reports of pruning, sanity and stability are read where they are of
    the same weights and images, and named in `absent` otherwise. The same run, settings and device give the same
    record. Raises RunError where training hasn't finished, DataError for other attributes, MaskFileError where the
    masks are missing or unfinished, StatisticsError for 1 to 99 replicates.
    """
    settings = settings or OverviewSettings()
    if settings.n_replicates:
        require_replicates(settings.n_replicates)
    pace = Pace(progress, sum(STEPS.values()))
    found = _measure(run, data, settings, device, pace)
    split, n_images = found.answers.split, len(found.answers.indices)
    evaluated = describe_origin(run, data, split=split, n_images=n_images, version=version)
    tables = pace.next(STEPS["other tables"], "other tables")
    tables(0, 1)
    matrices = make_matrices(found.statistics, found.relations, settings)
    overview = _assemble(run, found, matrices, evaluated)
    tables(1, 1)
    return replace(overview, warnings=list_cautions(overview, drawn=run.config.data.source == BUILT_IN_FACES))


def _measure(run: Run, data: ImageData, settings: OverviewSettings, device: str, pace: Pace) -> _Measured:
    steps = {name: pace.next(steps, name) for name, steps in STEPS.items() if name != "other tables"}
    network = load_network(run, device=device)
    answers = answer(run, network, data, settings, progress=steps["scores"])
    relations = relate(run, settings, progress=steps["certainty"], labels=steps["masks beyond labels"])
    examples: tuple[tuple[ExampleImage, ...], ...] = ((),) * network.n_attributes
    strip: tuple[ImageMasks, ...] = ()
    if settings.thumbnails:
        n_examples = settings.n_examples
        examples = show_examples(network, data, answers, n_examples=n_examples, progress=steps["images"])
        strip = make_strip(network, data, device=device)
    return _Measured(
        statistics=read_statistics(run.masks_file),
        answers=answers,
        relations=relations,
        examples=examples,
        strip=strip,
    )


def _assemble(run: Run, found: _Measured, matrices: tuple[OverviewMatrix, ...], evaluated: Provenance) -> Overview:
    """Put the record together; its warnings are still to be told."""
    masks, relations, evaluation = mask_provenance(run.masks_file), found.relations, found.answers.evaluation
    maps = map_attributes(found.statistics)
    kept = read_kept(run, evaluated=evaluated, masks=masks)
    poster = poster_table(evaluation)
    beside = any(row.ours is not None for row in poster)
    average = poster_average(evaluation)
    return Overview(
        run=describe_run(run),
        provenance=masks,
        evaluated=evaluated,
        evaluation=evaluation,
        poster=poster if beside else (),
        poster_average=None if average.ours is None else average,
        poster_intervals=poster_intervals(evaluation) if beside else (),
        poster_remark="" if average.ours is None else describe_average(),
        correlation=relations.attributes.correlation,
        clustering=relations.attributes.clustering,
        ranking=relations.attributes.ranking,
        certainty=relations.certainty,
        entanglement=relations.entanglement,
        matrices=matrices,
        attributes=_describe_attributes(found, maps),
        map_limits=limit_maps(maps),
        mask_range=range_masks(maps),
        evidence_limit=largest(example.evidence for each in found.examples for example in each),
        channels=report(found.statistics),
        channel_correlation=relations.channels.correlation,
        channel_clustering=relations.channels.clustering,
        strip=found.strip,
        strip_limit=evidence_limit(found.strip) if found.strip else 1.0,
        pruning=kept.pruning,
        sanity=kept.sanity,
        stability=kept.stability,
        edits=kept.edits,
        robustness=kept.robustness,
        warnings=(),
        absent=(*relations.absent, *kept.absent),
    )


def _describe_attributes(found: _Measured, maps: Sequence[AttributeMaps]) -> tuple[AttributeOverview, ...]:
    scores, counts = found.answers.evaluation.scores, count_outcomes(found.answers.outcomes)
    channels = use_channels(found.statistics)
    return tuple(
        AttributeOverview(
            attribute=score.attribute,
            score=score,
            maps=maps[k],
            channels=channels[k],
            neighbours=list_neighbours(found.relations, score.attribute),
            examples=found.examples[k],
            n_outcomes=counts[k],
        )
        for k, score in enumerate(scores)
    )
