"""All that is found about removing a run's channels, kept in pruning.json, each part as soon as it is done."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.data.origin import describe_origin
from mamviz.errors import RunError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.pruning.cost import Timing
from mamviz.pruning.observation import observe
from mamviz.pruning.pace import Pace
from mamviz.pruning.part import FEWEST_IMAGES, Part, read_part
from mamviz.pruning.plan import PARTS
from mamviz.pruning.smaller import Maker
from mamviz.pruning.tasks import Task, Work, list_tasks
from mamviz.run import Run
from mamviz.schema import (
    BASELINES,
    Progress,
    Provenance,
    PruningReport,
    PruningSettings,
    silent,
)
from mamviz.store.records import read_plain, same_work, to_record, write_plain

FILE = "pruning.json"
UNFINISHED = "pruning.part.json"
FOLDER = "pruning"
KINDS = get_type_hints(PruningReport)
REASONS = {
    "L1": "the layers that make the features can't be followed in this extractor",
    "batch norm": "the layers that make the features have none, or can't be followed in this extractor",
    "random": "no draw was asked for",
}
READ_PASSES = 8  # what reading and observing the images takes, in passes of the network without its extractor


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """The report of a run, where its numbers come from, and the file that holds them."""

    report: PruningReport
    provenance: Provenance
    file: Path


def measure_pruning(
    run: Run,
    data: ImageData,
    settings: PruningSettings,
    *,
    maker: Maker,
    timing: Timing | None = None,
    progress: Progress = silent,
) -> Pruning:
    """Rank channels on validation images, measure on test images what goes with them, and keep it in pruning.json.

    maker      of the report, and of the runs of a fine-tune; timing: how latency is measured, the usual where None

    Parts that an interrupted job finished on the same weights, images and settings are kept, and so is a whole file;
    each part draws from a seed of its own, so the numbers are the same. Progress counts images passed.
    Raises RunError where training hasn't finished, DataError where a split has too few images, StatisticsError for a
    criterion that the extractor does not allow.
    """
    network = load_network(run, device=maker.device)
    n_measured = min(settings.n_images, len(data.select("test")))
    origin = describe_origin(run, data, split="test", n_images=n_measured, version=maker.version)
    file = run.folder / FILE
    found = _kept(file, origin, settings)
    if same_work(read_plain(file), origin, settings) and found.keys() == KINDS.keys():
        return Pruning(report=PruningReport(**found), provenance=origin, file=file)
    tasks = list_tasks(network, data, settings)
    pace = Pace(progress, (READ_PASSES + sum(task.passes for task in tasks)) * n_measured)
    validation, test = _read_parts(network, data, settings, pace=pace, step=READ_PASSES // 4 * n_measured)
    observation = observe(network, validation, progress=pace.next(READ_PASSES // 2 * n_measured, "looking at masks"))
    folder = run.folder / FOLDER / f"pieces-{_key(origin, settings)}"
    work = Work(run, network, data, validation, test, observation, settings, maker, timing, folder)
    report = _report(work, _do(work, tasks, origin, pace))
    write_plain(file, origin, settings, {name: getattr(report, name) for name in KINDS})
    _clear(run)
    return Pruning(report=report, provenance=origin, file=file)


def read_pruning(file: Path) -> PruningReport:
    """Return the report in a pruning.json.

    Raises RunError where there is none, or one of another version or shape.
    """
    try:
        report: PruningReport = to_record(PruningReport, read_plain(file))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file}: expected the pruning report of a run, found none that can be read ({error!r}). "
            "Make it with `mamviz prune-report`."
        ) from error
    return report


def find_obstacle(data: ImageData, settings: PruningSettings) -> str | None:
    """Say why pruning can't be measured on these data; None where it can."""
    for split, _ in PARTS:
        n_images = len(data.select(split))
        if min(n_images, settings.n_images) < FEWEST_IMAGES:
            return (
                f"{data.description} has {n_images} images of the split {split!r}, of which {FEWEST_IMAGES} are needed"
            )
    return None


def _read_parts(
    network: MaskNetwork, data: ImageData, settings: PruningSettings, *, pace: Pace, step: int
) -> tuple[Part, Part]:
    """Draw the images that rank and those that measure, each worth some steps of the progress."""
    generator, n_images = np.random.default_rng(settings.seed), settings.n_images
    validation, test = (
        read_part(network, data, split, n_images=n_images, generator=generator, progress=pace.next(step, note))
        for split, note in PARTS
    )
    return validation, test


def _do(work: Work, tasks: Sequence[Task], origin: Provenance, pace: Pace) -> dict[str, Any]:
    """Do the parts that an earlier job did not, each kept when it is done."""
    folder, settings = work.run.folder, work.settings
    found = _kept(folder / UNFINISHED, origin, settings) or _kept(folder / FILE, origin, settings)
    parts = {name: found[name] for task in tasks for name in task.fields if found.keys() >= set(task.fields)}
    for number, task in enumerate(tasks):
        progress = pace.next(task.passes * work.test.n_images)
        if not parts.keys() >= set(task.fields):
            parts |= task.do(work, np.random.default_rng([settings.seed, number]), progress)
            write_plain(folder / UNFINISHED, origin, settings, parts)
        work = replace(work, orders=parts["orders"])
        work.order()  # a criterion that this extractor does not allow is told before minutes of work
    return parts


def _report(work: Work, parts: Mapping[str, Any]) -> PruningReport:
    positive = work.test.labels.mean(axis=0, dtype=np.float64)
    ordered = {order.criterion for order in parts["orders"]}
    return PruningReport(
        settings=work.settings,
        attributes=work.test.attributes,
        n_channels=work.network.shape[0],
        ranked=work.validation.n_images,
        measured=work.test.n_images,
        n_units=work.test.n_units,
        unit=work.test.unit,
        majority=float(np.maximum(positive, 1 - positive).mean()),
        absent=tuple(f"{name}: {REASONS[name]}" for name in BASELINES if name not in ordered),
        **{"tuned": (), **parts},
    )


def _kept(file: Path, origin: Provenance, settings: PruningSettings) -> dict[str, Any]:
    """Return the fields of a report in a file of the same work; a fine-tune may be another, and is left out then."""
    found = read_plain(file)
    epochs: Any = (found.get("settings") or {}).get("tune_epochs")
    if not same_work(found, origin, replace(settings, tune_epochs=epochs)):
        return {}
    names = [name for name in KINDS if name in found and (name != "tuned" or epochs == settings.tune_epochs)]
    try:
        return {name: to_record(KINDS[name], found[name]) for name in names}
    except (KeyError, TypeError, ValueError):
        return {}


def _clear(run: Run) -> None:
    """Remove what was kept for a job that goes on; runs of a fine-tune stay."""
    (run.folder / UNFINISHED).unlink(missing_ok=True)
    for folder in (run.folder / FOLDER).glob("pieces-*"):
        shutil.rmtree(folder, ignore_errors=True)
    if (run.folder / FOLDER).is_dir() and not any((run.folder / FOLDER).iterdir()):
        (run.folder / FOLDER).rmdir()


def _key(origin: Provenance, settings: PruningSettings) -> str:
    """Return a word that changes with the weights, the data and the images that are drawn."""
    words = (origin.model_sha256, origin.fingerprint, origin.version, settings.n_images, settings.seed)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:12]
