"""All sanity checks of a run, one after the other, each kept as soon as it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from mamviz.data.dataset import ImageData, SplitName
from mamviz.data.origin import describe_origin
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.sanity.areas import draw_curves, judge_curves
from mamviz.sanity.deletion import trace_cells
from mamviz.sanity.exchange import exchange_masks, judge_exchange
from mamviz.sanity.kept import read_sanity, write_nulls
from mamviz.sanity.nulls import judge_null, own_table, random_tables, share_outside, swapped_tables
from mamviz.sanity.randomisation import judge_randomisation, randomise
from mamviz.sanity.sample import Sample, draw_sample
from mamviz.schema import (
    DeletionCurve,
    ExchangeLoss,
    Floats,
    NullShare,
    NullSource,
    Progress,
    Provenance,
    Randomisation,
    SanityReport,
    SanitySettings,
    silent,
)
from mamviz.stats.bootstrap import LEVEL
from mamviz.stats.multiplicity import test_against_null as compare_with_null
from mamviz.store.records import read_plain, same_work, to_record, write_plain

FILE = "sanity.json"
NULLS_FILE = "sanity-nulls.npz"
UNFINISHED = "sanity.part.json"
SWAP_PASSES = 4  # what the pass for swapped attributes takes, in passes of a network


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """The report of a run, where its numbers come from, and the files that hold them."""

    report: SanityReport
    provenance: Provenance
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Work:
    """What every check needs."""

    network: MaskNetwork
    data: ImageData
    sample: Sample
    settings: SanitySettings
    folder: Path


@dataclass(frozen=True)
class Task:
    """One check: its part of the report and that part's type, and how many passes over the images it is worth."""

    part: str
    kind: Any
    passes: int
    do: Callable[[Work, np.random.Generator, Progress], Any]


def check_run(
    run: Run,
    data: ImageData,
    settings: SanitySettings,
    *,
    version: str,
    device: str = "cpu",
    progress: Progress = silent,
) -> Sanity:
    """Make all checks on images of one split, and keep them in the run's sanity.json.

    Checks that an interrupted job finished on the same weights, images and settings are kept, and so is a whole file:
    each check draws from a seed of its own, so the numbers are the same. Progress counts images passed.
    Raises RunError where training hasn't finished, DataError where there are too few images.
    """
    network = load_network(run, device=device)
    generator = np.random.default_rng(settings.seed)
    split = cast(SplitName, settings.split)
    sample = draw_sample(data, split=split, n_images=settings.n_images, generator=generator)
    origin = describe_origin(run, data, split=split, n_images=sample.n_images, version=version)
    file, unfinished, nulls = (run.folder / name for name in (FILE, UNFINISHED, NULLS_FILE))
    if same_work(read_plain(file), origin, settings) and nulls.is_file():
        return Sanity(report=read_sanity(file), provenance=origin, files=(file, nulls))
    found = read_plain(unfinished)
    kept = found if same_work(found, origin, settings) else {}
    parts: dict[str, Any] = {}
    total = sum(task.passes for task in list_tasks(settings)) * sample.n_images
    done = 0
    for number, task in enumerate(list_tasks(settings)):
        if task.part in kept:
            parts[task.part] = to_record(task.kind, kept[task.part])
        else:
            counted = _count(progress, done, task.passes * sample.n_images, total)
            own = np.random.default_rng([settings.seed, number])
            parts[task.part] = task.do(Work(network, data, sample, settings, run.folder), own, counted)
            write_plain(unfinished, origin, settings, parts)
        done += task.passes * sample.n_images
    report = _report(parts, sample, settings)
    write_plain(file, origin, settings, {name: getattr(report, name) for name in vars(report)})
    unfinished.unlink(missing_ok=True)
    return Sanity(report=report, provenance=origin, files=(file, nulls))


def list_tasks(settings: SanitySettings) -> tuple[Task, ...]:
    """Return the checks in their order; passes as measured, one with random weights being the unit."""
    stages = 11 * settings.n_draws
    return (
        Task("randomisation", Randomisation, stages, _randomise),
        Task("exchanges", tuple[ExchangeLoss, ...], 2, _exchange),
        Task("curves", tuple[DeletionCurve, ...], max(1, settings.n_pairs // 5), _delete),
        Task("nulls", tuple[NullShare, ...], settings.n_networks + SWAP_PASSES, _compare_nulls),
    )


def _randomise(work: Work, generator: np.random.Generator, progress: Progress) -> Randomisation:
    return randomise(work.network, work.sample, generator=generator, n_draws=work.settings.n_draws, progress=progress)


def _exchange(work: Work, generator: np.random.Generator, progress: Progress) -> tuple[ExchangeLoss, ...]:
    replicates = work.settings.n_replicates
    return exchange_masks(work.network, work.sample, generator=generator, n_replicates=replicates, progress=progress)


def _delete(work: Work, generator: np.random.Generator, progress: Progress) -> tuple[DeletionCurve, ...]:
    settings = work.settings
    traces = trace_cells(
        work.network,
        work.sample,
        generator=generator,
        n_images=settings.n_pairs,
        fill=settings.fill,
        progress=progress,
    )
    return draw_curves(traces, work.sample, generator=generator, n_replicates=settings.n_replicates)


def _compare_nulls(work: Work, generator: np.random.Generator, progress: Progress) -> tuple[NullShare, ...]:
    n_tables, passes = work.settings.n_networks, work.settings.n_networks + SWAP_PASSES
    own = own_table(work.network, work.sample)
    drawn: dict[NullSource, Floats] = {
        "random network": random_tables(
            work.network,
            work.sample,
            generator=generator,
            n_networks=n_tables,
            progress=_count(progress, 0, n_tables, passes),
        ),
        "swapped attributes": swapped_tables(
            work.network,
            work.data,
            work.sample,
            generator=generator,
            n_tables=n_tables,
            progress=_count(progress, n_tables, SWAP_PASSES, passes),
        ),
    }
    significance = tuple(compare_with_null(own.values, tables, null=null) for null, tables in drawn.items())
    write_nulls(work.folder / NULLS_FILE, significance, own.names)
    return tuple(share_outside(own.values, tables, null=null) for null, tables in drawn.items())


def _count(progress: Progress, before: int, weight: int, whole: int) -> Progress:
    """Return a progress that counts one check's pieces as its part of all."""

    def count(done: int, total: int, note: str = "") -> None:
        progress(before + weight * done // max(total, 1), whole, note)

    return count


def _report(parts: dict[str, Any], sample: Sample, settings: SanitySettings) -> SanityReport:
    checks = (
        *judge_randomisation(parts["randomisation"]),
        *judge_exchange(parts["exchanges"]),
        *judge_curves(parts["curves"], fill=settings.fill),
        *(judge_null(null) for null in parts["nulls"]),
    )
    return SanityReport(
        settings=settings,
        checks=checks,
        **parts,
        n_images=sample.n_images,
        n_units=sample.n_units,
        unit="image" if sample.n_units == sample.n_images else "identity",
        level=LEVEL,
    )
