"""What edits do to a run's logits, kept in generate.json; attributes that are done are kept on the way."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.data.origin import describe_origin
from mamviz.errors import RunError
from mamviz.generation.effects import measure_edits, order_images
from mamviz.generation.reference import Reference, read_reference
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.schema import EditReport, EditSettings, Progress, Provenance, silent
from mamviz.store.records import read_plain, same_work, to_record, write_plain

FILE = "generate.json"
FOLDER = "generate"


@dataclass(frozen=True, kw_only=True)
class Edits:
    """The report of a run, where its numbers come from, and the file that holds them."""

    report: EditReport
    provenance: Provenance
    file: Path


@dataclass(frozen=True, kw_only=True)
class Work:
    """A run with its images and its network, and what edits of them are measured against."""

    run: Run
    data: ImageData
    network: MaskNetwork
    reference: Reference
    settings: EditSettings


def begin_work(
    run: Run, data: ImageData, settings: EditSettings, *, device: str = "cpu", progress: Progress = silent
) -> Work:
    """Load the network and read directions and standard deviations from training images; progress counts these.

    Raises RunError where training hasn't finished, DataError where there are fewer than eight images.
    """
    network = load_network(run, device=device).requires_grad_(False)
    generator = np.random.default_rng(settings.seed)
    reference = read_reference(network, data, n_images=settings.n_reference, generator=generator, progress=progress)
    return Work(run=run, data=data, network=network, reference=reference, settings=settings)


def measure_run(work: Work, *, version: str, progress: Progress = silent) -> Edits:
    """Add and remove every attribute, and keep what that does to all logits in generate.json.

    Attributes that an interrupted job finished on the same weights, data and settings are kept, and so is a whole
    file: the numbers are the same. Progress counts attributes. Raises DataError for fewer than eight images.
    """
    run, data, settings = work.run, work.data, work.settings
    indices, split = order_images(data, settings)
    origin = describe_origin(run, data, split=split, n_images=len(indices), version=version)
    file = run.folder / FILE
    if same_work(read_plain(file), origin, settings):
        return Edits(report=read_edits(file), provenance=origin, file=file)
    folder = run.folder / FOLDER / f"pieces-{_key(origin, settings)}"
    report = measure_edits(work.network, data, work.reference, settings, folder=folder, progress=progress)
    write_plain(file, origin, settings, {name: getattr(report, name) for name in vars(report)})
    shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
    return Edits(report=report, provenance=origin, file=file)


def read_edits(file: Path) -> EditReport:
    """Return the report in a generate.json.

    Raises RunError where there is none, or one of another version or shape.
    """
    try:
        report: EditReport = to_record(EditReport, read_plain(file))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file}: expected the measured edits of a run, found none that can be read ({error!r}). "
            "Make them with `mamviz generate`."
        ) from error
    return report


def _key(origin: Provenance, settings: EditSettings) -> str:
    """Return a word that changes with the weights, the data, the version and the settings."""
    words = (origin.model_sha256, origin.fingerprint, origin.version, settings)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:12]
