"""What noise and attacks do to a run's network, kept in robustness.json; images that are done are kept on the way."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.data.origin import describe_origin
from mamviz.errors import DataError, RunError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.robustness.answers import Batch, make_defences, read_logits, right_answers
from mamviz.robustness.attack import Defence, draw_noise
from mamviz.robustness.scores import score_answers
from mamviz.run import Run
from mamviz.schema import Array, Floats, Progress, Provenance, RobustnessReport, RobustnessSettings, silent
from mamviz.store.pieces import compute_pieces
from mamviz.store.records import read_plain, same_work, to_record, write_plain

FILE = "robustness.json"
FOLDER = "robustness"
FEWEST_IMAGES = 8
BATCH = 16  # images at a time: an attack keeps what the extractor makes of them
CALIBRATING = 1 / 20  # of the time that an image takes which measures

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Robustness:
    """The report of a run, where its numbers come from, and the file that holds them."""

    report: RobustnessReport
    provenance: Provenance
    file: Path


@dataclass(frozen=True)
class Work:
    """What both passes over images need."""

    network: MaskNetwork
    data: ImageData
    settings: RobustnessSettings
    folder: Path

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.network.readout.bias.device


def measure_robustness(
    run: Run,
    data: ImageData,
    settings: RobustnessSettings,
    *,
    version: str,
    device: str = "cpu",
    progress: Progress = silent,
) -> Robustness:
    """Perturb test images, attack every transformation of the masks, and keep what is found in robustness.json.

    Each transformation, none too, gets scales and biases calibrated on clean validation images. Images that an
    interrupted job finished on the same weights, data and settings are kept, and so is a whole file: the numbers are
    the same. Progress counts images. Raises RunError where training hasn't finished, DataError where a split has fewer
    than eight images.
    """
    network = load_network(run, device=device).requires_grad_(False)
    generator = np.random.default_rng(settings.seed)
    validation = draw_indices(data, "validation", settings.n_calibrating, generator)
    test = draw_indices(data, "test", settings.n_images, generator)
    origin = describe_origin(run, data, split="test", n_images=len(test), version=version)
    file = run.folder / FILE
    if same_work(read_plain(file), origin, settings):
        return Robustness(report=read_robustness(file), provenance=origin, file=file)
    work = Work(network, data, settings, run.folder / FOLDER / f"pieces-{_key(origin, settings)}")
    first = max(1, round(CALIBRATING * len(validation)))

    def tell_first(done: int, total: int, note: str = "") -> None:
        progress(first * done // total, first + len(test), note)

    def tell(done: int, total: int, note: str = "") -> None:
        progress(first + done, first + total, note)

    defences = _calibrate(work, validation, tell_first)
    right = _answer(work, defences, test, tell)
    labels, units = np.asarray(data.labels[test]), data.units[test]
    positive = labels.mean(axis=0, dtype=np.float64)
    report = RobustnessReport(
        settings=settings,
        attributes=data.attributes,
        rows=score_answers(right, labels, units, settings, generator=np.random.default_rng([settings.seed, 1])),
        calibrated=len(validation),
        measured=len(test),
        n_units=len(np.unique(units)),
        unit="image" if np.array_equal(units, test) else "identity",
        majority=float(np.maximum(positive, 1 - positive).mean()),
    )
    write_plain(file, origin, settings, {name: getattr(report, name) for name in vars(report)})
    _clear(run)
    return Robustness(report=report, provenance=origin, file=file)


def read_robustness(file: Path) -> RobustnessReport:
    """Return the report in a robustness.json.

    Raises RunError where there is none, or one of another version or shape.
    """
    try:
        report: RobustnessReport = to_record(RobustnessReport, read_plain(file))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file}: expected the robustness report of a run, found none that can be read ({error!r}). "
            "Make it with `mamviz robustness`."
        ) from error
    return report


def draw_indices(data: ImageData, split: SplitName, n_images: int, generator: np.random.Generator) -> Indices:
    """Draw images of one split without replacement, in the data's order; all of them where it has no more.

    Raises DataError where there are fewer than eight.
    """
    indices = data.select(split)
    if min(len(indices), n_images) < FEWEST_IMAGES:
        raise DataError(
            f"{data.description}: expected at least {FEWEST_IMAGES} images of the split {split!r} to perturb, got "
            f"{min(len(indices), n_images)}. Take a larger data set, or more --images."
        )
    return np.sort(generator.choice(indices, n_images, replace=False)) if len(indices) > n_images else indices


def _calibrate(work: Work, indices: Indices, progress: Progress) -> tuple[Defence, ...]:
    transformations = work.settings.all_transformations

    def make(rows: slice) -> Array:
        x = to_tensor(np.array(work.data.images[indices[rows]]), device=work.device)
        return read_logits(work.network, x, transformations)

    logits: Floats = compute_pieces(make, len(indices), folder=work.folder, name="calibration", progress=progress)
    return make_defences(work.network, transformations, logits, np.asarray(work.data.labels[indices]))


def _answer(work: Work, defences: Sequence[Defence], indices: Indices, progress: Progress) -> npt.NDArray[np.bool_]:
    """Return which answers are right, (n, T, L, K); kept packed, an image a row."""
    shape = (len(defences), len(work.settings.perturbations), work.network.n_attributes)

    def make(rows: slice) -> Array:
        packed = []
        for start in range(rows.start, rows.stop, BATCH):
            place = indices[start : min(start + BATCH, rows.stop)]
            right = right_answers(defences, _read_batch(work, place), work.settings)
            packed.append(np.packbits(right.reshape(len(place), -1), axis=1))
            progress(start + len(place), len(indices), "noise and attacks")
        return np.concatenate(packed)

    packed = compute_pieces(make, len(indices), folder=work.folder, name="answers", progress=progress)
    bits = np.unpackbits(packed, axis=1, count=int(np.prod(shape)))
    return np.asarray(bits.reshape(len(indices), *shape).astype(np.bool_))


def _read_batch(work: Work, place: Indices) -> Batch:
    images = np.array(work.data.images[place])
    return Batch(
        x=to_tensor(images, device=work.device),
        labels=torch.from_numpy(np.asarray(work.data.labels[place])).to(work.device),
        noise=draw_noise(place, size=images.shape[1], seed=work.settings.seed).to(work.device),
    )


def _key(origin: Provenance, settings: RobustnessSettings) -> str:
    """Return a word that changes with the weights, the data, the version and the settings."""
    words = (origin.model_sha256, origin.fingerprint, origin.version, settings)
    return hashlib.sha256(repr(words).encode()).hexdigest()[:12]


def _clear(run: Run) -> None:
    """Remove what was kept for a job that goes on."""
    shutil.rmtree(run.folder / FOLDER, ignore_errors=True)
